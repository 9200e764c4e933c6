"""Servers and our own processes are killed while events happen: all of them arrive, once and in order."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pika
import pytest

from server.launcher import rabbitmq
from server.settings import ENVIRONMENT_NAME
from tests.integration.events.hub import Hub, ask, greet, numbers, receive, until

HOLDERS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = hashtext('matinee.relay')::oid"


def newest(hub: Hub) -> int:
    return hub.container.activity.newest_position()


def all_published(hub: Hub) -> bool:
    return bool(hub.container.activity.backlog()["waiting"] == 0)


@pytest.mark.parametrize("part", ["relay", "live", "sockets", "redis", "rabbitmq"])
def test_events_survive_the_death_of(hub: Hub, part: str) -> None:
    before = newest(hub)
    with hub.happening(range(200)):
        pid = hub.system.kill(part)
        assert numbers(hub.follow(before, 200)) == list(range(200))
    hub.system.wait_replaced(part, pid)
    until(lambda: all_published(hub), "the broker has confirmed everything")


def test_events_survive_the_loss_of_the_brokers_folder(hub: Hub) -> None:
    before = newest(hub)
    with hub.happening(range(300)):
        pid = hub.system.kill("rabbitmq")
        shutil.rmtree(hub.system.home.root / "rabbitmq")
        assert numbers(hub.follow(before, 300)) == list(range(300))
    hub.system.wait_replaced("rabbitmq", pid)
    until(lambda: all_published(hub), "the broker has confirmed everything")
    with hub.connect(f"?video={hub.video}") as socket:
        greet(socket)
        hub.happen(range(300, 301))
        assert numbers([receive(socket)]) == [300]


def test_events_survive_a_restart_of_the_database(hub: Hub) -> None:
    before = newest(hub)
    hub.happen(range(50))
    pid = hub.system.kill("postgresql")
    hub.system.wait_replaced("postgresql", pid)
    hub.happen(range(50, 100))
    assert numbers(hub.follow(before, 100)) == list(range(100))


def test_an_event_that_no_queue_takes_stays_until_the_queue_is_back(hub: Hub) -> None:
    settings = hub.system.settings.rabbitmq
    password = rabbitmq.password_file(hub.system.home).read_text(encoding="utf-8").strip()
    credentials = pika.PlainCredentials(settings.user, password)
    broker = pika.BlockingConnection(pika.ConnectionParameters(settings.host, settings.port, credentials=credentials))
    before = newest(hub)
    broker.channel().queue_delete("matinee.live")
    broker.close()
    hub.happen(range(10))
    assert numbers(hub.follow(before, 10)) == list(range(10))
    until(lambda: all_published(hub), "the broker has confirmed everything")


def test_a_second_relay_waits_and_leaves_when_told(hub: Hub, tmp_path: Path) -> None:
    environment = {**os.environ, ENVIRONMENT_NAME: str(hub.system.home.settings)}
    said = tmp_path / "said"
    with said.open("wb") as output:
        second = subprocess.Popen([sys.executable, "-m", "workers.relay"], env=environment, stderr=output)
    try:
        asking = (
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%%pg_try_advisory_lock%%' AND pid <> pg_backend_pid()"
        )
        until(lambda: ask(asking), "a second relay asks for the lock")
        before = newest(hub)
        hub.happen(range(20))
        assert numbers(hub.follow(before, 20)) == list(range(20))
        assert len(ask(HOLDERS)) == 1
        assert "Relaying" not in said.read_text()
    finally:
        second.terminate()
        assert second.wait(3) == 0
