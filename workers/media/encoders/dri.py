"""Render nodes of the Direct Rendering Infrastructure: /dev/dri/renderD128 and the like, and what drivers read of them.

libdrm finds out which driver a node needs through /sys/dev/char and the device's own folder in /sys/devices.
"""

from __future__ import annotations

from pathlib import Path

# Drivers map the graphics card's memory beside the program's own.
MEMORY = 4 * 1024**3

_DEVICE_LINKS = Path("/sys/dev/char")


def nodes(devices: Path) -> list[Path]:
    """Return the render nodes under `devices` (/dev), in order."""
    return sorted(devices.glob("dri/renderD*"))


def places(node: Path, classes: Path = Path("/sys/class/drm")) -> tuple[Path, ...]:
    """Return what the sandbox has to bind for `node`; `classes` is where the kernel lists its nodes."""
    device = classes / node.name / "device"
    return (node, _DEVICE_LINKS, device.resolve()) if device.exists() else (node,)
