"""Copied renditions are the film itself: its own frames, at the very times that ffmpeg reads, in segments that join."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from server.domain.passage import NOTHING
from server.domain.rendition import AudioRendition
from tests import clips
from tests.integration.media.copies import pictures_of, plan, with_wide_offsets
from tests.integration.media.film import LIMITS, ffmpeg
from workers.media.copying import copy_piece, find_passage
from workers.media.mp4.cut import cut_video
from workers.media.mp4.index import open_index
from workers.media.mp4.refusal import NotCopyable
from workers.media.probe import probe
from workers.media.sound import encode_audio

PATTERN = ("-f", "lavfi", "-i", "testsrc2=size=160x120:rate={rate}:duration={seconds}")
TONE = ("-f", "lavfi", "-i", "aevalsrc=0.4*sin(2*PI*(200*t+60*t*t)):s={rate}:d=15")
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
AAC = ("-c:a", "aac", "-b:a", "96k")


def _pattern(rate: str = "25", seconds: int = 15) -> list[str]:
    return [word.format(rate=rate, seconds=seconds) for word in PATTERN]


def _tone(rate: int = 48_000) -> list[str]:
    return [word.format(rate=rate) for word in TONE]


def _film(name: str, *options: str, pattern: list[str] | None = None, tone: int = 48_000) -> Callable[[Path], Path]:
    """A film with B-frames and an edit list for each of its tracks, unless the options say otherwise."""

    def make(folder: Path) -> Path:
        path = folder / name
        ffmpeg(*(pattern or _pattern()), *_tone(tone), *X264, "-g", "50", "-bf", "3", *AAC, *options, path)
        return path

    return make


def _irregular(folder: Path) -> Path:
    shaken = "select='not(mod(floor(n*0.7),3))+gt(mod(n,7),3)',setpts=PTS+0.004*mod(N\\,5)/TB"
    clock = ("-fps_mode", "vfr", "-enc_time_base", "1/90000", "-video_track_timescale", "90000")
    path = folder / "phone.mp4"
    ffmpeg(*_pattern("30"), *_tone(44_100), "-vf", shaken, *clock, *X264, "-bf", "3", "-g", "40", *AAC, path)
    return path


def _shifted(*, picture: str = "0", sound: str = "0") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "shifted.mp4"
        ffmpeg(
            "-itsoffset", picture, *_pattern(), "-itsoffset", sound, *_tone(), *X264, "-g", "50", "-bf", "3", *AAC, path
        )
        return path

    return make


FILMS = [
    pytest.param(lambda _: clips.bunny(), id="bunny"),
    pytest.param(lambda _: clips.bikes(), id="bikes"),
    pytest.param(_film("b.mp4"), id="b-frames, edit lists, index last"),
    pytest.param(_film("b.mp4", "-movflags", "faststart"), id="index first"),
    pytest.param(lambda folder: with_wide_offsets(_film("wide.mp4")(folder)), id="64 bits"),
    pytest.param(_film("plain.mp4", "-use_editlist", "0", "-an"), id="no edit list"),
    pytest.param(_film("negative.mp4", "-movflags", "negative_cts_offsets"), id="negative offsets"),
    pytest.param(_film("b.mov", tone=44_100), id="quicktime"),
    pytest.param(_film("ntsc.mp4", pattern=_pattern("30000/1001")), id="29.97/s"),
    pytest.param(_film("intra.mp4", "-g", "1"), id="key frames only"),
    pytest.param(_irregular, id="variable frame rate"),
    pytest.param(_shifted(picture="0.5"), id="pictures after sound"),
    pytest.param(_shifted(sound="0.7"), id="sound after pictures"),
    pytest.param(_shifted(picture="3.217", sound="2.903"), id="everything late"),
]


@pytest.mark.parametrize("film", FILMS)
def test_copied_pictures_are_those_of_the_film_each_at_its_own_time(film, tmp_path: Path):
    path = film(tmp_path)
    copying = plan(path)
    assert copying.pictures is not None
    made = copying.make(copying.pictures, tmp_path / "made")
    wanted = pictures_of(path, made.movie.timescale)
    assert made.frame_times() == [time for time, _ in wanted]
    assert [picture for _, picture in pictures_of(made.joined, made.movie.timescale)] == [one for _, one in wanted]
    assert made.decoded_frames() == len(wanted)


@pytest.mark.parametrize("film", FILMS)
def test_copied_segments_join_without_hole_or_overlap(film, tmp_path: Path):
    copying = plan(film(tmp_path))
    assert copying.pictures is not None
    made = copying.make(copying.pictures, tmp_path / "made")
    fragments = made.movie.fragments
    for fragment, after in pairwise(fragments):
        assert fragment.decode_time + sum(sample.duration for sample in fragment.samples) == after.decode_time
    assert all(fragment.samples[0].key and fragment.decode_time == fragment.start_time for fragment in fragments)
    assert len({result.init for result in made.results}) == 1
    segments = [segment for result in made.results for segment in result.segments]
    planned = copying.plan.timeline(copying.pictures)
    assert [(one.index, one.start, one.length) for one in segments] == [
        (one.index, one.start, one.length) for one in planned
    ]
    peak = max(8 * segment.size / segment.length for segment in segments)
    assert peak <= copying.pictures.peak < peak * Fraction(11, 10)


SILENT = {"bikes", "no edit list"}


@pytest.mark.parametrize("film", [film for film in FILMS if film.id not in SILENT])
def test_copied_sound_is_byte_for_byte_what_ffmpeg_copies(film, tmp_path: Path):
    path = film(tmp_path)
    copying = plan(path)
    sounds = [made for made in copying.plan.renditions if isinstance(made, AudioRendition) and made.indexed]
    assert {made.track for made in sounds} == {track.index for track in copying.facts.audio}
    for rendition in sounds:
        made = copying.make(rendition, tmp_path / "made")
        tmp_path.joinpath("by ffmpeg").mkdir(exist_ok=True)
        for piece in copying.plan.pieces((rendition,)):
            encode_audio(path, copying.facts, rendition, piece, tmp_path / "by ffmpeg", limits=LIMITS)
        for segment in sorted((tmp_path / "by ffmpeg" / rendition.name).glob("*.m4s")):
            assert segment.read_bytes() == (tmp_path / "made" / rendition.name / segment.name).read_bytes()
        assert made.samples()


def test_the_last_segment_cut_alone_is_the_same_bytes_as_cut_with_all_others(tmp_path: Path):
    path = _film("b.mp4")(tmp_path)
    passage = find_passage(path, probe(path, LIMITS), 4).picture
    assert passage is not None
    cuts = passage.cuts
    assert len(cuts) > 3
    all_of_them = cut_video(open_index(path), 0, cuts, None, first=0)
    assert cut_video(open_index(path), 0, cuts[-1:], None, first=len(cuts) - 1) == all_of_them[-1:]
    assert cut_video(open_index(path), 0, cuts[1:2], cuts[2], first=1) == all_of_them[1:2]


def test_surround_sound_is_copied_where_it_is_kept(tmp_path: Path):
    copying = plan(clips.bunny())
    kept = next(made for made in copying.plan.renditions if made.name == "a1s")
    assert isinstance(kept, AudioRendition)
    assert (kept.copy, kept.indexed, kept.channels) == (True, True, 6)
    assert len(copying.make(kept, tmp_path / "made").samples()) == 249 * 1024


REFUSED = [
    pytest.param(_film("cut.mp4", "-movflags", "frag_keyframe+empty_moov"), id="fragmented already"),
    pytest.param(_film("long.mp4", "-g", "1000"), id="key frames too far apart"),
    pytest.param(_film("open.mp4", "-x264-params", "open-gop=1:keyint=20:bframes=3"), id="open gops"),
    pytest.param(_film("deep.mp4", "-pix_fmt", "yuv420p10le"), id="10 bits"),
    pytest.param(_film("full.mp4", "-pix_fmt", "yuv444p"), id="4:4:4"),
    pytest.param(_film("wide.mp4", "-vf", "setsar=4/3"), id="pixels that are not square"),
    pytest.param(_film("other.mp4", "-c:v", "mpeg4"), id="mpeg-4"),
]


@pytest.mark.parametrize("film", REFUSED)
def test_pictures_that_do_not_pass_are_not_offered(film, tmp_path: Path):
    path = film(tmp_path)
    assert find_passage(path, probe(path, LIMITS), 4).picture is None


def test_sound_whose_frames_are_not_alike_is_left_to_ffmpeg(tmp_path: Path):
    """Without an edit list, the delay of the pictures is hidden in the length of the first frame of sound."""
    path = _film("plain.mp4", "-use_editlist", "0")(tmp_path)
    passage = find_passage(path, probe(path, LIMITS), 4)
    assert passage.picture is not None
    assert passage.sounds == frozenset()


def test_an_edit_list_that_hides_pictures_is_not_copied(tmp_path: Path):
    path = tmp_path / "cut.mp4"
    ffmpeg("-ss", "1.3", "-i", clips.bikes(), "-c", "copy", path)
    assert find_passage(path, probe(path, LIMITS), 4) == NOTHING


def test_a_film_whose_end_is_missing_is_not_copied(tmp_path: Path):
    path = _film("first.mp4", "-movflags", "faststart")(tmp_path)
    facts, whole = probe(path, LIMITS), path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    assert find_passage(path, facts, 4) == NOTHING


def test_a_film_that_lost_its_end_after_it_was_planned_is_an_error_and_no_broken_segment(tmp_path: Path):
    path = _film("first.mp4", "-movflags", "faststart")(tmp_path)
    copying = plan(path)
    assert copying.pictures is not None
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    last = copying.plan.pieces((copying.pictures,))[-1]
    with pytest.raises(NotCopyable, match="cut off"):
        copy_piece(path, copying.facts, copying.pictures, last, tmp_path / "made")
    assert not tmp_path.joinpath("made").exists()


def test_a_clock_that_ffmpeg_reads_otherwise_is_not_trusted(tmp_path: Path):
    path = _film("b.mp4")(tmp_path)
    facts = probe(path, LIMITS)
    assert facts.video is not None
    late = replace(facts, video=replace(facts.video, start=Fraction(1, 25)))
    assert find_passage(path, facts, 4).picture is not None
    assert find_passage(path, late, 4).picture is None
