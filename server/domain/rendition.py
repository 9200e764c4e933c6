"""Renditions: the qualities in which a film is offered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from server.domain.timeline import SOUND_GROWTH, SOUND_GROWTH_FROM_START, FrameGrid


class Kind(StrEnum):
    """What a rendition carries."""

    VIDEO = "video"
    AUDIO = "audio"


class Codec(StrEnum):
    """How pictures are coded."""

    H264 = "h264"
    AV1 = "av1"


@dataclass(frozen=True, slots=True)
class VideoRendition:
    """Pictures. `maxrate` and `bufsize` are kbit/s; `ticks` is the encoder's clock in ticks per second.

    With `copy` the source's own frames are used, and the encoder's figures mean nothing. `limit_frame_rate` says that
    the source has more pictures a second than `frame_rate`, and some must be left out. `peak` and `average` are bits
    per second where they are known before anything is made, else 0. `boundaries` are the seconds at which its segments
    begin and the last one ends, where they are not those of the other renditions.
    """

    name: str
    codec: Codec
    copy: bool
    width: int
    height: int
    frame_rate: Fraction
    limit_frame_rate: bool
    ticks: Fraction
    level: str
    crf: int
    maxrate: int
    bufsize: int
    peak: int = 0
    average: int = 0
    boundaries: tuple[Fraction, ...] = ()

    @property
    def kind(self) -> Kind:
        """What it carries."""
        return Kind.VIDEO

    @property
    def essential(self) -> bool:
        """Whether a film is not ready without it."""
        return self.codec is Codec.H264

    def to_dict(self) -> dict[str, Any]:
        """Return the rendition as plain JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        exact = {"frame_rate": str(self.frame_rate), "ticks": str(self.ticks)}
        return {"kind": self.kind, **values, **exact, "boundaries": [str(at) for at in self.boundaries]}


@dataclass(frozen=True, slots=True)
class AudioRendition:
    """Sound in AAC-LC. `track` is the stream's index in the source; `bitrate` is kbit/s; `offset` is samples.

    With `copy` the source's own frames are used; `offset` is where their grid stands (see `FrameGrid`), and `indexed`
    says that the container's own tables tell where each of them lies. Without
    `seek`, no sample can be found again in the middle of the source, so every piece reads from the beginning.

    `language` is a tag (RFC 5646), `label` what people choose it by. `default` plays if nobody chooses; `automatic` may
    be chosen for its language alone; `described` tells the pictures to those who do not see them.
    """

    name: str
    track: int
    copy: bool
    indexed: bool
    sample_rate: int
    channels: int
    bitrate: int
    offset: int
    seek: bool
    language: str | None = None
    label: str = "Sound"
    default: bool = True
    automatic: bool = True
    described: bool = False

    @property
    def kind(self) -> Kind:
        """What it carries."""
        return Kind.AUDIO

    @property
    def essential(self) -> bool:
        """Whether a film is not ready without it: a broken commentary must not cost the film."""
        return self.default

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
    own = tuple(Fraction(at) for at in fields.get("boundaries", ()))
    return VideoRendition(**{**fields, **exact, "codec": Codec(fields["codec"]), "boundaries": own})
