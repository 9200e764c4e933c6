"""A candidate for the poster: one good picture of the film."""

from __future__ import annotations

from workers.jobs.job import JobContext
from workers.media.poster import make_poster


def run(job: JobContext) -> None:
    """Make and publish one candidate."""
    container = job.container
    made = make_poster(
        job.original,
        container.preparation.source(job.task),
        job.task.spec.get("choice", 0),
        job.folder,
        limits=container.settings.media,
        cancel=lambda: job.lease.lost,
    )
    container.extras.publish_poster(job.task, made.file if made else None, made.score if made else 0.0)
