from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os

import pytest

from server.errors import Conflict, Invalid, NoSpace, TooLarge
from server.storage import durable
from server.storage import incoming as module
from server.storage.incoming import Checksum, Incoming
from server.storage.layout import Layout

UPLOAD = "uPLoAD123456"


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "media")


@pytest.fixture
def incoming(layout):
    spool = Incoming(layout)
    spool.create(UPLOAD)
    return spool


def test_bytes_are_appended_where_the_last_ones_ended(incoming, layout):
    assert incoming.append(UPLOAD, 0, 6, io.BytesIO(b"abc")) == 3
    assert incoming.append(UPLOAD, 3, 6, io.BytesIO(b"def")) == 6
    assert layout.spool(UPLOAD).read_bytes() == b"abcdef"


def test_an_upload_cannot_be_begun_twice(incoming):
    with pytest.raises(FileExistsError):
        incoming.create(UPLOAD)


def test_an_unknown_upload_has_no_length(incoming):
    assert incoming.length(UPLOAD) == 0
    assert incoming.length("2" * 12) is None


def test_a_symbolic_link_is_not_followed(incoming, layout, tmp_path):
    victim = tmp_path / "victim"
    victim.touch()
    layout.spool(UPLOAD).unlink()
    layout.spool(UPLOAD).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        incoming.append(UPLOAD, 0, 6, io.BytesIO(b"abc"))
    assert victim.read_bytes() == b""


def test_the_wrong_place_is_refused_before_the_body_is_read(incoming):
    body = io.BytesIO(b"abc")
    with pytest.raises(Conflict, match="begin at 2, but 0 bytes have arrived") as refusal:
        incoming.append(UPLOAD, 2, 6, body)
    assert refusal.value.code == "conflict.offset"
    assert body.tell() == 0


def test_a_file_that_somebody_holds_is_busy_and_nobody_waits(incoming, layout):
    with layout.spool(UPLOAD).open("rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(Conflict) as refusal:
            incoming.append(UPLOAD, 0, 6, io.BytesIO(b"abc"))
    assert refusal.value.code == "conflict.busy"
    assert incoming.append(UPLOAD, 0, 6, io.BytesIO(b"abc")) == 3


def test_no_lock_is_held_while_the_client_is_awaited(incoming, layout):
    class Probing(io.BytesIO):
        def read(self, size=-1, /):
            with layout.spool(UPLOAD).open("rb") as other:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return super().read(size)

    assert incoming.append(UPLOAD, 0, 3, Probing(b"abc")) == 3


def test_too_many_bytes_are_cut(incoming, layout):
    with pytest.raises(TooLarge):
        incoming.append(UPLOAD, 0, 2, io.BytesIO(b"abc"))
    assert layout.spool(UPLOAD).read_bytes() == b"ab"


@pytest.mark.parametrize("failure", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_what_arrived_stays(incoming, layout, monkeypatch, failure):
    real = os.pwrite

    def fill(descriptor, piece, position):
        if position >= 4:
            raise OSError(failure, "full")
        return real(descriptor, piece[: 4 - position], position)

    monkeypatch.setattr(os, "pwrite", fill)
    with pytest.raises(NoSpace):
        incoming.append(UPLOAD, 0, 10, io.BytesIO(b"abcdefghij"))
    monkeypatch.undo()
    assert incoming.length(UPLOAD) == 4
    assert incoming.append(UPLOAD, 4, 10, io.BytesIO(b"efghij")) == 10
    assert layout.spool(UPLOAD).read_bytes() == b"abcdefghij"


def test_what_the_disk_refused_is_taken_away_and_comes_again(incoming, layout, monkeypatch):
    incoming.append(UPLOAD, 0, 9, io.BytesIO(b"abc"))

    def refuse(_):
        raise OSError(errno.EIO, "Input/output error")

    # The kernel tells of bytes that it could not write once; a second fsync succeeds without them (fsync(2), errors).
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output"):
        incoming.append(UPLOAD, 3, 9, io.BytesIO(b"def"))
    monkeypatch.undo()
    assert incoming.length(UPLOAD) == 3
    assert incoming.append(UPLOAD, 3, 9, io.BytesIO(b"defghi")) == 9
    assert layout.spool(UPLOAD).read_bytes() == b"abcdefghi"


def test_the_disk_is_synced_on_the_way_and_at_the_end(layout, monkeypatch):
    monkeypatch.setattr(module, "SYNC_EVERY", module.PIECE)
    synced = []

    def run(call):
        call()
        synced.append(layout.spool(UPLOAD).stat().st_size)

    spool = Incoming(layout, off_loop=run)
    spool.create(UPLOAD)
    synced.clear()
    spool.append(UPLOAD, 0, 10**9, io.BytesIO(bytes(2 * module.PIECE + 5)))
    assert synced == [module.PIECE, 2 * module.PIECE, 2 * module.PIECE + 5]


def test_what_arrived_before_the_line_broke_is_synced(layout):
    synced = []

    def run(call):
        call()
        synced.append(layout.spool(UPLOAD).stat().st_size)

    spool = Incoming(layout, off_loop=run)
    spool.create(UPLOAD)
    synced.clear()
    with pytest.raises(ConnectionResetError):
        spool.append(UPLOAD, 0, 10, Breaking(b"abc"))
    assert (spool.length(UPLOAD), synced) == (3, [3])


class Breaking(io.BytesIO):
    def read(self, size=-1, /):
        piece = super().read(size)
        if not piece:
            raise ConnectionResetError
        return piece


def lose_power(monkeypatch, name):
    monkeypatch.setattr(durable, "boot", lambda: name)


def test_after_a_loss_of_power_only_what_was_synced_counts(incoming, layout, monkeypatch):
    incoming.append(UPLOAD, 0, 9, io.BytesIO(b"abc"))
    with layout.spool(UPLOAD).open("ab") as spool:
        spool.write(b"\0\0\0")  # the length was stored, the bytes were not
    assert incoming.length(UPLOAD) == 6
    lose_power(monkeypatch, "boot-2")
    assert incoming.length(UPLOAD) == 3
    assert incoming.append(UPLOAD, 3, 9, io.BytesIO(b"def")) == 6
    lose_power(monkeypatch, "boot-3")
    assert incoming.length(UPLOAD) == 6
    assert layout.spool(UPLOAD).read_bytes() == b"abcdef"


def test_after_a_reboot_what_comes_is_not_cut_while_it_comes(incoming, monkeypatch):
    incoming.append(UPLOAD, 0, 9, io.BytesIO(b"abc"))
    lose_power(monkeypatch, "boot-2")
    assert incoming.length(UPLOAD) == 3

    class Looking(io.BytesIO):
        def read(self, size=-1, /):
            assert incoming.length(UPLOAD) == 3 + self.tell()
            return super().read(min(size, 2))

    assert incoming.append(UPLOAD, 3, 9, Looking(b"defghi")) == 9


def test_an_upload_whose_first_bytes_were_never_synced_begins_anew(incoming, layout, monkeypatch):
    with layout.spool(UPLOAD).open("ab") as spool:
        spool.write(b"\0\0\0")
    lose_power(monkeypatch, "boot-2")
    assert incoming.length(UPLOAD) == 0


def test_a_volume_without_attributes_is_taken_at_its_word(layout, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOTSUP, "no attributes")

    monkeypatch.setattr(os, "setxattr", refuse)
    monkeypatch.setattr(os, "getxattr", refuse)
    spool = Incoming(layout)
    spool.create(UPLOAD)
    assert spool.append(UPLOAD, 0, 6, io.BytesIO(b"abc")) == spool.length(UPLOAD) == 3


@pytest.mark.parametrize("algorithm", module.ALGORITHMS)
def test_a_proven_body_is_kept(incoming, layout, algorithm):
    digest = hashlib.new(algorithm, b"abc").digest()
    assert incoming.append(UPLOAD, 0, 6, io.BytesIO(b"abc"), Checksum(algorithm, digest)) == 3
    assert [path.name for path in layout.incoming.iterdir()] == [UPLOAD]


def test_a_body_with_a_checksum_is_no_part_of_the_upload_before_it_is_proven(incoming, layout):
    class Probing(io.BytesIO):
        def read(self, size=-1, /):
            assert layout.spool(UPLOAD).read_bytes() == b""
            assert [path.name for path in layout.incoming.iterdir()] == [UPLOAD]
            return super().read(min(size, 2))

    with pytest.raises(Invalid) as refusal:
        incoming.append(UPLOAD, 0, 6, Probing(b"abcdef"), Checksum("sha1", b"?"))
    assert refusal.value.code == "invalid.checksum"
    assert incoming.length(UPLOAD) == 0


def test_a_body_with_a_checksum_is_limited(incoming, monkeypatch):
    monkeypatch.setattr(module, "MAX_CHECKED", 5)
    with pytest.raises(TooLarge, match="at most 5 bytes"):
        incoming.append(UPLOAD, 0, 10, io.BytesIO(b"abcdef"), Checksum("sha1", b"?"))
    assert incoming.length(UPLOAD) == 0


def test_only_spool_files_that_rest_are_listed(incoming, layout):
    resting = layout.spool("3" * 12)
    for path in (resting, layout.incoming / "notes.txt"):
        path.touch()
        os.utime(path, (0, 0))
    assert incoming.unchanged(3600) == [resting.name]
