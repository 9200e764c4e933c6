"""Labels: what people choose tracks by. They come from the film and go into quoted strings of playlists."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from itertools import chain, count

MAX_LABEL = 100

# Control and direction characters, line and paragraph ends, halves of surrogates.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def label(text: str | None) -> str:
    """Return `text` as one visible line without double quotes (RFC 8216, section 4.2); empty if nothing is left."""
    words = unicodedata.normalize("NFC", text or "").replace('"', "'")
    seen = "".join(" " if unicodedata.category(letter) in _UNSEEN else letter for letter in words)
    return " ".join(seen.split())[:MAX_LABEL].strip()


def unique(wanted: str, taken: Collection[str], hint: str | None = None) -> str:
    """Return `wanted` if nobody has it, else with `hint` in brackets, else with a number from 2."""
    hinted = f"{wanted} ({hint})" if hint and hint not in wanted else wanted
    choices = chain((wanted, hinted), (f"{hinted} {number}" for number in count(2)))
    return next(choice for choice in choices if choice not in taken)
