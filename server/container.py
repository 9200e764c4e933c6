"""Builds the parts of the appliance from its settings, each on first use; nothing here connects to anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from redis import Redis

from server.cache import connection, sessions
from server.cache.broadcast import Broadcast
from server.queue.doorbell import Doorbell
from server.queue.workers import worker_counts
from server.services.accounts import Accounts, at_once
from server.services.activity import Activity
from server.services.analysis import Analyses
from server.services.extras import Extras
from server.services.hosts import Hosts
from server.services.playback import Playback
from server.services.preparation import Preparation
from server.services.publication import Publication
from server.services.remote import RemoteWork
from server.services.remux import Remuxes
from server.services.repair import Repair
from server.services.room import Room
from server.services.schedule import Schedule
from server.services.scrub import Scrub
from server.services.sessions import Sessions
from server.services.status import Status
from server.services.strays import Strays
from server.services.tasks import Tasks
from server.services.uploads import Uploads
from server.services.videos import Videos, announce
from server.services.work import Work
from server.services.workers import Workers
from server.settings import Settings
from server.storage.deliveries import Deliveries
from server.storage.incoming import Incoming
from server.storage.layout import Layout
from server.storage.library import Library
from server.storage.quarantine import Quarantine
from server.store import database


class Container:
    """One per process. `off_loop` runs slow computing away from an event loop where there is one."""

    def __init__(self, settings: Settings, off_loop: Callable[[Callable[[], Any]], Any] = at_once) -> None:
        self.settings = settings
        self._off_loop = off_loop
        database.configure(settings.database)

    def close(self) -> None:
        """Close what must not be shared with a child process."""
        database.close()
        if "redis" in self.__dict__:
            self.redis.connection_pool.disconnect()

    @cached_property
    def layout(self) -> Layout:
        """Paths of videos."""
        return Layout(self.settings.paths.media)

    @cached_property
    def redis(self) -> Redis:
        """The client of this process."""
        return connection.connect(self.settings.redis)

    @cached_property
    def library(self) -> Library:
        """Published bytes."""
        return Library(self.layout, self._off_loop)

    @cached_property
    def incoming(self) -> Incoming:
        """Bytes on their way in."""
        return Incoming(self.layout, self.settings.uploads.reserve_bytes, self._off_loop)

    @cached_property
    def doorbell(self) -> Doorbell:
        """Wakes workers."""
        return Doorbell(self.redis)

    @cached_property
    def broadcast(self) -> Broadcast:
        """Live events between processes."""
        return Broadcast(self.redis)

    @cached_property
    def accounts(self) -> Accounts:
        """People."""
        return Accounts(self._off_loop)

    @cached_property
    def sessions(self) -> Sessions:
        """Browsers that are signed in."""
        return Sessions(sessions.Sessions(self.redis, self.settings.web), self.accounts)

    @cached_property
    def uploads(self) -> Uploads:
        """Files on their way in."""
        return Uploads(self.settings.uploads, self.incoming, self.library, self.doorbell, announce)

    @cached_property
    def videos(self) -> Videos:
        """The library."""
        return Videos(self.library)

    @cached_property
    def tasks(self) -> Tasks:
        """Claims and leases."""
        return Tasks(self.settings.tasks, self.doorbell)

    @cached_property
    def preparation(self) -> Preparation:
        """From a checked file to a ready film."""
        return Preparation(
            self.settings.media,
            self.settings.tasks,
            self.library,
            self.publication,
            self.repair,
            self.layout,
            self.doorbell,
        )

    @cached_property
    def workers(self) -> Workers:
        """Who is at work."""
        return Workers()

    @cached_property
    def work(self) -> Work:
        """Tasks for workers, and what they made."""
        return Work(self.tasks, self.preparation)

    @cached_property
    def hosts(self) -> Hosts:
        """Machines beside this one that may do its work."""
        return Hosts()

    @cached_property
    def remote_work(self) -> RemoteWork:
        """Tasks for those machines."""
        deliveries = Deliveries(self.layout, self.settings.uploads.reserve_bytes, self._off_loop)
        return RemoteWork(
            self.settings, self.work, self.workers, self.tasks, self.preparation, self.library, deliveries
        )

    @cached_property
    def schedule(self) -> Schedule:
        """The work on films, as people see and direct it."""
        return Schedule(self.preparation, self.library, self.doorbell)

    @cached_property
    def analyses(self) -> Analyses:
        """What trial pieces told."""
        return Analyses(self.preparation, self.library)

    @cached_property
    def remuxes(self) -> Remuxes:
        """Films that are copied after all."""
        return Remuxes(self.preparation, self.layout, self.settings.uploads.reserve_bytes, self.doorbell)

    @cached_property
    def playback(self) -> Playback:
        """Tickets, and segments that do not exist yet."""
        return Playback(self.layout, self.doorbell, self.repair, self.settings.paths.state / "secrets" / "tickets")

    @cached_property
    def extras(self) -> Extras:
        """Posters, captions, storyboards."""
        return Extras(self.preparation, self.publication, self.library, self.layout)

    @cached_property
    def publication(self) -> Publication:
        """The library and its manifest."""
        return Publication(self.library)

    @cached_property
    def repair(self) -> Repair:
        """Has made again what was lost."""
        return Repair(self.layout, Quarantine(self.layout), self.publication, self.doorbell)

    @cached_property
    def scrub(self) -> Scrub:
        """Holds the disk to the manifest."""
        return Scrub(self.settings.scrub, self.layout, self.repair, self.strays)

    @cached_property
    def room(self) -> Room:
        """Room for videos."""
        return Room(self.layout, self.settings.uploads.reserve_bytes)

    @cached_property
    def strays(self) -> Strays:
        """What belongs to nothing."""
        return Strays(self.layout, Quarantine(self.layout), self.settings.scrub.quarantine_days)

    @cached_property
    def activity(self) -> Activity:
        """Events."""
        return Activity()

    @cached_property
    def status(self) -> Status:
        """How the appliance is doing."""
        return Status(self.settings, lambda: worker_counts(self.redis))
