"""Extras: what makes watching nicer, published as it is made; and what people may choose or add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.domain import captions, iframes, languages, permission, playlist, storyboard, webvtt
from server.domain.captions import CAPTIONS, MAX_ADDED, CaptionTrack
from server.domain.extras import POSTERS, STORYBOARD, STORYBOARD_TRACK, poster_name
from server.domain.iframes import KeyFrame
from server.domain.loudness import Loudness
from server.domain.permission import Action
from server.domain.rendition import AudioRendition, Codec, VideoRendition
from server.domain.source import Source
from server.domain.storyboard import Tile
from server.domain.task import Task
from server.domain.timeline import Segment
from server.domain.user import User
from server.domain.video import Video, VideoState
from server.errors import Conflict, Invalid, NotFound, Superseded
from server.services.preparation import Preparation
from server.services.publication import Publication
from server.services.videos import announce, find
from server.storage.layout import PLAYLIST, Layout
from server.storage.library import Library
from server.store import artifacts, extras, renditions, tasks, videos
from server.store.database import transaction


@dataclass(frozen=True, slots=True)
class Reel:
    """A complete rendition: its folder, and the segments that it really has."""

    rendition: VideoRendition
    folder: Path
    segments: tuple[Segment, ...]


class Extras:
    """Posters, captions, storyboards and I-frame playlists."""

    def __init__(self, preparation: Preparation, publication: Publication, library: Library, layout: Layout) -> None:
        self._preparation = preparation
        self._publication = publication
        self._library = library
        self._layout = layout

    def publish_poster(self, task: Task, picture: Path | None, score: float) -> None:
        """Publish a candidate for the poster; None means that no picture was worth one. Raises Superseded, Gone."""
        choice: int = task.spec.get("choice", 0)  # tasks from before there was a choice have none
        with self._preparation.holding(task):
            if picture is not None:
                folder = self._layout.video(task.video_id) / POSTERS
                self._publication.file(task, picture, folder / poster_name(choice))
                extras.note_poster(task.video_id, choice, score)
            self._settle(task)

    def publish_captions(self, task: Task, made: Sequence[tuple[CaptionTrack, str]]) -> None:
        """Publish the captions that came with a film, each with its WebVTT. Raises Superseded, Gone."""
        with self._preparation.holding(task):
            for track, text in made:
                self._publish_track(task.video_id, track, text)
            if made:
                self._preparation.write_multivariant(task.video_id)
            self._settle(task)

    def reels(self, task: Task) -> list[Reel]:
        """Return the H.264 renditions of a film that is ready, small to large. Raises Superseded if it was removed."""
        with transaction():
            plan = self._preparation.plan(task.video_id)
            if plan is None:
                raise Superseded("The video was removed meanwhile.")
            pictures = [made for made in plan.renditions if isinstance(made, VideoRendition)]
            return [
                Reel(made, self._layout.rendition(task.video_id, made.name), self._segments(task.video_id, made.name))
                for made in pictures
                if made.codec is Codec.H264
            ]

    def publish_storyboard(
        self, task: Task, sheets: Sequence[Path], tiles: Sequence[Tile], size: tuple[int, int]
    ) -> None:
        """Publish the sheets of a storyboard, and the track that says where in them which time is."""
        folder = self._layout.video(task.video_id) / STORYBOARD
        with self._preparation.holding(task):
            for sheet in sheets:
                self._publication.file(task, sheet, folder / sheet.name)
            self._publication.text(task.video_id, folder / STORYBOARD_TRACK, storyboard.document(tiles, size))
            extras.note_storyboard(task.video_id)
            self._settle(task)

    def publish_iframes(self, task: Task, found: Mapping[str, Sequence[KeyFrame]]) -> None:
        """Publish the I-frame playlists of renditions, by name."""
        with self._preparation.holding(task):
            for name, frames in found.items():
                path = self._layout.rendition(task.video_id, name) / playlist.IFRAMES
                self._publication.text(task.video_id, path, iframes.playlist(frames))
                extras.note_iframes(task.video_id, name, iframes.rates(frames))
            self._preparation.write_multivariant(task.video_id)
            self._settle(task)

    def sounds(self, task: Task) -> tuple[Source, list[AudioRendition]]:
        """Return the facts of a film and its sounds in mono or stereo. Raises Superseded if it was removed."""
        with transaction():
            plan = self._preparation.plan(task.video_id)
        if plan is None:
            raise Superseded("The video was removed meanwhile.")
        sounds = [made for made in plan.renditions if isinstance(made, AudioRendition) and made.channels <= 2]
        return plan.source, sounds

    def publish_loudness(self, task: Task, found: Mapping[str, Loudness]) -> None:
        """Record how loud the sounds of a film are, by name. Raises Superseded."""
        with self._preparation.holding(task):
            for name, loudness in found.items():
                renditions.note_loudness(task.video_id, name, loudness.to_dict())
            self._settle(task)

    def choose_poster(self, user: User, video_id: str, choice: object) -> Video:
        """Make a candidate the poster. Raises NotFound, Forbidden, or Invalid if there is no such candidate."""
        with transaction():
            _require_edit(user, find(video_id))
            if isinstance(choice, bool) or not isinstance(choice, int) or not extras.choose_poster(video_id, choice):
                raise Invalid(
                    "The film has no such picture to choose; `posters` of the film lists those it has.",
                    code="invalid.poster",
                )
            announce(video_id, user.id)
            return find(video_id)

    def add_captions(self, user: User, video_id: str, data: bytes, language: str, title: str | None) -> CaptionTrack:
        """Add a WebVTT or SubRip file as captions in `language` (RFC 5646 or ISO 639-2), and return the new track.

        Raises NotFound, Forbidden, Invalid, or Conflict while the film has not been looked into, or once it failed.
        """
        tag = languages.tag(language)
        if tag is None:
            raise Invalid(
                "Say in which language the captions are, for example `en` or `pt-BR`.", code="invalid.language"
            )
        text = webvtt.decode(data)
        with transaction():
            videos.lock(video_id)
            video = find(video_id)
            _require_edit(user, video)
            plan = self._preparation.plan(video_id)
            if video.state is VideoState.FAILED or plan is None:
                raise Conflict(
                    "There is no film to caption: it is still being checked, or it failed.", code="conflict.state"
                )
            cues = webvtt.clean(text, plan.source.duration)
            if not cues:
                raise Invalid(
                    "The file holds no captions: it is neither SRT nor WebVTT, or all of it lies after the film.",
                    code="invalid.captions",
                )
            present = video.extras.captions
            track = captions.added(_unused(present), tag, title, present)
            self._publish_track(video_id, track, webvtt.render(cues))
            self._preparation.write_multivariant(video_id)
            announce(video_id, user.id)
        return track

    def remove_captions(self, user: User, video_id: str, name: str) -> None:
        """Take captions away. Raises NotFound, Forbidden."""
        with transaction():
            videos.lock(video_id)
            _require_edit(user, find(video_id))
            if not extras.drop_captions(video_id, name):
                raise NotFound("The film has no such captions.")
            folder = self._layout.rendition(video_id, name)
            kept = folder.relative_to(self._layout.video(video_id))
            artifacts.forget(video_id, [str(kept / CAPTIONS), str(kept / PLAYLIST)])
            self._preparation.write_multivariant(video_id)
            announce(video_id, user.id)
        self._library.remove_rendition(video_id, name)

    def _publish_track(self, video_id: str, track: CaptionTrack, text: str) -> None:
        plan = self._preparation.plan(video_id)
        assert plan is not None, "captions belong to a film that has been looked into"
        folder = self._layout.rendition(video_id, track.name)
        self._publication.text(video_id, folder / CAPTIONS, text)
        self._publication.text(video_id, folder / PLAYLIST, playlist.captions(plan.source.duration))
        extras.note_captions(video_id, track)

    def _segments(self, video_id: str, name: str) -> tuple[Segment, ...]:
        """What the published playlist lists: a film that was cut off has less than its plan."""
        path = self._layout.rendition(video_id, name) / PLAYLIST
        return playlist.segments_of(path.read_text(encoding="utf-8"))

    def _settle(self, task: Task) -> None:
        tasks.finish(task.id, task.fence)
        announce(task.video_id)


def _require_edit(user: User, video: Video) -> None:
    own = video.owner_id == user.id
    permission.require(user.role, Action.EDIT_OWN if own else Action.EDIT_ANY)


def _unused(present: Sequence[CaptionTrack]) -> str:
    taken = {track.name for track in present}
    name = next((name for number in range(1, MAX_ADDED + 1) if (name := f"u{number}") not in taken), None)
    if name is None:
        raise Conflict(f"A film takes at most {MAX_ADDED} added captions; remove one first.", code="conflict.captions")
    return name
