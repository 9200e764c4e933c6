"""The house rules of setup.cfg, checked by import-linter; and proof that each of them would notice."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.contract.source import PACKAGES, ROOT

SECONDS = 120

# For each contract, a file and the line that would break it.
PLANTS = {
    "layers": ("server/store/users.py", "import server.storage.space"),
    "launcher": ("server/launcher/part.py", "import server.services.videos"),
    "domain": ("server/domain/ids.py", "import socket"),
    "media": ("workers/media/poster.py", "import server.store.tasks"),
    "cycles": ("workers/lease.py", "import workers.shift"),
    "console": ("tui/__init__.py", "import server.domain.video"),
    "web": ("server/services/videos.py", "import flask"),
    "sql": ("server/services/videos.py", "import peewee"),
    "rq": ("server/services/tasks.py", "import rq"),
    "redis": ("server/services/status.py", "import redis"),
    "amqp": ("server/services/activity.py", "import pika"),
    "cryptography": ("server/services/accounts.py", "import cryptography"),
    "commandline": ("server/launcher/terminal.py", "import click"),
    "http": ("server/launcher/terminal.py", "import httpx"),
    "processes": ("server/storage/durable.py", "import subprocess"),
}


def contracts() -> dict[str, str]:
    """Return the name of every contract by its short name."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    prefix = "importlinter:contract:"
    return {name.removeprefix(prefix): parser[name]["name"] for name in parser.sections() if name.startswith(prefix)}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_every_import_keeps_to_the_layers_and_the_fences() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_contract_notices_an_import_that_breaks_it(tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("assets", "static"))
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    for file, line in PLANTS.values():
        with (tmp_path / file).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")

    said = lint(tmp_path).stdout

    assert set(PLANTS) == set(contracts())
    assert [short for short, name in contracts().items() if f"{name} BROKEN" not in said] == []
