"""The README can be followed: its commands exist, its map is the repository, and it stays a README."""

from __future__ import annotations

import re
from fnmatch import fnmatch

import click

from server.cli.main import matinee
from tests.contract.source import ROOT, make_targets, text

MOST_LINES = 220
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Return the command lines of the README's shell blocks, as words."""
    lines = (line for kind, block in BLOCK.findall(text("README.md")) if kind == "sh" for line in block.splitlines())
    return [line.partition("#")[0].split() for line in lines if line.partition("#")[0].strip()]


def test_every_target_of_make_that_it_names_exists() -> None:
    spans = re.findall(r"`(make [^`]+)`", text("README.md"))
    named = {words[1] for words in [*commands(), *(span.split() for span in spans)] if words[:1] == ["make"]}
    assert named <= make_targets()
    assert {"run", "stop", "test"} <= named


def test_every_command_that_it_shows_is_one_of_ours_and_its_options_exist() -> None:
    shown = [words[1:] for words in commands() if words[0] == ".venv/bin/matinee"]
    assert shown
    for words in shown:
        command: click.Command = matinee
        while isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        known = {option for one in command.params for option in one.opts}
        assert {word for word in words if word.startswith("--")} <= known, command.name


def test_it_shows_no_command_of_programs_that_it_does_not_name_as_needed() -> None:
    assert {words[0] for words in commands()} <= {"git", "cd", "make", ".venv/bin/matinee", "openssl"}


def test_its_map_names_every_folder_and_file_at_the_top() -> None:
    ignored = [line.strip("/\n") for line in text(".gitignore").splitlines()]
    tops = {path.name for path in ROOT.iterdir() if not any(fnmatch(path.name, one) for one in ignored)}
    part = text("README.md").partition("## Map of the repository")[2].partition("\n## ")[0]
    columns = [line.partition("  ")[0] for line in BLOCK.findall(part)[0][1].splitlines()]
    names = [name.strip("/") for column in columns for name in column.split(", ")]
    # Hidden files are settings of tools; the map may name one, and need not name all.
    assert {name for name in names if not (ROOT / name).exists()} == set()
    assert {top for top in tops if not top.startswith(".")} - set(names) == set()


def test_it_is_read_in_one_sitting() -> None:
    assert len(text("README.md").splitlines()) <= MOST_LINES
