"""A piece of pictures: some segments of one rendition, or of several that share a decode."""

from __future__ import annotations

from server.domain.handover import MadePiece
from server.domain.rendition import VideoRendition
from workers.jobs.job import PieceContext
from workers.media.encoders.choice import chosen
from workers.media.encoders.encoder import Encoder
from workers.media.picture import encode_video
from workers.media.run import PieceResult


def run(job: PieceContext) -> None:
    """Encode the piece and publish it."""
    assignment = job.desk.assignment(job.task)
    renditions = [made for made in assignment.renditions if isinstance(made, VideoRendition)]

    def make(encoder: Encoder) -> dict[str, PieceResult]:
        return encode_video(
            job.original,
            assignment.source,
            renditions,
            assignment.piece,
            job.folder,
            limits=job.desk.media,
            encoder=encoder,
            cancel=lambda: job.lease.lost,
            progress=job.lease.watch(assignment.piece.length),
        )

    results = chosen(job.desk.media.encoder).encode(renditions, make)
    made = [MadePiece(name, one.codecs, len(one.segments), one.ended) for name, one in results.items()]
    job.desk.publish(job.task, job.folder, made)
