"""The relay: takes events from the outbox to RabbitMQ, in order, as long as it is the only one to do so."""

from __future__ import annotations

import logging
import signal
import sys
import time
from typing import NoReturn

from server.domain.backoff import Backoff
from server.errors import Unavailable
from server.events.publish import Publisher
from server.services.activity import Activity
from server.settings import Settings, load
from server.store import database
from server.store.relay import RelayLock

POLL_SECONDS = 5.0  # PostgreSQL wakes the relay; this is for a lost notification
TURN_SECONDS = 1.0  # between two looks whether another relay has left

_log = logging.getLogger(__name__)


def main() -> None:
    """Run until SIGTERM, which may come at any moment: events without a confirm are published again."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = load()
    database.configure(settings.database)
    run(settings)


def run(settings: Settings) -> NoReturn:
    """Relay events; when the database or the broker is lost, connect to both again."""
    backoff = Backoff()
    while True:
        try:
            relay(settings, backoff)
        except Unavailable as error:
            delay = backoff.next()
            _log.warning("%s Trying again in %.1f s.", error, delay)
            time.sleep(delay)


def relay(settings: Settings, backoff: Backoff) -> NoReturn:
    """Wait for the turn, then publish whatever is in the outbox. Raises Unavailable."""
    activity = Activity()
    with RelayLock() as lock:
        while not lock.acquire():
            lock.wait(TURN_SECONDS)
        with Publisher(settings.rabbitmq) as publisher:
            _log.info("Relaying events.")
            while True:
                published = activity.relay_once(publisher.publish)
                backoff.reset()
                lock.wait(0 if published else POLL_SECONDS)


if __name__ == "__main__":
    main()
