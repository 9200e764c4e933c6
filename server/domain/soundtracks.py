"""The sound of a film: which tracks are offered, under which names, and what becomes of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from server.domain import labels, languages
from server.domain.passage import NOTHING, Passage
from server.domain.rendition import AudioRendition
from server.domain.source import AudioTrack, Source
from server.domain.timeline import AAC_FRAME

MAX_TRACKS = 8
SURROUND_CHANNELS = 6

# Sample rates that AAC has an index for and that browsers play without converting.
_SAMPLE_RATES = frozenset({8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
_USUAL_SAMPLE_RATE = 48_000

# Codecs whose packets always hold the same number of samples: a rounded time stamp still says which packet it is.
FIXED_FRAMES = frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "dts"})

_CHANNEL_KBITS = 64
_SURROUND_KBITS = 384

# Layouts that AAC can name by a number. Others it must spell out in its stream, which browsers refuse.
_PLAYED_LAYOUTS = {1: ("", "mono"), 2: ("", "stereo"), SURROUND_CHANNELS: ("5.1",)}
_SURROUND_LAYOUTS = frozenset({"5.1", "6.1", "7.1", "5.1.2", "5.1.4", "7.1.2", "7.1.4"})

_COMMENTARY = re.compile(r"com+ent|komment", re.IGNORECASE)


def soundtracks(source: Source, passage: Passage = NOTHING) -> tuple[AudioRendition, ...]:
    """Return the sound renditions of `source`: a1, a2 … in mono or stereo, each followed by its 5.1 (a1s …) if any.

    The first plays by default. AAC-LC that browsers play is copied, everything else becomes AAC-LC.
    """
    return tuple(_renditions(source, passage))


def _renditions(source: Source, passage: Passage) -> Iterator[AudioRendition]:
    names: set[str] = set()
    meanings: set[tuple[str | None, bool]] = set()
    for number, track in enumerate(sorted(source.audio, key=_place)[:MAX_TRACKS], 1):
        language = languages.tag(track.language)
        spoken = languages.name(language)
        meaning = language, track.described
        # Players choose by language among these, so no two may say the same (RFC 8216, section 4.3.4.1.1).
        automatic = number == 1 or not (_is_commentary(track) or meaning in meanings)
        meanings.add(meaning)
        label = labels.unique(labels.label(track.title) or spoken or f"Track {number}", names, spoken)
        names.add(label)
        indexed = track.index in passage.sounds
        stereo = replace(
            _made(track, indexed, min(track.channels, 2), f"a{number}"),
            language=language,
            label=label,
            default=number == 1,
            automatic=automatic,
            described=track.described,
        )
        yield stereo
        if _is_surround(track):
            label = labels.unique(f"{label} 5.1", names)
            names.add(label)
            yield replace(
                _made(track, indexed, SURROUND_CHANNELS, f"{stereo.name}s"),
                language=language,
                label=label,
                default=False,
                automatic=False,
                described=track.described,
            )


def _place(track: AudioTrack) -> tuple[bool, bool]:
    """Where a track stands among the others: the film itself before what is said about it, the default one first."""
    return _is_commentary(track) or track.described, not track.default


def _is_commentary(track: AudioTrack) -> bool:
    return track.commentary or bool(_COMMENTARY.search(track.title or ""))


def _is_surround(track: AudioTrack) -> bool:
    if track.layout in ("", "unknown"):
        return track.channels in (SURROUND_CHANNELS, 8)
    return track.layout.partition("(")[0] in _SURROUND_LAYOUTS


def _made(track: AudioTrack, indexed: bool, channels: int, name: str) -> AudioRendition:
    if _copies(track, channels):
        offset = round(track.start * track.sample_rate) % AAC_FRAME
        kbits = _kbits(track.sample_rate, channels)
        return AudioRendition(name, track.index, True, indexed, track.sample_rate, channels, kbits, offset, True)
    rate = track.sample_rate if track.sample_rate in _SAMPLE_RATES else _USUAL_SAMPLE_RATE
    seek = not track.clock_is_coarse or track.codec in FIXED_FRAMES
    return AudioRendition(name, track.index, False, False, rate, channels, _kbits(rate, channels), 0, seek)


def _kbits(sample_rate: int, channels: int) -> int:
    """Three bits a sample are plenty, and AAC cannot take more than six."""
    full = _SURROUND_KBITS if channels == SURROUND_CHANNELS else _CHANNEL_KBITS * channels
    return min(full, 3 * sample_rate * channels // 1000)


def _copies(track: AudioTrack, channels: int) -> bool:
    return (
        track.codec == "aac"
        and track.profile == "LC"
        and track.channels == channels
        and track.sample_rate in _SAMPLE_RATES
        and track.layout in _PLAYED_LAYOUTS[channels]
    )
