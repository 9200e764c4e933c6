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
        ("[mov,mp4,m4a @ 0x5] Number of streams exceeds max_streams\nCannot allocate memory", "unplayable.tracks"),
        ("[mov,mp4,m4a @ 0x5] error reading header\n/in/source: Invalid data found", "unplayable.truncated"),
        ("[matroska,webm @ 0x5] 0x00 invalid\n/in/source: End of file", "unplayable.truncated"),
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
        (128 + 9, "", MediaFailed, "media-failed.killed"),
        (128 + 11, "", MediaFailed, "media-failed.crashed"),
        (128 + 25, "", MediaFailed, "media-failed.limits"),
        (128 + 24, "", MediaFailed, "media-failed.limits"),
        (1, "something new\n\n", MediaFailed, "media-failed.encode"),
        (1, "", MediaFailed, "media-failed.encode"),
    ],
)
def test_a_failed_encode_tells_the_machine_from_the_file(status: int, said: str, kind: type, code: str):
    error = diagnosis.failure(Outcome(status, b"", said))
    assert isinstance(error, kind)
    assert error.code == code


def test_a_file_whose_index_needs_more_memory_than_any_film_is_at_fault():
    assert diagnosis.refusal(Outcome(1, b"", "/in/source: Cannot allocate memory")).code == "unplayable.memory"


def test_a_machine_that_kills_is_not_the_files_fault():
    assert isinstance(diagnosis.refusal(Outcome(128 + 9, b"", "")), MediaFailed)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("[x] Codec (magicyuv) not on whitelist 'h264'", "unplayable.codec"),
        ("Decoder (codec hap) not found for input stream #0:0", "unplayable.codec"),
        ("Decoding requested, but no decoder found for: hap", "unplayable.codec"),
        ("Cannot determine format of input stream 0:0 after EOF", "unplayable.damaged"),
        ("[vf#0:0] Cannot determine format of input 0:0 after EOF", "unplayable.damaged"),
    ],
)
def test_a_film_that_passed_the_probe_and_cannot_be_decoded_is_at_fault(said: str, code: str):
    """The words of ffmpeg 5.1 and of 7.1."""
    error = diagnosis.failure(Outcome(1, b"", said))
    assert (error.code, error.permanent) == (code, True)


def test_a_film_of_which_next_to_nothing_can_be_decoded_is_damaged():
    assert diagnosis.failure(Outcome(69, b"", "Error while decoding stream #0:0")).code == "unplayable.damaged"
