"""Remux: the film's own pictures as its largest rendition, although they lie in a file without a usable index."""

from __future__ import annotations

from pathlib import Path

from server.domain.plan import Plan
from server.domain.remux import replacement
from server.domain.rendition import Rendition
from server.errors import MediaFailed, NoSpace, Unplayable
from workers.jobs.job import JobContext
from workers.media import remuxing
from workers.media.mp4.index import Index
from workers.media.mp4.refusal import NotCopyable


def run(job: JobContext) -> None:
    """Make the largest rendition, or what was lost of it; without it, the film is encoded like any other."""
    if job.task.spec:
        _make_again(job)
    else:
        _make(job)


def _make(job: JobContext) -> None:
    remuxes, task = job.container.remuxes, job.task
    plan = remuxes.begin(task)
    if plan is None:
        return
    try:
        remuxes.require_room(plan)
        index = _remux(job, plan)
        made = replacement(plan, remuxing.find_picture(index, plan.source, plan.segment_seconds))
        if made is None:
            raise NotCopyable("The pictures are larger than players take.")
        codecs = _cut(job, plan, made, index)
    except (MediaFailed, NoSpace, Unplayable) as reason:
        remuxes.leave(task, reason)
        return
    taken = remuxes.take_over(task, made)
    if taken is not None:
        remuxes.publish(taken, job.folder, codecs)


def _make_again(job: JobContext) -> None:
    remuxes, task = job.container.remuxes, job.task
    plan = job.container.preparation.planned(task)
    (made,) = plan.group(task.spec["renditions"])
    remuxes.require_room(plan)
    codecs = _cut(job, plan, made, _remux(job, plan), remuxes.published(task, made))
    remuxes.publish(task, job.folder, codecs)


def _remux(job: JobContext, plan: Plan) -> Index:
    return remuxing.remux(
        job.original,
        plan.source,
        job.folder,
        limits=job.container.settings.media,
        cancel=lambda: job.lease.lost,
        progress=job.lease.watch(plan.source.duration),
    )


def _cut(job: JobContext, plan: Plan, made: Rendition, index: Index, present: Path | None = None) -> str:
    return remuxing.cut(index, made.name, plan.timeline(made), job.folder, present=present, check=job.lease.check)
