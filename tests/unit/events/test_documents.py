from __future__ import annotations

from pathlib import Path

import pytest

from server.domain.event import EventType
from server.events import topology

TEXT = (Path(__file__).parents[3] / "docs" / "events.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", EventType)
def test_every_type_of_event_is_described(kind: EventType) -> None:
    assert f"| `{kind}` |" in TEXT


def test_every_exchange_and_queue_is_in_the_picture() -> None:
    names = [topology.EVENTS, topology.DEAD]
    for consumer in topology.CONSUMERS:
        names += [topology.queue_name(consumer), topology.dead_queue_name(consumer)]
    assert [name for name in names if name not in TEXT] == []
