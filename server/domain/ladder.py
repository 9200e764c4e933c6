"""The ladder of a film: in which sizes and at which rates its pictures are offered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from server.domain.passage import NOTHING, Passage, PicturePassage
from server.domain.rendition import Codec, Rendition, VideoRendition
from server.domain.soundtracks import soundtracks
from server.domain.source import Source, VideoTrack

# Heights of the usual rungs, by the short side so that upright films get the same quality.
RUNGS = (2160, 1440, 1080, 720, 480, 360)
SMALL_RUNGS = (240, 144)  # only where the source would otherwise give fewer than three

MAX_SIDE = 4096  # what hardware decoders of H.264 take
MAX_MACROBLOCKS = 36_864  # H.264 level 5.2, table A-1
MAX_FRAME_RATE = Fraction(61)  # 60 and 59.94 pass; above, every second picture is more than a screen shows
CRF = 23
CRF_AV1 = 33  # of 63; as good as H.264 at its own
_LARGEST_AV1 = 1080

# Where a film has more pictures a second than this, rungs below the height show every second one.
_SMALL_RUNG_RATE = Fraction(31)
_SMALL_RUNG = 480

_PLAYED_PROFILES = frozenset({"Constrained Baseline", "Baseline", "Main", "High"})
_HIGHEST_LEVEL = 52
HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})

# Level, macroblocks per picture, macroblocks per second, kbit/s in high profile (H.264 tables ).
_LEVELS = (
    ("1.3", 396, 11_880, 960),
    ("2.1", 792, 19_800, 5_000),
    ("3.0", 1_620, 40_500, 12_500),
    ("3.1", 3_600, 108_000, 17_500),
    ("3.2", 5_120, 216_000, 25_000),
    ("4.0", 8_192, 245_760, 25_000),
    ("4.2", 8_704, 522_240, 62_500),
    ("5.0", 22_080, 589_824, 168_750),
    ("5.1", 36_864, 983_040, 300_000),
    ("5.2", 36_864, 2_073_600, 300_000),
)


def ladder(source: Source, passage: Passage = NOTHING, *, av1: bool = False) -> tuple[Rendition, ...]:
    """Return the renditions of `source`: pictures from the smallest to the largest, then the sound.

    The largest has the source's own size (made even, and fitted into H.264 level 5.2), or is the source itself where
    its pictures pass; none is larger. With `av1`, a small and a large rung come in AV1, too.
    """
    pictures = _pictures(source, passage)
    more = [_in_av1(made) for made in _chosen_for_av1(pictures)] if av1 and source.video else []
    return (*pictures, *more, *soundtracks(source, passage))


def may_pass(source: Source) -> bool:
    """Say whether browsers play the pictures as they are: progressive 8-bit H.264 in 4:2:0, upright, in SDR."""
    video = source.video
    return (
        video is not None
        and video.codec == "h264"
        and video.profile in _PLAYED_PROFILES
        and 0 < video.level <= _HIGHEST_LEVEL
        and video.pixel_format == "yuv420p"
        and not video.interlaced
        and video.is_upright
        and max(video.stored_width, video.stored_height) <= MAX_SIDE
        and video.frame_rate <= MAX_FRAME_RATE
        and video.transfer not in HDR_TRANSFERS
    )


def groups(renditions: Sequence[Rendition]) -> list[tuple[Rendition, ...]]:
    """Return which renditions are made together, most wanted first.

    The smallest is made alone because it comes first; the other encoded pictures share one decode; each copied one,
    each of another codec and each sound is alone.
    """
    pictures = [made for made in renditions if isinstance(made, VideoRendition)]
    encoded = [made for made in pictures if not made.copy and made.codec is Codec.H264]
    together: list[tuple[Rendition, ...]] = [(made,) for made in pictures if made.copy]
    together += [tuple(part) for part in (encoded[:1], encoded[1:]) if part]
    shared = {made.name for group in together for made in group}
    return together + [(made,) for made in renditions if made.name not in shared]


def _pictures(source: Source, passage: Passage) -> list[VideoRendition]:
    video = source.video
    if video is None:
        return []
    if passage.picture is None:
        return [_picture(video, *size) for size in _sizes(video.width, video.height)]
    *lower, _ = _sizes(video.width, video.height)
    return [*(_picture(video, *size) for size in lower), passed(video, passage.picture)]


def _chosen_for_av1(pictures: Sequence[VideoRendition]) -> list[VideoRendition]:
    """The largest rung that software encodes in bearable time, and one for a slow network."""
    fit = [made for made in pictures if min(made.width, made.height) <= _LARGEST_AV1]
    small = [made for made in fit if min(made.width, made.height) <= _SMALL_RUNG]
    return list(dict.fromkeys([*small[-1:], *fit[-1:]]))


def _in_av1(made: VideoRendition) -> VideoRendition:
    """The same in AV1: as good to look at, in 10 to 35 % fewer bits."""
    maxrate = _maxrate(made.width * made.height, made.frame_rate) * 2 // 3
    return replace(
        made,
        name=f"{made.name}av1",
        codec=Codec.AV1,
        copy=False,
        level="",
        crf=CRF_AV1,
        maxrate=maxrate,
        bufsize=2 * maxrate,
        peak=0,
        average=0,
    )


def _sizes(width: int, height: int) -> list[tuple[int, int]]:
    """Sizes from small to large, each even on both sides, aspect kept."""
    top = _fit(width, height)
    short = min(top)
    lower = [rung for rung in RUNGS if rung < short * 0.9]
    for rung in SMALL_RUNGS:
        if len(lower) < 2 and rung < short * 0.9:
            lower.append(rung)
    scaled = [_scale(top, Fraction(rung, short)) for rung in lower]
    return [*reversed(scaled), top]


def _fit(width: int, height: int) -> tuple[int, int]:
    """The source's size made even, brought within the largest picture that H.264 players take."""
    size = _even(width), _even(height)
    shrink = min(Fraction(1), Fraction(MAX_SIDE, max(size)))
    while _macroblocks(*_scale(size, shrink)) > MAX_MACROBLOCKS:
        shrink *= Fraction(63, 64)
    return _scale(size, shrink)


def _scale(size: tuple[int, int], factor: Fraction) -> tuple[int, int]:
    return _even(size[0] * factor), _even(size[1] * factor)


def _even(length: Fraction | int) -> int:
    """The nearest even number, the lower one in doubt: 4:2:0 colour needs pairs of pixels."""
    return max(2, 2 * math.ceil(Fraction(length) / 2 - Fraction(1, 2)))


def _macroblocks(width: int, height: int) -> int:
    return math.ceil(width / 16) * math.ceil(height / 16)


def passed(video: VideoTrack, passage: PicturePassage) -> VideoRendition:
    """Return the rendition that is the source itself."""
    return VideoRendition(
        name=f"v{min(video.stored_width, video.stored_height)}",
        codec=Codec.H264,
        copy=True,
        width=video.stored_width,
        height=video.stored_height,
        frame_rate=video.frame_rate,
        limit_frame_rate=False,
        ticks=_ticks(video.time_base),
        level=f"{video.level // 10}.{video.level % 10}",
        crf=0,
        maxrate=0,
        bufsize=0,
        peak=passage.peak,
        average=passage.average,
    )


def _picture(video: VideoTrack, width: int, height: int) -> VideoRendition:
    # Every second or third picture, so that those which stay are evenly apart.
    frame_rate = video.frame_rate / math.ceil(video.frame_rate / MAX_FRAME_RATE)
    if frame_rate > _SMALL_RUNG_RATE and min(width, height) < _SMALL_RUNG <= min(video.width, video.height):
        frame_rate /= 2
    maxrate = _maxrate(width * height, frame_rate)
    return VideoRendition(
        name=f"v{min(width, height)}",
        codec=Codec.H264,
        copy=False,
        width=width,
        height=height,
        frame_rate=frame_rate,
        limit_frame_rate=frame_rate < video.frame_rate,
        ticks=_ticks(video.time_base),
        level=_level(_macroblocks(width, height), frame_rate, maxrate),
        crf=CRF,
        maxrate=maxrate,
        bufsize=2 * maxrate,
    )


def _ticks(time_base: Fraction) -> Fraction:
    """The source's own clock, so that every time stamp stays exact: divided where it ticks once per picture or so
    (a held picture may have to stand between two ticks), and MPEG's 90 kHz where it is too fine for MP4.
    """
    ticks = 1 / time_base
    if ticks > 240_000:
        return Fraction(90_000)
    return ticks * max(1, math.ceil(1000 / ticks))


def _maxrate(pixels: int, frame_rate: Fraction) -> int:
    """Peak kbit/s: 5000 at 1080p30, growing with the size more slowly than the pixels do."""
    steps = 0.00915 * math.pow(pixels, 0.75) * math.sqrt(max(1.0, float(frame_rate) / 30))
    return max(150, 10 * round(steps))


def _level(macroblocks: int, frame_rate: Fraction, maxrate: int) -> str:
    for level, most, most_per_second, most_kbits in _LEVELS:
        if macroblocks <= most and macroblocks * frame_rate <= most_per_second and maxrate <= most_kbits:
            return level
    return _LEVELS[-1][0]
