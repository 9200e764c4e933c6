"""Titles are made from names that nobody has checked."""

from __future__ import annotations

import pytest

from server.domain.video import MAX_TITLE, title_from


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("Summer holidays.mp4", "Summer holidays"),
        ("summer_holidays_2024.final.mov", "summer holidays 2024.final"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\night.mkv", "night"),
        ("a\x00b\x1b[31mc\r\n.mp4", "a b [31mc"),
        ("\u202egnp.exe.mp4", "gnp.exe"),
        ("cafe\u0301.mp4", "caf\u00e9"),
        (".hidden", ".hidden"),
        ("", "Untitled"),
        ("///", "Untitled"),
        ("\u200b\u200b.mp4", "Untitled"),
    ],
)
def test_a_title_is_the_last_part_of_a_name_without_anything_that_moves_or_hides(filename, title):
    assert title_from(filename) == title


def test_a_title_has_an_end():
    assert len(title_from("x" * 5000)) == MAX_TITLE
