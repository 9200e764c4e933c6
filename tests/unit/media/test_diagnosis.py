"""What ffmpeg says, told to a person."""

from __future__ import annotations

import pytest

from server.errors import MediaFailed, NoSpace
from workers.media import diagnosis
from workers.media.sandbox import Outcome


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("[mov,mp4 @ 0x5] moov atom not found\n/in/source: Invalid data found", "unplayable.truncated"),
        ("[hls @ 0x5] Format not on whitelist 'mov'", "unplayable.format"),
        ("[png_pipe @ 0x5] Format not on whitelist 'mov'", "unplayable.still-image"),
        ("[gif @ 0x5] Format not on whitelist 'mov'", "unplayable.still-image"),
        ("[magicyuv @ 0x5] Codec (magicyuv) not on whitelist 'h264'", "unplayable.codec"),
        ("/in/source: Invalid data found when processing input", "unplayable.format"),
        ("[h264 @ 0x5] Picture size 40000x40000 is invalid", "unplayable.too-many-pixels"),
        ("[h264 @ 0x5] Picture size 9x9 exceeds specified max pixel count 80", "unplayable.too-many-pixels"),
    ],
)
def test_a_refused_file_gets_a_reason_of_its_own(said: str, code: str):
    error = diagnosis.refusal(Outcome(1, b"", said))
    assert error.code == code
    assert error.permanent


@pytest.mark.parametrize(
    ("status", "said", "kind", "code"),
    [
        (1, "av_interleaved_write_frame(): No space left on device", NoSpace, "no-space"),
        (1, "Error: Cannot allocate memory", MediaFailed, "media-failed.memory"),
        (128 + 9, "", MediaFailed, "media-failed.limits"),
        (128 + 24, "", MediaFailed, "media-failed.limits"),
        (1, "something new\n\n", MediaFailed, "media-failed.encode"),
        (1, "", MediaFailed, "media-failed.encode"),
    ],
)
def test_a_failed_encode_tells_the_machine_from_the_file(status: int, said: str, kind: type, code: str):
    error = diagnosis.failure(Outcome(status, b"", said))
    assert isinstance(error, kind)
    assert error.code == code


def test_a_machine_without_memory_is_not_the_files_fault():
    assert isinstance(diagnosis.refusal(Outcome(1, b"", "Cannot allocate memory")), MediaFailed)
