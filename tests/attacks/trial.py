"""The verdict on a file, by the same functions that a worker calls, without a database or a queue."""

from __future__ import annotations

import tempfile
from pathlib import Path

from server.domain.ladder import ladder
from server.domain.rendition import AudioRendition, Rendition, VideoRendition
from server.domain.source import Source
from server.domain.timeline import PICTURE_GROWTH, pieces, segments, sound_segments
from server.errors import MatineeError, Unplayable
from server.settings import Media
from tests.attacks.corpus import PLAYS
from tests.integration.media.film import encode_pictures
from workers.media.probe import probe
from workers.media.run import PieceResult
from workers.media.sound import encode_audio

_SEGMENT_SECONDS = 4


def judged(path: Path, *, whole: bool) -> str:
    """Return `PLAYS`, or the code with which the file is refused; with `whole`, encode pictures and sound as well.

    Any other error than one of Matinee's own passes through: it is a bug.
    """
    try:
        found = probe(path, Media())
        offered = ladder(found)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            for kind in (VideoRendition, AudioRendition) if whole else ():
                smallest = next((made for made in offered if isinstance(made, kind)), None)
                if smallest is not None:
                    _encode(path, found, smallest, Path(folder))
    except MatineeError as error:
        return error.code
    return PLAYS


def _encode(path: Path, found: Source, rendition: Rendition, out: Path) -> None:
    results: list[PieceResult] = []
    if isinstance(rendition, AudioRendition):
        sound = pieces(sound_segments(found.duration, _SEGMENT_SECONDS, rendition.grid), rendition.growth)
        results += [encode_audio(path, found, rendition, piece, out, limits=Media()) for piece in sound]
    else:
        pictures = pieces(segments(found.picture_duration, _SEGMENT_SECONDS), PICTURE_GROWTH)
        results += [encode_pictures(path, found, [rendition], piece, out)[rendition.name] for piece in pictures]
    if not any(result.segments for result in results):
        raise Unplayable("Nothing could be decoded.", code="unplayable.damaged")  # as server.services.preparation does
