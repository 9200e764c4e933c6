"""What is written for people is complete and true: every setting, command, event, error and target, and every path."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_type_hints

import click
import pytest

from server.cli.main import matinee
from server.domain.event import EventType
from server.domain.permission import Action
from server.settings import Settings
from server.web.errors import status_of
from tests.contract.source import ROOT, documents, make_targets, nodes, text

# Codes that are put together: the fixed part, and what may follow it.
MEDIA_FAILURES = "media-failed."
FAMILIES: dict[str, set[str]] = {
    "forbidden.": {action.value for action in Action},
    MEDIA_FAILURES: set(),  # these stand in the calls of `failure(what, code)`
}
OF_HTTP_ITSELF = "http.<status>"  # made in server/web/errors.py from whatever status Flask refuses with

PLACES = re.compile(r"`((?:\.ci|docs|nginx|server|tests|tui|workers)/[\w./-]*|[\w-]+\.(?:cfg|lock|md)|Makefile)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def section_of(document: str, heading: str) -> str:
    """Return the text between a heading of level two and the next one."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text(document), re.MULTILINE | re.DOTALL)
    assert found, f"{document} lacks the heading {heading!r}"
    return found[1]


def first_cells(part: str) -> dict[str, list[str]]:
    """Return the rows of the tables of a text by their first cell, which holds a name in backticks."""
    lines = (line.strip("|").split("|") for line in part.splitlines() if line.startswith("| `"))
    return {name.strip(" `"): [cell.strip() for cell in others] for name, *others in lines}


def leaves(command: click.Command, *words: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, with the words that call it."""
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from leaves(inner, *words, name)
    else:
        yield " ".join(words), command


def raised_codes() -> Iterator[str]:
    """Yield every error code in the source: of classes, and as the argument `code` where one is raised."""
    for node in nodes("server", "workers"):
        if isinstance(node, ast.ClassDef):
            yield from _class_codes(node)
        elif isinstance(node, ast.Call):
            yield from _call_codes(node)


def _class_codes(node: ast.ClassDef) -> Iterator[str]:
    for line in node.body:
        target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
        value = getattr(line, "value", None)
        if isinstance(target, ast.Name) and target.id == "code" and isinstance(value, ast.Constant):
            yield str(value.value)


def _call_codes(node: ast.Call) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
            yield keyword.value.value
        elif keyword.arg == "code" and isinstance(keyword.value, ast.JoinedStr):
            yield from _family(keyword.value)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "failure" and len(node.args) == 2:
        code = node.args[1]
        assert isinstance(code, ast.Constant), "a failure of a media program has a literal code"
        yield MEDIA_FAILURES + str(code.value)


def _family(code: ast.JoinedStr) -> Iterator[str]:
    start = code.values[0]
    assert isinstance(start, ast.Constant), "a code that is put together begins with its class's own"
    first = str(start.value)
    yield from (first + end for end in FAMILIES[first])


@pytest.mark.parametrize("section", get_type_hints(Settings).items(), ids=lambda section: section[0])
def test_every_setting_is_documented_with_its_default(section: tuple[str, type[Any]]) -> None:
    name, kind = section
    documented = first_cells(section_of("docs/configuration.md", f"[{name}]"))
    defaults = {one.name: "required" if one.default is MISSING else _as_toml(one.default) for one in fields(kind)}
    assert {setting: cells[0].strip("`") for setting, cells in documented.items()} == defaults


def _as_toml(default: object) -> str:
    return "unset" if default is None else json.dumps(list(default) if isinstance(default, tuple) else default)


def test_every_command_is_documented_with_its_options() -> None:
    for words, command in leaves(matinee):
        part = section_of("docs/commands.md", f"matinee {words}")
        options = {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
        assert {option for option in options if f"`{option}" not in part} == set(), words


def test_no_command_is_documented_that_does_not_exist() -> None:
    headings = re.findall(r"^## matinee (.+)$", text("docs/commands.md"), re.MULTILINE)
    assert sorted(headings) == sorted(words for words, _ in leaves(matinee))


def test_every_type_of_event_is_documented() -> None:
    described = text("docs/events.md")
    assert [kind.value for kind in EventType if f"`{kind.value}`" not in described] == []


def test_every_error_code_is_documented_and_no_other() -> None:
    assert sorted(first_cells(text("docs/errors.md"))) == sorted({*raised_codes(), OF_HTTP_ITSELF})


def test_every_target_of_make_is_documented() -> None:
    documented = first_cells(section_of("docs/development.md", "Commands"))
    assert set(documented) == {f"make {name}" for name in make_targets()}


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    written = document.read_text(encoding="utf-8")
    links = [target for target in LINK.findall(written) if not (document.parent / target).exists()]
    places = [place for place in PLACES.findall(written) if not (ROOT / place).exists()]
    assert (links, places) == ([], [])


def test_the_documented_status_of_an_error_is_the_one_it_has() -> None:
    documented = {code: cells[0] for code, cells in first_cells(text("docs/errors.md")).items() if cells[0].isdigit()}
    assert {code: status_of(code) for code in documented} == {code: int(status) for code, status in documented.items()}
