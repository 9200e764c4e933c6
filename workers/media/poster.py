"""Posters: good pictures of the film to choose from, or the cover of an album, or what its sound looks like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from server.domain import posters
from server.domain.ladder import ladder
from server.domain.rendition import VideoRendition
from server.domain.source import Source
from server.errors import MatineeError
from server.settings import Media
from workers.media import diagnosis, extra_commands, sandbox
from workers.media.waveform import draw_waveform

MAX_SIDE = 1280


@dataclass(frozen=True, slots=True)
class Poster:
    """A JPEG, and how much it tells (`posters.score`)."""

    file: Path
    score: float


def make_poster(
    source: Path, facts: Source, choice: int, out: Path, *, limits: Media, cancel: sandbox.Cancel = sandbox.never
) -> Poster | None:
    """Make candidate `choice` in the folder `out`; None if no picture there is worth one.

    A film gives the most typical of about two seconds near a tenth (three tenths …) of it; where that is black or
    blank, of a later place. The first candidate is made in any case, if need be of the beginning. Sound alone gives its
    cover, else its waveform. Raises MediaFailed, NoSpace, Unplayable.
    """
    if facts.video is None:
        return _of_sound(source, facts, out, limits, cancel)
    best: Poster | None = None
    places = posters.attempts(choice, facts.picture_duration)
    for at in [*places, Fraction(0)] if choice == 0 else places:
        command = extra_commands.poster(facts.video, _shape(facts), at, limits.max_pixels)
        found = _run(command, source, facts.video.pixels, out, cancel)
        if found is None:
            continue
        made, luma = found
        if posters.shows_something(luma):
            return made
        if best is None or made.score > best.score:
            best = Poster(made.file.replace(out / "fallback.jpg"), made.score)
    return best if choice == 0 else None


def _of_sound(source: Path, facts: Source, out: Path, limits: Media, cancel: sandbox.Cancel) -> Poster:
    if facts.cover is not None:
        try:
            found = _run(extra_commands.cover(facts.cover, limits.max_pixels), source, limits.max_pixels, out, cancel)
        except MatineeError as error:  # a broken cover is no reason to have none
            if not error.permanent and error.code != "media-failed.encode":
                raise
            found = None
        if found is not None:
            return found[0]
    return Poster(draw_waveform(source, facts, out, limits=limits, cancel=cancel), 0.0)


def _shape(facts: Source) -> VideoRendition:
    """The largest size of the film's ladder that fits a poster, whatever it would be encoded as."""
    pictures = [made for made in ladder(facts) if isinstance(made, VideoRendition)]
    fitting = [made for made in pictures if max(made.width, made.height) <= MAX_SIDE]
    return replace((fitting or pictures[:1])[-1], limit_frame_rate=False)


def _run(
    command: list[str], source: Path, pixels: int, out: Path, cancel: sandbox.Cancel
) -> tuple[Poster, bytes] | None:
    """Run `command`; return the picture and its brightness, None if there was no picture."""
    picture, luma = out / extra_commands.POSTER_FILE, out / extra_commands.LUMA_FILE
    for file in (picture, luma):
        file.unlink(missing_ok=True)
    limits = sandbox.Limits(120, 60, memory=sandbox.memory_for(pixels))
    outcome = sandbox.run(command, source=source, out=out, limits=limits, cancel=cancel, progress=lambda _: None)
    if outcome.status:
        raise diagnosis.failure(outcome)
    if not (picture.exists() and picture.stat().st_size and luma.exists() and luma.stat().st_size):
        return None
    pixels_of = luma.read_bytes()
    return Poster(picture, posters.score(pixels_of)), pixels_of
