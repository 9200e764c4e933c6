"""A piece of pictures: some segments of one rendition."""

from __future__ import annotations

from server.domain.rendition import VideoRendition
from workers.jobs.job import JobContext
from workers.media.picture import encode_video


def run(job: JobContext) -> None:
    """Encode the piece and publish it."""
    preparation = job.container.preparation
    source, made, piece = preparation.piece(job.task)
    assert isinstance(made, VideoRendition), "the plan gives a picture's task a picture's rendition"
    result = encode_video(
        job.original,
        source,
        made,
        piece,
        job.folder,
        limits=job.container.settings.media,
        cancel=lambda: job.lease.lost,
    )
    preparation.publish_piece(job.task, made, job.folder, result.codecs, len(result.segments), result.ended)
