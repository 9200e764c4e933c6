"""H.264 in software: always there, and what every other encoder falls back to. The options are libx264's."""

from __future__ import annotations

from server.domain.rendition import Codec, VideoRendition
from workers.media.encoders.encoder import ONE_GROUP, Encoder


def options(rendition: VideoRendition) -> list[str]:
    """One thread, for there is a process per core; `veryfast` is the knee of quality over time on small machines."""
    return [
        *("-c:v", "libx264", "-threads", "1", "-preset", "veryfast", "-profile:v", "high", "-level:v", rendition.level),
        *("-crf", str(rendition.crf), "-maxrate", f"{rendition.maxrate}k", "-bufsize", f"{rendition.bufsize}k"),
        *("-g", ONE_GROUP, "-sc_threshold", "0"),
    ]


ENCODER = Encoder("x264", Codec.H264, options)
