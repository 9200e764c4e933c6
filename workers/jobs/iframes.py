"""I-frame playlists: where in every segment of every rendition the first picture lies."""

from __future__ import annotations

from server.domain.iframes import KeyFrame
from server.domain.playlist import segment_name
from workers.jobs.job import JobContext
from workers.media.keyframes import head


def run(job: JobContext) -> None:
    """Look into the heads of all segments and publish what stands there."""
    found: dict[str, list[KeyFrame]] = {}
    for reel in job.container.extras.reels(job.task):
        frames = found[reel.rendition.name] = []
        for segment in reel.segments:
            job.lease.check()
            where = head(reel.folder / segment_name(segment.index))
            frames.append(KeyFrame(segment, where.start, where.end - where.start))
    job.container.extras.publish_iframes(job.task, found)
