"""H.264 by Intel Quick Sync: the options of h264_qsv."""

from __future__ import annotations

from pathlib import Path

from server.domain.rendition import Codec, VideoRendition
from workers.media.encoders import dri
from workers.media.encoders.encoder import ONE_GROUP, Encoder, level_number, target


def options(rendition: VideoRendition) -> list[str]:
    """Variable rate below the peak. A forced picture is only an I-frame unless `forced_idr` says otherwise."""
    return [
        *("-c:v", "h264_qsv", "-preset", "veryfast", "-profile:v", "high", "-level:v", level_number(rendition)),
        *("-b:v", f"{target(rendition)}k", "-maxrate", f"{rendition.maxrate}k", "-bufsize", f"{rendition.bufsize}k"),
        *("-g", ONE_GROUP, "-forced_idr", "1", "-idr_interval", "0", "-adaptive_i", "0", "-look_ahead", "0"),
        *("-bf", "0"),
    ]


def find(devices: Path) -> list[Encoder]:
    """Return a candidate for each render node under `devices` (/dev)."""
    return [encoder(node) for node in dri.nodes(devices)]


def encoder(node: Path) -> Encoder:
    """Return the encoder that works on the render node `node`."""
    return Encoder(
        name="qsv",
        codec=Codec.H264,
        options=options,
        # Quick Sync holds on to pictures while it works on the next ones.
        finish="format=nv12,hwupload=extra_hw_frames=16",
        opening=("-init_hw_device", f"vaapi=gpu:{node}", "-init_hw_device", "qsv=qsv@gpu", "-filter_hw_device", "qsv"),
        devices=dri.places(node),
        memory=dri.MEMORY,
        sides=(128, 4096),
    )
