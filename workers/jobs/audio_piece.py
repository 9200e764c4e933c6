"""A piece of sound: some segments of the audio rendition."""

from __future__ import annotations

from server.domain.rendition import AudioRendition
from workers.jobs.job import JobContext
from workers.media.sound import encode_audio


def run(job: JobContext) -> None:
    """Copy or encode the piece and publish it."""
    preparation = job.container.preparation
    source, made, piece = preparation.piece(job.task)
    assert isinstance(made, AudioRendition), "the plan gives a sound's task a sound's rendition"
    result = encode_audio(
        job.original,
        source,
        made,
        piece,
        job.folder,
        limits=job.container.settings.media,
        cancel=lambda: job.lease.lost,
    )
    preparation.publish_piece(job.task, made, job.folder, result.codecs, len(result.segments))
