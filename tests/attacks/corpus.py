"""Hostile files, made when a test asks for one: small, the same every time, and none of them kept.

A case says what becomes of it: `PLAYS`, or the code with which it is refused.
"""

from __future__ import annotations

import random
import struct
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import clips
from tests.attacks.containers import (
    box,
    boxes,
    changed,
    element,
    fragments,
    full_box,
    nested,
    wave,
    with_more,
)

PLAYS = "plays"

TRICKS = "<script>alert(1)</script>\x1b[31m\u202egnp.exe\u202c'; DROP TABLE videos; --{{7*7}}%s"


@dataclass(frozen=True)
class Case:
    """A hostile file, and what is said about it."""

    make: Callable[[], bytes]
    verdict: str
    whole: bool = True  # encode all of it; a film of ten hours is only looked into


def encoded(*arguments: str | Path, form: str, source: Path | None = None) -> bytes:
    """Return what ffmpeg makes of `source` and of the inputs that `arguments` name, in the container `form`."""
    taken: list[str | Path] = [] if source is None else ["-i", source]
    with TemporaryDirectory() as folder:
        made = Path(folder, f"made.{form}")
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *taken, *arguments, made]
        subprocess.run(command, check=True, timeout=120)
        return made.read_bytes()


def drawn(picture: str, *arguments: str | Path, form: str) -> bytes:
    """Return a film of a drawn picture, such as `testsrc2=size=64x64:duration=1`."""
    return encoded("-f", "lavfi", "-i", picture, *arguments, form=form)


@cache
def film() -> bytes:
    """A good small film: H.264 in MP4, `moov` behind `mdat`."""
    return encoded("-c", "copy", "-map_metadata", "-1", form="mp4", source=clips.carphone())


@cache
def dot() -> bytes:
    """A second of 16 by 16 black pixels: H.264 in fragmented MP4."""
    plain = ("-c:v", "libx264", "-g", "1", "-pix_fmt", "yuv420p", "-bsf:v", "filter_units=remove_types=6")
    return drawn(
        "color=black:size=16x16:rate=25:duration=1", *plain, "-movflags", "empty_moov+default_base_moof", form="mp4"
    )


def many_fragments(count: int) -> bytes:
    parts = dict(boxes(dot()))
    size = struct.unpack_from(">I", parts[b"mdat"])[0] + 4
    init = box(b"ftyp", parts[b"ftyp"]) + box(b"moov", parts[b"moov"])
    return fragments(init, parts[b"mdat"][:size], count)


def ten_hours(size: str) -> bytes:
    stretch = ("-vf", f"scale={size},setpts=N*36000/TB", "-fps_mode", "passthrough", "-c:v", "ffv1")
    return drawn("testsrc2=size=64x64:rate=1:duration=2", *stretch, form="mkv")


def huge_picture(*, honest: bool) -> bytes:
    """A JPEG that says 16,384 by 16,384 pixels; the AVI around it says so, too, or says 64 by 64."""
    content = drawn("testsrc2=size=64x64:rate=1:duration=1", "-c:v", "mjpeg", "-strict", "-1", form="avi")
    frame = content.index(b"\xff\xc0\x00\x11\x08") + 5
    content = content[:frame] + struct.pack(">HH", 16_384, 16_384) + content[frame + 4 :]
    return content.replace(struct.pack("<II", 64, 64), struct.pack("<II", 16_384, 16_384)) if honest else content


def growing_picture() -> bytes:
    """MPEG-2 that begins with 64 by 64 pixels and goes on with 4096 by 2304."""
    plain = ("-c:v", "mpeg2video", "-q:v", "31", "-g", "1")
    small = drawn("testsrc2=size=64x64:rate=25:duration=1", *plain, form="mpg")
    return small + drawn("color=gray:size=3840x2160:rate=25:duration=0.2", *plain, form="mpg")


def claimed(kind: bytes, place: int, value: bytes) -> bytes:
    """The good film, with bytes of every box `kind` replaced."""
    return changed(film(), kind, lambda body: body[:place] + value + body[place + len(value) :])


def without_time() -> bytes:
    """Every picture lasts no time at all."""
    still = struct.pack(">III", 1, 0xFFFF, 0)
    return changed(film(), b"stts", lambda body: body[:4] + still)


def endless_edit() -> bytes:
    edit = box(b"edts", full_box(b"elst", 0, 0, struct.pack(">IIii", 1, 2**31 - 1, 0, 0x10000)))
    return changed(claimed(b"mvhd", 16, struct.pack(">I", 2**31 - 1)), b"trak", lambda body: _without(body) + edit)


def _without(trak: bytes) -> bytes:
    return b"".join(box(kind, body) for kind, body in boxes(trak) if kind != b"edts")


def many_tracks(count: int) -> bytes:
    track = next(box(kind, body) for kind, body in boxes(dict(boxes(film()))[b"moov"]) if kind == b"trak")
    return with_more(film(), b"moov", track * (count - 1))


def page_and_film() -> bytes:
    """Something that a browser would show as a page, were it told so or left to guess."""
    return box(b"free", b"<!DOCTYPE html><script>alert(1)</script>".ljust(1024)) + dot()


def film_and_archive() -> bytes:
    """A transport stream behind which a ZIP archive begins; each of the two formats reads from its own end."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../x.sh", "#!/bin/sh\n")
    return encoded("-c:v", "mpeg2video", form="ts", source=clips.carphone()) + archive.getvalue()


def attachments() -> bytes:
    with TemporaryDirectory() as folder:
        words = Path(folder, "words.txt")
        words.write_text("attached")
        named = ("-attach", words, "-metadata:s:t", "mimetype=text/plain", "-metadata:s:t", "filename=../../../x")
        return encoded("-c", "copy", *named, form="mkv", source=clips.carphone())


def tricky_words() -> bytes:
    named = [f"title={TRICKS}", f"artist={TRICKS}", f"comment={TRICKS * 1000}"]
    words = [part for name in named for part in ("-metadata", name)]
    words += ["-metadata:s:v", f"title={TRICKS}", "-metadata:s:v", f"language={TRICKS}"]
    return encoded("-c", "copy", *words, form="mkv", source=clips.carphone())


def many_chapters(count: int) -> bytes:
    with TemporaryDirectory() as folder:
        words = Path(folder, "words.txt")
        chapter = "[CHAPTER]\nTIMEBASE=1/1000000\nSTART={0}\nEND={1}\ntitle=" + "and so on " * 10 + "\n"
        words.write_text(";FFMETADATA1\n" + "".join(chapter.format(at * 10, at * 10 + 10) for at in range(count)))
        return encoded("-i", words, "-map_chapters", "1", "-c", "copy", form="mkv", source=clips.carphone())


def long_subtitles() -> bytes:
    with TemporaryDirectory() as folder:
        words = Path(folder, "words.srt")
        words.write_text("1\n00:00:00,000 --> 00:00:02,000\n" + "all work and no play\n" * 500_000)
        return encoded("-i", words, "-map", "0", "-map", "1", "-c", "copy", form="mkv", source=clips.carphone())


def linked_segments() -> bytes:
    """Matroska that names other files to be played before and after, and a chapter that lies in one of them."""
    content = encoded("-c", "copy", form="mkv", source=clips.carphone())
    identifier = bytes(range(16))
    links = element(0x3CB923, identifier) + element(0x3C83AB, b"../../other.mkv")
    links += element(0x3EB923, identifier) + element(0x3E83BB, b"/in/other.mkv") + element(0x4444, identifier)
    atom = element(0xB6, element(0x73C4, b"\1"), element(0x91, b"\0"), element(0x6E67, identifier))
    chapters = element(0x1043A770, element(0x45B9, element(0x45DD, b"\1"), atom))
    info = content.index(b"\x15\x49\xa9\x66")
    # The elements stand before the Info that they belong to: as a second Info, which readers merge.
    return content[:info] + element(0x1549A966, links) + chapters + content[info:]


def nested_elements(depth: int) -> bytes:
    """Tags in tags in tags, each as long as it can be."""
    header = element(0x1A45DFA3, element(0x4282, b"matroska"))
    inner = b""
    for _ in range(depth):
        inner = element(0x67C8, inner)  # SimpleTag, which may stand in itself
    return header + element(0x18538067, element(0x1254C367, element(0x7373, inner)))


def endless_gif() -> bytes:
    """A thousand pictures of 65,535 by 65,535 pixels, again and again for ever."""
    screen = struct.pack("<HHBBB", 65_535, 65_535, 0xF0, 0, 0)
    picture = b"," + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x4c\x01\0"
    return b"GIF89a" + screen + bytes(6) + b"!\xff\x0bNETSCAPE2.0\x03\1\0\0\0" + picture * 1000 + b";"


def rare(codec: str, form: str = "mkv") -> Callable[[], bytes]:
    size = "128x128" if codec != "asv1" else "64x64"
    options = ("-c:v", codec, "-strict", "-2")
    return lambda: drawn(f"testsrc2=size={size}:rate=25:duration=0.4", *options, form=form)


def rare_sound(codec: str, form: str = "mkv") -> Callable[[], bytes]:
    return lambda: drawn("sine=duration=1:sample_rate=44100", "-c:a", codec, "-strict", "-2", form=form)


def noise(start: bytes) -> Callable[[], bytes]:
    return lambda: start + random.Random(4).randbytes(200_000)  # noqa: S311  # noise, not a secret


HEAD = box(b"ftyp", b"isom\0\0\2\0isom")
MATROSKA = element(0x1A45DFA3, element(0x4282, b"matroska"))
MOST = struct.pack(">I", 2**32 - 1)

STRUCTURES = {
    "nothing": Case(bytes, "unplayable.empty"),
    "one pixel for ten hours": Case(lambda: ten_hours("1:1"), "unplayable.too-small"),
    "two small pictures in ten hours": Case(lambda: ten_hours("16:16"), PLAYS, whole=False),
    "a picture of 16k by 16k": Case(lambda: huge_picture(honest=True), "unplayable.too-many-pixels"),
    "a picture of 16k by 16k that calls itself small": Case(lambda: huge_picture(honest=False), "unplayable.damaged"),
    "pictures that grow on the way": Case(growing_picture, PLAYS),
    "a million pictures a second": Case(
        lambda: drawn("testsrc2=size=64x64:rate=1000000:duration=0.0001", "-c:v", "libx264", form="mp4"),
        "unplayable.too-many-frames",
    ),
    "pictures that last no time": Case(without_time, PLAYS),
    "a clock that stands still": Case(lambda: claimed(b"mdhd", 12, bytes(4)), "media-failed.grid"),
    "4000 tracks": Case(lambda: many_tracks(4000), "unplayable.tracks"),
    "100 tracks": Case(lambda: many_tracks(100), "unplayable.tracks"),
    "40,000 chapters": Case(lambda: many_chapters(40_000), "unplayable.tracks"),
    "an edit of 2^31 ms": Case(endless_edit, "unplayable.too-long"),
    "an index of 64 MiB": Case(lambda: with_more(film(), b"moov", box(b"udta", bytes(64 * 2**20))), PLAYS),
    "2^32 sample sizes": Case(lambda: claimed(b"stsz", 8, MOST), "unplayable.truncated"),
    "2^32 sample times": Case(lambda: claimed(b"stts", 4, MOST), "unplayable.memory"),
    "2^32 descriptions": Case(lambda: claimed(b"stsd", 4, MOST), "unplayable.truncated"),
    "2^32 edits": Case(lambda: claimed(b"elst", 4, MOST), PLAYS),
    "chunks far behind the end": Case(lambda: claimed(b"stco", 8, MOST * 40), "unplayable.damaged"),
    "an index that is cut off": Case(lambda: film()[:-200], "unplayable.truncated"),
    "100,000 fragments": Case(lambda: many_fragments(100_000), PLAYS, whole=False),
    "boxes in boxes": Case(lambda: HEAD + nested(b"moov", 100_000), "unplayable.truncated"),
    "tracks in tracks": Case(lambda: HEAD + box(b"moov", nested(b"trak", 50_000)), "unplayable.format"),
    "tags in tags": Case(lambda: nested_elements(2000), "unplayable.truncated"),
    "a box of 4 GiB": Case(lambda: HEAD + MOST + b"moov" + bytes(100), "unplayable.no-streams"),
    "a box shorter than its head": Case(lambda: HEAD + b"\0\0\0\4moov" + bytes(100), "unplayable.truncated"),
    "a box of negative size": Case(lambda: HEAD + b"\0\0\0\1moov" + b"\xff" * 8 + bytes(99), "unplayable.truncated"),
    "an element of negative size": Case(
        lambda: MATROSKA + b"\x18\x53\x80\x67\x01" + b"\xff" * 6 + b"\xfe" + bytes(50), "unplayable.truncated"
    ),
    "a picture that moves for ever": Case(endless_gif, "unplayable.still-image"),
}

SOUNDS = {
    "255 channels": Case(lambda: wave(255, 48_000), "unplayable.no-streams"),
    "65,535 channels": Case(lambda: wave(65_535, 48_000), "unplayable.format"),
    "no channel": Case(lambda: wave(0, 48_000), "unplayable.format"),
    "no sample a second": Case(lambda: wave(2, 0), "unplayable.format"),
    "less than no sample a second": Case(lambda: wave(2, 2**32 - 1), "unplayable.format"),
    "2^31 samples a second": Case(lambda: wave(2, 2**31 - 1), "unplayable.no-streams"),
    "one sample a second": Case(lambda: wave(2, 1), "unplayable.no-streams"),
}

DISGUISES = {
    "an attachment with a way out": Case(attachments, PLAYS),
    "words that do harm elsewhere": Case(tricky_words, PLAYS),
    "ten megabytes of subtitles": Case(long_subtitles, PLAYS),
    "other files before and after": Case(linked_segments, PLAYS),
    "a page and a film": Case(page_and_film, PLAYS),
    "a film and an archive": Case(film_and_archive, PLAYS),
    "noise that begins as MPEG-TS": Case(noise(b"\x47\x40\0\x10"), "unplayable.format"),
    "noise that begins as Matroska": Case(noise(b"\x1a\x45\xdf\xa3"), "unplayable.truncated"),
    "noise that begins as MP4": Case(noise(HEAD), "unplayable.truncated"),
    "noise that begins as MP3": Case(noise(b"ID3\4\0\0\x7f\x7f\x7f\x7f"), "unplayable.format"),
    "noise that begins as Ogg": Case(noise(b"OggS\0\2"), "unplayable.format"),
    "noise that begins as FLAC": Case(noise(b"fLaC\0\0\0\x22"), "unplayable.format"),
}

_RARE_PICTURES = (
    *(("magicyuv", "avi"), ("utvideo", "avi"), ("huffyuv", "mkv"), ("zmbv", "avi"), ("cfhd", "mov"), ("asv1", "avi")),
    *(("snow", "mkv"), ("jpeg2000", "mov"), ("qtrle", "mov"), ("msvideo1", "avi"), ("exr", "mov"), ("tiff", "mov")),
    *(("speedhq", "avi"), ("vc2", "mkv"), ("cljr", "avi")),
)
_RARE_SOUNDS = (("wavpack", "mkv"), ("tta", "mkv"), ("g722", "wav"), ("g726", "wav"), ("adpcm_yamaha", "wav"))
CODECS = {
    **{name: Case(rare(name, form), "unplayable.codec") for name, form in _RARE_PICTURES},
    **{name: Case(rare_sound(name, form), "unplayable.codec") for name, form in _RARE_SOUNDS},
    "png": Case(rare("png", "mov"), "unplayable.still-image"),
}
