"""The one shape of every encoder, software or hardware: what ffmpeg has to be told, and what the sandbox has to bind.

    ffmpeg <encoder.opening> … -i SOURCE
           -filter_complex <filters.graph(…, finish=encoder.finish)>
           -map [v0] <encoder.options(rendition)> … /out/<name>.mp4    once per rendition

The options are for one output file with one stream of pictures. Key frames stand only where the caller forces them
(`-force_key_frames`), each begins a closed group of pictures, and hardware makes no B-frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from server.domain.rendition import Codec, VideoRendition

# More pictures than a piece has, and the most that every encoder takes (QSV counts them in 16 bits).
ONE_GROUP = "65535"

SOFTWARE_FINISH = "format=yuv420p"

_MIB = 1024**2
_VBV_SLACK = 4  # a rate control may miss its target; ten times the size is not a miss but a fault


@dataclass(frozen=True, slots=True)
class Encoder:
    """A way to encode.

    `name` is what the setting `media.encoder` calls it; `codec` is the rendition's. `devices` are bound into the
    sandbox, `opening` are global options before `-i`, `finish` ends the filter chain of each rung, and `options`
    returns the options of one output file. `memory` is address space in bytes that drivers take beside everything
    else. Pictures whose sides are not all within `sides` are left to software.
    """

    name: str
    codec: Codec
    options: Callable[[VideoRendition], list[str]]
    finish: str = SOFTWARE_FINISH
    opening: tuple[str, ...] = ()
    devices: tuple[Path, ...] = ()
    memory: int = 0
    sides: tuple[int, int] = (2, 65_535)

    def takes(self, rendition: VideoRendition) -> bool:
        """Say whether it can make `rendition`."""
        least, most = self.sides
        fits = least <= min(rendition.width, rendition.height) and max(rendition.width, rendition.height) <= most
        return fits and rendition.codec == self.codec

    def test_command(self) -> list[str]:
        """ffmpeg: a real encode of three pictures, the second a forced key frame; the exit status is the answer."""
        return [
            *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", *self.opening),
            *("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30", "-frames:v", "3", "-vf", self.finish),
            *self.options(_sample(self.codec)),
            *("-force_key_frames", "0.033", "-f", "null", "-"),
        ]


def predicted_bytes(rendition: VideoRendition, seconds: Fraction) -> int:
    """Return the most bytes that `seconds` of `rendition` may take on disk before something is wrong.

    A rate control with a buffer spends at most its peak rate and the buffer once (H.264 annex C); the MP4 around it
    takes some bytes per picture.
    """
    spent = (rendition.maxrate * seconds + rendition.bufsize) * 1000 / 8
    return _MIB + _VBV_SLACK * round(spent) + 64 * round(rendition.frame_rate * seconds)


def _sample(codec: Codec) -> VideoRendition:
    """A small rendition that every hardware takes."""
    return VideoRendition(
        name="v240",
        width=320,
        height=240,
        frame_rate=Fraction(30),
        limit_frame_rate=False,
        ticks=Fraction(15_360),
        level="2.1",
        crf=23,
        maxrate=500,
        bufsize=1000,
        codec=codec,
        copy=False,
    )


def target(rendition: VideoRendition) -> int:
    """Return the mean rate in kbit/s for hardware that cannot hold a quality: what leaves room up to the peak."""
    return rendition.maxrate * 2 // 3


def level_number(rendition: VideoRendition) -> str:
    """Return the H.264 level as the standard's level_idc, which is ten times its name: 40 for 4.0."""
    return rendition.level.replace(".", "")
