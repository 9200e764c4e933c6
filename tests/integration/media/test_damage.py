"""Files whose end is missing or whose middle is broken play as far as they go, and say where they end."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

from tests import clips
from tests.integration.media.film import ffmpeg, make


def _first_part(source: Path, path: Path, share: float) -> Path:
    content = source.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def test_a_film_whose_data_is_cut_off_plays_what_is_there(tmp_path: Path):
    """The index comes first and promises everything: an upload that was called finished too early."""
    whole = tmp_path / "whole.mp4"
    ffmpeg("-stream_loop", "1", "-i", clips.bikes(), "-c", "copy", "-movflags", "+faststart", whole)
    made = make(_first_part(whole, tmp_path / "part.mp4", 0.3), tmp_path / "made")
    assert made.facts.duration == 20
    ends = [result.ended for result in made.results if result.ended is not None]
    assert 4 < min(ends) < 12
    indexes = [segment.index for result in made.results for segment in result.segments]
    assert indexes == list(range(len(indexes)))
    assert made.results[-1].segments == ()
    assert made.results[-1].init == ""
    last = [result for result in made.results if result.segments][-1]
    assert last.segments[-1].start + last.segments[-1].length == min(ends)


def test_the_sound_of_a_film_that_is_cut_off_is_silent_behind_its_end(tmp_path: Path):
    whole = tmp_path / "whole.mp4"
    stereo = ("-c:v", "copy", "-c:a", "aac", "-ac", "2", "-movflags", "+faststart")
    ffmpeg("-stream_loop", "3", "-i", clips.bunny(), *stereo, whole)
    made = make(_first_part(whole, tmp_path / "part.mp4", 0.4), tmp_path / "made", kind="audio")
    samples = made.samples()
    assert len(samples) >= 21 * 48_000
    assert max(map(abs, samples[12 * 48_000 :])) < 1e-4


def test_broken_pictures_in_the_middle_cost_no_segment(tmp_path: Path):
    content = bytearray(clips.bikes().read_bytes())
    chance = random.Random(8)  # noqa: S311  # damage, not a secret
    data = content.index(b"mdat") + 1000
    for _ in range(60):
        at = chance.randrange(data, content.index(b"moov") - 20)
        content[at : at + 8] = chance.randbytes(8)
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    made = make(path, tmp_path / "made")
    assert [segment.index for result in made.results for segment in result.segments] == [0, 1, 2, 3]
    assert made.frame_times()[-1] > Fraction(9)


def test_a_capture_that_was_cut_off_is_as_long_as_it_is(tmp_path: Path):
    path = tmp_path / "capture.avi"
    made = make(_first_part(clips.vtest(), path, 0.2), tmp_path / "made")
    assert 10 < made.facts.duration < 20
    # Without its index, the length of an AVI is an estimate from its size.
    assert abs(len(made.frame_times()) - made.facts.duration * 10) < 10
    assert made.decoded_frames() == len(made.frame_times())
    assert all(result.ended is None for result in made.results)
