"""The storyboard: small pictures along the film, from the smallest pictures that are published."""

from __future__ import annotations

from server.domain.storyboard import tile_size, tiles
from workers.jobs.job import JobContext
from workers.media.storyboard import make_storyboard


def run(job: JobContext) -> None:
    """Make and publish the sheets."""
    container = job.container
    reel = container.extras.reels(job.task)[0]
    shown = tiles(reel.segments)
    sheets = make_storyboard(
        reel.folder,
        reel.rendition,
        shown,
        job.folder,
        limits=container.settings.media,
        cancel=lambda: job.lease.lost,
    )
    container.extras.publish_storyboard(job.task, sheets, shown, tile_size(reel.rendition.width, reel.rendition.height))
