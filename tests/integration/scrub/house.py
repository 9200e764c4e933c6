"""A finished film of made-up bytes, in a database and a media folder of the test's own; only the encoder is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from server.container import Container
from server.domain.handover import MadePiece
from server.domain.ids import new_id
from server.domain.passage import NOTHING
from server.domain.source import Source
from server.domain.task import NewTask, Priority, Queue, Task, TaskKind
from server.domain.user import User
from server.storage.layout import Layout
from server.store import artifacts, tasks, videos
from server.store.database import rows, transaction
from tests.unit.domain.test_source import VIDEO

FILM = Source("mov", Fraction(20), 1000, replace(VIDEO, width=640, height=360, duration=Fraction(20)), ())

# What encoders of other versions make; the second cannot be told from the first by its codecs.
CODECS = {b"init": "avc1.64001e", b"another encoder": "avc1.64001e"}


@dataclass
class House:
    """The parts of an appliance without its processes, and its people."""

    container: Container
    alice: User
    bob: User

    @property
    def layout(self) -> Layout:
        return self.container.layout

    def film(self) -> str:
        """Take in a film and prepare all of it; return its id."""
        video_id = new_id()
        self.layout.incoming.mkdir(parents=True, exist_ok=True)
        self.layout.spool(video_id).write_bytes(b"as it was uploaded")
        with transaction():
            videos.create(video_id, self.bob.id, "Film", "film.mp4", 18)
            artifacts.note(video_id, [self.container.library.publish_original(video_id, video_id)])
            tasks.create(video_id, [NewTask(TaskKind.PLAN, "plan", Priority.FIRST)])
        plan = self.container.tasks.claim(Queue.LIGHT, "planner")
        assert plan is not None
        self.container.preparation.begin(plan, FILM, NOTHING)
        self.work()
        return video_id

    def work(self, init: bytes = b"init") -> list[Task]:
        """Do all that waits, as an encoder would that writes this init segment; return it."""
        done: list[Task] = []
        for queue in Queue:
            while (task := self.container.tasks.claim(queue, "worker")) is not None:
                self.perform(task, init)
                done.append(task)
        return done

    def perform(self, task: Task, init: bytes) -> None:
        """Do one task; whatever makes neither pieces nor posters just ends."""
        folder = self.container.library.prepare_attempt(task.id, task.fence)
        if task.kind is TaskKind.POSTER:
            (folder / "made.jpg").write_bytes(b"picture")
            self.container.extras.publish_poster(task, folder / "made.jpg", 1.0)
            return
        if "renditions" not in task.spec or task.kind not in (TaskKind.VIDEO_PIECE, TaskKind.COPY_PIECE):
            with transaction():
                tasks.finish(task.id, task.fence)
            return
        made = []
        for name in task.spec["renditions"]:
            (folder / name).mkdir()
            (folder / name / "init.mp4").write_bytes(init + name.encode())
            numbers = range(task.spec["first"], task.spec["first"] + task.spec["count"])
            for number in numbers:
                (folder / name / f"{number:05d}.m4s").write_bytes(b"%s segment %d" % (name.encode(), number))
            made.append(MadePiece(name, CODECS.get(init, "avc1.640028"), len(numbers), None))
        self.container.preparation.publish(task, folder, made)
        self.container.library.discard_attempt(task.id, task.fence)

    def scrub(self, video_id: str | None = None) -> dict[str, Any]:
        """Ask for a run as alice does, and return what it found."""
        asked = self.container.scrub.ask(self.alice, video_id)
        for _ in range(1000):
            if not self.container.scrub.work(lambda _: None):
                break
        runs: list[dict[str, Any]] = self.container.scrub.report(self.alice)["runs"]
        (found,) = [run for run in runs if run["id"] == asked["id"]]
        assert found["finished_at"]
        return found

    def events(self, kind: str) -> list[dict[str, Any]]:
        with transaction():
            return [row["data"] for row in rows("SELECT data FROM outbox WHERE type = %s ORDER BY serial", kind)]

    def tasks(self, video_id: str, state: str) -> list[dict[str, Any]]:
        with transaction():
            return rows("SELECT * FROM tasks WHERE video_id = %s AND state = %s ORDER BY id", video_id, state)

    def quarantined(self) -> list[str]:
        """What lies in the quarantine, as it was named below the media folder."""
        found = self.layout.quarantine.glob("*/**/*")
        files = [path.relative_to(self.layout.quarantine) for path in found if path.is_symlink() or not path.is_dir()]
        return sorted(str(Path(*path.parts[1:])) for path in files)
