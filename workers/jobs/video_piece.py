"""A piece of pictures: some segments of one rendition, or of several that share a decode."""

from __future__ import annotations

from server.domain.handover import MadePiece
from server.domain.rendition import VideoRendition
from workers.jobs.job import PieceContext
from workers.media.encoders import x264
from workers.media.picture import encode_video


def run(job: PieceContext) -> None:
    """Encode the piece and publish it."""
    assignment = job.desk.assignment(job.task)
    results = encode_video(
        job.original,
        assignment.source,
        [made for made in assignment.renditions if isinstance(made, VideoRendition)],
        assignment.piece,
        job.folder,
        limits=job.desk.media,
        encoder=x264.ENCODER,
        cancel=lambda: job.lease.lost,
        progress=job.lease.watch(assignment.piece.length),
    )
    made = [MadePiece(name, one.codecs, len(one.segments), one.ended) for name, one in results.items()]
    job.desk.publish(job.task, job.folder, made)
