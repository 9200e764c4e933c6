"""A piece of a copied rendition: some segments of the film's own pictures or sound."""

from __future__ import annotations

from server.domain.handover import MadePiece
from workers.jobs.job import JobContext
from workers.media.copying import copy_piece


def run(job: JobContext) -> None:
    """Cut the piece out of the original and publish it."""
    assignment = job.desk.assignment(job.task)
    (rendition,) = assignment.renditions
    result = copy_piece(job.original, assignment.source, rendition, assignment.piece, job.folder)
    job.desk.publish(job.task, job.folder, [MadePiece(rendition.name, result.codecs, len(result.segments))])
