"""The poster: one good picture of the film."""

from __future__ import annotations

from workers.jobs.job import JobContext
from workers.media.poster import make_poster


def run(job: JobContext) -> None:
    """Choose and publish the poster."""
    facts = job.container.preparation.source(job.task)
    picture = make_poster(
        job.original, facts, job.folder, limits=job.container.settings.media, cancel=lambda: job.lease.lost
    )
    job.container.preparation.publish_poster(job.task, picture)
