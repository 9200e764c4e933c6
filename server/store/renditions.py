"""Renditions of a video, in the order of its multivariant playlist."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from server.store.database import changed, rows


def create(video_id: str, specs: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Add the renditions of a plan, (name, spec) in playlist order; those that exist stay as they are."""
    for place, (name, spec) in enumerate(specs):
        changed(
            "INSERT INTO renditions (video_id, name, place, spec) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            video_id,
            name,
            place,
            json.dumps(spec),
        )


def note_codecs(video_id: str, name: str, codecs: str) -> bool:
    """Record the codecs string (RFC 6381) of a rendition when its first piece exists; False if it was known."""
    return (
        changed(
            "UPDATE renditions SET codecs = %s WHERE video_id = %s AND name = %s AND codecs IS NULL",
            codecs,
            video_id,
            name,
        )
        == 1
    )


def note_loudness(video_id: str, name: str, loudness: dict[str, Any]) -> None:
    """Record how loud a rendition of sound is."""
    changed(
        "UPDATE renditions SET loudness = %s WHERE video_id = %s AND name = %s", json.dumps(loudness), video_id, name
    )


def replace(video_id: str, name: str, spec: dict[str, Any]) -> None:
    """Have a rendition that nobody has seen yet be another one of the same name."""
    changed("UPDATE renditions SET spec = %s WHERE video_id = %s AND name = %s", json.dumps(spec), video_id, name)


def drop(video_id: str, name: str) -> None:
    """Take a rendition out of the plan."""
    changed("DELETE FROM renditions WHERE video_id = %s AND name = %s", video_id, name)


def of_video(video_id: str) -> list[dict[str, Any]]:
    """Return name, spec and codecs (None before the first piece) of each rendition, in order."""
    return rows("SELECT name, spec, codecs FROM renditions WHERE video_id = %s ORDER BY place", video_id)
