"""WebVTT (https://www.w3.org/TR/webvtt1/): captions made safe and whole, chapters, and pictures along the time range.

Captions are written by strangers. What comes out of `clean` is rendered from parsed cues and from nothing else: times
that are in order, and text in which only <i>, <b> and <u> are left as tags. Whatever else looked like markup is shown
as the letters it was, or is gone where captions commonly carry it (fonts, voices, positions).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from server.domain.source import Chapter
from server.errors import Invalid, TooLarge

MAX_BYTES = 1024**2  # a long film has some 150 kB of captions
MAX_CUES = 20_000
MAX_CUE_TEXT = 2_000  # characters of one cue

_TIMES = re.compile(r"\s*((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})\s*-->\s*((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})")
_TAG = re.compile(r"<(/?)([a-zA-Z0-9.:]*+)[^<>]*+>")  # possessive: time grows with the length only
_STYLES = ("i", "b", "u")
# Tags of WebVTT itself and of SubRip that mean nothing here, and ASS overrides such as {\an8}.
_SILENT = frozenset({"c", "v", "lang", "ruby", "rt", "font"})
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_TIME_TAG = re.compile(r"<[0-9:.]+>")
# Controls, and the marks that turn the direction of text and could make it leave its cue.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Cue:
    """Text from `start` to `end` seconds."""

    start: Fraction
    end: Fraction
    text: str


def decode(data: bytes) -> str:
    """Return the text of an uploaded caption file. Raises TooLarge, or Invalid if it is in no Unicode encoding."""
    if len(data) > MAX_BYTES:
        raise TooLarge(
            f"Captions may have at most {MAX_BYTES // 1024**2} MiB; these have more.", code="too-large.captions"
        )
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Invalid(
            "The captions are not UTF-8 text. Open them in a text editor, save them as UTF-8, and upload that.",
            code="invalid.captions",
        ) from error


def clean(text: str, duration: Fraction) -> list[Cue]:
    """Return the cues of a WebVTT or SubRip text that begin within `duration` seconds, in order and made safe.

    Cues without a valid time or without text are left out. Raises Invalid if there are too many.
    """
    cues = sorted(_cues(text, duration), key=lambda cue: (cue.start, cue.end))
    if len(cues) > MAX_CUES:
        raise Invalid(f"There are {len(cues):,} captions; at most {MAX_CUES:,} make sense.", code="invalid.captions")
    return cues


def render(cues: Iterable[Cue]) -> str:
    """Return the WebVTT document of `cues`, whose text is written as it is."""
    blocks = (f"{stamp(cue.start)} --> {stamp(cue.end)}\n{cue.text}\n" for cue in cues)
    return "\n".join(["WEBVTT\n", *blocks])


def chapters(parts: Sequence[Chapter], duration: Fraction) -> str:
    """Return the WebVTT chapters track: in order, none longer than until the next, nameless ones by their number."""
    ordered = sorted((part for part in parts if part.start < duration), key=lambda part: part.start)
    ends = [*(part.start for part in ordered[1:]), duration]
    cues = []
    for number, (part, limit) in enumerate(zip(ordered, ends, strict=True), 1):
        title = _escape(" ".join(_CONTROL.sub(" ", part.title).split())) or f"Chapter {number}"
        if part.start < limit:
            cues.append(Cue(part.start, limit, title))
    return render(cues)


def stamp(seconds: Fraction) -> str:
    """Return a time stamp, hours and all."""
    total = round(seconds * 1000)
    return f"{total // 3_600_000:02}:{total // 60_000 % 60:02}:{total // 1000 % 60:02}.{total % 1000:03}"


def _cues(text: str, duration: Fraction) -> Iterable[Cue]:
    for block in re.split(r"\n[^\S\n]*\n", _newlines(text)):
        lines = block.strip("\n").split("\n")
        place = next((number for number, line in enumerate(lines[:2]) if "-->" in line), None)
        match = _TIMES.match(lines[place]) if place is not None else None
        if place is None or match is None:
            continue
        start, end = _seconds(match[1]), min(_seconds(match[2]), duration)
        said = _text(lines[place + 1 :])
        if start < end and round(start * 1000) < round(end * 1000) and said:
            yield Cue(start, end, said)


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _seconds(written: str) -> Fraction:
    *hours, minutes, seconds = written.replace(",", ".").split(":")
    return int(hours[0] if hours else 0) * 3600 + int(minutes) * 60 + Fraction(seconds)


def _text(lines: Sequence[str]) -> str:
    """The text of a cue with balanced <i>, <b> and <u>; everything else is escaped or gone."""
    raw = _CONTROL.sub("", "\n".join(line.strip() for line in lines if line.strip()))
    raw = _TIME_TAG.sub("", _OVERRIDE.sub("", raw))[:MAX_CUE_TEXT]
    written: list[str] = []
    opened: list[str] = []
    position = 0
    for match in _TAG.finditer(raw):
        written.append(_escape(raw[position : match.start()]))
        position = match.end()
        name = match[2].split(".", 1)[0].lower()
        if name in _STYLES:
            written.append(_toggle(name, opened, closing=bool(match[1])))
        elif name not in _SILENT:
            written.append(_escape(match[0]))
    written.append(_escape(raw[position:]))
    written += [f"</{name}>" for name in reversed(opened)]
    # What went may have left a line empty, and an empty line would end the cue.
    said = "\n".join(line.strip() for line in "".join(written).split("\n") if line.strip())
    return said if re.sub(r"</?[ibu]>|\s|&nbsp;", "", said) else ""


def _toggle(name: str, opened: list[str], *, closing: bool) -> str:
    if not closing and name not in opened:
        opened.append(name)
        return f"<{name}>"
    if closing and opened and opened[-1] == name:
        opened.pop()
        return f"</{name}>"
    return ""


def _escape(text: str) -> str:
    """Escape once, whether or not the text was escaped before."""
    return html.escape(_CONTROL.sub("", html.unescape(text)), quote=False)
