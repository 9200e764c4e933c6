"""The command lines, word by word: whatever changes here changes what every film becomes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain.ladder import ladder
from server.domain.rendition import VideoRendition
from server.domain.timeline import pieces, segments
from tests.unit.domain.test_source import AUDIO, FILM, VIDEO
from workers.media import allowed, commands, sound_commands
from workers.media.encoders import x264

PIXELS = 8192 * 4320
LONG = replace(FILM, duration=Fraction(60), video=replace(VIDEO, duration=Fraction(60)))

GUARD = " ".join(allowed.options(allowed.DECODERS, PIXELS))
HEAD = "ffmpeg -nostdin -hide_banner -loglevel error -max_error_rate 1 -nostats -stats_period 0.5 -progress pipe:1"
CLEAN = "-map_metadata -1 -map_chapters -1 -dn -sn"
MOVIE = "-f mp4 -use_editlist 0 -avoid_negative_ts disabled -fflags +bitexact"


def _pictures() -> list[VideoRendition]:
    return [made for made in ladder(LONG) if isinstance(made, VideoRendition)]


def _video_piece(index: int, **changes: object) -> str:
    piece = pieces(segments(Fraction(60), 4), (1, 1, 2))[index]
    options = {"encoder": x264.ENCODER, "lead": Fraction(1), "hold": False, "max_pixels": PIXELS} | changes
    return " ".join(commands.video_piece(VIDEO, _pictures(), piece, **options))  # type: ignore[arg-type]


def test_a_piece_of_pictures_is_cut_by_absolute_time_stamps_and_decoded_once():
    lowest, *_ = others = _pictures()
    command = _video_piece(1)
    assert command.startswith(
        f"{HEAD} -copyts -start_at_zero -itsoffset 0.000001 -noaccurate_seek -ss 1.000000 -threads 2 {GUARD}"
        " -i /in/source"
        " -filter_complex_threads 1 -filter_complex [0:0]trim=start=2.000000:end=4.000000,"
    )
    assert command.count(" -i ") == 1
    outputs = command.split(" -map ")[1:]
    assert len(outputs) == len(others) == 3
    assert outputs[0] == (
        f"[v0] {CLEAN} -an -fps_mode passthrough -enc_time_base 1/30000 {' '.join(x264.ENCODER.options(lowest))}"
        f" {MOVIE} -movflags default_base_moof+frag_discont+delay_moov+frag_keyframe+negative_cts_offsets /out/v360.mp4"
    )


def test_key_frames_stand_on_the_boundaries_within_a_piece():
    assert "-force_key_frames" not in _video_piece(1)
    assert _video_piece(2).count(" -force_key_frames 8.000000 ") == 3


def test_the_first_piece_is_read_from_the_very_beginning():
    assert " -ss " not in _video_piece(0)


def test_the_last_piece_also_takes_what_the_container_did_not_count():
    assert "trim=start=52.000000:end=60.500000," in _video_piece(-1)


def test_a_held_piece_has_a_constant_rate_and_repeats_its_last_picture():
    assert (
        "[0:0]fps=fps=30:round=down:start_time=4.000000,tpad=stop=-1:stop_mode=clone,trim=end=12.000000,"
        in _video_piece(2, hold=True)
    )


@pytest.mark.parametrize(
    "command",
    [
        commands.probe(PIXELS),
        commands.picture_after(VIDEO, Fraction(12), PIXELS),
        sound_commands.head(AUDIO, max_pixels=PIXELS),
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
