"""Posters to choose from, captions, storyboards and I-frame playlists: what there is of each video."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from server.domain.captions import CaptionTrack
from server.domain.extras import VideoExtras
from server.domain.playlist import Rates
from server.store.database import changed, rows


def of_videos(video_ids: Sequence[str]) -> dict[str, VideoExtras]:
    """Return the extras of each video, in three statements however many videos there are."""
    ids = list(video_ids)
    found = rows("SELECT id, poster, has_storyboard FROM videos WHERE id = ANY(%s)", ids)
    candidates: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows(
        "SELECT video_id, choice FROM posters WHERE video_id = ANY(%s) ORDER BY video_id, score DESC, choice", ids
    ):
        candidates[row["video_id"]].append(row["choice"])
    tracks: defaultdict[str, list[CaptionTrack]] = defaultdict(list)
    for row in rows(
        "SELECT video_id, name, language, label, forced FROM captions WHERE video_id = ANY(%s) "
        "ORDER BY video_id, left(name, 1), substr(name, 2)::int",
        ids,
    ):
        tracks[row.pop("video_id")].append(CaptionTrack(**row))
    return {
        row["id"]: VideoExtras(
            tuple(candidates[row["id"]]), row["poster"], tuple(tracks[row["id"]]), row["has_storyboard"]
        )
        for row in found
    }


def of_video(video_id: str) -> VideoExtras:
    """Return the extras of one video; none if there is no such video."""
    return of_videos([video_id]).get(video_id, VideoExtras())


def note_poster(video_id: str, choice: int, score: float) -> None:
    """Record that a candidate for the poster exists."""
    changed(
        "INSERT INTO posters (video_id, choice, score) VALUES (%s, %s, %s) "
        "ON CONFLICT (video_id, choice) DO UPDATE SET score = excluded.score",
        video_id,
        choice,
        score,
    )


def choose_poster(video_id: str, choice: int) -> bool:
    """Make a candidate the poster; False if there is no such candidate."""
    return (
        changed(
            "UPDATE videos SET poster = %s WHERE id = %s "
            "AND EXISTS (SELECT FROM posters WHERE video_id = %s AND choice = %s)",
            choice,
            video_id,
            video_id,
            choice,
        )
        == 1
    )


def note_storyboard(video_id: str) -> None:
    """Record that the storyboard exists."""
    changed("UPDATE videos SET has_storyboard = true WHERE id = %s", video_id)


def note_captions(video_id: str, track: CaptionTrack) -> None:
    """Record a caption track, in place of one of the same name."""
    changed(
        "INSERT INTO captions (video_id, name, language, label, forced) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (video_id, name) DO UPDATE SET "
        "language = excluded.language, label = excluded.label, forced = excluded.forced",
        video_id,
        track.name,
        track.language,
        track.label,
        track.forced,
    )


def drop_captions(video_id: str, name: str) -> bool:
    """Forget a caption track; False if there was none."""
    return changed("DELETE FROM captions WHERE video_id = %s AND name = %s", video_id, name) == 1


def note_iframes(video_id: str, rendition: str, found: Rates) -> None:
    """Record that a rendition has an I-frame playlist, with its rates."""
    changed(
        "UPDATE renditions SET iframe_peak = %s, iframe_average = %s WHERE video_id = %s AND name = %s",
        found.peak,
        found.average,
        video_id,
        rendition,
    )


def iframes(video_id: str) -> dict[str, Rates]:
    """Return the rates of the I-frame playlists of a video, by rendition."""
    sql = "SELECT name, iframe_peak, iframe_average FROM renditions WHERE video_id = %s AND iframe_peak IS NOT NULL"
    return {row["name"]: Rates(row["iframe_peak"], row["iframe_average"]) for row in rows(sql, video_id)}


def forget(video_id: str) -> None:
    """Forget all of it: what was made from the original has been withdrawn."""
    changed("UPDATE videos SET poster = NULL, has_storyboard = false WHERE id = %s", video_id)
    changed("DELETE FROM posters WHERE video_id = %s", video_id)
    changed("DELETE FROM captions WHERE video_id = %s", video_id)
    changed("UPDATE renditions SET iframe_peak = NULL, iframe_average = NULL WHERE video_id = %s", video_id)
