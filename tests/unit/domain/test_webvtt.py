"""Captions are written by strangers; what comes out is WebVTT that is safe to show."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import webvtt
from server.domain.source import Chapter
from server.domain.webvtt import Cue
from server.errors import Invalid, TooLarge

LONG = Fraction(100)


def only(text: str) -> str:
    """The text of the only cue."""
    (cue,) = webvtt.clean(f"00:00:01.000 --> 00:00:02.000\n{text}\n", LONG)
    return cue.text


def test_subrip_and_webvtt_say_the_same():
    srt = "\ufeff1\n00:00:01,500 --> 00:00:02,250\nHello,\nworld\n\n2\n00:01:00,000 --> 00:01:01,000\nBye\n"
    vtt = "WEBVTT\n\nNOTE by hand\n\n00:01.500 --> 00:02.250 align:start\nHello,\nworld\n\n1:00.000 --> 1:01.000\nBye"
    wanted = [Cue(Fraction(3, 2), Fraction(9, 4), "Hello,\nworld"), Cue(Fraction(60), Fraction(61), "Bye")]
    assert webvtt.clean(webvtt.decode(srt.replace("\n", "\r\n").encode()), LONG) == wanted
    assert webvtt.clean(vtt, LONG) == wanted


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<i>Meanwhile</i>", "<i>Meanwhile</i>"),
        ("<b><i>both</b></i>", "<b><i>both</i></b>"),
        ("<u>open", "<u>open</u>"),
        ("</i>closed", "closed"),
        ("<i.loud onclick=x>loud</i>", "<i>loud</i>"),
        ('<font color="red">red</font>', "red"),
        ("<v Esme>Hello", "Hello"),
        ("one <c>\n<c>\ntwo&#10;&#10;three", "one\ntwo\nthree"),
        ("<c.yellow>You</c> <00:00:01.500>go", "You go"),
        (r"{\an8}on top", "on top"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ('<img src=x onerror="alert(1)">', '&lt;img src=x onerror="alert(1)"&gt;'),
        ("&lt;b&gt; &amp; <3", "&lt;b&gt; &amp; &lt;3"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("a < b > c -->", "a &lt; b &gt; c --&gt;"),
        ("to\u202eleft\x00&#x202e;", "toleft"),
    ],
)
def test_of_markup_only_three_tags_are_left(written: str, shown: str):
    assert only(written) == shown


@pytest.mark.parametrize(
    "block",
    [
        "00:00:02.000 --> 00:00:01.000\nbackwards",
        "00:00:01.000 --> 00:00:01.000\nno time at all",
        "00:03:00.000 --> 00:04:00.000\nafter the film",
        "soon --> later\nno times",
        "00:00:01.000 --> 00:00:02.000\n<i> </i>",
        "STYLE\n::cue { background: url(https://example.org) }",
    ],
)
def test_what_is_no_caption_is_left_out(block: str):
    assert webvtt.clean(f"WEBVTT\n\n{block}\n", LONG) == []


def test_cues_come_in_order_and_end_with_the_film():
    cues = webvtt.clean("01:30.000 --> 05:00.000\nb\n\n00:01.000 --> 00:02.000\na\n", LONG)
    assert [(cue.text, cue.end) for cue in cues] == [("a", 2), ("b", LONG)]


def test_a_flood_of_captions_is_refused():
    flood = "00:01.000 --> 00:02.000\na\n\n" * (webvtt.MAX_CUES + 1)
    with pytest.raises(Invalid):
        webvtt.clean(flood, LONG)


def test_a_file_that_is_too_large_or_no_text_is_refused():
    with pytest.raises(TooLarge):
        webvtt.decode(b"a" * (webvtt.MAX_BYTES + 1))
    with pytest.raises(Invalid, match="UTF-8"):
        webvtt.decode("Grüße".encode("latin-1"))
    assert webvtt.decode("Grüße".encode("utf-16")) == "Grüße"


def test_a_long_cue_of_open_brackets_takes_no_time():
    webvtt.clean("00:01.000 --> 00:02.000\n" + "<" * 500_000 + "\n\n00:03.000 --> 00:04.000\n<" + "a" * 500_000, LONG)


@given(st.text(alphabet=st.sampled_from("<>/ibu c{}\\&;ltgamp-\n\r\x00\u202e:.1"), max_size=200))
def test_whatever_is_written_there_is_no_other_tag_and_no_second_cue(text: str):
    document = webvtt.render(webvtt.clean(f"00:00:01.000 --> 00:00:02.000\n{text}\n", LONG))
    assert document.count("-->") <= 1
    left = document
    for tag in ("<i>", "</i>", "<b>", "</b>", "<u>", "</u>"):
        left = left.replace(tag, "")
    assert "<" not in left
    assert not set(left) & set("\x00\r\u202e")
    assert document.count("\n\n") <= 1  # an empty line would end the cue


def test_a_document_is_what_players_read():
    document = webvtt.render([Cue(Fraction(0), Fraction(3661_001, 1000), "a\nb")])
    assert document == "WEBVTT\n\n00:00:00.000 --> 01:01:01.001\na\nb\n"


def test_chapters_are_in_order_without_overlap_and_have_names():
    parts = [
        Chapter(Fraction(10), Fraction(90), "The <end>"),
        Chapter(Fraction(0), Fraction(20), " \n"),
        Chapter(Fraction(200), Fraction(300), "after the film"),
    ]
    document = webvtt.chapters(parts, LONG)
    assert document.split("\n\n")[1:] == [
        "00:00:00.000 --> 00:00:10.000\nChapter 1",
        "00:00:10.000 --> 00:01:40.000\nThe &lt;end&gt;\n",
    ]
