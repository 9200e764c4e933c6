"""Copied renditions: what of a film can pass on as it is, and its pieces, cut from the film's own bytes.

No program runs: an MP4 says where each of its frames lies. What is offered here keeps the clock that ffmpeg reads from
the same file, so copied and encoded renditions stand side by side.
"""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path

from server.domain.passage import Passage, PicturePassage
from server.domain.rendition import AudioRendition, Rendition
from server.domain.source import AudioTrack, Source, VideoTrack
from server.domain.timeline import Piece
from server.errors import Unplayable
from workers.media import sound
from workers.media.mp4.cut import cut_audio, cut_video
from workers.media.mp4.entries import read_audio, read_video
from workers.media.mp4.head import audio_head, video_head
from workers.media.mp4.index import PICTURES, SOUND, Index, open_index
from workers.media.mp4.plan import plan_audio, plan_video
from workers.media.mp4.refusal import Fragmented, NotCopyable, guarded
from workers.media.run import MadeSegment, PieceResult, write

_log = logging.getLogger(__name__)

_MOST_APART = Fraction(1, 500_000)  # ffprobe rounds the start of a track, and that of the film, to microseconds


def find_passage(source: Path, facts: Source, segment_seconds: int) -> Passage:
    """Return what of the file can be copied; whatever cannot be proven to pass is left out, with a line in the log.

    Says nothing of rotation, interlacing and the like: those are among the `facts`.
    """
    try:
        index = open_index(source)
    except NotCopyable as reason:
        _log.info("Nothing is copied: %s", reason)
        return Passage(fragmented=isinstance(reason, Fragmented))
    picture = None if facts.video is None else _picture(index, facts.video, segment_seconds)
    return Passage(picture, frozenset(track.index for track in facts.audio if _passes(index, track)))


def _picture(index: Index, video: VideoTrack, segment_seconds: int) -> PicturePassage | None:
    try:
        found = plan_video(index, video.index, Fraction(segment_seconds))
        if abs(found.cuts[0] - video.start) > _MOST_APART:
            raise NotCopyable("ffmpeg reads the clock of the pictures in another way.")
    except NotCopyable as reason:
        _log.info("The pictures are not copied: %s", reason)
        return None
    return found


def _passes(index: Index, track: AudioTrack) -> bool:
    try:
        found = plan_audio(index, track.index)
        if abs(found.start - track.start) > _MOST_APART:
            raise NotCopyable("ffmpeg reads the clock of the sound in another way.")
        if (found.sample_rate, found.channels) != (track.sample_rate, track.channels):
            raise NotCopyable("The sound is not what its description says.")
    except NotCopyable as reason:
        _log.info("Sound track %d is not copied: %s", track.index, reason)
        return False
    return True


def copy_piece(source: Path, facts: Source, rendition: Rendition, piece: Piece, out: Path) -> PieceResult:
    """Make the segments of `piece` in a folder of the rendition's name within `out`.

    `rendition` is one that `find_passage` allows. Where copied sound has a hole, it is silent. Raises NotCopyable if
    the file is no longer what it was.
    """
    index = open_index(source)
    if isinstance(rendition, AudioRendition):
        return _copy_sound(index, rendition, piece, out)
    if facts.video is None:
        raise Unplayable("The film has no pictures.", code="unplayable.no-streams")
    return copy_pictures(index, facts.video.index, rendition.name, piece, out)


def copy_pictures(index: Index, stream: int, name: str, piece: Piece, out: Path) -> PieceResult:
    """Make the segments of `piece` from the pictures in `stream`, in the folder `name` of `out`. Raises NotCopyable."""
    with guarded():
        track = index.track(stream, PICTURES)
        entry = read_video(index.data, *track.entry())
    made = cut_video(index, stream, piece.boundaries, None if piece.last else piece.end, first=piece.first)
    init = write(
        out / name,
        video_head(entry, track.timescale),
        {number: cut.data for number, cut in enumerate(made, piece.first)},
    )
    segments = tuple(
        MadeSegment(number, len(cut.data), cut.start, cut.length, cut.frames)
        for number, cut in enumerate(made, piece.first)
    )
    return PieceResult(segments, entry.codecs, init, None)


def _copy_sound(index: Index, rendition: AudioRendition, piece: Piece, out: Path) -> PieceResult:
    with guarded():
        entry = read_audio(index.data, *index.track(rendition.track, SOUND).entry())
    wanted = rendition.grid.frames(piece.start, piece.end)
    silence = dict.fromkeys(wanted, sound.SILENCE[rendition.channels])
    frames = silence | cut_audio(index, rendition.track, rendition.grid, wanted)
    return sound.store(rendition, piece, frames, out, init=audio_head(entry), codecs=entry.codecs)
