"""What a file turned out to be: the facts that a probe found, and whether Matinee can play it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from server.errors import Unplayable

MIN_SIDE = 16  # pixels; anything smaller is a tracking pixel or a mistake, not a picture
MAX_FRAME_RATE = 1000
MAX_CHANNELS = 24  # 22.2, the largest layout with a name
SAMPLE_RATES = range(4_000, 768_001)  # samples per second that a track may claim

_STILL_CODECS = frozenset({"png", "bmp", "gif", "webp", "tiff"})


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The picture. `width` and `height` are as displayed: after rotation and with square pixels.

    `start` and `duration` are seconds on the film's own clock, which begins at 0; `duration` is None where the
    container does not say. `time_base` is the length of one tick of the container's clock in seconds. `square` says
    that pixels are as wide as high. Colours are ffmpeg's names, `unknown` where nothing is said. `bit_rate` is bits
    per second, None where unknown.
    """

    index: int
    codec: str
    profile: str
    level: int  # as the codec counts: 40 is H.264 level 4.0; negative where unknown
    width: int
    height: int
    stored_width: int
    stored_height: int
    square: bool
    frame_rate: Fraction
    time_base: Fraction
    pixel_format: str
    interlaced: bool
    full_range: bool
    primaries: str
    transfer: str
    space: str
    rotation: int
    bit_rate: int | None
    start: Fraction
    duration: Fraction | None

    @property
    def pixels(self) -> int:
        """Pixels of one picture as stored: what a decoder has to hold."""
        return self.stored_width * self.stored_height

    @property
    def is_upright(self) -> bool:
        """Whether a player that knows nothing of rotation and pixel shapes shows it right."""
        return self.rotation == 0 and self.square


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One sound track. `start` is seconds on the film's own clock; `time_base` as for the picture.

    `layout` is ffmpeg's name for where the channels belong, empty where nothing is said. `commentary` is somebody
    talking about the film, `described` the film with its pictures told for those who do not see them.
    """

    index: int
    codec: str
    profile: str
    channels: int
    sample_rate: int
    time_base: Fraction
    start: Fraction
    language: str | None
    title: str | None
    default: bool
    layout: str = ""
    commentary: bool = False
    described: bool = False

    @property
    def clock_is_coarse(self) -> bool:
        """Say whether a time stamp is too coarse to tell one sample from the next: Matroska, FLV and ASF count ms."""
        return self.time_base * self.sample_rate > 1


@dataclass(frozen=True, slots=True)
class TextTrack:
    """Subtitles of one language. Of `codec` only what is text can become captions; pictures of letters cannot."""

    index: int
    codec: str
    language: str | None
    title: str | None
    default: bool
    forced: bool


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named part of the film, in seconds on its own clock."""

    start: Fraction
    end: Fraction
    title: str


@dataclass(frozen=True, slots=True)
class Source:
    """An uploaded file: `container` is the demuxer's name, `duration` seconds, `size` bytes.

    `cover` is the index of an attached picture. `cuts` are the seconds at which the segments of copied pictures begin;
    there are none where nothing can be copied.
    """

    container: str
    duration: Fraction
    size: int
    video: VideoTrack | None
    audio: tuple[AudioTrack, ...]
    texts: tuple[TextTrack, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    cover: int | None = None
    cuts: tuple[Fraction, ...] = ()

    @property
    def picture_duration(self) -> Fraction:
        """Seconds until the last picture ends: sound may go on longer."""
        if self.video is None or self.video.duration is None:
            return self.duration
        return min(self.duration, self.video.start + self.video.duration)

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as plain JSON values; fractions become text such as `30000/1001`."""
        return {
            "container": self.container,
            "duration": str(self.duration),
            "size": self.size,
            "video": None if self.video is None else _plain(self.video),
            "audio": [_plain(track) for track in self.audio],
            "texts": [_plain(track) for track in self.texts],
            "chapters": [_plain(chapter) for chapter in self.chapters],
            "cover": self.cover,
            "cuts": [str(cut) for cut in self.cuts],
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Source:
        """Build the source from what `to_dict` returned."""
        video = facts["video"]
        return cls(
            container=facts["container"],
            duration=Fraction(facts["duration"]),
            size=facts["size"],
            video=None if video is None else VideoTrack(**_exact(video)),
            audio=tuple(AudioTrack(**_exact(track)) for track in facts["audio"]),
            texts=tuple(TextTrack(**track) for track in facts["texts"]),
            chapters=tuple(Chapter(**_exact(chapter)) for chapter in facts["chapters"]),
            cover=facts["cover"],
            cuts=tuple(Fraction(cut) for cut in facts["cuts"]),
        )


def _plain(track: VideoTrack | AudioTrack | TextTrack | Chapter) -> dict[str, Any]:
    values = {name: getattr(track, name) for name in track.__slots__}
    return {name: str(value) if isinstance(value, Fraction) else value for name, value in values.items()}


_EXACT = frozenset({"frame_rate", "time_base", "start", "end", "duration"})


def _exact(values: dict[str, Any]) -> dict[str, Any]:
    return {name: Fraction(value) if name in _EXACT and value is not None else value for name, value in values.items()}


def check(source: Source, *, max_duration: int, max_pixels: int) -> Source:
    """Return what can be played of `source`; `max_duration` is seconds, `max_pixels` counts one stored picture.

    Audio without pictures plays. Raises Unplayable with a narrowed code and a sentence for the uploader.
    """
    # A track that cannot be decoded, or that claims what no recorder makes, would only fail in the middle of the work.
    sound = tuple(
        track for track in source.audio if 0 < track.channels <= MAX_CHANNELS and track.sample_rate in SAMPLE_RATES
    )
    if source.video is None and not sound:
        raise Unplayable(
            "The file holds neither pictures nor sound that can be played. Export it as MP4 and upload it again.",
            code="unplayable.no-streams",
        )
    if source.video is not None:
        _check_picture(source.video, max_pixels)
    if source.duration <= 0:
        raise Unplayable(
            "The file does not say how long it is and its end cannot be found, so it is probably cut off. "
            "Upload the complete file.",
            code="unplayable.no-duration",
        )
    if source.duration > max_duration:
        raise Unplayable(
            f"The film is {_hours(source.duration)} long; at most {_hours(Fraction(max_duration))} can be taken. "
            "Cut it into parts.",
            code="unplayable.too-long",
        )
    return replace(source, audio=sound)


def _check_picture(video: VideoTrack, max_pixels: int) -> None:
    if video.codec in _STILL_CODECS:
        raise Unplayable("The file is a still picture, not a film.", code="unplayable.still-image")
    if min(video.width, video.height) < MIN_SIDE:
        raise Unplayable(
            f"The picture has only {video.width} by {video.height} pixels; {MIN_SIDE} by {MIN_SIDE} are needed.",
            code="unplayable.too-small",
        )
    if video.pixels > max_pixels or video.width * video.height > max_pixels:
        raise Unplayable(
            f"One picture of the film has {max(video.pixels, video.width * video.height):,} pixels; at most "
            f"{max_pixels:,} can be taken. Export it smaller.",
            code="unplayable.too-many-pixels",
        )
    if video.frame_rate > MAX_FRAME_RATE:
        raise Unplayable(
            f"The film claims {float(video.frame_rate):,.0f} pictures a second; at most {MAX_FRAME_RATE:,} make sense.",
            code="unplayable.too-many-frames",
        )


def _hours(seconds: Fraction) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02} hours"
