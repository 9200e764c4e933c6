"""Run one encode in the sandbox, and put what it made into its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from server.domain.playlist import INIT_SEGMENT, segment_name
from workers.media import commands, diagnosis, fmp4, sandbox


@dataclass(frozen=True, slots=True)
class MadeSegment:
    """A segment file: its number, its size in bytes, start and length in seconds of what is in it, frames in it."""

    index: int
    size: int
    start: Fraction
    length: Fraction
    frames: int


@dataclass(frozen=True, slots=True)
class PieceResult:
    """A finished piece: `init.mp4` and the files of `segments` are in the output folder, and nothing else is.

    `init` is the SHA-256 of the init segment, equal in all pieces of a rendition. `ended` is None, or the time in
    seconds at which the pictures of the source end although more were planned. Then the piece lacks its last segments
    or all of them (without any, `codecs` and `init` are empty and there is no `init.mp4`), later pieces are empty too,
    and the honest timeline of the rendition ends there.
    """

    segments: tuple[MadeSegment, ...]
    codecs: str
    init: str
    ended: Fraction | None

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        return sum(segment.size for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Job:
    """What every encode is given: the source file, the output folder, and how it is watched."""

    source: Path
    out: Path
    max_pixels: int
    cancel: sandbox.Cancel
    progress: sandbox.Progress | None

    def encode(self, command: list[str], limits: sandbox.Limits) -> tuple[bytes, fmp4.Movie]:
        """Run `command`, which writes `run.mp4`; return its bytes and what is in them, as `encode_all` does."""
        (made,) = self.encode_all(command, limits, [commands.RUN_FILE])
        return made

    def encode_all(
        self, command: list[str], limits: sandbox.Limits, files: Sequence[str], devices: Sequence[Path] = ()
    ) -> list[tuple[bytes, fmp4.Movie]]:
        """Run `command`, which writes `files`; return the bytes of each and what is in them.

        The files themselves are gone afterwards. Raises MediaFailed, NoSpace, Unplayable.
        """
        try:
            outcome = sandbox.run(
                command,
                source=self.source,
                out=self.out,
                limits=limits,
                cancel=self.cancel,
                progress=self.progress or _unheard,
                devices=tuple(devices),
            )
            if outcome.status:
                raise diagnosis.failure(outcome)
            found = [path.read_bytes() if (path := self.out / name).exists() else b"" for name in files]
            return [(data, fmp4.parse(data)) for data in found]
        finally:
            for name in files:
                self.out.joinpath(name).unlink(missing_ok=True)


def write(folder: Path, init: bytes, segments: Mapping[int, bytes]) -> str:
    """Write an init segment and numbered segments into `folder`; return the SHA-256 of the init segment."""
    folder.mkdir(exist_ok=True)
    folder.joinpath(INIT_SEGMENT).write_bytes(init)
    for index, data in segments.items():
        folder.joinpath(segment_name(index)).write_bytes(data)
    return hashlib.sha256(init).hexdigest()


def _unheard(_: dict[str, str]) -> None:
    """Progress that nobody listens to still has to be read: the watchdog lives on it."""
