"""AV1 in software, by SVT-AV1 1.4 and later through libsvtav1; the parameters are in SVT-AV1's own Parameters.md."""

from __future__ import annotations

from server.domain.rendition import Codec, VideoRendition
from workers.media.encoders.encoder import ONE_GROUP, Encoder

# Beside x264 veryfast on three clips, with a key frame every four seconds and at equal SSIM: preset 12 costs about as
# much and saves 5 % of the bytes, 10 costs 2.5 times as much and saves 22 %, 8 costs 6 times as much and saves 37 %.
PRESET = "10"

# Key frames on request: off by default in ffmpeg 5.1. Closed groups: not every version has them by default. `lp`: one
# processor (1.x) or the lowest of six levels of parallelism (2.x).
_PARAMETERS = "enable-force-key-frames=1:irefresh-type=2:lp=1"


def options(rendition: VideoRendition) -> list[str]:
    """Constant quality below the peak."""
    return [
        *("-c:v", "libsvtav1", "-preset", PRESET, "-crf", str(rendition.crf)),
        *("-maxrate", f"{rendition.maxrate}k", "-bufsize", f"{rendition.bufsize}k"),
        *("-g", ONE_GROUP, "-svtav1-params", _PARAMETERS),
    ]


ENCODER = Encoder("svtav1", Codec.AV1, options)
