"""The command lines for sound, word by word."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from server.domain.rendition import AudioRendition
from server.domain.soundtracks import soundtracks
from server.domain.source import AudioTrack
from server.domain.timeline import SOUND_GROWTH, pieces, sound_segments
from tests.unit.domain.test_source import AUDIO, FILM
from workers.media import allowed, sound_commands

PIXELS = 8192 * 4320
GUARD = " ".join(allowed.options(allowed.DECODERS, PIXELS))
AC3 = replace(AUDIO, codec="ac3", profile="", channels=6, layout="5.1(side)", time_base=Fraction(1, 1000))


def _piece(track: AudioTrack, index: int, rendition: AudioRendition | None = None) -> str:
    made = rendition or soundtracks(replace(FILM, audio=(track,)))[0]
    piece = pieces(sound_segments(Fraction(60), 4, made.grid), SOUND_GROWTH)[index]
    frames = made.grid.frames(piece.start, piece.end)
    return " ".join(sound_commands.piece(track, made, frames, piece.start, max_pixels=PIXELS))


def test_copied_sound_is_read_with_a_margin_on_both_sides():
    assert _piece(AUDIO, 2) == (
        "ffmpeg -nostdin -hide_banner -loglevel error -max_error_rate 1 -nostats -stats_period 0.5 -progress pipe:1"
        f" -copyts -start_at_zero -itsoffset 0.000001 -noaccurate_seek -ss 2.010667 -threads 2 {GUARD} -i /in/source"
        " -map 0:1 -map_metadata -1 -map_chapters -1 -dn -sn -vn -to 61.010667 -c:a copy -bsf:a aac_adtstoasc"
        " -f mp4 -use_editlist 0 -avoid_negative_ts disabled -fflags +bitexact"
        " -movflags default_base_moof+frag_discont+delay_moov -frag_duration 2000000000 /out/run.mp4"
    )


def test_encoded_sound_is_counted_in_samples_and_has_frames_to_spare():
    # Frames 94 to 562 of 1024 samples; 16 before and 3 after are there to be dropped.
    assert (
        " -af asetpts=round((PTS-0)/NB_SAMPLES)*NB_SAMPLES+0"
        ",aresample=48000:rematrix_maxval=1:async=1:min_comp=0:first_pts=79872"
        ",aformat=sample_fmts=fltp:channel_layouts=stereo,apad,atrim=start_pts=79872:end_pts=579584"
        " -ac 2 -c:a aac -b:a 128k "
    ) in _piece(AC3, 1)


def test_surround_is_put_into_the_order_that_aac_has_a_number_for():
    _, surround = soundtracks(replace(FILM, audio=(AC3,)))
    assert "channel_layouts=5.1,apad," in _piece(AC3, 1, surround)
    assert " -ac 6 -c:a aac -b:a 384k " in _piece(AC3, 1, surround)


def test_sound_with_another_rate_is_resampled_in_phase():
    studio = replace(AUDIO, codec="flac", sample_rate=96_000, time_base=Fraction(1, 96_000))
    assert "-af atrim=start_pts=96000,aresample=48000:" in _piece(studio, 1)


def test_sound_whose_samples_cannot_be_found_again_is_read_from_its_beginning():
    command = _piece(replace(AC3, codec="vorbis"), 2)
    assert " -ss " not in command
    assert "first_pts=-16384," in command
