"""The one door to ffmpeg and ffprobe: a bubblewrap sandbox with limits, a watchdog, and nothing of the host in it.

Inside there is /usr, the one input as /in/source, the output folder as /out, an empty /tmp: no network, no other file,
no /proc, no device, no capability, and fewer system calls (`syscalls`). bubblewrap's manual is bwrap(1). When the
machine has no memory left, the kernel ends what is in here first (choom(1)). The process tree ends with its parent:
`--die-with-parent` reaches the first process of the PID namespace, and the kernel ends the rest with it. That also
covers `killpg` by a work queue, which reaches the outer bwrap only, for `--new-session` takes the inside out of the
caller's process group (and away from its terminal).
"""

from __future__ import annotations

import logging
import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from server.errors import MediaFailed, Unavailable
from workers.media import syscalls

SOURCE = "/in/source"  # the fixed name of the input: no text of a user ever reaches a command line
OUT = "/out"

_KEPT_STDERR = 64 * 1024
_LOGGED_LINES = 20
_READ = 64 * 1024
_POLL_SECONDS = 0.2  # how soon a cancelled run ends
_REAP_SECONDS = 10

_MIB = 1024**2

Cancel = Callable[[], bool]
Progress = Callable[[dict[str, str]], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. Sizes are bytes; `stall_seconds` without any new output ends it early."""

    wall_seconds: float
    stall_seconds: float
    memory: int = 2048 * _MIB  # address space; see `memory_for`
    file_size: int = 2048 * _MIB  # of any one file that it writes
    stdout: int = 4 * _MIB
    processes: int = 64  # threads count too
    files: int = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: the exit status (128 + n for signal n), and what it wrote.

    `stderr` is the last 64 KiB; whatever in it cannot be printed is replaced, for a file may have put it there.
    """

    status: int
    stdout: bytes
    stderr: str


def never() -> bool:
    """The cancel callable of work that nobody cancels."""
    return False


def memory_for(pixels: int) -> int:
    """Return the address space in bytes that decoding, scaling and encoding pictures of `pixels` may need."""
    return 1536 * _MIB + 256 * pixels


def ensure() -> None:
    """Prove that the sandbox works here and that its inside sees nothing of the host.

    Raises Unavailable with the remedy; a worker must not start without it.
    """
    remedy = (
        "Install bubblewrap and ffmpeg, and allow user namespaces for this user "
        "(sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces; AppArmor may restrict them too)."
    )
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder, "probe")
        probe.write_bytes(b"inside")
        look = f"cat {SOURCE} && ffmpeg -nostdin -v error -f lavfi -i nullsrc=d=1 -f null - && cat /etc/passwd"
        try:
            outcome = run(["sh", "-c", look], source=probe, out=Path(folder), limits=Limits(30, 30))
        except (MediaFailed, OSError) as error:
            message = f"The media sandbox does not start: {error} {remedy}"
            raise Unavailable(message, code="unavailable.sandbox") from error
        seen = outcome.stdout.decode(errors="replace")
    if not seen.startswith("inside") or "root:" in seen or "/etc/passwd" not in outcome.stderr:
        said = outcome.stderr.strip() or f"exit status {outcome.status}"
        raise Unavailable(f"The media sandbox does not work: {said}. {remedy}", code="unavailable.sandbox")


def run(
    command: Sequence[str],
    *,
    source: Path,
    limits: Limits,
    out: Path | None = None,
    cancel: Cancel = never,
    progress: Progress | None = None,
    devices: tuple[Path, ...] = (),
) -> Outcome:
    """Run `command` in the sandbox with `source` as its input and `out` as the folder it may write to.

    Of the host's devices it sees only `devices`; paths among them that are not below /dev (a driver's) are read-only.

    With `progress`, stdout is read as `-progress pipe:1` and each block passed on. Whatever ends this call (a limit,
    `cancel()` returning true or raising), the whole process tree is dead when it returns or raises. Raises MediaFailed:
    `.stopped` when cancelled, `.timeout`, `.stalled`, `.output` when stdout exceeds its limit, `.sandbox`.
    """
    with _filter() as barred:
        process = subprocess.Popen(
            [*_wrapping(source, out, devices, barred), "--", *_limiting(limits), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=barred,
        )
    stdout, stderr = cast("IO[bytes]", process.stdout), cast("IO[bytes]", process.stderr)
    reader = _Reader(stdout, stderr, limits, progress)
    try:
        reader.drain(cancel)
        status = process.wait(_REAP_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise reader.failure("did not end after closing its output", "timeout") from error
    finally:
        process.kill()
        process.wait(_REAP_SECONDS)
        _await_silence(stdout, stderr)
        stdout.close()
        stderr.close()
    said = reader.said
    if said.startswith(("bwrap: ", "choom: ")):  # they name files of this machine, so only the log has their words
        _log.error("The sandbox did not start: %s", said.strip())
        raise MediaFailed("The sandbox did not start; the log of the worker says why.", code="media-failed.sandbox")
    if status:
        _log.info("%s ended with status %d.%s", command[0], status, reader.last_words)
    return Outcome(status if status >= 0 else 128 - status, bytes(reader.stdout), said)


@contextmanager
def _filter() -> Iterator[tuple[int, ...]]:
    """Hold the filter of system calls in a file descriptor, if there is one for this machine."""
    program = syscalls.program()
    if not program:
        yield ()
        return
    with os.fdopen(os.memfd_create("seccomp", 0), "wb") as file:
        file.write(program)
        file.flush()
        file.seek(0)
        yield (file.fileno(),)


def _await_silence(*pipes: IO[bytes]) -> None:
    """Wait until nobody can write to the pipes any more: then the last process that had them is dead, too."""
    deadline = time.monotonic() + _REAP_SECONDS
    for pipe in pipes:
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - time.monotonic())) and os.read(pipe.fileno(), _READ):
                pass


def _wrapping(source: Path, out: Path | None, devices: tuple[Path, ...], barred: tuple[int, ...]) -> list[str]:
    command = ["choom", "-n", "1000", "--", "bwrap"]
    command += ["--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--new-session"]
    command += [part for number in barred for part in ("--seccomp", str(number))]
    command += ["--cap-drop", "ALL", "--clearenv", "--setenv", "PATH", "/usr/bin", "--setenv", "LC_ALL", "C.UTF-8"]
    command += ["--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]
    command += ["--symlink", "usr/bin", "/bin"]
    # Debian finds some libraries of ffmpeg (BLAS) through these two.
    command += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    command += ["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]
    command += ["--tmpfs", "/tmp", "--ro-bind", os.fspath(source.resolve()), SOURCE]  # noqa: S108  # its own, empty
    if out is not None:
        command += ["--bind", os.fspath(out.resolve()), OUT]
    for path in map(os.fspath, devices):
        if path == "/proc":
            command += ["--proc", path]  # of the sandbox's own processes
        else:
            command += ["--dev-bind" if path.startswith("/dev/") else "--ro-bind", path, path]
    return [*command, "--chdir", "/tmp"]  # noqa: S108


def _limiting(limits: Limits) -> list[str]:
    """prlimit(1) inside the sandbox: there, the limit of processes counts only what runs in it."""
    cpu = int(limits.wall_seconds * 4) + 1  # a backstop to the watchdog, should this process die frozen
    return [
        "prlimit",
        f"--as={limits.memory}",
        f"--cpu={cpu}:{cpu + 5}",  # at the first number SIGXCPU, which tells itself from a kernel without memory
        f"--fsize={limits.file_size}",
        f"--nofile={limits.files}",
        f"--nproc={limits.processes}",
        "--core=0",
        "--",
    ]


class _Reader:
    """Reads both pipes of a run until they close, and watches the clock meanwhile."""

    def __init__(self, stdout: IO[bytes], stderr: IO[bytes], limits: Limits, progress: Progress | None) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._pipes = {stdout: self._take_stdout, stderr: self._take_stderr}
        self._limits = limits
        self._progress = progress
        self._block: dict[str, str] = {}
        self._position: tuple[str | None, ...] = ()
        self._moved = time.monotonic()

    def drain(self, cancel: Cancel) -> None:
        """Read until both pipes are closed. Raises MediaFailed; `cancel` may raise what it likes."""
        deadline = time.monotonic() + self._limits.wall_seconds
        with selectors.DefaultSelector() as selector:
            for pipe in self._pipes:
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(_POLL_SECONDS):
                    chunk = os.read(key.fd, _READ)
                    if chunk:
                        self._pipes[key.fileobj](chunk)  # type: ignore[index]  # registered just above
                    else:
                        selector.unregister(key.fileobj)
                if cancel():
                    raise self.failure("was stopped", "stopped")
                if time.monotonic() > deadline:
                    raise self.failure(f"took longer than {self._limits.wall_seconds:.0f} s", "timeout")
                if time.monotonic() > self._moved + self._limits.stall_seconds:
                    raise self.failure(f"made no progress for {self._limits.stall_seconds:.0f} s", "stalled")

    def failure(self, what: str, code: str) -> MediaFailed:
        """Return the error for a run that `what`."""
        _log.warning("The media program %s.%s", what, self.last_words)
        return MediaFailed(f"The media program {what}.", code=f"media-failed.{code}", detail=self.said)

    @property
    def said(self) -> str:
        """The last 64 KiB of stderr."""
        text = self.stderr.decode(errors="replace")
        return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text)

    @property
    def last_words(self) -> str:
        """The last lines of stderr, for the log."""
        return "".join(f"\n    {line}" for line in self.said.splitlines()[-_LOGGED_LINES:])

    def _take_stderr(self, chunk: bytes) -> None:
        self.stderr += chunk
        del self.stderr[:-_KEPT_STDERR]

    def _take_stdout(self, chunk: bytes) -> None:
        self.stdout += chunk
        if self._progress is not None:
            *lines, rest = self.stdout.split(b"\n")
            self.stdout[:] = rest
            for line in lines:
                self._take_line(line.decode(errors="replace"))
        else:
            self._moved = time.monotonic()
        if len(self.stdout) > self._limits.stdout:
            raise self.failure("wrote more than it may", "output")

    def _take_line(self, line: str) -> None:
        """Collect `key=value` lines; `progress=` ends a block. Only changing positions count as progress."""
        name, _, value = line.partition("=")
        self._block[name.strip()] = value.strip()
        if name != "progress":
            return
        position = tuple(self._block.get(key) for key in ("frame", "out_time_us", "total_size"))
        if position != self._position:
            self._position = position
            self._moved = time.monotonic()
        if self._progress is not None:
            self._progress(self._block)
        self._block = {}
