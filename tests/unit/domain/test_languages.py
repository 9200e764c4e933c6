"""Languages as films name them, as HLS wants them, and as people know them."""

from __future__ import annotations

import pytest

from server.domain import labels, languages


@pytest.mark.parametrize(
    ("code", "tag", "name"),
    [
        ("eng", "en", "English"),
        ("ger", "de", "German"),
        ("deu", "de", "German"),
        ("EN", "en", "English"),
        ("pt-BR", "pt-BR", "Portuguese (BR)"),
        ("por_BR", "pt-BR", "Portuguese (BR)"),
        ("zh-Hant", "zh-Hant", "Chinese (Hant)"),
        ("gsw", "gsw", None),
        ("und", None, None),
        ("zxx", None, None),
        ('e"n', None, None),
        ("English, sort of", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_language_gets_its_shortest_tag_and_its_name(code: str | None, tag: str | None, name: str | None):
    assert languages.tag(code) == tag
    assert languages.name(tag) == name


def test_a_label_is_one_visible_line():
    assert labels.label(" a\tb\u2028c\u200f ") == "a b c"
    assert len(labels.label("x" * 500)) == labels.MAX_LABEL
    assert labels.label(None) == ""


def test_a_label_that_is_taken_says_more():
    assert labels.unique("A", set()) == "A"
    assert labels.unique("A", {"A"}, "B") == "A (B)"
    assert labels.unique("A", {"A"}) == "A 2"
    assert labels.unique("A", {"A", "A (B)"}, "B") == "A (B) 2"
