from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import psycopg2.extensions
from redis import Redis

from server.launcher.home import ROOT
from server.launcher.rabbitmq import password_file
from server.launcher.system import System
from tests.integration.launcher.census import command_lines, listening_addresses, processes_of, survivors, wait_gone


def launch(verb: str, system: System, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "server.launcher", verb, "--home", str(system.home.root), *arguments)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def opened(system: System) -> Iterator[psycopg2.extensions.cursor]:
    """One transaction in the system's database."""
    database = system.settings.database
    connection = psycopg2.connect(host=database.host, port=database.port, dbname=database.name, user=database.user)
    with closing(connection), connection, connection.cursor() as cursor:
        yield cursor


def test_a_second_launcher_says_where_the_first_one_runs(private: System) -> None:
    second = launch("run", private)
    assert second.returncode == 1
    assert private.address in second.stderr
    assert "make stop" in second.stderr
    private.wait_ready()


def test_the_status_names_every_part(private: System) -> None:
    answer = launch("status", private)
    assert answer.returncode == 0
    assert answer.stdout.startswith(f"ready  {private.address}\n")
    assert f"  postgresql    ready     {private.pid('postgresql')}\n" in answer.stdout


def test_two_systems_run_side_by_side(private: System, system: System) -> None:
    assert private.address != system.address
    private.wait_ready()
    system.wait_ready()


def test_no_password_is_in_any_command_line_or_log(private: System) -> None:
    password = password_file(private.home).read_bytes().strip()
    ticket = (private.home.secrets / "tickets").read_bytes().strip()
    lines = command_lines(processes_of(private))
    logs = [log.read_bytes() for log in private.home.logs.iterdir()]
    assert any(b"beam" in line for line in lines)
    assert not [text for text in lines + logs if password in text or ticket in text]
    assert password_file(private.home).stat().st_mode & 0o777 == 0o600


def test_nothing_listens_beyond_loopback(private: System) -> None:
    assert listening_addresses(processes_of(private)) <= {"0100007F", "00000000000000000000000001000000"}
    assert listening_addresses(processes_of(private)) >= {"0100007F"}


def test_the_second_start_keeps_all_data(private: System) -> None:
    with opened(private) as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 'by alice' AS word")
    Redis(unix_socket_path=str(private.settings.redis.socket)).set("kept", "by alice")
    first_address = private.address
    assert private.stop() == 0
    private.start()
    with opened(private) as cursor:
        cursor.execute("SELECT word FROM kept")
        assert cursor.fetchall() == [("by alice",)]
    assert Redis(unix_socket_path=str(private.settings.redis.socket)).get("kept") == b"by alice"
    assert private.address == first_address


def test_stopping_leaves_nothing_running(private: System) -> None:
    everything = processes_of(private)
    assert len(everything) > 20
    assert private.stop() == 0
    assert survivors(everything) == set()
    assert launch("status", private).returncode == 3
    private.start()


def test_a_killed_launcher_takes_its_parts_along_and_the_next_start_works(private: System) -> None:
    everything = processes_of(private)
    private.crash()
    private.start()
    wait_gone(everything)


def test_a_start_right_after_everything_was_killed_works(private: System) -> None:
    everything = processes_of(private)
    launcher = private.status()["pid"]
    for part in private.status()["parts"]:
        private.kill(part["name"], signal.SIGSTOP)  # so that none of them can end in order
    private.crash()
    private.start()
    wait_gone(everything)
    assert private.status()["pid"] != launcher


def test_the_brokers_folder_may_be_deleted_while_the_system_is_stopped(private: System) -> None:
    private.stop()
    shutil.rmtree(private.home.root / "rabbitmq")
    private.start()


def test_damaged_data_of_redis_is_set_aside_since_it_is_the_only_copy_of_nothing(private: System) -> None:
    private.stop()
    for file in (private.home.root / "redis").rglob("*.aof"):
        file.write_bytes(b"this is no append-only file\n" * 100)
    private.start()
    assert (private.home.root / "redis.broken").is_dir()
    assert "begins with empty data" in private.transcript.read_text()


def test_a_foreign_program_on_our_port_makes_us_take_another(private: System) -> None:
    port = int(private.address.rpartition(":")[2])
    private.stop()
    with socket.create_server(("127.0.0.1", port)):
        private.start()
        assert private.address != f"https://localhost:{port}"


def test_the_stop_verb_ends_the_system_and_waits_for_it(private: System) -> None:
    everything = processes_of(private)
    assert launch("stop", private).stdout == "Stopped.\n"
    assert survivors(everything) == set()
    assert launch("stop", private).stdout == "Matinee does not run here.\n"
    private.start()
