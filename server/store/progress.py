"""How far each rendition of some films is, derived from the tasks that make it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from server.domain.video import RenditionProgress
from server.store.database import rows


def of_renditions(video_ids: Sequence[str]) -> dict[str, tuple[RenditionProgress, ...]]:
    """Return the renditions of each film in the order of its playlist.

    The seconds of a piece are those up to the next piece of the same renditions, which are always made together.
    """
    found = rows(
        """
        WITH piece AS (
            SELECT video_id, spec->>'renditions' AS names, state = 'done' AS done, start,
                   lead(start) OVER (PARTITION BY video_id, spec->>'renditions' ORDER BY start, id) AS next
            FROM tasks WHERE video_id = ANY(%s) AND spec ? 'renditions'
        ), made AS (
            SELECT video_id, jsonb_array_elements_text(names::jsonb) AS name,
                   count(*) AS total, count(*) FILTER (WHERE done) AS done,
                   sum(coalesce(next, videos.duration) - start) FILTER (WHERE done) AS seconds
            FROM piece JOIN videos ON videos.id = video_id GROUP BY video_id, names
        )
        SELECT renditions.video_id, renditions.name, renditions.spec->>'kind' AS kind,
               coalesce(made.done, 0) AS done, coalesce(made.total, 0) AS total, coalesce(made.seconds, 0) AS seconds,
               renditions.loudness
        FROM renditions LEFT JOIN made USING (video_id, name)
        WHERE renditions.video_id = ANY(%s) ORDER BY renditions.video_id, renditions.place
        """,
        list(video_ids),
        list(video_ids),
    )
    made = defaultdict(list)
    for row in found:
        made[row.pop("video_id")].append(RenditionProgress(**row))
    return {video_id: tuple(progress) for video_id, progress in made.items()}
