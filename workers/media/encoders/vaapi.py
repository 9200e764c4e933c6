"""H.264 by VAAPI (AMD, Intel): the options of h264_vaapi. It makes a closed group of every picture that is forced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from server.domain.rendition import Codec, VideoRendition
from workers.media.encoders import dri
from workers.media.encoders.encoder import ONE_GROUP, Encoder, level_number, target


def options(rendition: VideoRendition, *, low_power: bool = False) -> list[str]:
    """Variable rate below the peak; `low_power` is the only entry point that some newer Intel graphics have."""
    return [
        *("-c:v", "h264_vaapi", *(("-low_power", "1") if low_power else ())),
        *("-profile:v", "high", "-level:v", level_number(rendition)),
        *("-rc_mode", "VBR", "-b:v", f"{target(rendition)}k"),
        *("-maxrate", f"{rendition.maxrate}k", "-bufsize", f"{rendition.bufsize}k"),
        *("-g", ONE_GROUP, "-idr_interval", "0", "-bf", "0"),
    ]


def find(devices: Path) -> list[Encoder]:
    """Return a candidate for each render node and entry point under `devices` (/dev)."""
    return [encoder(node, entry) for node in dri.nodes(devices) for entry in (options, _low_power)]


def _low_power(rendition: VideoRendition) -> list[str]:
    return options(rendition, low_power=True)


def encoder(node: Path, entry: Callable[[VideoRendition], list[str]] = options) -> Encoder:
    """Return the encoder that works on the render node `node`."""
    return Encoder(
        name="vaapi",
        codec=Codec.H264,
        options=entry,
        finish="format=nv12,hwupload",
        opening=("-init_hw_device", f"vaapi=gpu:{node}", "-filter_hw_device", "gpu"),
        devices=dri.places(node),
        memory=dri.MEMORY,
        sides=(128, 4096),
    )
