"""H.264 by a memory-to-memory device of Video4Linux (Raspberry Pi 4 and other small boards): h264_v4l2m2m.

The driver decides on profile, level and peaks; ffmpeg asks it for a key frame where one is forced. The parameter sets
come with the first packet, so the MP4's header must wait for it (`-movflags delay_moov`).
"""

from __future__ import annotations

from pathlib import Path

from server.domain.rendition import Codec, VideoRendition
from workers.media.encoders.encoder import ONE_GROUP, Encoder, target


def options(rendition: VideoRendition) -> list[str]:
    """A mean rate; devices of this kind make no B-frames through ffmpeg."""
    return ["-c:v", "h264_v4l2m2m", "-b:v", f"{target(rendition)}k", "-g", ONE_GROUP]


def find(devices: Path) -> list[Encoder]:
    """Return a candidate if there are video devices under `devices` (/dev); ffmpeg looks for one that encodes."""
    found = tuple(path for path in sorted(devices.glob("video*")) if path.is_char_device())
    if not found:
        return []
    return [Encoder(name="v4l2", codec=Codec.H264, options=options, devices=found, sides=(128, 1920))]
