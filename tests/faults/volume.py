"""A small disk of the test's own for videos: it can be full, and its power can be cut.

A loop device (losetup(8)) with ext4. `EXT4_IOC_SHUTDOWN` with NOLOGFLUSH stops the file system at once, as a power cut
does: what was not synced is gone after the next mount. It needs root; `missing` finds out by trying.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from server.storage import space

_EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32), linux/ext4.h
_NOLOGFLUSH = 2
_PATIENCE_SECONDS = 20.0

FILL = "fill"
MARGIN = 64 * 1024


class Volume:
    """A mounted file system of `size` bytes at `place`, which holds `files` files at most where that is said."""

    def __init__(self, image: Path, place: Path, size: int, files: int | None = None) -> None:
        self.place = place
        self._image = image
        with image.open("wb") as file:
            file.truncate(size)
        inodes = ("-N", str(files)) if files else ()
        _run("mkfs.ext4", "-q", "-F", "-m", "0", *inodes, str(image))
        place.mkdir(parents=True, exist_ok=True)
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.place))

    def unmount(self) -> None:
        """Wait until nobody holds a file here any more, and take the volume away."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while subprocess.run(["umount", str(self.place)], capture_output=True, timeout=10, check=False).returncode:
            assert time.monotonic() < deadline, f"somebody holds files: {_run('fuser', '-vm', str(self.place))}"
            time.sleep(0.02)

    def cut_power(self) -> None:
        """From now on every access is an error, and nothing that is not on the disk yet gets there."""
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _EXT4_IOC_SHUTDOWN, struct.pack("I", _NOLOGFLUSH))
        finally:
            os.close(folder)

    def restore_power(self) -> None:
        """Mount what is on the disk.

        Of a copy, since a file system stays dead as long as any process on this machine still has it in its view, and
        those are not all ours.
        """
        _run("umount", "--lazy", str(self.place))
        former, self._image = self._image, self._image.with_name(f"volume-{secrets.token_hex(4)}.img")
        _run("cp", "--reflink=auto", "--sparse=always", str(former), str(self._image))
        former.unlink()
        self.mount()

    def fill_bytes(self) -> None:
        """Leave no room for bytes, as often as it is called."""
        with (self.place / FILL).open("ab") as file:
            while (free := space.free_bytes(self.place)) > MARGIN:
                with suppress(OSError):  # others are writing, too
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, free - MARGIN // 2)

    def fill_files(self) -> None:
        """Leave room for bytes, and for no file, as often as it is called."""
        folder = self.place / FILL
        folder.mkdir(exist_ok=True)
        with suppress(OSError):  # others are making files, too
            while os.statvfs(self.place).f_favail:
                (folder / secrets.token_hex(8)).touch()

    def free(self) -> None:
        """Take away what filled the volume."""
        _run("rm", "-rf", str(self.place / FILL))


@contextmanager
def mounted(folder: Path, place: Path, size: int, files: int | None = None) -> Iterator[Volume]:
    """A volume for as long as the block runs."""
    volume = Volume(folder / "volume.img", place, size, files)
    try:
        yield volume
    finally:
        volume.unmount()


@cache
def missing() -> str | None:
    """Say why this machine can mount no volume of its own, found out by trying; None if it can."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mounted(Path(folder), Path(folder) / "place", 8 * 1024**2):
                return None
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", "")
            return f"no file system can be mounted here: {error} {said}"


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
