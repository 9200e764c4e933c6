from __future__ import annotations

from server.events.confirms import Confirms


def test_acks_may_come_one_by_one_in_any_order() -> None:
    confirms = Confirms(["a", "b", "c"], first_tag=11)
    for tag in (13, 11):
        confirms.acknowledge(tag, multiple=False)
    assert confirms.confirmed == ["c", "a"]
    assert not confirms.complete
    confirms.acknowledge(12, multiple=False)
    assert confirms.complete


def test_one_ack_may_stand_for_all_before_it() -> None:
    confirms = Confirms(["a", "b", "c"], first_tag=1)
    confirms.acknowledge(2, multiple=True)
    assert confirms.confirmed == ["a", "b"]
    assert not confirms.complete


def test_a_refused_message_is_not_confirmed() -> None:
    confirms = Confirms(["a", "b"], first_tag=1)
    confirms.refuse(1, multiple=False)
    confirms.acknowledge(2, multiple=False)
    assert (confirms.confirmed, confirms.refused, confirms.complete) == (["b"], ["a"], True)


def test_a_message_that_came_back_is_not_confirmed_by_its_ack() -> None:
    confirms = Confirms(["a", "b"], first_tag=1)
    confirms.give_back("a")
    confirms.acknowledge(2, multiple=True)
    assert (confirms.confirmed, confirms.refused) == (["b"], ["a"])


def test_answers_for_an_earlier_batch_change_nothing() -> None:
    confirms = Confirms(["c"], first_tag=3)
    confirms.acknowledge(2, multiple=True)
    confirms.acknowledge(1, multiple=False)
    assert (confirms.confirmed, confirms.complete) == ([], False)
