"""Loudness: how loud each sound of the film is, for players to even it out."""

from __future__ import annotations

from workers.jobs.job import JobContext
from workers.media.loudness import measure_loudness


def run(job: JobContext) -> None:
    """Measure every sound in mono or stereo and record it."""
    container = job.container
    source, sounds = container.extras.sounds(job.task)
    found = measure_loudness(
        job.original, source, sounds, limits=container.settings.media, cancel=lambda: job.lease.lost
    )
    container.extras.publish_loudness(job.task, found)
