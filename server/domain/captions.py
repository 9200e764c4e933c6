"""Caption tracks of a film: those that came inside it and those that people added."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from server.domain import labels, languages
from server.domain.source import TextTrack

CAPTIONS = "captions.vtt"
MAX_ADDED = 50  # per film

# What ffmpeg turns into WebVTT. The others are pictures of letters, or carried inside the pictures.
READABLE = frozenset({"subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text"})


@dataclass(frozen=True, slots=True)
class CaptionTrack:
    """One track: `name` is its folder (`t1` came with the film, `u1` was added), `language` an RFC 5646 tag.

    `forced` captions translate what is spoken in another language than the rest of the film.
    """

    name: str
    language: str | None
    label: str
    forced: bool

    def as_dict(self, video_id: str) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "id": self.name,
            "language": self.language,
            "label": self.label,
            "forced": self.forced,
            "added": self.name.startswith("u"),
            "url": f"/media/{video_id}/hls/{self.name}/{CAPTIONS}",
        }


def embedded(texts: Sequence[TextTrack]) -> list[tuple[CaptionTrack, int]]:
    """Return the tracks of a film that can become captions, each with its stream index in the source."""
    found: list[tuple[CaptionTrack, int]] = []
    for number, text in enumerate(texts, 1):
        if text.codec in READABLE:
            language = languages.tag(text.language)
            label = _label(text.title, language, [track.label for track, _ in found])
            found.append((CaptionTrack(f"t{number}", language, label, text.forced), text.index))
    return found


def added(name: str, language: str, title: str | None, others: Sequence[CaptionTrack]) -> CaptionTrack:
    """Return the track that somebody adds beside `others`."""
    return CaptionTrack(name, language, _label(title, language, [track.label for track in others]), forced=False)


def left_out(texts: Sequence[TextTrack]) -> list[dict[str, object]]:
    """Return, as JSON, the tracks that cannot become captions, and why."""
    return [
        {
            "language": languages.tag(text.language),
            "codec": text.codec,
            "reason": "These are pictures of letters, not text. Add the captions as SRT or WebVTT.",
        }
        for text in texts
        if text.codec not in READABLE
    ]


def _label(title: str | None, language: str | None, taken: Collection[str]) -> str:
    """What a menu shows: the title, else the language; told apart from the others."""
    spoken = languages.name(language) or language
    return labels.unique(labels.label(title) or spoken or "Captions", taken, spoken)
