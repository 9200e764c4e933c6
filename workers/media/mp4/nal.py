"""Look at the NAL units of a key frame (H.264, 7.3.1 and 7.4.1; ISO/IEC 14496-15 has them behind their lengths)."""

from __future__ import annotations

import os

from workers.media.mp4.entries import VideoEntry
from workers.media.mp4.refusal import NotCopyable

_MOST_UNITS = 64
_MOST_PARAMETERS = 4096
_SLICE, _IDR, _SPS, _PPS = 1, 5, 7, 8


def check_key_frame(file: int, offset: int, size: int, entry: VideoEntry) -> None:
    """Read the sample's units up to its first slice; raise NotCopyable unless decoding can begin there.

    Parameter sets within the film are fine as long as they only repeat what the index says.
    """
    position, end = offset, offset + size
    for _ in range(_MOST_UNITS):
        head = os.pread(file, entry.length_size + 1, position)
        length, kind = int.from_bytes(head[:-1], "big"), head[-1] & 0x1F
        position += entry.length_size
        if not length or position + length > end:
            break
        if kind == _IDR:
            return
        if kind == _SLICE:
            raise NotCopyable("A key frame is not one at which decoding can begin.")
        if kind in (_SPS, _PPS) and (
            length > _MOST_PARAMETERS or os.pread(file, length, position) not in entry.parameter_sets
        ):
            raise NotCopyable("The pictures change their parameters on the way.")
        position += length
    raise NotCopyable("A key frame is damaged.")
