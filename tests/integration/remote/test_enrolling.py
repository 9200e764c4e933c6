"""A machine is let in by name: its token is written once, to a private file, and can be voided."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli.main import matinee
from server.launcher.system import System
from server.settings import ENVIRONMENT_NAME
from tests import cast


@pytest.fixture
def token(tmp_path: Path) -> Path:
    return tmp_path / "barn.token"


def matinee_worker(appliance: System, *words: str) -> Result:
    return CliRunner().invoke(matinee, ["worker", *words], env={ENVIRONMENT_NAME: str(appliance.home.settings)})


def is_let_in(appliance: System, token: Path) -> bool:
    with cast.stranger(appliance) as api:
        api.headers["Authorization"] = f"Bearer {token.read_text().strip()}"
        answer = api.post("/api/v1/work/leave", json={"process": "1-a", "version": "0"})
    assert answer.status_code in (204, 401)
    return answer.status_code == 204


def test_a_token_is_private_works_and_is_never_printed(appliance, token):
    said = matinee_worker(appliance, "enroll", "barn", "--file", str(token))
    assert said.exit_code == 0, said.output
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert is_let_in(appliance, token)
    assert token.read_text().strip() not in said.output
    assert f"--origin {appliance.address}" in said.output


def test_a_token_file_is_never_overwritten(appliance, token):
    token.write_text("precious")
    said = matinee_worker(appliance, "enroll", "barn", "--file", str(token))
    assert (said.exit_code, token.read_text()) == (1, "precious")


def test_enrolling_again_and_dismissing_void_a_token(appliance, token, tmp_path):
    matinee_worker(appliance, "enroll", "barn", "--file", str(token))
    fresh = tmp_path / "fresh.token"
    matinee_worker(appliance, "enroll", "barn", "--file", str(fresh))
    assert (is_let_in(appliance, token), is_let_in(appliance, fresh)) == (False, True)
    assert matinee_worker(appliance, "dismiss", "barn").exit_code == 0
    assert not is_let_in(appliance, fresh)
    assert matinee_worker(appliance, "dismiss", "barn").exit_code == 1


@pytest.mark.parametrize("name", ["", "-barn", "BARN", "a@b", "a/b", "x" * 33])
def test_a_name_that_could_be_misread_is_refused_and_no_file_left(appliance, token, name):
    said = matinee_worker(appliance, "enroll", "--file", str(token), "--", name)
    assert (said.exit_code, token.exists()) == (1, False)
