"""A private PostgreSQL: no TCP, one unix socket that only the present user may open."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from server.errors import Unavailable
from server.launcher import kernel
from server.launcher.files import write_atomically
from server.launcher.home import Home
from server.launcher.part import Part

PORT = 5432  # only the number in the socket's name
DATABASE = "matinee"
INSTALLED = Path("/usr/lib/postgresql")

# Ends with a rename, so that an initdb that was interrupted leaves nothing that looks like a database.
INITIALISE = """
rm -rf "$2.new"
"$1/initdb" -D "$2.new" --username=postgres --encoding=UTF8 --locale=C --auth=trust --no-instructions
"$1/postgres" --single -D "$2.new" postgres <<END
CREATE ROLE matinee LOGIN;
CREATE DATABASE matinee OWNER matinee;
END
mv "$2.new" "$2"
"""


def parts(home: Home) -> list[Part]:
    """Describe PostgreSQL, and before its first start the step that makes the database. Raises Unavailable."""
    programs = _programs()
    data = home.root / "postgresql"
    first = () if _check_version(data, programs) else ("database",)
    server = Part(
        name="postgresql",
        argv=(str(programs / "postgres"), "-D", str(data)),
        ready=lambda pid: _is_ready(data / "postmaster.pid", pid),
        prepare=lambda: _prepare(data, home.run),
        needs=first,
        stop_signal=signal.SIGINT,  # fast shutdown: open transactions are rolled back
        grace_seconds=3.0,
    )
    initialise = ("/bin/sh", "-euc", INITIALISE, "database", str(programs), str(data))
    return [*(Part(name=name, argv=initialise, once=True) for name in first), server]


def _programs() -> Path:
    """Find the newest installed version."""
    found = sorted(
        (int(folder.parent.name), folder) for folder in INSTALLED.glob("[0-9]*/bin") if (folder / "postgres").exists()
    )
    if not found:
        raise Unavailable(
            "PostgreSQL is not installed. Run `make run`, which installs it, or install the package postgresql."
        )
    return found[-1][1]


def _check_version(data: Path, programs: Path) -> bool:
    """Tell whether there is a database that this version can open. Raises Unavailable if another version made it."""
    try:
        made_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return False
    if made_by != programs.parent.name:
        raise Unavailable(
            f"The database in {data} was made by PostgreSQL {made_by}, and the newest installed is "
            f"{programs.parent.name}. Install postgresql-{made_by} beside it and move the data with pg_upgrade, "
            f"or put the folder {data} away to begin with an empty library."
        )
    return True


def settings_text(run: Path) -> str:
    """Write the whole of postgresql.conf: small, and safe against loss of power like Debian's own."""
    quoted = str(run).replace("'", "''")
    return f"""\
listen_addresses = ''
port = {PORT}
unix_socket_directories = '{quoted}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 64MB
max_wal_size = 512MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] '
log_checkpoints = off
"""


def _prepare(data: Path, run: Path) -> None:
    write_atomically(data / "postgresql.conf", settings_text(run))
    for stale in (data / "postmaster.pid", run / f".s.PGSQL.{PORT}.lock"):
        _clear_if_reused(stale)


def _clear_if_reused(lock: Path) -> None:
    """Delete a lock file whose process id now belongs to somebody else, which PostgreSQL cannot know.

    Whatever of ours held it has been ended before; a lock of no living process is PostgreSQL's own to judge.
    """
    try:
        holder = re.match(r"-?(\d+)", lock.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    if holder is None or (holder[1] != str(os.getpid()) and kernel.process(int(holder[1]))):
        lock.unlink()


def _is_ready(lock: Path, pid: int) -> bool:
    """Read what pg_ctl reads: the postmaster writes its state into the eighth line of its lock file."""
    try:
        lines = lock.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
