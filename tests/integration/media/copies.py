"""A film copied piece by piece from its own bytes, joined, beside what ffmpeg reads from the same file."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from server.domain.ladder import ladder
from server.domain.passage import cut_like
from server.domain.plan import Plan
from server.domain.rendition import Rendition, VideoRendition
from server.domain.source import Source
from tests.integration.media.film import LIMITS, Made, join
from workers.media.commands import CLOCK
from workers.media.copying import copy_piece, find_passage
from workers.media.probe import probe

SEGMENT_SECONDS = 4


@dataclass(frozen=True)
class Copying:
    """What is planned for a film, and the renditions of it that are copied."""

    path: Path
    facts: Source
    plan: Plan

    @property
    def pictures(self) -> VideoRendition | None:
        """The copied pictures."""
        videos = [made for made in self.plan.renditions if isinstance(made, VideoRendition)]
        return next((made for made in videos if made.copy), None)

    def make(self, rendition: Rendition, out: Path) -> Made:
        """Copy all pieces into `out` and join them."""
        out.mkdir(exist_ok=True)
        pieces = self.plan.pieces((rendition,))
        results = [copy_piece(self.path, self.facts, rendition, piece, out) for piece in pieces]
        return Made(self.facts, rendition, tuple(results), join(out / rendition.name))


def plan(path: Path) -> Copying:
    """Look into a film and plan it."""
    facts = probe(path, LIMITS)
    passage = find_passage(path, facts, SEGMENT_SECONDS)
    source = cut_like(facts, passage)
    return Copying(path, facts, Plan(source, ladder(source, passage), SEGMENT_SECONDS))


def pictures_of(path: Path, ticks: int) -> list[tuple[Fraction, str]]:
    """Return time and MD5 of every picture, as ffmpeg decodes it on the clock on which Matinee encodes."""
    command = ["ffmpeg", "-nostdin", "-v", "error", *CLOCK, "-i", str(path), "-map", "0:v:0"]
    command += ["-fps_mode", "passthrough", "-enc_time_base", f"1/{ticks}", "-f", "framemd5", "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120, text=True)
    rows = [line.split(",") for line in done.stdout.splitlines() if not line.startswith("#")]
    return [(Fraction(int(row[2]), ticks), row[-1].strip()) for row in rows]


def with_wide_offsets(path: Path) -> Path:
    """Rewrite a film whose index stands last as one of more than 4 GB would be: co64, and an mdat of 64 bits."""
    data = path.read_bytes()
    gap = data.index(b"free") - 4
    size = struct.unpack_from(">I", data, gap + 8)[0]
    wide = data[:gap] + struct.pack(">I4sQ", 1, b"mdat", size + 8) + data[gap + 16 : gap + 8 + size]
    end = gap + 8 + size
    path.write_bytes(wide + _widened(data[end:]))
    return path


def _widened(data: bytes) -> bytes:
    parts, position = [], 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + size]
        if kind == b"stco":
            count = struct.unpack_from(">I", content, 4)[0]
            kind, content = (
                b"co64",
                content[:8] + struct.pack(f">{count}Q", *struct.unpack_from(f">{count}I", content, 8)),
            )
        elif kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
            content = _widened(content)
        parts.append(struct.pack(">I4s", 8 + len(content), kind) + content)
        position += size
    return b"".join(parts)
