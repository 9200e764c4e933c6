"""The command lines of ffmpeg for extras (posters, covers, storyboards, captions), as plain lists."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from server.domain.rendition import VideoRendition
from server.domain.source import VideoTrack
from server.domain.storyboard import SIDE
from workers.media import allowed, filters
from workers.media.commands import CLEAN, CLOCK, QUIET, REPORTING, reading_from, seconds
from workers.media.sandbox import OUT, SOURCE

POSTER_FILE = "poster.jpg"
LUMA_FILE = "luma.gray"

_POSTER_FRAMES = 50  # the thumbnail filter chooses among so many
_COVER_SIDE = 1280
# The brightness of a few thousand pixels tells whether there is anything to see.
_LOOK = "format=yuvj420p,split[picture][small];[small]scale=64:36,format=gray[luma]"
_JPEG = ["-c:v", "mjpeg", "-threads", "1", "-fflags", "+bitexact", "-q:v"]
_FINE, _COARSE = "4", "7"  # a poster fills the stage, a tile is looked at for a moment


def poster(video: VideoTrack, shape: VideoRendition, at: Fraction, max_pixels: int) -> list[str]:
    """ffmpeg: the most typical of the pictures after `at` seconds in the size of `shape`, as a JPEG and its luma."""
    choose = f"trim=start={seconds(at)},thumbnail={_POSTER_FRAMES}"
    graph = f"{filters.graph(video, choose, [shape], 'null')};[v0]{_LOOK}"
    return ["ffmpeg", *QUIET, *REPORTING, *reading_from(at, max_pixels), "-filter_complex", graph, *_looked_at()]


def cover(index: int, max_pixels: int) -> list[str]:
    """ffmpeg: the attached picture at stream `index`, no larger than a poster, as a JPEG and its luma."""
    fit = f"scale='min({_COVER_SIDE},iw)':'min({_COVER_SIDE},ih)':force_original_aspect_ratio=decrease"
    graph = f"[0:{index}]{fit}:force_divisible_by=2,setsar=1,{_LOOK}"
    reading = [*allowed.options(allowed.PROBED, max_pixels), "-i", SOURCE]
    return ["ffmpeg", *QUIET, *REPORTING, *reading, "-filter_complex", graph, *_looked_at()]


def sheets(tile: tuple[int, int], max_pixels: int) -> list[str]:
    """ffmpeg: every picture of a film as a tile, SIDE times SIDE on each sheet `0.jpg`, `1.jpg` …"""
    width, height = tile
    return [
        *("ffmpeg", *QUIET, *REPORTING, *allowed.options(allowed.DECODERS, max_pixels), "-i", SOURCE),
        *("-map", "0:v:0", *CLEAN, "-an", "-vf"),
        f"scale={width}:{height}:flags=area,format=yuvj420p,setsar=1,tile={SIDE}x{SIDE}",
        *("-fps_mode", "passthrough", *_JPEG, _COARSE, "-f", "image2", "-start_number", "0", f"{OUT}/%d.jpg"),
    ]


def captions(tracks: Sequence[tuple[str, int]], max_pixels: int) -> list[str]:
    """ffmpeg: text tracks (name, stream index), each as `<name>.vtt`, on the film's own clock."""
    reading = [*CLOCK, *allowed.options(allowed.PROBED, max_pixels), "-i", SOURCE]
    clean = ["-map_metadata", "-1", "-map_chapters", "-1"]
    writing = [
        option
        for name, index in tracks
        for option in ("-map", f"0:{index}", *clean, "-c:s", "webvtt", "-f", "webvtt", f"{OUT}/{name}.vtt")
    ]
    return ["ffmpeg", *QUIET, *REPORTING, *reading, *writing]


def _looked_at() -> list[str]:
    picture = ["-map", "[picture]", *CLEAN, "-an", "-frames:v", "1", *_JPEG, _FINE, "-f", "image2", "-update", "1"]
    luma = ["-map", "[luma]", *CLEAN, "-an", "-frames:v", "1", "-f", "rawvideo", f"{OUT}/{LUMA_FILE}"]
    return [*picture, f"{OUT}/{POSTER_FILE}", *luma]
