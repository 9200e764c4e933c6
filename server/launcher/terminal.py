"""What the launcher says on the terminal: one calm line per part."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

MARKS = {"ready": "✓", "died": "✗", "wait": "…"}
PLAIN_MARKS = {"ready": "ok", "died": "!!", "wait": ".."}
COLOURS = {"ready": "32", "died": "31", "wait": "33", "strong": "1", "faint": "2"}
NAME_WIDTH = 12


class Terminal:
    """Writes lines to a stream: marks and colours only where they can be shown."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._coloured = stream.isatty() and "NO_COLOR" not in environment and environment.get("TERM") != "dumb"
        self._marks = MARKS if _can_show(MARKS, stream.encoding) else PLAIN_MARKS

    def ready(self, name: str, note: str) -> None:
        """Say that a part is ready."""
        self._mark("ready", f"{name:<{NAME_WIDTH}}", self._paint("faint", note))

    def died(self, name: str, note: str, lines: list[str]) -> None:
        """Say that a part ended or could not start, with the end of its log."""
        self._mark("died", f"{name:<{NAME_WIDTH}}", note)
        for line in lines:
            self.say(self._paint("faint", f"      {line}"))

    def wait(self, name: str, note: str) -> None:
        """Say that a part takes its time."""
        self._mark("wait", f"{name:<{NAME_WIDTH}}", note)

    def strong(self, text: str) -> str:
        """Make a text stand out."""
        return self._paint("strong", text)

    def say(self, text: str = "") -> None:
        """Write one line. A terminal that was closed must not keep the launcher from stopping in order."""
        try:
            encoding = self._stream.encoding or "ascii"
            self._stream.write(text.encode(encoding, errors="replace").decode(encoding) + "\n")
            self._stream.flush()
        except OSError:
            return

    def _mark(self, kind: str, *words: str) -> None:
        self.say("  ".join(("", self._paint(kind, self._marks[kind]), *words)).rstrip())

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self._coloured else text


def terminal(stream: TextIO) -> Terminal:
    """Make a Terminal for the present process."""
    return Terminal(stream, os.environ)


def _can_show(marks: Mapping[str, str], encoding: str | None) -> bool:
    try:
        "".join(marks.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
