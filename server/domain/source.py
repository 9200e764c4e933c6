"""What a file turned out to be: the facts that a probe found, and whether Matinee can play it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from server.errors import Unplayable

MIN_SIDE = 16  # pixels; anything smaller is a tracking pixel or a mistake, not a picture
MAX_FRAME_RATE = 1000

_STILL_CODECS = frozenset({"png", "bmp", "gif", "webp", "tiff"})


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The picture. `width` and `height` are as displayed: after rotation and with square pixels.

    `start` and `duration` are seconds on the film's own clock, which begins at 0; `duration` is None where the
    container does not say. `time_base` is the length of one tick of the container's clock in seconds.
    """

    index: int
    codec: str
    width: int
    height: int
    pixels: int  # of one picture as stored: what a decoder has to hold
    frame_rate: Fraction
    time_base: Fraction
    pixel_format: str
    rotation: int
    start: Fraction
    duration: Fraction | None


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One sound track. `start` is seconds on the film's own clock; `time_base` as for the picture."""

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

    @property
    def clock_is_coarse(self) -> bool:
        """Say whether a time stamp is too coarse to tell one sample from the next: Matroska, FLV and ASF count ms."""
        return self.time_base * self.sample_rate > 1


@dataclass(frozen=True, slots=True)
class Source:
    """An uploaded file: `container` is the demuxer's name, `duration` seconds, `size` bytes."""

    container: str
    duration: Fraction
    size: int
    video: VideoTrack | None
    audio: tuple[AudioTrack, ...]

    @property
    def picture_duration(self) -> Fraction:
        """Seconds until the last picture ends: sound may go on longer."""
        if self.video is None or self.video.duration is None:
            return self.duration
        return min(self.duration, self.video.start + self.video.duration)

    @property
    def sound(self) -> AudioTrack | None:
        """The sound track that plays: the one marked as default, else the first."""
        return next((track for track in self.audio if track.default), self.audio[0] if self.audio else None)

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as plain JSON values; fractions become text such as `30000/1001`."""
        return {
            "container": self.container,
            "duration": str(self.duration),
            "size": self.size,
            "video": None if self.video is None else _plain(self.video),
            "audio": [_plain(track) for track in self.audio],
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
        )


def _plain(track: VideoTrack | AudioTrack) -> dict[str, Any]:
    values = {name: getattr(track, name) for name in track.__slots__}
    return {name: str(value) if isinstance(value, Fraction) else value for name, value in values.items()}


_EXACT = frozenset({"frame_rate", "time_base", "start", "duration"})


def _exact(values: dict[str, Any]) -> dict[str, Any]:
    return {name: Fraction(value) if name in _EXACT and value is not None else value for name, value in values.items()}


def check(source: Source, *, max_duration: int, max_pixels: int) -> Source:
    """Return what can be played of `source`; `max_duration` is seconds, `max_pixels` counts one stored picture.

    Audio without pictures plays. Raises Unplayable with a narrowed code and a sentence for the uploader.
    """
    if source.video is None and not source.audio:
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
    # A track that reports nothing to decode would only fail later, in the middle of the work.
    return replace(source, audio=tuple(track for track in source.audio if track.channels and track.sample_rate))


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
