"""HLS playlists as text (RFC 8216, and EXT-X-VERSION 7 for fragmented MP4). Every address is relative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from server.domain.rendition import AudioRendition, Rendition, VideoRendition
from server.domain.timeline import Segment

MEDIA_PLAYLIST = "index.m3u8"
INIT_SEGMENT = "init.mp4"

_SOUND_GROUP = "sound"


@dataclass(frozen=True, slots=True)
class Offer:
    """A rendition of which something is ready: its `codecs` (RFC 6381), and what was measured so far.

    `seconds` and `size` (bytes) are of the segments that exist; they give the average rate.
    """

    rendition: Rendition
    codecs: str
    seconds: Fraction
    size: int

    @property
    def average(self) -> int:
        """Bits per second of what exists; 0 if nothing was measured yet."""
        return round(self.size * 8 / self.seconds) if self.seconds else 0

    @property
    def peak(self) -> int:
        """Bits per second that no segment exceeds: the rate control may fill its buffer once within a segment."""
        if isinstance(self.rendition, VideoRendition):
            return 1500 * self.rendition.maxrate
        return max(1500 * self.rendition.bitrate, 2 * self.average)


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


def multivariant(offers: Sequence[Offer]) -> str:
    """Return the playlist of playlists. `offers` are the renditions that have at least one piece.

    Sound alone becomes a variant of its own; beside pictures it is a group that every variant shares.
    """
    sounds = [offer for offer in offers if isinstance(offer.rendition, AudioRendition)]
    pictures = [offer for offer in offers if isinstance(offer.rendition, VideoRendition)]
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if not pictures:
        lines += [line for sound in sounds for line in _variant(sound, None)]
    else:
        lines += [_group(sound, first=number == 0) for number, sound in enumerate(sounds)]
        loudest = max(sounds, key=lambda sound: sound.peak, default=None)
        # Best first would make players start with the most expensive; the first variant is where many of them begin.
        for picture in sorted(pictures, key=lambda picture: picture.peak):
            lines += _variant(picture, loudest)
    return "\n".join([*lines, ""])


def _group(sound: Offer, *, first: bool) -> str:
    yes = "YES" if first else "NO"
    name = sound.rendition.name
    channels = sound.rendition.channels if isinstance(sound.rendition, AudioRendition) else 2
    return (
        f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{_SOUND_GROUP}",NAME="{name}",DEFAULT={yes},AUTOSELECT=YES,'
        f'CHANNELS="{channels}",URI="{name}/{MEDIA_PLAYLIST}"'
    )


def _variant(offer: Offer, sound: Offer | None) -> list[str]:
    heard = [] if sound is None else [sound]
    attributes = [f"BANDWIDTH={sum(part.peak for part in [offer, *heard])}"]
    if all(part.average for part in [offer, *heard]):
        attributes.append(f"AVERAGE-BANDWIDTH={sum(part.average for part in [offer, *heard])}")
    attributes.append(f'CODECS="{",".join(part.codecs for part in [offer, *heard])}"')
    rendition = offer.rendition
    if isinstance(rendition, VideoRendition):
        attributes += [
            f"RESOLUTION={rendition.width}x{rendition.height}",
            f"FRAME-RATE={float(rendition.frame_rate):.3f}",
        ]
    if heard:
        attributes.append(f'AUDIO="{_SOUND_GROUP}"')
    return [f"#EXT-X-STREAM-INF:{','.join(attributes)}", f"{rendition.name}/{MEDIA_PLAYLIST}"]
