"""Captions: all text tracks of the film, read in one go."""

from __future__ import annotations

from server.domain.captions import embedded
from workers.jobs.job import JobContext
from workers.media.captions import make_captions


def run(job: JobContext) -> None:
    """Make captions of the film's own text tracks and publish those that say something."""
    container = job.container
    source = container.preparation.source(job.task)
    tracks = embedded(source.texts)
    made = make_captions(
        job.original, source, tracks, job.folder, limits=container.settings.media, cancel=lambda: job.lease.lost
    )
    container.extras.publish_captions(
        job.task, [(track, made[track.name]) for track, _ in tracks if track.name in made]
    )
