"""Two hundred damaged films: each plays or is refused with a reason, none hangs, and nothing of ours breaks.

`--mutants all` encodes every one of them; by default all are looked into, and one in eight is encoded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.attacks.corpus import PLAYS
from tests.attacks.mutants import COUNT, mutant
from tests.attacks.trial import judged

AT_ONCE = 2

# Reasons that lie in the file. One that blames the machine would be tried again and again, for nothing.
REASONS = {
    *(PLAYS, "unplayable.format", "unplayable.truncated", "unplayable.damaged", "unplayable.no-streams"),
    *("unplayable.codec", "unplayable.no-duration", "unplayable.too-long", "unplayable.too-small", "unplayable.memory"),
    *("unplayable.too-many-pixels", "unplayable.too-many-frames", "unplayable.tracks", "unplayable.still-image"),
}


@pytest.mark.timeout(1200)
def test_a_damaged_film_plays_or_is_refused_with_a_reason(
    tmp_path: Path, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    everything = request.config.getoption("--mutants") == "all"

    def judge(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "film"
        path.write_bytes(mutant(number))
        return judged(path, whole=everything or number % 8 == 0)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        verdicts = dict(enumerate(pool.map(judge, range(COUNT))))
    histogram = Counter(verdicts.values())
    record_property("verdicts", dict(histogram.most_common()))
    assert {number: verdict for number, verdict in verdicts.items() if verdict not in REASONS} == {}
    assert histogram[PLAYS] < COUNT
