"""HLS playlists as text (RFC 8216, and EXT-X-VERSION 7 for fragmented MP4). Every address is relative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from server.domain.captions import CAPTIONS, CaptionTrack
from server.domain.rendition import AudioRendition, Rendition, VideoRendition
from server.domain.timeline import Segment

MEDIA_PLAYLIST = "index.m3u8"
IFRAMES = "iframes.m3u8"
INIT_SEGMENT = "init.mp4"

_SOUND_GROUP = "sound"
_TEXT_GROUP = "text"


@dataclass(frozen=True, slots=True)
class Rates:
    """Bits per second of an I-frame playlist played at the speed of the film: `peak` of any one, and on average."""

    peak: int
    average: int


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured of the segments that exist: bits per second on `average` (0 without any) and at the `peak`.

    `complete` says that every segment exists, so that no other can exceed the peak.
    """

    average: int
    peak: int
    complete: bool


def measure(planned: Sequence[Segment], sizes: Mapping[int, int]) -> Measure:
    """Measure segments whose `sizes` in bytes are given by number."""
    found = [(segment.length, sizes[segment.index] * 8) for segment in planned if segment.index in sizes]
    seconds = sum(length for length, _ in found)
    return Measure(
        average=round(sum(bits for _, bits in found) / seconds) if seconds else 0,
        peak=max((ceil(bits / length) for length, bits in found), default=0),
        complete=len(found) == len(planned),
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """A rendition of which something is ready: its `codecs` (RFC 6381), and what was measured so far.

    `iframes` is None where there is no I-frame playlist.
    """

    rendition: Rendition
    codecs: str
    measured: Measure
    iframes: Rates | None = None

    @property
    def average(self) -> int:
        """Bits per second: as known from the start, else of what exists; 0 if nothing was measured yet."""
        if isinstance(self.rendition, VideoRendition) and self.rendition.average:
            return self.rendition.average
        return self.measured.average

    @property
    def peak(self) -> int:
        """Bits per second that no segment exceeds: the rate control may fill its buffer once within a segment."""
        if self.measured.complete:
            return self.measured.peak
        if isinstance(self.rendition, VideoRendition):
            return self.rendition.peak or 1500 * self.rendition.maxrate
        if self.rendition.copy:
            return max(1500 * self.rendition.bitrate, 2 * self.average)
        return 1250 * self.rendition.bitrate


def segment_name(index: int) -> str:
    """Return the file name of segment `index`."""
    return f"{index:05}.m4s"


def media(planned: Sequence[Segment]) -> str:
    """Return the complete playlist of one rendition, whether or not its segments have been made yet."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, max(int(segment.length + Fraction(1, 2)) for segment in planned))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{INIT_SEGMENT}"',
    ]
    for segment in planned:
        lines += [f"#EXTINF:{float(segment.length):.6f},", segment_name(segment.index)]
    lines += ["#EXT-X-ENDLIST", ""]
    return "\n".join(lines)


def segments_of(text: str) -> tuple[Segment, ...]:
    """Return the segments that a playlist of `media` lists."""
    found: list[Segment] = []
    start = Fraction(0)
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            length = Fraction(line.removeprefix("#EXTINF:").rstrip(","))
            found.append(Segment(len(found), start, length))
            start += length
    return tuple(found)


def captions(duration: Fraction) -> str:
    """Return the playlist of one caption track: a single file, whose clock is the film's and begins with it."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{max(1, ceil(duration))}"]
    lines += ["#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD"]
    return "\n".join([*lines, f"#EXTINF:{float(duration):.6f},", CAPTIONS, "#EXT-X-ENDLIST", ""])


def multivariant(offers: Sequence[Offer], texts: Sequence[CaptionTrack] = ()) -> str:
    """Return the playlist of playlists. `offers` are the renditions that have at least one piece, `texts` the captions.

    All sound, in stereo and in 5.1, is one group that every variant shares (docs/decisions/0011-sound-in-one-group.md).
    Without pictures, the sound that plays by default is the only variant: others are languages, not qualities.
    """
    sounds = [offer for offer in offers if isinstance(offer.rendition, AudioRendition)]
    pictures = [offer for offer in offers if isinstance(offer.rendition, VideoRendition)]
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if pictures or len(sounds) > 1:
        lines += [_member(sound.rendition) for sound in sounds if isinstance(sound.rendition, AudioRendition)]
    lines += [_text(text) for text in texts]
    # Best first would make players start with the most expensive; the first variant is where many of them begin.
    for picture in sorted(pictures, key=lambda picture: picture.peak):
        lines += _variant(picture, sounds, texts)
    if not pictures and sounds:
        lines += _variant(sounds[0], sounds[1:], texts)
    lines += [_iframes(picture, picture.iframes) for picture in pictures if picture.iframes]
    return "\n".join([*lines, ""])


def _member(sound: AudioRendition) -> str:
    """A sound in the group (RFC 8216, section 4.3.4.1)."""
    attributes = ["TYPE=AUDIO", f'GROUP-ID="{_SOUND_GROUP}"', f'NAME="{sound.label}"']
    if sound.language is not None:
        attributes.append(f'LANGUAGE="{sound.language}"')
    attributes += [f"DEFAULT={_yes(sound.default)}", f"AUTOSELECT={_yes(sound.automatic)}"]
    if sound.described:
        attributes.append('CHARACTERISTICS="public.accessibility.describes-video"')
    return f'#EXT-X-MEDIA:{",".join(attributes)},CHANNELS="{sound.channels}",URI="{sound.name}/{MEDIA_PLAYLIST}"'


def _yes(answer: bool) -> str:
    return "YES" if answer else "NO"


def _text(text: CaptionTrack) -> str:
    """Captions in the group; nobody sees them unasked, but a player may choose forced ones by its language."""
    attributes = ["TYPE=SUBTITLES", f'GROUP-ID="{_TEXT_GROUP}"', f'NAME="{text.label}"']
    if text.language is not None:
        attributes.append(f'LANGUAGE="{text.language}"')
    attributes += ["DEFAULT=NO", "AUTOSELECT=YES", f"FORCED={_yes(text.forced)}"]
    return f'#EXT-X-MEDIA:{",".join(attributes)},URI="{text.name}/{MEDIA_PLAYLIST}"'


def _iframes(picture: Offer, rates: Rates) -> str:
    """The I-frame playlist of a rendition (RFC 8216, section 4.3.4.3)."""
    made = picture.rendition
    size = f"RESOLUTION={made.width}x{made.height}," if isinstance(made, VideoRendition) else ""
    return (
        f"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={rates.peak},AVERAGE-BANDWIDTH={rates.average},"
        f'CODECS="{picture.codecs}",{size}URI="{made.name}/{IFRAMES}"'
    )


def _variant(offer: Offer, sounds: Sequence[Offer], texts: Sequence[CaptionTrack]) -> list[str]:
    """A variant with the sounds that may accompany it: rates are those of the loudest in bits."""
    rendition = offer.rendition
    loudest = max(sounds, key=lambda sound: sound.peak, default=None)
    # Sound alone is heard instead of another sound, not with it.
    parts = [part for part in (offer, loudest) if part is not None]
    if isinstance(rendition, AudioRendition):
        parts = [max(parts, key=lambda part: part.peak)]
    attributes = [f"BANDWIDTH={sum(part.peak for part in parts)}"]
    if all(part.average for part in parts):
        attributes.append(f"AVERAGE-BANDWIDTH={sum(part.average for part in parts)}")
    attributes.append(f'CODECS="{",".join(dict.fromkeys(part.codecs for part in [offer, *sounds]))}"')
    if isinstance(rendition, VideoRendition):
        attributes += [
            f"RESOLUTION={rendition.width}x{rendition.height}",
            f"FRAME-RATE={float(rendition.frame_rate):.3f}",
        ]
    if sounds:
        attributes.append(f'AUDIO="{_SOUND_GROUP}"')
    if texts:
        attributes.append(f'SUBTITLES="{_TEXT_GROUP}"')
    return [f"#EXT-X-STREAM-INF:{','.join(attributes)}", f"{rendition.name}/{MEDIA_PLAYLIST}"]
