"""Analysis: a few trial pieces that nobody sees, to learn how many bits the film needs in each size."""

from __future__ import annotations

import shutil
from collections import Counter

from server.domain import analysis
from server.domain.rendition import VideoRendition
from workers.jobs.job import JobContext
from workers.media.encoders import x264
from workers.media.picture import encode_video


def run(job: JobContext) -> None:
    """Encode the trial pieces and settle what they tell."""
    plan = job.container.preparation.planned(job.task)
    renditions = [made for made in plan.group(job.task.spec["compared"]) if isinstance(made, VideoRendition)]
    sizes: Counter[str] = Counter()
    for piece in analysis.trials(plan):
        results = encode_video(
            job.original,
            plan.source,
            renditions,
            piece,
            job.folder,
            limits=job.container.settings.media,
            encoder=x264.ENCODER,
            cancel=lambda: job.lease.lost,
        )
        sizes.update({name: result.size for name, result in results.items()})
        for made in renditions:
            shutil.rmtree(job.folder / made.name, ignore_errors=True)
    job.container.analyses.settle(job.task, sizes)
