"""The consumer `live`: passes every event to the processes that serve WebSockets.

It keeps no inbox: its effect is a message to whoever listens at this moment, nothing is stored, and listeners drop
what they have seen by its position. When Redis is away for long, events become dead letters here, while listeners
already take them from PostgreSQL.
"""

from __future__ import annotations

import logging
import signal
import sys

from server.cache.broadcast import Broadcast
from server.cache.connection import connect
from server.events.subscribe import consume
from server.settings import load


def main() -> None:
    """Run until SIGTERM, which may come at any moment: what is not acknowledged comes again."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = load()
    consume(settings.rabbitmq, "live", Broadcast(connect(settings.redis)).publish)


if __name__ == "__main__":
    main()
