"""Damaged films: five clips from real ones, each broken in a way that the number of the mutant decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from tests import clips
from tests.attacks.corpus import encoded

COUNT = 200

_AAC = ("-c:a", "aac", "-ac", "2", "-movflags", "+faststart")
_SMALL = ("-t", "2", "-vf", "scale=160:120", "-r", "10", "-g", "10")
CLIPS: dict[str, Callable[[], bytes]] = {
    "mp4": lambda: encoded(*_SMALL, "-c:v", "libx264", *_AAC, form="mp4", source=clips.bunny()),
    "mkv": lambda: encoded(*_SMALL, "-c:v", "mpeg4", "-c:a", "ac3", form="mkv", source=clips.megamind()),
    "webm": lambda: encoded(*_SMALL, "-c:v", "libvpx", "-deadline", "realtime", form="webm", source=clips.carphone()),
    "ts": lambda: encoded(*_SMALL, "-c:v", "mpeg2video", "-c:a", "mp2", form="ts", source=clips.bunny()),
    "avi": lambda: encoded(*_SMALL, "-c:v", "msmpeg4v2", form="avi", source=clips.vtest()),
}


@cache
def _clip(form: str) -> bytes:
    return CLIPS[form]()


def mutant(number: int) -> bytes:
    """Return damaged film `number`, the same every time."""
    chance = random.Random(number)  # noqa: S311  # damage, not a secret
    content = bytearray(_clip(list(CLIPS)[number % len(CLIPS)]))
    chance.choice((_flip, _flip_head, _truncate, _blank, _repeat, _leave_out))(content, chance)
    return bytes(content)


def _flip(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 10, 100, 1000))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _flip_head(content: bytearray, chance: random.Random) -> None:
    """Where the index and the headers of the codecs are."""
    for _ in range(chance.choice((1, 5, 25))):
        content[chance.randrange(min(len(content), 2000))] ^= 1 << chance.randrange(8)


def _truncate(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(1, len(content)) :]


def _run(content: bytearray, chance: random.Random) -> slice:
    start = chance.randrange(len(content))
    return slice(start, start + chance.choice((16, 512, 8192)))


def _blank(content: bytearray, chance: random.Random) -> None:
    run = _run(content, chance)
    content[run] = bytes(len(content[run]))


def _repeat(content: bytearray, chance: random.Random) -> None:
    run = _run(content, chance)
    content[run.start : run.start] = content[run]


def _leave_out(content: bytearray, chance: random.Random) -> None:
    del content[_run(content, chance)]
