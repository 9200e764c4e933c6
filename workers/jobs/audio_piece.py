"""A piece of sound: some segments of one sound rendition."""

from __future__ import annotations

from server.domain.handover import MadePiece
from server.domain.rendition import AudioRendition
from workers.jobs.job import PieceContext
from workers.media.sound import encode_audio


def run(job: PieceContext) -> None:
    """Copy or encode the piece and publish it."""
    assignment = job.desk.assignment(job.task)
    (rendition,) = assignment.renditions
    assert isinstance(rendition, AudioRendition), "the plan gives a sound's task a sound's rendition"
    result = encode_audio(
        job.original,
        assignment.source,
        rendition,
        assignment.piece,
        job.folder,
        limits=job.desk.media,
        cancel=lambda: job.lease.lost,
        progress=job.lease.watch(assignment.piece.length),
    )
    job.desk.publish(job.task, job.folder, [MadePiece(rendition.name, result.codecs, len(result.segments))])
