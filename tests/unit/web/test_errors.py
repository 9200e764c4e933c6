"""Every error has a status; a narrower code may have its own."""

from __future__ import annotations

import pytest

from server import errors
from server.web.errors import STATUS, status_of


def _tree(root: type[errors.MatineeError]) -> list[type[errors.MatineeError]]:
    return [root, *(one for child in root.__subclasses__() for one in _tree(child))]


@pytest.mark.parametrize("kind", _tree(errors.MatineeError))
def test_every_error_of_the_tree_has_a_status(kind):
    assert 400 <= status_of(kind.code) <= 599


def test_a_narrower_code_falls_back_to_the_wider_one():
    assert status_of("no-space.quota") == STATUS["no-space"]
    assert status_of("conflict.busy") == 423
    assert status_of("unheard-of.thing") == 500
