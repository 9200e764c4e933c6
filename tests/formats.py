"""`python -m tests.formats`: what becomes of the usual formats, as the table in docs/formats.md.

Each is made with ffmpeg from its test picture and a tone, looked into and planned as an upload is, and one piece of
every rendition of it is made in the sandbox.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from server.domain import remux
from server.domain.ladder import ladder, may_pass
from server.domain.passage import Passage, cut_like
from server.domain.plan import Plan
from server.domain.rendition import AudioRendition, Rendition, VideoRendition
from server.errors import MatineeError
from server.settings import Media
from workers.media.copying import copy_piece, find_passage
from workers.media.encoders import x264
from workers.media.picture import encode_video
from workers.media.probe import probe
from workers.media.sound import encode_audio

LIMITS = Media()
_SECONDS = 6
_PICTURE = f"testsrc2=size=320x240:rate=25:duration={_SECONDS}"
_TONE = f"sine=frequency=440:sample_rate=48000:duration={_SECONDS}"


@dataclass(frozen=True)
class Format:
    """A way to store a film: how ffmpeg makes it, and what becomes of it here."""

    name: str
    container: str
    pictures: tuple[str, ...]
    sound: tuple[str, ...]
    becomes: tuple[str, str]
    filters: str = "null"

    def make(self, folder: Path) -> Path:
        """Make a film of some seconds in `folder`."""
        path = folder / f"film.{self.container}"
        pictures = ["-f", "lavfi", "-i", _PICTURE, "-vf", self.filters, *self.pictures] if self.pictures else []
        tone = ["-f", "lavfi", "-i", _TONE] if self.sound else []
        inputs = [*pictures[:4], *tone]
        outputs = [*pictures[4:], *self.sound, "-strict", "-2", str(path)]
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *inputs, *outputs]
        subprocess.run(command, check=True, timeout=120)
        return path


def _x264(*more: str) -> tuple[str, ...]:
    return ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", *more)


_AAC = ("-c:a", "aac", "-ac", "2")
_TAGGED = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc"
_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-tag:v", "hvc1")
_COPIED, _PASSED, _ENCODED, _NONE = "copied", "copied after one pass", "encoded", "none"

FORMATS = (
    Format("H.264, AAC", "mp4", _x264("-pix_fmt", "yuv420p"), _AAC, (_COPIED, _COPIED)),
    Format(
        "H.264 with B-frames, AAC",
        "mov",
        ("-c:v", "libx264", "-bf", "3", "-g", "50", "-pix_fmt", "yuv420p"),
        _AAC,
        (_COPIED, _COPIED),
    ),
    Format("H.264, MP3", "mp4", _x264("-pix_fmt", "yuv420p"), ("-c:a", "libmp3lame"), (_COPIED, _ENCODED)),
    Format("H.264, AC-3", "mkv", _x264("-pix_fmt", "yuv420p"), ("-c:a", "ac3"), (_PASSED, _ENCODED)),
    Format("H.264, AAC", "ts", _x264("-pix_fmt", "yuv420p"), _AAC, (_PASSED, _COPIED)),
    Format("H.264, AAC", "flv", _x264("-pix_fmt", "yuv420p"), _AAC, (_PASSED, _COPIED)),
    Format(
        "H.264 in fragments, AAC",
        "mp4",
        _x264("-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov"),
        _AAC,
        (_PASSED, _COPIED),
    ),
    Format("H.264 4:2:2, AAC", "mp4", _x264("-pix_fmt", "yuv422p"), _AAC, (_ENCODED, _COPIED)),
    Format("H.264 10 bit, AAC", "mp4", _x264("-pix_fmt", "yuv420p10le"), _AAC, (_ENCODED, _COPIED)),
    Format(
        "H.264 interlaced, AAC",
        "mp4",
        _x264("-pix_fmt", "yuv420p", "-flags", "+ildct+ilme", "-x264-params", "tff=1"),
        _AAC,
        (_ENCODED, _COPIED),
        "tinterlace=interleave_top",
    ),
    Format("H.264 with wide pixels, AAC", "mp4", _x264("-pix_fmt", "yuv420p"), _AAC, (_ENCODED, _COPIED), "setsar=4/3"),
    Format("HEVC, AAC", "mp4", (*_X265, "-pix_fmt", "yuv420p"), _AAC, (_ENCODED, _COPIED)),
    Format(
        "HEVC HDR10, AAC",
        "mp4",
        (*_X265, "-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"),
        _AAC,
        (_ENCODED, _COPIED),
        _TAGGED.format(transfer="smpte2084"),
    ),
    Format(
        "HEVC HLG, E-AC-3",
        "mkv",
        (*_X265, "-color_trc", "arib-std-b67", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"),
        ("-c:a", "eac3"),
        (_ENCODED, _ENCODED),
        _TAGGED.format(transfer="arib-std-b67"),
    ),
    Format(
        "VP9, Opus",
        "webm",
        ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
        ("-c:a", "libopus"),
        (_ENCODED, _ENCODED),
    ),
    Format(
        "VP8, Vorbis", "webm", ("-c:v", "libvpx", "-deadline", "realtime"), ("-c:a", "libvorbis"), (_ENCODED, _ENCODED)
    ),
    Format("AV1, Opus", "mkv", ("-c:v", "libsvtav1", "-preset", "12"), ("-c:a", "libopus"), (_ENCODED, _ENCODED)),
    Format("MPEG-4 part 2, MP3", "avi", ("-c:v", "mpeg4"), ("-c:a", "libmp3lame"), (_ENCODED, _ENCODED)),
    Format("MPEG-2, MP2", "mpg", ("-c:v", "mpeg2video"), ("-c:a", "mp2"), (_ENCODED, _ENCODED)),
    Format("MPEG-2, AC-3", "ts", ("-c:v", "mpeg2video"), ("-c:a", "ac3"), (_ENCODED, _ENCODED)),
    Format("WMV 8, WMA", "wmv", ("-c:v", "wmv2"), ("-c:a", "wmav2"), (_ENCODED, _ENCODED)),
    Format("Sorenson H.263, MP3", "flv", ("-c:v", "flv"), ("-c:a", "libmp3lame", "-ar", "44100"), (_ENCODED, _ENCODED)),
    Format("ProRes 4:2:2 10 bit, PCM", "mov", ("-c:v", "prores_ks"), ("-c:a", "pcm_s24le"), (_ENCODED, _ENCODED)),
    Format("Motion JPEG, PCM", "avi", ("-c:v", "mjpeg", "-q:v", "5"), ("-c:a", "pcm_s16le"), (_ENCODED, _ENCODED)),
    Format("FFV1 4:4:4, FLAC", "mkv", ("-c:v", "ffv1", "-pix_fmt", "yuv444p"), ("-c:a", "flac"), (_ENCODED, _ENCODED)),
    Format("Theora, Vorbis", "ogv", ("-c:v", "libtheora"), ("-c:a", "libvorbis"), (_ENCODED, _ENCODED)),
    Format("H.264, DTS", "mkv", _x264("-pix_fmt", "yuv420p"), ("-c:a", "dca"), (_PASSED, _ENCODED)),
    Format("H.264, TrueHD", "mkv", _x264("-pix_fmt", "yuv420p"), ("-c:a", "truehd"), (_PASSED, _ENCODED)),
    Format("H.264 without sound", "mp4", _x264("-pix_fmt", "yuv420p"), (), (_COPIED, _NONE)),
    Format("MP3", "mp3", (), ("-c:a", "libmp3lame"), (_NONE, _ENCODED)),
    Format("FLAC", "flac", (), ("-c:a", "flac"), (_NONE, _ENCODED)),
    Format("AAC", "m4a", (), _AAC, (_NONE, _COPIED)),
    Format("MagicYUV", "avi", ("-c:v", "magicyuv"), (), ("refused: unplayable.codec", "")),
    Format("GIF", "gif", ("-c:v", "gif", "-t", "1"), (), ("refused: unplayable.still-image", "")),
    Format("PNG", "png", ("-frames:v", "1"), (), ("refused: unplayable.still-image", "")),
)


def outcome(path: Path, out: Path) -> tuple[str, str]:
    """Return what becomes of pictures and sound, after a piece of each rendition was really made."""
    try:
        source = probe(path, LIMITS)
    except MatineeError as refused:
        return f"refused: {refused.code}", ""
    passage = find_passage(path, source, LIMITS.segment_seconds)
    if not may_pass(source):
        passage = replace(passage, picture=None)
    source = cut_like(source, passage)
    plan = Plan(source, ladder(source, passage), LIMITS.segment_seconds)
    for group in plan.groups:
        _make(path, plan, group, out)
    return _pictures(plan, passage), _sound(plan)


def _make(path: Path, plan: Plan, group: Sequence[Rendition], out: Path) -> None:
    """Make the first piece of a group."""
    piece = plan.pieces(tuple(group))[0]
    first = group[0]
    if isinstance(first, VideoRendition) and not first.copy:
        pictures = [made for made in group if isinstance(made, VideoRendition)]
        encode_video(path, plan.source, pictures, piece, out, limits=LIMITS, encoder=x264.ENCODER)
    elif isinstance(first, AudioRendition) and not first.indexed:
        encode_audio(path, plan.source, first, piece, out, limits=LIMITS)
    else:
        copy_piece(path, plan.source, first, piece, out)


def _pictures(plan: Plan, passage: Passage) -> str:
    pictures = [made for made in plan.renditions if isinstance(made, VideoRendition)]
    if not pictures:
        return _NONE
    if any(made.copy for made in pictures):
        return _COPIED
    return _PASSED if remux.task(plan, passage) else _ENCODED


def _sound(plan: Plan) -> str:
    sounds = [made for made in plan.renditions if isinstance(made, AudioRendition)]
    return (_COPIED if sounds[0].copy else _ENCODED) if sounds else _NONE


def main() -> None:
    """Print the table."""
    sys.stdout.write("| format | in | pictures | sound |\n|---|---|---|---|\n")
    for each in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "out")
            out.mkdir()
            pictures, sound = outcome(each.make(Path(folder)), out)
        sys.stdout.write(f"| {each.name} | {each.container} | {pictures} | {sound} |\n")


if __name__ == "__main__":
    main()
