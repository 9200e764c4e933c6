"""Hardware is used while it works, and never costs a film."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from server.domain.rendition import Codec
from server.errors import MediaFailed, NoSpace, Unplayable
from tests.unit.media.test_encoders import RENDITION
from workers.media.encoders import choice, x264
from workers.media.encoders.choice import REST_SECONDS, Choice
from workers.media.encoders.encoder import Encoder

CARD = Encoder("card", Codec.H264, x264.options, sides=(128, 4096))
SPARE = Encoder("spare", Codec.H264, x264.options)


class Bench:
    """A machine whose card does what the test says: `broken` tells of pieces, `passes` of tests."""

    def __init__(self) -> None:
        self.now = 0.0
        self.broken: Exception | None = None
        self.passes = True
        self.tested: list[str] = []
        self.used: list[str] = []
        self.choice = Choice([CARD], self.test, lambda: self.now)

    def test(self, encoder: Encoder) -> bool:
        self.tested.append(encoder.name)
        return self.passes

    def make(self, encoder: Encoder) -> str:
        self.used.append(encoder.name)
        if self.broken is not None and encoder is CARD:
            raise self.broken
        return encoder.name

    def piece(self) -> str:
        """Make a piece; say what has made it."""
        return self.choice.encode([RENDITION], self.make)


@pytest.fixture
def bench() -> Bench:
    return Bench()


FAULT = MediaFailed("The card is gone.", code="media-failed.encode")


def test_hardware_that_works_makes_every_piece_and_is_tested_once(bench: Bench):
    assert [bench.piece(), bench.piece()] == ["card", "card"]
    assert bench.tested == ["card"]


def test_the_first_candidate_that_passes_is_taken():
    assert Choice([CARD, SPARE], lambda encoder: encoder is SPARE).hardware is SPARE
    assert Choice([CARD, SPARE], lambda _: True).hardware is CARD
    assert Choice([CARD, SPARE], lambda _: False).hardware is None


def test_a_piece_that_hardware_fails_on_is_made_again_in_software(bench: Bench):
    bench.broken = FAULT
    assert bench.piece() == "x264"
    assert bench.used == ["card", "x264"]


def test_after_a_failure_hardware_rests_and_is_tested_before_it_is_used_again(bench: Bench):
    bench.broken = FAULT
    bench.piece()
    bench.broken, bench.now = None, REST_SECONDS[0] - 1
    assert bench.piece() == "x264"
    assert bench.tested == ["card"]
    bench.now = REST_SECONDS[0]
    assert bench.piece() == "card"
    assert bench.tested == ["card", "card"]


def test_a_failed_test_counts_as_a_failure(bench: Bench):
    bench.broken = FAULT
    bench.piece()
    bench.passes, bench.now = False, REST_SECONDS[0]
    assert bench.piece() == "x264"
    bench.now += REST_SECONDS[0]
    bench.piece()
    assert len(bench.tested) == 2


def test_after_too_many_failures_in_a_row_hardware_stays_off(bench: Bench):
    bench.broken = FAULT
    for rest in (*REST_SECONDS, 1e9):
        assert bench.piece() == "x264"
        bench.now += rest
    bench.broken = None
    assert bench.piece() == "x264"
    assert bench.used.count("card") == len(REST_SECONDS) + 1


def test_a_success_between_failures_makes_them_forgotten(bench: Bench):
    for _ in range(5):
        bench.broken = FAULT
        assert bench.piece() == "x264"
        bench.broken, bench.now = None, bench.now + REST_SECONDS[0]
        assert bench.piece() == "card"


def test_a_film_that_software_fails_on_too_is_no_fault_of_the_hardware(bench: Bench):
    damaged = Unplayable("The film is damaged.", code="unplayable.damaged")

    def make(_: Encoder) -> str:
        raise damaged

    with pytest.raises(Unplayable):
        bench.choice.encode([RENDITION], make)
    assert bench.piece() == "card"


@pytest.mark.parametrize(
    "error", [MediaFailed("It was stopped.", code="media-failed.stopped"), NoSpace("The disk is full.")]
)
def test_what_has_nothing_to_do_with_the_encoder_is_passed_on(bench: Bench, error: Exception):
    bench.broken = error
    with pytest.raises(type(error)):
        bench.piece()
    bench.broken = None
    assert bench.piece() == "card"


def test_what_hardware_cannot_do_is_left_to_software(bench: Bench):
    tiny, film = replace(RENDITION, width=82, height=144), replace(RENDITION, codec=Codec.AV1)
    assert bench.choice.encode([tiny, RENDITION], bench.make) == "x264"
    assert bench.choice.encode([film], bench.make) == "svtav1"
    assert bench.piece() == "card"


def test_a_setting_narrows_the_candidates_to_one_kind(tmp_path: Path):
    for name in ("dri/renderD128", "nvidia0", "video11"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.symlink_to("/dev/null")
    names = [encoder.name for encoder in choice.candidates("auto", tmp_path)]
    assert names == ["nvenc", "qsv", "vaapi", "vaapi", "v4l2"]
    assert {encoder.name for encoder in choice.candidates("vaapi", tmp_path)} == {"vaapi"}
    assert choice.candidates("x264", tmp_path) == []
