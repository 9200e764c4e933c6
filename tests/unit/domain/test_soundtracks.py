"""Which sound a film offers, under which names, and what becomes of each track."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain.ladder import ladder
from server.domain.passage import Passage
from server.domain.plan import Plan
from server.domain.rendition import AudioRendition, from_dict
from server.domain.soundtracks import MAX_TRACKS, soundtracks
from server.domain.source import AudioTrack
from server.domain.task import Priority
from tests.unit.domain.test_source import AUDIO, FILM

AC3 = replace(AUDIO, codec="ac3", profile="", channels=6, layout="5.1(side)")


def _sounds(*tracks: AudioTrack) -> tuple[AudioRendition, ...]:
    return soundtracks(replace(FILM, audio=tracks))


def _track(index: int, language: str | None = None, title: str | None = None, **more: object) -> AudioTrack:
    return replace(AUDIO, index=index, language=language, title=title, default=False, **more)  # type: ignore[arg-type]


def test_every_track_is_offered_the_default_one_first():
    german, french = _track(2, "ger"), _track(3, "fra")
    sounds = _sounds(german, AUDIO, french)
    assert [(made.name, made.track, made.language, made.label) for made in sounds] == [
        ("a1", 1, "en", "English"),
        ("a2", 2, "de", "German"),
        ("a3", 3, "fr", "French"),
    ]
    assert [(made.default, made.automatic) for made in sounds] == [(True, True), (False, True), (False, True)]


def test_a_film_without_sound_offers_none():
    assert _sounds() == ()


def test_tracks_beyond_the_most_are_left_out():
    assert len(_sounds(*(_track(index) for index in range(1, 20)))) == MAX_TRACKS


def test_a_commentary_never_plays_by_itself():
    said = replace(_track(1, "eng", "Director's commentary"), default=True)
    marked = _track(2, "eng", commentary=True)
    sounds = _sounds(said, marked, _track(3, "eng"))
    assert [(made.track, made.default, made.automatic) for made in sounds] == [
        (3, True, True),
        (1, False, False),
        (2, False, False),
    ]


def test_two_tracks_of_one_language_do_not_compete_but_described_pictures_stand_beside():
    sounds = _sounds(_track(1, "eng"), _track(2, "eng", "Other mix"), _track(3, "eng", described=True))
    assert [(made.track, made.automatic) for made in sounds] == [(1, True), (2, False), (3, True)]


def test_names_are_unique_and_say_the_language_where_the_titles_do_not():
    sounds = _sounds(_track(1, "eng", "Stereo"), _track(2, "deu", "Stereo"), _track(3), _track(4, "deu", "Stereo"))
    assert [made.label for made in sounds] == ["Stereo", "Stereo (German)", "Track 3", "Stereo (German) 2"]


def test_a_title_cannot_leave_its_quotes_or_its_line():
    (sound,) = _sounds(_track(1, title='A "fine"\n#EXT-X-ENDLIST\u202e mix\x00'))
    assert sound.label == "A 'fine' #EXT-X-ENDLIST mix"


def test_surround_is_offered_beside_its_stereo():
    stereo, surround = _sounds(AC3)
    assert (stereo.name, stereo.channels, stereo.bitrate, stereo.copy) == ("a1", 2, 128, False)
    assert (surround.name, surround.channels, surround.bitrate, surround.copy) == ("a1s", 6, 384, False)
    assert (surround.label, surround.language) == ("English 5.1", "en")
    assert (surround.default, surround.automatic) == (False, False)


def test_surround_in_aac_is_kept_as_it_is():
    stereo, surround = _sounds(replace(AUDIO, channels=6, layout="5.1"))
    assert (stereo.copy, surround.copy) == (False, True)


@pytest.mark.parametrize("layout", ["5.1(side)", "unknown"])
def test_aac_in_a_layout_that_has_no_number_is_encoded_anew(layout: str):
    assert [made.copy for made in _sounds(replace(AUDIO, channels=6, layout=layout))] == [False, False]


@pytest.mark.parametrize(
    ("channels", "layout", "offered"),
    [
        (1, "mono", [1]),
        (2, "stereo", [2]),
        (4, "quad", [2]),
        (5, "5.0", [2]),
        (6, "hexagonal", [2]),
        (6, "", [2, 6]),
        (7, "6.1", [2, 6]),
        (8, "7.1", [2, 6]),
        (8, "7.1(wide)", [2, 6]),
        (16, "hexadecagonal", [2]),
    ],
)
def test_odd_layouts_become_what_browsers_play(channels: int, layout: str, offered: list[int]):
    assert [made.channels for made in _sounds(replace(AC3, channels=channels, layout=layout))] == offered


@pytest.mark.parametrize(
    ("changes", "copied"),
    [
        ({}, True),
        ({"layout": "stereo"}, True),
        ({"channels": 1, "layout": "mono"}, True),
        ({"sample_rate": 44_100}, True),
        ({"profile": "HE-AAC"}, False),
        ({"profile": "HE-AACv2"}, False),
        ({"profile": "Main"}, False),
        ({"sample_rate": 96_000}, False),
        ({"codec": "opus"}, False),
    ],
)
def test_only_sound_that_every_browser_plays_is_copied(changes: dict[str, object], copied: bool):
    (made,) = _sounds(replace(AUDIO, **changes))  # type: ignore[arg-type]
    assert made.copy is copied


def test_only_copied_sound_goes_by_the_tables_of_its_container():
    passage = Passage(sounds=frozenset({1, 2}))
    sounds = soundtracks(replace(FILM, audio=(AUDIO, replace(AC3, index=2))), passage)
    assert [(made.name, made.indexed) for made in sounds] == [("a1", True), ("a2", False), ("a2s", False)]


def test_copied_sound_keeps_the_place_of_its_frames():
    (made,) = _sounds(replace(AUDIO, start=Fraction(2500, 48_000)))
    assert made.offset == 452


@pytest.mark.parametrize(
    ("rate", "made_rate", "kbits"),
    [(8_000, 8_000, 24), (22_050, 22_050, 64), (96_000, 48_000, 64), (7_350, 48_000, 64)],
)
def test_speech_and_studios_get_rates_that_fit(rate: int, made_rate: int, kbits: int):
    (made,) = _sounds(replace(AUDIO, codec="pcm_s16le", channels=1, layout="mono", sample_rate=rate))
    assert (made.sample_rate, made.bitrate) == (made_rate, kbits)


def test_sound_whose_samples_cannot_be_found_again_is_read_from_its_beginning():
    coarse = Fraction(1, 1000)
    assert _sounds(replace(AC3, time_base=coarse))[0].seek
    assert not _sounds(replace(AC3, codec="opus", time_base=coarse))[0].seek


def test_sound_survives_json():
    for made in _sounds(AC3):
        assert from_dict(made.to_dict()) == made


def test_a_film_is_ready_and_safe_without_the_sounds_that_do_not_play_by_default():
    film = replace(FILM, audio=(AC3, replace(AC3, index=2, default=False)))
    tasks = Plan(film, ladder(film), 4).tasks()
    urgency = {task.spec["renditions"][0]: (task.essential, task.priority) for task in reversed(tasks)}
    assert urgency["a1"] == (True, Priority.FIRST)
    assert urgency["a1s"] == urgency["a2"] == urgency["a2s"] == (False, Priority.REST)
