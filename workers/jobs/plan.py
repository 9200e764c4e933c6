"""Plan: look into the file, refuse what cannot be played, and lay out every piece of the work."""

from __future__ import annotations

from workers.jobs.job import JobContext
from workers.media.probe import probe


def run(job: JobContext) -> None:
    """Probe the original and settle the plan. Raises Unplayable with the reason for the uploader."""
    source = probe(job.original, job.container.settings.media, cancel=lambda: job.lease.lost)
    job.lease.check()
    job.container.preparation.begin(job.task, source)
