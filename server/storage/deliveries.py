"""Files of an attempt that come from another machine: whole and proven under their name, or not there at all."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from server.domain.handover import MadeFile
from server.errors import Conflict, Invalid, Superseded, TooLarge
from server.storage import space
from server.storage.durable import seal
from server.storage.incoming import PIECE, Stream
from server.storage.layout import Layout

MAX_BYTES = 256 * 1024**2  # of one file; nginx/snippets/work.conf.j2 says the same


class Deliveries:
    """The folders of attempts, as a machine without our file system fills them.

    Names are those of `handover.files_of`: whoever calls this has checked them. `off_loop` runs a slow call of the
    disk away from an event loop where there is one.
    """

    def __init__(
        self, layout: Layout, reserve_bytes: int, off_loop: Callable[[Callable[[], Any]], Any] | None = None
    ) -> None:
        self._layout = layout
        self._reserve = reserve_bytes
        self._off_loop = off_loop or (lambda call: call())

    def folder(self, task_id: int, fence: int) -> Path:
        """Return the folder of an attempt, which holds a folder per rendition."""
        return self._layout.attempt(task_id, fence)

    def receive(self, task_id: int, fence: int, file: MadeFile, stream: Stream) -> None:
        """Keep `stream` as `file`, in place of one that came before; nothing is kept of what is not as announced.

        Raises Invalid (`invalid.checksum`, `invalid.body`), TooLarge, NoSpace, Superseded if the attempt is over.
        """
        if file.size > MAX_BYTES:
            raise TooLarge(f"One file may have at most {MAX_BYTES} bytes here.", code="too-large.body")
        space.require(file.size, space.free_bytes(self._layout.work), self._reserve, 0)
        folder = self.folder(task_id, fence) / file.rendition
        draft = folder / f".{file.name}.{secrets.token_hex(4)}"
        try:
            folder.mkdir(mode=0o750, exist_ok=True)
            try:
                self._write(draft, file, stream)
                draft.rename(folder / file.name)
            finally:
                draft.unlink(missing_ok=True)
        except FileNotFoundError as error:
            raise Superseded(f"Attempt {fence} at task {task_id} is over.") from error

    def check(self, task_id: int, fence: int, listed: Iterable[MadeFile]) -> None:
        """Pass if exactly the `listed` files are there, as they are described. Raises Conflict (`conflict.files`)."""
        folder = self.folder(task_id, fence)
        wanted = {(file.rendition, file.name): (file.size, file.sha256) for file in listed}
        if self._off_loop(lambda: _found(folder)) != wanted:
            raise Conflict(
                "What has arrived is not what was made. Send the files again, and then publish them.",
                code="conflict.files",
            )

    def _write(self, draft: Path, file: MadeFile, stream: Stream) -> None:
        digest, size = hashlib.sha256(), 0
        with draft.open("xb") as kept:
            while piece := stream.read(PIECE):
                size += len(piece)
                if size > file.size:
                    raise TooLarge(f"More was sent than the {file.size} bytes announced.", code="too-large.body")
                digest.update(piece)
                kept.write(piece)
            kept.flush()
            # Now, while nobody waits for a lock: publishing syncs once more, and finds nothing to do.
            self._off_loop(lambda: os.fsync(kept.fileno()))
        if size < file.size:
            raise Invalid(f"Only {size} of {file.size} bytes came. Send the file again.", code="invalid.body")
        if digest.hexdigest() != file.sha256:
            raise Invalid(
                "The bytes do not have the SHA-256 they were sent with, so none was kept. Send the file again.",
                code="invalid.checksum",
            )


def _found(attempt: Path) -> dict[tuple[str, str], tuple[int, str]]:
    return {
        (path.parent.name, path.name): (size, digest.hex())
        for path in attempt.glob("*/[!.]*")
        for size, digest in [seal(path)]
    }
