"""H.264 by NVIDIA's encoder: the options of h264_nvenc."""

from __future__ import annotations

from pathlib import Path

from server.domain.rendition import Codec, VideoRendition
from workers.media.encoders.encoder import ONE_GROUP, Encoder

# CUDA reserves address space for all memory that there is, of the machine and of its cards.
_MEMORY = 1024**4

# CUDA names its threads through /proc, and looks for its kernel modules in /sys.
_READ = (Path("/proc"), Path("/sys/module/nvidia"), Path("/sys/module/nvidia_uvm"), Path("/sys/bus/pci/devices"))


def options(rendition: VideoRendition) -> list[str]:
    """Constant quality below the peak. A forced picture is only an I-frame unless `forced-idr` says otherwise."""
    return [
        *("-c:v", "h264_nvenc", "-preset", "p4", "-profile:v", "high", "-level:v", rendition.level),
        *("-rc", "vbr", "-cq", str(rendition.crf), "-b:v", "0"),
        *("-maxrate", f"{rendition.maxrate}k", "-bufsize", f"{rendition.bufsize}k"),
        *("-g", ONE_GROUP, "-forced-idr", "1", "-no-scenecut", "1", "-bf", "0"),
    ]


def find(devices: Path) -> list[Encoder]:
    """Return a candidate if there is a card under `devices` (/dev); CUDA takes the first."""
    found = [path for path in sorted(devices.glob("nvidia*")) if path.is_char_device()]
    if not any(path.name.removeprefix("nvidia").isdecimal() for path in found):
        return []
    there = tuple(path for path in _READ if path.exists())
    return [
        Encoder(
            name="nvenc",
            codec=Codec.H264,
            options=options,
            devices=(*found, *there),
            memory=_MEMORY,
            sides=(160, 4096),
        )
    ]
