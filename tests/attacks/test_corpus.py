"""Every hostile file gets the verdict that is written beside it, within the limits of the sandbox."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from server.settings import Media
from tests.attacks import corpus
from tests.attacks.corpus import Case
from tests.attacks.trial import judged
from workers.media.probe import PROBE, probe

CASES = {**corpus.STRUCTURES, **corpus.SOUNDS, **corpus.DISGUISES, **corpus.CODECS}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_hostile_file_gets_its_verdict(
    case: Case, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    path = tmp_path / "film"
    path.write_bytes(case.make())
    beside = set(tmp_path.iterdir())
    assert judged(path, whole=case.whole) == case.verdict
    # Had it taken longer than its limit, the verdict would be another one.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    record_property("peak_bytes", peak)
    assert peak < PROBE.memory
    assert set(tmp_path.iterdir()) == beside


def test_words_in_a_file_stay_words(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(corpus.tricky_words())
    found = probe(path, Media())
    assert found.from_dict(json.loads(json.dumps(found.to_dict()))) == found
