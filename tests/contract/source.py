"""What the contract tests look at: the files of the project, read as text or as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("server", "workers", "tui")


def modules(*folders: str) -> list[Path]:
    """Return our Python files below `folders`, whatever libraries were unpacked beside them."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "node_modules" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def nodes(*folders: str) -> Iterator[ast.AST]:
    """Yield every node of every module below `folders`."""
    for path in modules(*folders):
        yield from ast.walk(tree(path))


def text(name: str) -> str:
    """Return the content of a file, named from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def documents() -> list[Path]:
    """Return everything written for people: README, change log and docs/."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def make_targets() -> set[str]:
    """Return the targets of the Makefile that a person may ask for."""
    lines = text("Makefile").splitlines()
    return {line.partition(":")[0] for line in lines if ": ##" in line and not line.startswith("\t")}
