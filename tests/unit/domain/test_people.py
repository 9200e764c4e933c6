"""Names, passwords, roles and ids."""

from __future__ import annotations

from itertools import pairwise

import pytest

from server.domain import ids, permission
from server.domain.permission import ALLOWED, Action, Role
from server.domain.user import MAX_PASSWORD, MIN_PASSWORD, check_name, check_password
from server.errors import Forbidden, Invalid


def test_a_name_is_kept_in_lower_case():
    assert check_name("  Alice.B ") == "alice.b"


@pytest.mark.parametrize("name", ["", "-alice", "alice-", "al ice", "../alice", "alicé", "a" * 33, "a\nb"])
def test_a_name_that_could_confuse_is_refused(name):
    with pytest.raises(Invalid) as refusal:
        check_name(name)
    assert refusal.value.code == "invalid.name"


def test_a_password_counts_by_its_length_alone():
    assert check_password(" " * MIN_PASSWORD)
    for length in (MIN_PASSWORD - 1, MAX_PASSWORD + 1):
        with pytest.raises(Invalid):
            check_password("x" * length)


def test_each_role_may_do_all_that_the_role_below_it_may():
    ladder = [Role.VIEWER, Role.UPLOADER, Role.MODERATOR, Role.ADMIN]
    for lower, higher in pairwise(ladder):
        assert ALLOWED[lower] < ALLOWED[higher]


def test_a_viewer_who_uploads_is_told_why_not():
    with pytest.raises(Forbidden, match="viewer") as refusal:
        permission.require(Role.VIEWER, Action.UPLOAD)
    assert refusal.value.code == "forbidden.upload"


def test_ids_are_short_random_and_fit_into_a_path():
    made = {ids.new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(ids.is_id(one) for one in made)


@pytest.mark.parametrize("text", ["", "../../../../", "aaaaaaaaaaa0", "a" * 11, "a" * 13, "aaaaaaaaaaaa\n"])
def test_nothing_else_passes_for_an_id(text):
    assert not ids.is_id(text)
