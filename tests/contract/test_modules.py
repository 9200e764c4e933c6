"""Modules stay small, have names that say something, and packages say what lives in them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from statistics import median

import pytest

from tests.contract.source import PACKAGES, ROOT, modules, tree

MOST_LINES = 400
MEDIAN_LINES = 120
SAYS_NOTHING = {"base", "common", "helpers", "manager", "misc", "util", "utils"}


def test_no_module_is_longer_than_four_hundred_lines_tests_included() -> None:
    lengths = {str(path.relative_to(ROOT)): _lines(path.read_text()) for path in modules(*PACKAGES, "tests")}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_the_median_module_fits_on_two_screens(record_property: Callable[[str, object], None]) -> None:
    lengths = [_lines(path.read_text()) for path in modules(*PACKAGES) if path.name != "__init__.py"]
    record_property("median_lines", median(lengths))
    assert median(lengths) <= MEDIAN_LINES


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = [path.relative_to(ROOT) for path in modules(*PACKAGES, "tests")]
    assert [str(path) for path in named if SAYS_NOTHING & {path.stem, *path.parts[:-1]}] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_lives_there(package: str) -> None:
    folders = {path.parent for path in modules(package) if path.parent.name != "migrations"}
    starts = [folder / "__init__.py" for folder in sorted(folders)]
    assert [str(path) for path in starts if not path.exists() or not ast.get_docstring(tree(path))] == []


def test_every_line_of_python_says_whose_annotations_it_uses() -> None:
    """Without the import, an annotation is evaluated when the module is imported."""
    wanted = "from __future__ import annotations\n"
    written = {path: path.read_text() for path in modules(*PACKAGES, "tests")}
    assert [str(path) for path, code in written.items() if tree(path).body[1:] and wanted not in code] == []


def _lines(code: str) -> int:
    return len(code.splitlines())
