"""Migrations are numbered scripts that say what they do."""

from __future__ import annotations

import ast
import re

from server.store.database import MIGRATIONS
from tests.contract.source import tree

SCRIPTS = sorted(path for path in MIGRATIONS.glob("*.py") if path.name != "__init__.py")


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    names = [re.fullmatch(r"(\d{4})_[a-z0-9_]+", path.stem) for path in SCRIPTS]
    assert [int(name[1]) if name else None for name in names] == list(range(1, len(SCRIPTS) + 1))
    assert SCRIPTS


def test_every_migration_says_what_it_changes_and_can_be_applied() -> None:
    for path in SCRIPTS:
        functions = {node.name for node in tree(path).body if isinstance(node, ast.FunctionDef)}
        assert ast.get_docstring(tree(path)), path.name
        assert "up" in functions, path.name
