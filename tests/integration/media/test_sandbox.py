"""The sandbox: nothing of the host is inside, and nothing of it stays behind, however a run ends."""

from __future__ import annotations

import errno
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.errors import MediaFailed, Superseded, Unavailable
from workers.media import sandbox, syscalls
from workers.media.sandbox import Limits, Outcome

LIMITS = Limits(wall_seconds=20, stall_seconds=20)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a film; with $(odd) name.mp4"
    path.write_text("the film")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    path = tmp_path / "out"
    path.mkdir()
    return path


def _run(script: str, source: Path, **options: object) -> Outcome:
    return sandbox.run(["sh", "-c", script], source=source, **({"limits": LIMITS} | options))  # type: ignore[arg-type]


def test_it_works_here_and_can_be_proved_to():
    sandbox.ensure()


def test_it_works_for_a_user_that_is_mapped_to_another_as_the_launcher_does():
    user = pwd.getpwnam("postgres")
    command = ["unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}", "--", sys.executable]
    command += ["-c", "from workers.media import sandbox; sandbox.ensure()"]
    subprocess.run(command, check=True, timeout=60)


def test_without_bubblewrap_it_refuses_and_names_the_remedy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="Install bubblewrap"):
        sandbox.ensure()


def test_inside_are_the_input_and_the_output_and_nothing_else(source: Path, out: Path):
    seen = _run("cat /in/source; echo; ls /; ls /etc; env; echo made > /out/file", source, out=out)
    assert seen.status == 0, seen.stderr
    text = seen.stdout.decode()
    assert text.startswith("the film\nbin\netc\nin\nlib\nlib64\nout\ntmp\nusr\n")
    assert set(text.split("usr\n")[1].split("\n")[:2]) <= {"alternatives", "ld.so.cache"}
    assert "HOME" not in text
    assert out.joinpath("file").read_text() == "made\n"


@pytest.mark.parametrize(
    "attempt",
    [
        "cat /etc/passwd",
        "ls /root",
        "ls /proc/1",
        "echo x > /in/source",
        "echo x > /usr/bin/sh",
        "unshare --user true",
        "mknod /tmp/disk b 8 0",
        "exec 3<>/dev/tcp/127.0.0.1/80",
    ],
)
def test_what_is_outside_cannot_be_reached(attempt: str, source: Path):
    assert _run(attempt, source).status != 0
    assert source.read_text() == "the film"


def test_no_service_of_this_machine_can_be_reached(source: Path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        outcome = _run(f"ffmpeg -nostdin -v error -i tcp://127.0.0.1:{port} -f null -", source)
    assert "Operation not permitted" in outcome.stderr


def test_its_network_is_its_own_and_empty(source: Path):
    """Behind the filter of system calls: without it, there is still nothing to connect to."""
    mark = f"30.{time.time_ns()}"
    seen: list[str] = []

    def look() -> bool:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _is(entry, f"sleep {mark}"):
                seen.extend((str(entry.joinpath("ns/net").readlink()), entry.joinpath("net/dev").read_text()))
        return bool(seen)

    assert _code(lambda: _run(f"sleep {mark}", source, cancel=look)) == "media-failed.stopped"
    namespace, interfaces = seen[:2]
    assert namespace != str(Path("/proc/self/ns/net").readlink())
    assert [line.split(":")[0].strip() for line in interfaces.splitlines()[2:]] == ["lo"]


def test_system_calls_that_media_programs_do_not_need_are_refused(source: Path, out: Path):
    calls = syscalls.refused()
    assert calls.keys() >= {"socket", "ptrace", "bpf", "keyctl", "io_uring_setup", "userfaultfd", "unshare"}
    asked = f"for({','.join(map(str, calls.values()))}) {{ $!=0; syscall($_, 0, 0, 0, 0, 0); print $!+0, qq(\\n) }}"
    out.joinpath("ask").write_text(asked)
    outcome = _run("perl /out/ask", source, out=out)
    assert outcome.stdout.decode().split() == [str(errno.EPERM)] * len(calls), outcome.stderr


def test_the_other_numbers_of_system_calls_lead_nowhere(source: Path, out: Path):
    """An x86_64 kernel may take those of x32, too: the same calls under numbers that no list of names has."""
    out.joinpath("ask").write_text("$!=0; syscall(0x40000000 + 41, 2, 1, 0); print $!+0")
    assert _run("perl /out/ask", source, out=out).stdout == str(errno.EPERM).encode()


def test_the_kernel_ends_it_first_when_memory_runs_out(source: Path):
    mark = f"29.{time.time_ns()}"
    scores: list[str] = []

    def look() -> bool:
        found = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is(entry, f"sleep {mark}"))
        scores.extend(entry.joinpath("oom_score_adj").read_text().strip() for entry in found)
        return bool(scores)

    assert _code(lambda: _run(f"sleep {mark}", source, cancel=look)) == "media-failed.stopped"
    assert set(scores) == {"1000"}


def test_words_that_cannot_be_printed_are_not_passed_on(source: Path):
    said = _run(r"printf 'one\033[31m\nt\342\200\256wo\377' >&2", source).stderr
    assert said == "one\ufffd[31m\nt\ufffdwo\ufffd"


def test_a_sandbox_that_does_not_start_tells_no_path_of_this_machine(tmp_path: Path):
    with pytest.raises(MediaFailed) as failed:
        _run("true", tmp_path / "vanished")
    assert failed.value.code == "media-failed.sandbox"
    assert str(tmp_path) not in failed.value.message + failed.value.detail


@pytest.mark.parametrize(
    ("script", "limits"),
    [
        ("dd if=/usr/bin/bash of=/tmp/x bs=1M count=4; dd if=/usr/bin/bash of=/out/y bs=1k count=900", "file_size"),
        ("head -c 900000000 /in/source | dd of=/tmp/z bs=900M count=1 iflag=fullblock", "memory"),
        ("for n in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait", "processes"),
    ],
)
def test_a_limit_ends_what_exceeds_it(script: str, limits: str, source: Path, out: Path):
    narrow = {"file_size": 100_000, "memory": 200 * 1024**2, "processes": 6}
    bounded = Limits(20, 20, **{limits: narrow[limits]})
    ended = _run(f"({script}) && echo fine", source, out=out, limits=bounded)
    # Root's processes are not counted by the kernel; everything else is.
    if limits != "processes" or os.geteuid() != 0:
        assert b"fine" not in ended.stdout


def _code(call: Callable[[], object]) -> str:
    with pytest.raises(MediaFailed) as failed:
        call()
    return failed.value.code


def test_a_run_that_takes_too_long_is_ended(source: Path):
    assert _code(lambda: _run("sleep 60", source, limits=Limits(0.5, 30))) == "media-failed.timeout"


def test_a_run_without_progress_is_ended(source: Path):
    talk = "while :; do echo frame=1; echo out_time_us=5; echo progress=continue; sleep 0.1; done"
    bounded = Limits(wall_seconds=30, stall_seconds=1)
    assert _code(lambda: _run(talk, source, limits=bounded, progress=lambda _: None)) == "media-failed.stalled"


def test_progress_is_passed_on_block_by_block(source: Path):
    talk = "for n in 1 2; do echo frame=$n; echo progress=continue; done; echo frame=3; echo progress=end"
    blocks: list[dict[str, str]] = []
    assert _run(talk, source, progress=blocks.append).status == 0
    assert [block["frame"] for block in blocks] == ["1", "2", "3"]
    assert blocks[-1]["progress"] == "end"


def test_too_much_output_is_not_kept(source: Path):
    bounded = Limits(20, 20, stdout=10_000)
    assert _code(lambda: _run("cat /usr/bin/bash", source, limits=bounded)) == "media-failed.output"
    said = _run("head -c 500000 /usr/bin/bash >&2; echo last words >&2", source).stderr
    assert said.endswith("last words\n")
    assert len(said) <= 64 * 1024


def _marked(mark: str) -> bool:
    """Say whether a process of this machine carries `mark` in its command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark.encode() in entry.joinpath("cmdline").read_bytes():
                    return True
            except OSError:
                continue
    return False


def _is(entry: Path, command: str) -> bool:
    """Say whether the process is exactly `command`, and no wrapper on its way there."""
    try:
        return entry.joinpath("cmdline").read_bytes() == command.replace(" ", "\0").encode() + b"\0"
    except OSError:
        return False


def _runs(command: str) -> bool:
    """Say whether a process of this machine is exactly `command`."""
    return any(_is(entry, command) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_cancelled_run_leaves_no_process(source: Path):
    mark = f"31.{time.time_ns()}"
    started = f"sleep\0{mark}"
    assert _code(lambda: _run(f"sleep {mark}", source, cancel=lambda: _marked(started))) == "media-failed.stopped"
    assert not _marked(mark)


def test_a_cancel_that_raises_ends_the_run_with_its_own_error(source: Path):
    mark = f"32.{time.time_ns()}"

    def lost() -> bool:
        if _marked(f"sleep\0{mark}"):
            raise Superseded("The lease was lost.")
        return False

    with pytest.raises(Superseded):
        _run(f"sleep {mark}", source, cancel=lost)
    assert not _marked(mark)


@pytest.mark.parametrize("victim", ["process", "group"])
def test_nothing_survives_the_worker_that_started_it(victim: str, source: Path):
    mark = f"33.{time.time_ns()}"
    script = (
        "import os, sys; from pathlib import Path; from workers.media import sandbox;"
        "os.setpgrp();"
        "sandbox.run(['sleep', sys.argv[2]], source=Path(sys.argv[1]), limits=sandbox.Limits(60, 60))"
    )
    worker = subprocess.Popen([sys.executable, "-c", script, str(source), mark])
    try:
        assert _until(lambda: _runs(f"sleep {mark}"))
        (os.kill if victim == "process" else os.killpg)(worker.pid, signal.SIGKILL)
        worker.wait(10)
        assert _until(lambda: not _marked(mark))
    finally:
        worker.kill()
        worker.wait(10)
