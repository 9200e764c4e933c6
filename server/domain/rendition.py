"""Renditions: the qualities in which a film is offered, and the ladder that they form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from server.domain.source import AudioTrack, Source, VideoTrack
from server.domain.timeline import AAC_FRAME, SOUND_GROWTH, SOUND_GROWTH_FROM_START, FrameGrid

# Heights of the usual rungs, by the short side so that upright films get the same quality.
RUNGS = (2160, 1440, 1080, 720, 480, 360)
SMALL_RUNGS = (240, 144)  # only where the source would otherwise give fewer than three

MAX_SIDE = 4096  # what hardware decoders of H.264 take
MAX_MACROBLOCKS = 36_864  # H.264 level 5.2, table A-1
MAX_FRAME_RATE = Fraction(61)  # 60 and 59.94 pass; above, every second picture is more than a screen shows
CRF = 23

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

# Sample rates that AAC has an index for and that browsers play without converting.
_SAMPLE_RATES = frozenset({8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
_USUAL_SAMPLE_RATE = 48_000

# Codecs whose packets always hold the same number of samples: a rounded time stamp still says which packet it is.
FIXED_FRAMES = frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "dts"})
_SOUND_KBITS = 128


class Kind(StrEnum):
    """What a rendition carries."""

    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class VideoRendition:
    """Pictures in H.264. Rates are kbit/s; `ticks` is the encoder's clock in ticks per second.

    `limit_frame_rate` says that the source has more pictures a second than `frame_rate`, and some must be left out.
    """

    name: str
    width: int
    height: int
    frame_rate: Fraction
    limit_frame_rate: bool
    ticks: Fraction
    level: str
    crf: int
    maxrate: int
    bufsize: int

    @property
    def kind(self) -> Kind:
        """What it carries."""
        return Kind.VIDEO

    def to_dict(self) -> dict[str, Any]:
        """Return the rendition as plain JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {"kind": self.kind, **values, "frame_rate": str(self.frame_rate), "ticks": str(self.ticks)}


@dataclass(frozen=True, slots=True)
class AudioRendition:
    """Sound in AAC-LC. `track` is the stream's index in the source; `bitrate` is kbit/s; `offset` is samples.

    With `copy` the source's own frames are used; `offset` is where their grid stands (see `FrameGrid`). Without
    `seek`, no sample can be found again in the middle of the source, so every piece reads from the beginning.
    """

    name: str
    track: int
    copy: bool
    sample_rate: int
    channels: int
    bitrate: int
    offset: int
    seek: bool

    @property
    def kind(self) -> Kind:
        """What it carries."""
        return Kind.AUDIO

    @property
    def grid(self) -> FrameGrid:
        """Where its AAC frames stand."""
        return FrameGrid(self.sample_rate, self.offset)

    @property
    def growth(self) -> tuple[int, ...]:
        """Segments per piece, for `timeline.pieces`."""
        return SOUND_GROWTH if self.seek else SOUND_GROWTH_FROM_START

    def to_dict(self) -> dict[str, Any]:
        """Return the rendition as plain JSON values."""
        return {"kind": self.kind, **{name: getattr(self, name) for name in self.__slots__}}


Rendition = VideoRendition | AudioRendition


def from_dict(values: dict[str, Any]) -> Rendition:
    """Build the rendition from what its `to_dict` returned."""
    fields = {name: value for name, value in values.items() if name != "kind"}
    if values["kind"] == Kind.AUDIO:
        return AudioRendition(**fields)
    exact = {name: Fraction(fields[name]) for name in ("frame_rate", "ticks")}
    return VideoRendition(**{**fields, **exact})


def ladder(source: Source) -> tuple[Rendition, ...]:
    """Return the renditions of `source`: pictures from the smallest to the largest, then the sound.

    The largest has the source's own size (made even, and fitted into H.264 level 5.2); none is larger. Copied is
    AAC-LC in mono or stereo; everything else becomes AAC-LC in stereo, or in mono where the source has one channel.
    """
    made: list[Rendition] = []
    if source.video is not None:
        made += [_picture(source.video, *size) for size in _sizes(source.video.width, source.video.height)]
    if source.sound is not None:
        made.append(_sound(source.sound))
    return tuple(made)


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


def _picture(video: VideoTrack, width: int, height: int) -> VideoRendition:
    limit = video.frame_rate > MAX_FRAME_RATE
    frame_rate = Fraction(60) if limit else video.frame_rate
    maxrate = _maxrate(width * height, frame_rate)
    return VideoRendition(
        name=f"v{min(width, height)}",
        width=width,
        height=height,
        frame_rate=frame_rate,
        limit_frame_rate=limit,
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


def _sound(track: AudioTrack) -> AudioRendition:
    channels = min(track.channels, 2)
    if _copies(track):
        offset = round(track.start * track.sample_rate) % AAC_FRAME
        return AudioRendition("a1", track.index, True, track.sample_rate, channels, _SOUND_KBITS, offset, True)
    rate = track.sample_rate if track.sample_rate in _SAMPLE_RATES else _USUAL_SAMPLE_RATE
    seek = not track.clock_is_coarse or track.codec in FIXED_FRAMES
    return AudioRendition("a1", track.index, False, rate, channels, _SOUND_KBITS * channels // 2, 0, seek)


def _copies(track: AudioTrack) -> bool:
    lc_stereo = track.codec == "aac" and track.profile == "LC" and track.channels <= 2
    return lc_stereo and track.sample_rate in _SAMPLE_RATES
