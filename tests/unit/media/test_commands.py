"""The command lines, word by word: whatever changes here changes what every film becomes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain.rendition import AudioRendition, VideoRendition, ladder
from server.domain.timeline import SOUND_GROWTH, pieces, segments, sound_segments
from tests.unit.domain.test_source import AUDIO, FILM, VIDEO
from workers.media import allowed, commands

PIXELS = 8192 * 4320
LONG = replace(FILM, duration=Fraction(60), video=replace(VIDEO, duration=Fraction(60)))
AC3 = replace(AUDIO, codec="ac3", profile="", channels=6, time_base=Fraction(1, 1000))

GUARD = " ".join(allowed.options(allowed.DECODERS, PIXELS))
HEAD = "ffmpeg -nostdin -hide_banner -loglevel error -nostats -stats_period 0.5 -progress pipe:1"
CLEAN = "-map_metadata -1 -map_chapters -1 -dn -sn"
MOVIE = "-f mp4 -use_editlist 0 -avoid_negative_ts disabled -fflags +bitexact"


def _picture(film: object = LONG) -> VideoRendition:
    made = ladder(film)[0]  # type: ignore[arg-type]
    assert isinstance(made, VideoRendition)
    return made


def _sound(track: object) -> AudioRendition:
    made = ladder(replace(LONG, audio=(track,)))[-1]  # type: ignore[arg-type]
    assert isinstance(made, AudioRendition)
    return made


def _video_piece(index: int, **changes: object) -> str:
    piece = pieces(segments(Fraction(60), 4))[index]
    options = {"lead": Fraction(1), "hold": False, "max_pixels": PIXELS} | changes
    return " ".join(commands.video_piece(VIDEO, _picture(), piece, **options))  # type: ignore[arg-type]


def test_a_piece_of_pictures_is_cut_by_absolute_time_stamps():
    assert _video_piece(1) == (
        f"{HEAD} -copyts -start_at_zero -noaccurate_seek -ss 3.000000 -threads 2 {GUARD} -i /in/source"
        f" -map 0:0 {CLEAN} -an"
        " -vf trim=start=4.000000:end=12.000000,scale=640:360:flags=bicubic,format=yuv420p,setsar=1"
        " -fps_mode passthrough -enc_time_base 1/30000"
        " -c:v libx264 -threads 1 -preset veryfast -profile:v high -level:v 3.0 -crf 23 -maxrate 960k -bufsize 1920k"
        " -g 1000000 -sc_threshold 0 -force_key_frames 8.000000"
        f" {MOVIE} -movflags default_base_moof+frag_discont+empty_moov+frag_keyframe+negative_cts_offsets /out/run.mp4"
    )


def test_the_first_piece_is_read_from_the_very_beginning():
    assert " -ss " not in _video_piece(0)


def test_the_last_piece_also_takes_what_the_container_did_not_count():
    assert "trim=start=48.000000:end=60.500000," in _video_piece(-1)


def test_a_held_piece_has_a_constant_rate_and_repeats_its_last_picture():
    assert (
        "-vf fps=fps=30:round=down:start_time=4.000000,tpad=stop=-1:stop_mode=clone,trim=end=12.000000,scale="
        in _video_piece(1, hold=True)
    )


def test_too_many_pictures_a_second_are_thinned_out_on_one_grid():
    fast = replace(VIDEO, frame_rate=Fraction(240))
    piece = pieces(segments(Fraction(60), 4))[1]
    command = commands.video_piece(
        fast, _picture(replace(LONG, video=fast)), piece, lead=Fraction(1), hold=False, max_pixels=PIXELS
    )
    assert "trim=start=4.000000:end=12.000000,fps=fps=60:round=down,scale=" in " ".join(command)


def _audio_piece(track: object, index: int) -> str:
    rendition = _sound(track)
    piece = pieces(sound_segments(Fraction(60), 4, rendition.grid), SOUND_GROWTH)[index]
    frames = commands.frames_of(piece, rendition.grid)
    return " ".join(
        commands.audio_piece(track, rendition, frames, piece.start, max_pixels=PIXELS)  # type: ignore[arg-type]
    )


def test_copied_sound_is_read_with_a_margin_on_both_sides():
    assert _audio_piece(AUDIO, 2) == (
        f"{HEAD} -copyts -start_at_zero -noaccurate_seek -ss 6.000000 -threads 2 {GUARD} -i /in/source"
        f" -map 0:1 {CLEAN} -vn -to 61.010667 -c:a copy -bsf:a aac_adtstoasc"
        f" {MOVIE} -movflags default_base_moof+frag_discont+delay_moov -frag_duration 2000000000 /out/run.mp4"
    )


def test_encoded_sound_is_counted_in_samples_and_has_frames_to_spare():
    # Frames 188 to 751 of 1024 samples; 16 before and 3 after are there to be dropped.
    assert (
        " -af asetpts=round((PTS-0)/NB_SAMPLES)*NB_SAMPLES+0"
        ",aresample=48000:async=1:min_comp=0:first_pts=176128"
        ",aformat=sample_fmts=fltp:channel_layouts=stereo,apad,atrim=start_pts=176128:end_pts=771072"
        " -ac 2 -c:a aac -b:a 128k "
    ) in _audio_piece(AC3, 1)


def test_sound_with_another_rate_is_resampled_in_phase():
    studio = replace(AUDIO, codec="flac", sample_rate=96_000, time_base=Fraction(1, 96_000))
    assert "-af atrim=start_pts=288000,aresample=48000:" in _audio_piece(studio, 1)


def test_sound_whose_samples_cannot_be_found_again_is_read_from_its_beginning():
    command = _audio_piece(replace(AC3, codec="vorbis"), 2)
    assert " -ss " not in command
    assert "first_pts=-16384," in command


@pytest.mark.parametrize(
    "command",
    [
        commands.probe(PIXELS),
        commands.picture_after(VIDEO, Fraction(12), PIXELS),
        commands.audio_head(AUDIO, max_pixels=PIXELS),
        commands.poster(VIDEO, Fraction(1), PIXELS),
    ],
)
def test_every_command_says_what_it_may_open_before_it_opens_anything(command: list[str]):
    before = command[: command.index("-i")]
    for option in ("-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-max_pixels"):
        assert option in before
    assert before[before.index("-protocol_whitelist") + 1] == "file"
    assert command[command.index("-i") + 1] == "/in/source"


@pytest.mark.parametrize("name", ["hls", "dash", "concat", "image2", "png_pipe", "gif", "rawvideo", "lavfi", "imf"])
def test_containers_that_name_other_files_are_not_allowed(name: str):
    assert name not in allowed.DEMUXERS


@pytest.mark.parametrize("name", ["magicyuv", "exr", "tiff", "ansi", "xbin", "eac3_at"])
def test_decoders_that_films_do_not_need_are_not_allowed(name: str):
    assert name not in allowed.PROBED


def test_a_poster_is_at_most_1280_wide_and_of_the_films_shape():
    wide = replace(VIDEO, width=3840, height=1608)
    assert "scale=1280:536," in " ".join(commands.poster(wide, Fraction(6), PIXELS))
    assert "scale=320:240," in " ".join(commands.poster(replace(VIDEO, width=320, height=240), Fraction(6), PIXELS))
