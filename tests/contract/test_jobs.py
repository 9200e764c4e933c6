"""Names that travel as text between processes lead to something: tasks, the doorbell, command lines."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from pkgutil import resolve_name

import click
import pytest

from server.cli.main import matinee
from server.domain.task import QUEUE_OF, Queue, TaskKind
from server.events.topology import CONSUMERS
from server.launcher import processes
from server.launcher.home import Home
from server.launcher.part import Part
from server.queue.doorbell import ENTRY_POINT
from tests.contract.source import ROOT
from workers import shift

HOME = Home.at(Path("/nowhere"))
PROCESSES = processes.parts(HOME, encoders=1)


def test_every_kind_of_task_has_a_job_and_a_queue() -> None:
    assert set(shift.JOBS) == set(TaskKind)
    assert set(QUEUE_OF) == set(TaskKind)
    assert set(QUEUE_OF.values()) == set(Queue) - {Queue.URGENT}


@pytest.mark.parametrize("kind", TaskKind)
def test_a_kind_of_task_is_done_by_the_module_of_its_name(kind: TaskKind) -> None:
    assert shift.JOBS[kind].__module__ == f"workers.jobs.{kind.replace('-', '_')}"


def test_every_module_of_jobs_is_some_task_s() -> None:
    names = {path.stem for path in (ROOT / "workers" / "jobs").glob("*.py")} - {"__init__", "job"}
    assert names == {kind.replace("-", "_") for kind in TaskKind}


def test_the_one_function_that_redis_may_name_takes_the_name_of_a_queue() -> None:
    run = resolve_name(ENTRY_POINT)
    assert list(inspect.signature(run).parameters) == ["queue_name"]


def test_every_consumer_of_the_topology_has_its_module() -> None:
    names = {path.stem for path in (ROOT / "workers" / "consumers").glob("*.py")} - {"__init__"}
    assert names == set(CONSUMERS)


@pytest.mark.parametrize("part", PROCESSES, ids=lambda part: part.name)
def test_what_the_launcher_starts_exists(part: Part) -> None:
    _, _, module, *arguments = part.argv
    assert importlib.util.find_spec(module) is not None
    if module == "gunicorn":
        _, configuration, application = arguments
        assert (ROOT / configuration).is_file()
        assert importlib.util.find_spec(application.partition(":")[0]) is not None


@pytest.mark.parametrize("step", processes.steps(), ids=lambda step: step.name)
def test_every_step_of_the_launcher_is_a_verb_of_the_command_line(step: Part) -> None:
    command: click.Command = matinee
    for word in step.argv[3:]:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    assert not isinstance(command, click.Group)
