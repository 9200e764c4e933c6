"""Look into an uploaded file: ffprobe in the sandbox, its JSON, and the facts in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from server.domain.source import AudioTrack, Chapter, Source, TextTrack, VideoTrack, check
from server.errors import MediaFailed, Unplayable
from server.settings import Media
from workers.media import commands, diagnosis, sandbox

PROBE = sandbox.Limits(wall_seconds=60, stall_seconds=60)

_MAX_TRACKS = 64
_MAX_CHAPTERS = 1000
_TEXT = 200  # characters of a title or language that are kept
_HOURS = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")


def probe(source: Path, limits: Media, *, cancel: sandbox.Cancel = sandbox.never) -> Source:
    """Return the facts about the file `source`, if it is a film that can be played within `limits`.

    Raises Unplayable with the reason, or MediaFailed if the look itself failed.
    """
    size = source.stat().st_size
    if size == 0:
        raise Unplayable("The file is empty. Upload it again.", code="unplayable.empty")
    command = commands.probe(limits.max_pixels)
    try:
        outcome = sandbox.run(command, source=source, limits=PROBE, cancel=cancel)
    except MediaFailed as error:
        if error.code == "media-failed.output":
            raise Unplayable("The file holds far too many tracks for a film.", code="unplayable.tracks") from error
        raise
    if outcome.status:
        raise diagnosis.refusal(outcome)
    found = parse(json.loads(outcome.stdout), size)
    if found.video is None and not found.audio and outcome.stderr:
        raise diagnosis.refusal(outcome)
    return check(found, max_duration=limits.max_duration_seconds, max_pixels=limits.max_pixels)


def parse(facts: dict[str, Any], size: int) -> Source:
    """Turn the JSON of ffprobe (`-show_streams -show_format -show_chapters`) into a Source. Raises Unplayable."""
    streams = facts.get("streams", [])
    if len(streams) > _MAX_TRACKS:
        raise Unplayable(
            f"The file holds {len(streams)} tracks; at most {_MAX_TRACKS} make sense in a film.",
            code="unplayable.tracks",
        )
    form = facts.get("format", {})
    origin = _fraction(form.get("start_time")) or Fraction(0)
    videos = [_video(stream, origin) for stream in streams if _is_film(stream)]
    audio = [_audio(stream, origin) for stream in streams if stream.get("codec_type") == "audio"]
    known = [video for video in videos if video is not None]
    return Source(
        container=str(form.get("format_name", "")),
        duration=_fraction(form.get("duration")) or Fraction(0),
        size=size,
        video=known[0] if known else None,
        audio=tuple(track for track in audio if track is not None),
        texts=tuple(_text(stream) for stream in streams if stream.get("codec_type") == "subtitle"),
        chapters=tuple(_chapters(facts.get("chapters", []), origin)),
        cover=next((int(stream["index"]) for stream in streams if _is_cover(stream)), None),
    )


def _is_film(stream: dict[str, Any]) -> bool:
    """Say whether the stream is moving pictures, not the cover of an album."""
    return stream.get("codec_type") == "video" and not _is_cover(stream)


def _is_cover(stream: dict[str, Any]) -> bool:
    disposition = stream.get("disposition", {})
    return bool(disposition.get("attached_pic") or disposition.get("timed_thumbnails"))


def _video(stream: dict[str, Any], origin: Fraction) -> VideoTrack | None:
    width, height = int(stream.get("width", 0)), int(stream.get("height", 0))
    if "codec_name" not in stream or not width or not height:
        return None
    aspect = _ratio(stream.get("sample_aspect_ratio", "").replace(":", "/")) or Fraction(1)
    rotation = _rotation(stream)
    shown = max(1, round(width * aspect)), height
    rate = _ratio(stream.get("avg_frame_rate")) or _ratio(stream.get("r_frame_rate")) or Fraction(25)
    return VideoTrack(
        index=int(stream["index"]),
        codec=str(stream["codec_name"]),
        profile=str(stream.get("profile", "unknown")),
        level=int(stream.get("level", -1)),
        width=shown[rotation % 180 != 0],
        height=shown[rotation % 180 == 0],
        stored_width=width,
        stored_height=height,
        square=aspect == 1,
        frame_rate=rate,
        time_base=_ratio(stream.get("time_base")) or Fraction(1, 90_000),
        pixel_format=str(stream.get("pix_fmt", "unknown")),
        interlaced=stream.get("field_order", "unknown") not in ("progressive", "unknown"),
        full_range=stream.get("color_range") == "pc",
        primaries=str(stream.get("color_primaries", "unknown")),
        transfer=str(stream.get("color_transfer", "unknown")),
        space=str(stream.get("color_space", "unknown")),
        rotation=rotation,
        bit_rate=int(stream["bit_rate"]) if str(stream.get("bit_rate", "")).isdecimal() else None,
        start=max(Fraction(0), (_fraction(stream.get("start_time")) or origin) - origin),
        duration=_duration(stream),
    )


def _audio(stream: dict[str, Any], origin: Fraction) -> AudioTrack | None:
    if "codec_name" not in stream:
        return None
    start = _fraction(stream.get("start_time"))
    disposition = stream.get("disposition", {})
    return AudioTrack(
        index=int(stream["index"]),
        codec=str(stream["codec_name"]),
        profile=str(stream.get("profile", "")),
        channels=int(stream.get("channels", 0)),
        sample_rate=int(stream.get("sample_rate", 0)),
        time_base=_ratio(stream.get("time_base")) or Fraction(1, 90_000),
        start=(origin if start is None else start) - origin,
        language=_tag(stream, "language"),
        title=_tag(stream, "title"),
        default=bool(disposition.get("default")),
        layout=str(stream.get("channel_layout", ""))[:_TEXT],
        commentary=bool(disposition.get("comment")),
        described=bool(disposition.get("visual_impaired")),
    )


def _text(stream: dict[str, Any]) -> TextTrack:
    disposition = stream.get("disposition", {})
    return TextTrack(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name", "unknown")),
        language=_tag(stream, "language"),
        title=_tag(stream, "title"),
        default=bool(disposition.get("default")),
        forced=bool(disposition.get("forced")),
    )


def _tag(found: dict[str, Any], name: str) -> str | None:
    value = str(found.get("tags", {}).get(name, ""))[:_TEXT].strip()
    return value if value and value != "und" else None


def _chapters(found: list[dict[str, Any]], origin: Fraction) -> Iterator[Chapter]:
    """The chapters that begin within the film and have a length."""
    for number, chapter in enumerate(found[:_MAX_CHAPTERS], 1):
        start, end = _fraction(chapter.get("start_time")), _fraction(chapter.get("end_time"))
        if start is not None and end is not None and end > max(start, origin):
            title = _tag(chapter, "title") or f"Chapter {number}"
            yield Chapter(max(Fraction(0), start - origin), end - origin, title)


def _rotation(stream: dict[str, Any]) -> int:
    """Degrees by which players turn the picture, a multiple of 90 (display matrix, or the older tag)."""
    turns = [side["rotation"] for side in stream.get("side_data_list", []) if "rotation" in side]
    turns += [stream["tags"]["rotate"]] if "rotate" in stream.get("tags", {}) else []
    degrees = _fraction(turns[0]) if turns else None
    return round((degrees or Fraction(0)) / 90) * 90 % 360


def _duration(stream: dict[str, Any]) -> Fraction | None:
    """Seconds of one stream, from the container or, in Matroska, from the tag that most writers leave there."""
    if (stated := _fraction(stream.get("duration"))) is not None:
        return stated
    match = _HOURS.match(stream.get("tags", {}).get("DURATION", ""))
    return None if match is None else int(match[1]) * 3600 + int(match[2]) * 60 + Fraction(match[3])


def _fraction(value: object) -> Fraction | None:
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return None


def _ratio(value: object) -> Fraction | None:
    """A positive ratio such as `30000/1001`; None for `0/0` and whatever else means unknown."""
    ratio = _fraction(value)
    return ratio if ratio is not None and ratio > 0 else None
