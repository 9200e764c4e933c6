"""Files that ask for other files get none: not what ffmpeg may open, nor what the sandbox could show it.

Two layers, each tried without the other: the allowlist with the target in reach, and the sandbox without an allowlist.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from server.settings import Media
from tests import clips
from tests.attacks.corpus import PLAYS
from tests.attacks.references import REFERENCES
from tests.attacks.trial import judged
from workers.media import commands, sandbox
from workers.media.probe import PROBE

MARK = "BEGIN-MARK-OF-ANOTHER-FILM"
# Points away from itself, but is a film all the same: it may play, without what it points to.
FILMS = {"data-reference.mp4", "alias.mov"}
REFUSED = {"unplayable.format", "unplayable.no-streams", "unplayable.truncated"}


@contextmanager
def canaries(folder: Path) -> Iterator[tuple[list[str], list[socket.socket]]]:
    """Listen on loopback, TCP and unix; yield the addresses, and the sockets that nobody may have called."""
    with ExitStack() as stack:
        network = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        local = stack.enter_context(socket.socket(socket.AF_UNIX))
        local.bind(str(folder / "canary"))
        local.listen()
        port = network.getsockname()[1]
        addresses = [f"http://127.0.0.1:{port}/x", f"tcp://127.0.0.1:{port}", f"unix:{folder}/canary"]
        yield addresses, [network, local]


def called(listening: socket.socket) -> bool:
    """Say whether anybody connected. Loopback connects at once, so there is nothing to wait for."""
    listening.setblocking(False)
    try:
        listening.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def marked_film(path: Path) -> Path:
    """A film of somebody else: whoever reads it has the mark in what they say."""
    named = ("-metadata", f"title={MARK}", "-metadata", f"service_name={MARK}", "-c", "copy", "-f", "mpegts")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", clips.carphone(), *named, path], check=True, timeout=60)
    return path


@pytest.mark.parametrize("name", REFERENCES)
def test_a_file_that_asks_for_others_reads_none_and_calls_nobody(name: str, tmp_path: Path) -> None:
    secret = marked_film(tmp_path / "secret")
    with canaries(tmp_path) as (addresses, listening):
        for target in (str(secret), f"file:{secret}", "/etc/passwd", *addresses):
            path = tmp_path / "film"
            path.write_bytes(REFERENCES[name](target))
            outcome = sandbox.run(commands.probe(Media().max_pixels), source=path, limits=PROBE)
            assert MARK not in outcome.stdout.decode() + outcome.stderr
            assert "root:" not in outcome.stdout.decode() + outcome.stderr
        assert judged(path, whole=True) in ({"unplayable.damaged", PLAYS} if name in FILMS else REFUSED)
        assert not any(map(called, listening))


@pytest.mark.parametrize("name", ["playlist.mp4", "script.mp4"])
def test_the_allowlist_alone_keeps_a_file_in_reach_from_being_read(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    marked_film(out / "secret.ts")
    path = tmp_path / "film"
    path.write_bytes(REFERENCES[name]("/out/secret.ts" if name == "playlist.mp4" else "../out/secret.ts"))
    command = commands.probe(Media().max_pixels)
    guarded = sandbox.run(command, source=path, out=out, limits=PROBE)
    assert guarded.status != 0
    assert MARK not in guarded.stdout.decode()
    # Without the list the same file is read: so it is the list that keeps it.
    open_to_all = ["ffprobe", "-v", "error", "-safe", "0", "-show_programs", "-show_format", "-show_streams"]
    loose = open_to_all if name == "script.mp4" else [part for part in open_to_all if part not in ("-safe", "0")]
    unguarded = sandbox.run([*loose, "-i", sandbox.SOURCE], source=path, out=out, limits=PROBE)
    assert b"codec_name=h264" in unguarded.stdout, unguarded.stderr


def test_the_sandbox_alone_keeps_files_and_sockets_out_of_reach(tmp_path: Path) -> None:
    secret = marked_film(tmp_path / "secret.ts")
    path = tmp_path / "film"
    loose = ["ffprobe", "-v", "error", "-protocol_whitelist", "file,http,tcp,unix,crypto,data,concat,subfile"]
    with canaries(tmp_path) as (addresses, listening):
        for target in (str(secret), f"concat:{secret}", *addresses):
            path.write_bytes(REFERENCES["playlist.mp4"](target))
            for source in ([sandbox.SOURCE], [target]):
                outcome = sandbox.run([*loose, "-show_format", "-i", *source], source=path, limits=PROBE)
                assert MARK not in outcome.stdout.decode() + outcome.stderr
        assert not any(map(called, listening))
        # Outside of it the same program calls: so it is the sandbox that keeps it.
        outside = [*loose, "-rw_timeout", "1000000", "-i", addresses[1]]
        with subprocess.Popen(outside, stderr=subprocess.DEVNULL) as program:
            listening[0].settimeout(20)
            listening[0].accept()[0].close()
            program.wait(20)
