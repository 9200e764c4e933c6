"""The first administrator: one code, ten tries, and nobody is ever second."""

from __future__ import annotations

import pytest

from server.container import Container
from server.domain.permission import Role
from server.errors import Conflict, Forbidden, Invalid, Unauthenticated
from server.services.accounts import CODE_TRIES

PASSWORD = "correct horse battery"


@pytest.fixture
def accounts(scratch):
    return Container(scratch).accounts


def test_alice_becomes_administrator_with_the_code_and_can_sign_in(accounts):
    code = accounts.new_first_run_code()
    alice = accounts.create_administrator(code.lower().replace("-", " "), "Alice", PASSWORD)
    assert (alice.name, alice.role) == ("alice", Role.ADMIN)
    assert accounts.authenticate("ALICE", PASSWORD) == alice
    assert not accounts.first_run_open()


def test_the_code_works_once(accounts):
    code = accounts.new_first_run_code()
    accounts.create_administrator(code, "alice", PASSWORD)
    with pytest.raises(Conflict):
        accounts.create_administrator(code, "charlie", PASSWORD)
    assert accounts.new_first_run_code() is None


def test_a_fresh_code_voids_the_one_before(accounts):
    old = accounts.new_first_run_code()
    accounts.new_first_run_code()
    with pytest.raises(Forbidden):
        accounts.create_administrator(old, "charlie", PASSWORD)


def test_guessing_ends_after_ten_tries(accounts):
    code = accounts.new_first_run_code()
    for _ in range(CODE_TRIES):
        with pytest.raises(Forbidden):
            accounts.create_administrator("AAAA-AAAA-AAAA", "charlie", PASSWORD)
    with pytest.raises(Forbidden):
        accounts.create_administrator(code, "alice", PASSWORD)


def test_a_bad_password_does_not_cost_a_try(accounts):
    code = accounts.new_first_run_code()
    for _ in range(CODE_TRIES + 1):
        with pytest.raises(Invalid):
            accounts.create_administrator(code, "alice", "short")
    assert accounts.create_administrator(code, "alice", PASSWORD)


@pytest.mark.parametrize(("name", "password"), [("alice", "wrong password"), ("nobody", PASSWORD), ("owner", "")])
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(accounts, tmp_path, name, password):
    accounts.ensure_owner_token(tmp_path / "owner.token")
    accounts.create_administrator(accounts.new_first_run_code(), "alice", PASSWORD)
    with pytest.raises(Unauthenticated, match="do not belong together"):
        accounts.authenticate(name, password)


def test_the_owners_token_is_private_lasts_and_is_renewed_only_when_lost(accounts, tmp_path):
    path = tmp_path / "state" / "owner.token"
    accounts.ensure_owner_token(path)
    token = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert accounts.user_of_token(token.strip()).role is Role.ADMIN
    accounts.ensure_owner_token(path)
    assert path.read_text() == token
    path.unlink()
    accounts.ensure_owner_token(path)
    assert path.read_text() != token
    with pytest.raises(Unauthenticated):
        accounts.user_of_token(token.strip())
    assert accounts.first_run_open()
