"""Uploads: refused before the first byte or kept until they are whole, and then a video exactly once.

How an upload becomes a video. A video has the id of its upload, so its place in the library is known beforehand. The
step is one transaction that holds the row of the upload, and its last act before the commit is the rename of the spool
file to its place as the original. Whatever instruction we die at, one of these is what is left:

1. Before the rename: the transaction is undone, the spool file has all bytes, the row says `receiving`. An upload.
2. Between rename and commit: the transaction is undone and the spool file gone, but the row says `receiving` and the
   original has all bytes at the place that the id names. Still an upload: `_arrived` looks there, too, and finishing
   it again finds the file in place.
3. After the commit: a video with its plan task. The lost ring is the sweeper's business.

Bytes are synced before the rename and its folder before the commit, so a power cut leaves the same three cases. Two
that finish one upload at once (a PATCH, a HEAD, the sweeper) wait for each other at the row, and the second finds it
complete. Finishing is tried again by whoever comes next: the client asking for the offset, or `repair`. Nobody ever
removes bytes of a row that says `receiving` but `terminate` and the expiry, which take the row away first.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from server.domain import ids, permission
from server.domain.permission import Action, Role
from server.domain.task import NewTask, Priority, Queue, TaskKind
from server.domain.upload import Upload, UploadState
from server.domain.user import User
from server.domain.video import title_from
from server.errors import Conflict, Gone, Invalid, MatineeError, NoSpace, NotFound, TooLarge
from server.queue.doorbell import Doorbell
from server.settings import Uploads as Limits
from server.storage.incoming import Checksum, Incoming, Stream
from server.storage.library import Library
from server.storage.space import in_words
from server.store import artifacts, tasks, uploads, videos
from server.store.database import transaction

UNNAMED = "Untitled"
MAX_NAME_BYTES = 255

# A spool file is made just before its row is committed; one that has had no row for so long never gets one.
ORPHAN_SECONDS = 3600
EXPIRED_AT_ONCE = 100

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far an upload is: `offset` bytes have arrived. `upload.video_id` names the video once it is complete."""

    upload: Upload
    offset: int


@dataclass(frozen=True, slots=True)
class Repairs:
    """What one round of `repair` did: ids of uploads it made videos of, of expired ones, and of stray spool files."""

    finished: list[str]
    expired: list[str]
    strays: list[str]


class Uploads:
    """Files on their way in. `announce` writes the state of a video to the outbox, inside our transaction."""

    def __init__(
        self,
        limits: Limits,
        incoming: Incoming,
        library: Library,
        doorbell: Doorbell,
        announce: Callable[[str, str | None], None],
    ) -> None:
        self._limits = limits
        self._incoming = incoming
        self._library = library
        self._doorbell = doorbell
        self._announce = announce

    @property
    def max_bytes(self) -> int:
        """The largest file that is taken."""
        return self._limits.max_bytes

    def create(self, user: User, filename: str, size: int) -> Upload:
        """Begin an upload of `size` bytes, promising it that room.

        Raises Forbidden, Invalid (`invalid.empty`), TooLarge (`too-large.file`), or NoSpace (`no-space.quota`,
        `no-space.disk`).
        """
        permission.require(user.role, Action.UPLOAD)
        if size <= 0:
            raise Invalid("The file is empty. There is nothing to play in it.", code="invalid.empty")
        if size > self._limits.max_bytes:
            raise TooLarge(
                f"The file is too large: it has {in_words(size)}, and one file may have at most "
                f"{in_words(self._limits.max_bytes)}.",
                code="too-large.file",
            )
        upload_id = ids.new_id()
        with transaction():
            uploads.lock_owner(user.id)
            self._require_quota(user, size)
            uploads.lock_space()
            self._incoming.require_room(size, self._promised())
            upload = uploads.create(upload_id, user.id, clean_name(filename), size, self._limits.keep_seconds)
            self._incoming.create(upload_id)
        return upload

    def receive(
        self, user: User, upload_id: str, offset: int, stream: Stream, checksum: Checksum | None = None
    ) -> Receipt:
        """Append `stream` at `offset`; with the last byte the upload becomes a video.

        Whatever has arrived before an error stays and can be continued. Raises Forbidden, NotFound, Gone if it
        expired or was terminated, and what `Incoming.append` raises: Conflict, TooLarge, NoSpace, Invalid.
        """
        permission.require(user.role, Action.UPLOAD)
        receipt = self.status(user, upload_id)
        if receipt.upload.state is UploadState.COMPLETE:
            if offset != receipt.offset:
                raise _complete()
            return receipt
        self._prolong(upload_id)
        try:
            arrived = self._incoming.append(upload_id, offset, receipt.upload.size, stream, checksum)
        except FileNotFoundError as error:
            self.status(user, upload_id)  # says so if the upload was terminated or its bytes are lost
            raise _complete() from error
        upload = self._prolong(upload_id)
        return Receipt(self._finish(upload) if arrived == upload.size else upload, arrived)

    def status(self, user: User, upload_id: str) -> Receipt:
        """Tell how far an upload is; one with all its bytes becomes a video now if it is none yet.

        Raises NotFound if there is none or it is somebody else's, Gone if it expired or its bytes are lost.
        """
        _check_id(upload_id)
        with transaction():
            upload = uploads.get(upload_id)
            expired = uploads.is_expired(upload_id)
        if upload is None or upload.owner_id != user.id:
            raise _unknown()
        if upload.state is UploadState.COMPLETE:
            return Receipt(upload, upload.size)
        arrived = self._arrived(upload)
        if arrived == upload.size:
            return Receipt(self._finish(upload), arrived)
        if arrived is None:
            raise Gone("The bytes of this upload are lost; upload the file again.", code="gone.lost")
        if expired:
            raise Gone(
                "This upload waited too long for its next byte and has expired; upload the file again.",
                code="gone.expired",
            )
        return Receipt(upload, arrived)

    def terminate(self, user: User, upload_id: str) -> None:
        """Forget an upload and drop what has arrived. The video of a complete one stays.

        Raises NotFound if there is none, or it is somebody else's and the user is no administrator.
        """
        _check_id(upload_id)
        with transaction():
            upload = uploads.lock(upload_id)
            if upload is None or (upload.owner_id != user.id and user.role is not Role.ADMIN):
                raise _unknown()
            uploads.remove(upload_id)
        if upload.state is UploadState.RECEIVING:
            self._drop(upload_id)

    def repair(self) -> Repairs:
        """Finish what is whole, drop what has expired, and set aside spool files that belong to no upload."""
        spooled = self._incoming.unchanged(ORPHAN_SECONDS)
        with transaction():
            unfinished = uploads.receiving()
        finished = [upload.id for upload in unfinished if self._finish_if_whole(upload)]
        strays = sorted(set(spooled) - {upload.id for upload in unfinished})
        with transaction():
            expired = uploads.remove_expired(EXPIRED_AT_ONCE)
        for upload_id in strays:
            self._incoming.set_aside(upload_id)
        for upload_id in expired:
            self._incoming.remove(upload_id)
        return Repairs(finished, expired, strays)

    def _require_quota(self, user: User, size: int) -> None:
        if user.quota_bytes is None:
            return
        left = max(user.quota_bytes - uploads.bytes_of_owner(user.id), 0)
        if size > left:
            raise NoSpace(
                f"Your quota has no room for this file: it needs {in_words(size)}, and {in_words(left)} of your "
                f"{in_words(user.quota_bytes)} are left. Remove one of your videos, or ask an administrator for more.",
                code="no-space.quota",
            )

    def _promised(self) -> int:
        return sum(upload.size - (self._arrived(upload) or 0) for upload in uploads.receiving())

    def _arrived(self, upload: Upload) -> int | None:
        """Return how many bytes of an unfinished upload are here, None if they are lost."""
        arrived = self._incoming.length(upload.id)
        return self._library.original_size(upload.id) if arrived is None else arrived

    def _prolong(self, upload_id: str) -> Upload:
        """Put off the expiry of an unfinished upload and return how it stands. Raises Gone if it was terminated."""
        with transaction():
            upload = uploads.prolong(upload_id, self._limits.keep_seconds) or uploads.get(upload_id)
        if upload is None:
            raise _terminated()
        return upload

    def _finish_if_whole(self, upload: Upload) -> bool:
        """Finish `upload` if all bytes are here; one that cannot be finished now must not stop the others."""
        try:
            return self._arrived(upload) == upload.size and self._finish(upload).state is UploadState.COMPLETE
        except (MatineeError, OSError):
            _log.exception("Upload %s is whole and could not be finished; it is tried again.", upload.id)
            return False

    def _finish(self, upload: Upload) -> Upload:
        """Make the video of an upload whose bytes are all here, once; the argument is at the top of this file."""
        with transaction():
            held = uploads.lock(upload.id)
            if held is None:
                raise _terminated()
            if held.state is UploadState.COMPLETE:
                return held
            videos.create(held.id, held.owner_id, title_from(held.filename), held.filename, held.size)
            tasks.create(held.id, [NewTask(TaskKind.PLAN, "plan", Priority.FIRST)])
            self._announce(held.id, held.owner_id)
            uploads.complete(held.id, held.id)
            artifacts.note(held.id, [self._library.publish_original(held.id, held.id)])
        self._doorbell.ring(Queue.LIGHT)
        return replace(held, state=UploadState.COMPLETE, video_id=held.id)

    def _drop(self, upload_id: str) -> None:
        """Remove the bytes of an upload that has no row any more; none became a video, so its place is free, too."""
        self._incoming.remove(upload_id)
        self._library.remove_video(upload_id)


def clean_name(filename: str) -> str:
    """Return a file name fit to be shown: no control or direction characters, at most 255 bytes of UTF-8, never empty.

    It is never used as a path.
    """
    letters = unicodedata.normalize("NFC", filename)
    shown = "".join(" " if unicodedata.category(letter) in _UNSHOWN else letter for letter in letters)
    return " ".join(shown.split()).encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip() or UNNAMED


_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _check_id(upload_id: str) -> None:
    if not ids.is_id(upload_id):
        raise _unknown()


def _unknown() -> NotFound:
    return NotFound("There is no such upload. Begin a new one.")


def _complete() -> Conflict:
    return Conflict("This upload is complete; another request has finished it.", code="conflict.offset")


def _terminated() -> Gone:
    return Gone("This upload was taken away while it was running. Begin a new one.", code="gone.terminated")
