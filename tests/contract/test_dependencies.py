"""What is installed is what was chosen: locked by hash, from nowhere in particular, and with a reason."""

from __future__ import annotations

import configparser
import json
import re
import sys
from typing import Any

import grimp
import pytest

from tests.contract.source import PACKAGES, ROOT, text

LOCKS = ("requirements.lock", "requirements-dev.lock", "server/launcher/node.lock")
EXACT = re.compile(r"\d+\.\d+\.\d+")

# Import names of distributions that are called otherwise; werkzeug is the half of Flask that speaks HTTP.
DISTRIBUTION = {
    "flask_sock": "flask-sock",
    "playhouse": "peewee",
    "psycopg2": "psycopg2-binary",
    "simple_websocket": "simple-websocket",
    "werkzeug": "flask",
}


def extras() -> dict[str, set[str]]:
    """Return the direct dependencies by extra."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return {name: set(value.split()) for name, value in parser["options.extras_require"].items()}


def locked(name: str) -> dict[str, str]:
    """Return the version of every distribution in a lock file."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text(name), re.MULTILINE))


def packages() -> dict[str, Any]:
    """Return the packages of package-lock.json by their place."""
    found: dict[str, Any] = json.loads(text("server/web/assets/package-lock.json"))["packages"]
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_distribution_carries_its_hashes_and_no_address(name: str) -> None:
    code = "\n".join(line for line in text(name).splitlines() if not line.startswith("#"))
    entries = re.split(r"\n(?=\S)", code.strip())
    assert entries
    assert [entry.split()[0] for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links", text(name))


def test_the_locks_cover_every_direct_dependency() -> None:
    running = set().union(*(names for extra, names in extras().items() if extra != "dev"))
    assert running - set(locked("requirements.lock")) == set()
    assert extras()["dev"] | running <= set(locked("requirements-dev.lock"))


def test_development_and_production_run_the_same_versions() -> None:
    production, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: development.get(name) for name in production} == production


@pytest.mark.parametrize("extra", PACKAGES)
def test_an_extra_holds_what_its_package_needs_to_be_imported(extra: str) -> None:
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    needed = set[str]()
    for module in {extra} | graph.find_descendants(extra):
        needed |= {one for one in graph.find_upstream_modules(module) if graph.is_module_squashed(one)}
    distributions = {DISTRIBUTION.get(name, name) for name in needed if name not in sys.stdlib_module_names}
    assert distributions - extras()[extra] == set()


def test_every_browser_library_is_locked_by_hash_and_names_no_registry() -> None:
    installed = {place: one for place, one in packages().items() if place}
    assert installed
    assert [place for place, one in installed.items() if not one.get("integrity", "").startswith("sha512-")] == []
    assert [place for place, one in installed.items() if "resolved" in one] == []


def test_browser_libraries_are_chosen_by_exact_version() -> None:
    wanted = json.loads(text("server/web/assets/package.json"))
    chosen = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert all(EXACT.fullmatch(version) for version in chosen.values())
    assert {name: packages()[f"node_modules/{name}"]["version"] for name in chosen} == chosen


def test_every_direct_dependency_has_its_reason() -> None:
    wanted = json.loads(text("server/web/assets/package.json"))
    direct = set().union(*extras().values(), wanted["dependencies"], wanted["devDependencies"])
    direct |= set(locked("server/launcher/node.lock"))
    reasons = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", text("docs/dependencies.md"), re.MULTILINE))
    assert set(reasons) == direct
    assert [name for name, reason in reasons.items() if len(reason) < 20] == []
