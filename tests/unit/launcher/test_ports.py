from __future__ import annotations

from collections.abc import Callable

import pytest

from server.errors import Unavailable
from server.launcher.ports import choose


def claims(*taken: int) -> Callable[[int], bool]:
    """Every port is free once, except those that are `taken`."""
    held = set(taken)

    def claim(port: int) -> bool:
        free = port not in held
        held.add(port)
        return free

    return claim


def counting(first: int) -> Callable[[], int]:
    numbers = iter(range(first, first + 1000))
    return lambda: next(numbers)


def test_the_site_prefers_8443_and_the_others_take_what_is_free() -> None:
    ports = choose({}, claims(), counting(40000))
    assert (ports.https, ports.amqp, ports.epmd, ports.erlang) == (8443, 40000, 40001, 40002)


def test_a_taken_8443_is_left_to_its_owner() -> None:
    assert choose({}, claims(8443), counting(40000)).https == 40000


def test_the_ports_of_last_time_are_kept_when_they_are_still_free() -> None:
    remembered = {"https": 50001, "amqp": 50002, "epmd": 50003, "erlang": 50004}
    ports = choose(remembered, claims(50003), counting(40000))
    assert (ports.https, ports.amqp, ports.epmd, ports.erlang) == (50001, 50002, 40000, 50004)


def test_the_site_returns_to_8443_when_its_remembered_port_is_taken() -> None:
    assert choose({"https": 50001}, claims(50001), counting(40000)).https == 8443


def test_one_system_never_uses_a_port_twice() -> None:
    remembered = {"amqp": 50002, "epmd": 50002}
    ports = choose(remembered, claims(), counting(40000))
    assert ports.amqp != ports.epmd


def test_a_machine_without_a_free_port_is_told_so() -> None:
    with pytest.raises(Unavailable, match="No TCP port is free"):
        choose({}, lambda _port: False, counting(40000))
