"""Plan: look into the file, refuse what cannot be played, and lay out every piece of the work."""

from __future__ import annotations

from dataclasses import replace

from server.domain.ladder import may_pass
from workers.jobs.job import JobContext
from workers.media.copying import find_passage
from workers.media.probe import probe


def run(job: JobContext) -> None:
    """Probe the original and settle the plan. Raises Unplayable with the reason for the uploader."""
    media = job.container.settings.media
    source = probe(job.original, media, cancel=lambda: job.lease.lost)
    passage = find_passage(job.original, source, media.segment_seconds)
    if not may_pass(source):
        passage = replace(passage, picture=None)
    job.lease.check()
    job.container.preparation.begin(job.task, source, passage)
