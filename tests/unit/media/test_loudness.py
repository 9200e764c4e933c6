"""What ffmpeg says of loudness, and what becomes of it."""

from __future__ import annotations

from server.domain.loudness import Loudness
from workers.media.loudness import parse

SAID = """
  Stream #0:1: Audio: aac
[ebur128@a1 @ 0x55c9a] Summary:

  Integrated loudness:
    I:         -23.4 LUFS
    Threshold: -33.5 LUFS

  Loudness range:
    LRA:         6.1 LU
    Threshold: -43.5 LUFS
    LRA low:   -27.0 LUFS
    LRA high:  -20.9 LUFS

  True peak:
    Peak:       -4.2 dBFS
[ebur128@a2 @ 0x55c9b] Summary:

  Integrated loudness:
    I:         -70.0 LUFS
    Threshold:   0.0 LUFS

  Loudness range:
    LRA:         0.0 LU
    Threshold:   0.0 LUFS

  True peak:
    Peak:       -inf dBFS
"""


def test_every_sound_has_its_own_summary():
    assert parse(SAID) == {"a1": Loudness(-23.4, 6.1, -4.2), "a2": Loudness(-70.0, 0.0, -120.0)}


def test_words_of_a_film_s_own_do_not_count():
    assert parse(SAID.replace("-23.4", "-1.0") + SAID)["a1"].integrated_lufs == -23.4


def test_a_quiet_sound_is_raised_only_as_far_as_its_peaks_allow():
    assert Loudness(-23.4, 6.1, -4.2).gain_db == 3.2
    assert Loudness(-23.4, 6.1, -20.0).gain_db == 7.4


def test_a_loud_sound_is_lowered():
    assert Loudness(-8.0, 3.0, 0.4).gain_db == -8.0


def test_silence_stays_silent():
    assert Loudness(-70.0, 0.0, -120.0).gain_db == 0.0
