"""Alice opens the box: the one-time code, her account, out and in again."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from server.launcher.home import ROOT
from server.launcher.system import System
from server.settings import ENVIRONMENT_NAME
from tests import cast
from tests.browser.house import SESSION, House, sign_in
from tests.cast import ALICE


def first_run_code(system: System) -> str:
    command = [sys.executable, "-m", "server.cli", "first-run"]
    environment = {**os.environ, ENVIRONMENT_NAME: str(system.home.settings)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()


@pytest.mark.usefixtures("nobody_yet")
def test_alice_makes_the_first_account_with_the_code_and_comes_back_later(system: System, house: House) -> None:
    house.forgiven = ("status of 422",)
    page = house.open("/")
    expect(page).to_have_url(f"{system.address}/welcome")
    code, name, password = (page.get_by_label(label) for label in ("One-time code", "Name", "Password"))
    code.fill("AAAA-AAAA-AAAA")
    name.fill("alice")
    password.fill(ALICE.password)
    page.get_by_role("button", name="Create the account").click()
    expect(code).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#code-problem")).to_contain_text("That code is not right")
    expect(code).to_have_accessible_description(re.compile("^That code is not right"))
    expect(name).to_have_value("alice")
    expect(password).to_have_value("")

    code.fill(first_run_code(system).lower())
    name.fill("alice in wonderland")
    password.fill(ALICE.password)
    page.get_by_role("button", name="Create the account").click()
    expect(page.locator("#name-problem")).to_contain_text("That name cannot be used")
    expect(name).to_have_value("alice in wonderland")

    name.fill("Alice")
    password.fill(ALICE.password)
    page.get_by_role("button", name="Create the account").click()
    expect(page).to_have_url(f"{system.address}/")
    expect(page.locator(".account-name")).to_have_text("alice")
    assert first_run_code(system) == ""

    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{system.address}/sign-in")
    page.goto("/welcome")
    expect(page).to_have_url(f"{system.address}/sign-in")
    sign_in(page, ALICE)
    expect(page).to_have_url(f"{system.address}/")


def test_a_wrong_password_is_said_and_the_name_stays(system: System, house: House) -> None:
    cast.introduce(system, ALICE)
    house.forgiven = ("status of 422",)
    page = house.open("/upload")
    expect(page).to_have_url(f"{system.address}/sign-in?next=/upload")
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password").fill("alice hates long films")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("Name")).to_have_value("alice")
    expect(page.get_by_label("Password")).to_have_value("")
    page.get_by_label("Password").fill(ALICE.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{system.address}/upload")


def test_a_session_ends_with_signing_out_even_for_who_kept_the_cookie(system: System, house: House) -> None:
    cast.introduce(system, ALICE)
    page = house.open("/sign-in")
    sign_in(page, ALICE)
    kept = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == SESSION)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.context.add_cookies([{"name": SESSION, "value": kept, "url": system.address}])
    page.goto("/")
    expect(page).to_have_url(f"{system.address}/sign-in?next=/")
