"""Every path and address of a video in one place.

    {media}/incoming/<upload>                          bytes on their way in
    {media}/work/<task>/<fence>/                       what one attempt of a task makes, seen by nobody else
    {media}/videos/<video>/original                    the file as it came
    {media}/videos/<video>/posters/0.jpg …             candidates for the poster (older films: poster.jpg)
    {media}/videos/<video>/storyboard/                 storyboard.vtt, 0.jpg …
    {media}/videos/<video>/chapters.vtt
    {media}/videos/<video>/hls/main.m3u8               multivariant playlist
    {media}/videos/<video>/hls/<rendition>/            index.m3u8, iframes.m3u8, init.mp4, 00000.m4s …
    {media}/videos/<video>/hls/<captions>/             index.m3u8, captions.vtt
    {media}/quarantine/<date>/                         what belongs to nothing, kept for a while

All of it is one file system, so every publication is a rename.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from server.domain import ids
from server.domain.playlist import INIT_SEGMENT, segment_name
from server.errors import NotFound

MULTIVARIANT = "main.m3u8"
PLAYLIST = "index.m3u8"
POSTER = "poster.jpg"
ORIGINAL = "original"

_ADDRESS = re.compile(rf"/media/({ids.PATTERN})/hls/([a-z][a-z0-9]{{1,11}})/(init\.mp4|([0-9]{{5}})\.m4s)")


@dataclass(frozen=True, slots=True)
class Part:
    """An init segment (`segment` None) or a media segment, as its address names it."""

    video_id: str
    rendition: str
    segment: int | None

    @property
    def file(self) -> str:
        """The file name within the rendition."""
        return INIT_SEGMENT if self.segment is None else segment_name(self.segment)


def part_at(address: str) -> Part:
    """Read the address of a segment, `/media/<video>/hls/<rendition>/<file>`. Raises NotFound for anything else."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise NotFound("There is no such segment; its address has another shape.")
    return Part(match[1], match[2], int(match[4]) if match[4] else None)


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths under the media folder `root`. Ids are checked, so no path can leave it."""

    root: Path

    @property
    def incoming(self) -> Path:
        """Spool of uploads."""
        return self.root / "incoming"

    @property
    def work(self) -> Path:
        """Folders of tasks at work."""
        return self.root / "work"

    @property
    def videos(self) -> Path:
        """The library."""
        return self.root / "videos"

    @property
    def quarantine(self) -> Path:
        """What the scrub has set aside, by day."""
        return self.root / "quarantine"

    def spool(self, upload_id: str) -> Path:
        """Return the spool file of an upload."""
        return self.incoming / _checked(upload_id)

    def attempt(self, task_id: int, fence: int) -> Path:
        """Return the folder that one attempt of a task may write to."""
        return self.work / str(int(task_id)) / str(int(fence))

    def video(self, video_id: str) -> Path:
        """Return the folder of a video."""
        return self.videos / _checked(video_id)

    def original(self, video_id: str) -> Path:
        """Return the file as it was uploaded."""
        return self.video(video_id) / ORIGINAL

    def poster(self, video_id: str) -> Path:
        """Return the still picture of a video."""
        return self.video(video_id) / POSTER

    def hls(self, video_id: str) -> Path:
        """Return the folder of playlists and renditions."""
        return self.video(video_id) / "hls"

    def rendition(self, video_id: str, name: str) -> Path:
        """Return the folder of one rendition."""
        return self.hls(video_id) / name

    def part(self, part: Part) -> Path:
        """Return the file of a segment or init segment."""
        return self.rendition(part.video_id, part.rendition) / part.file


def _checked(identifier: str) -> str:
    if not ids.is_id(identifier):
        raise NotFound("There is no such thing; its id has another shape.")
    return identifier
