"""Pieces of pictures join: every picture of the source once, at its own time, and nothing between them."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from server.domain.ladder import ladder
from server.domain.rendition import VideoRendition
from server.domain.timeline import pieces, segments
from tests import clips
from tests.integration.media.film import LIMITS, encode_pictures, ffmpeg, make, make_all, source_times
from workers.media.probe import probe

TEST_PICTURE = "testsrc2=size=160x120:rate={rate}:duration={seconds}"
X264 = ("-c:v", "libx264", "-preset", "ultrafast")


def _pattern(rate: str, seconds: int) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", TEST_PICTURE.format(rate=rate, seconds=seconds))


def _yard(path: Path) -> Path:
    ffmpeg("-i", clips.vtest(), "-t", "14", "-c", "copy", path)
    return path


def _b_frames(path: Path) -> Path:
    ffmpeg(*_pattern("25", 14), *X264, "-bf", "3", "-g", "77", path)
    return path


def _ntsc(path: Path) -> Path:
    ffmpeg(*_pattern("30000/1001", 14), *X264, "-bf", "2", path)
    return path


def _coarse_clock(path: Path) -> Path:
    """Long enough for a boundary, at 40 s, that a clock of 23.98 ticks a second rounds down."""
    ffmpeg(*_pattern("24000/1001", 50), "-c:v", "mpeg4", path)
    return path


def _late_start(path: Path) -> Path:
    ffmpeg(*_pattern("30000/1001", 14), *X264, "-bf", "2", "-g", "90", "-output_ts_offset", "12345.678", path)
    return path


def _open_gop(path: Path) -> Path:
    ffmpeg(*_pattern("25", 14), "-c:v", "mpeg2video", "-q:v", "5", "-bf", "2", "-g", "15", path)
    return path


def _irregular(path: Path) -> Path:
    """A phone's clock: gaps of one to three frames, each time stamp shaken by milliseconds."""
    shaken = "select='not(mod(floor(n*0.7),3))+gt(mod(n,7),3)',setpts=PTS+0.004*mod(N\\,5)/TB"
    ffmpeg(*_pattern("30", 14), "-vf", shaken, "-fps_mode", "vfr", "-enc_time_base", "1/90000", *X264, "-bf", "3", path)
    return path


def _cut_by_edit_list(path: Path) -> Path:
    ffmpeg("-ss", "1.3", "-i", clips.bikes(), "-c", "copy", path)
    return path


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(lambda _: clips.bunny(), id="h264 25/s"),
        pytest.param(lambda folder: _yard(folder / "yard.avi"), id="msmpeg4 10/s in avi"),
        pytest.param(lambda _: clips.tree(), id="cinepak, few pictures"),
        pytest.param(lambda folder: _b_frames(folder / "b.mp4"), id="b-frames in mp4"),
        pytest.param(lambda folder: _ntsc(folder / "ntsc.mkv"), id="29.97/s in matroska's milliseconds"),
        pytest.param(lambda folder: _coarse_clock(folder / "coarse.avi"), id="23.98/s in avi"),
        pytest.param(lambda folder: _late_start(folder / "late.ts"), id="29.97/s in a transport stream from 12345 s"),
        pytest.param(lambda folder: _open_gop(folder / "disc.mpg"), id="mpeg-2 with open gops"),
        pytest.param(lambda folder: _irregular(folder / "phone.mp4"), id="variable frame rate"),
        pytest.param(lambda folder: _cut_by_edit_list(folder / "cut.mp4"), id="edit list"),
    ],
)
def test_every_picture_of_the_source_is_there_once_at_its_own_time(source, tmp_path: Path):
    path = source(tmp_path)
    made = make(path, tmp_path / "made")
    wanted, found = source_times(path), made.frame_times()
    assert len(found) == len(wanted)
    # ffprobe prints microseconds, and Matroska counts milliseconds.
    assert max(abs(one - other) for one, other in zip(wanted, found, strict=True)) < Fraction(1, 900)
    assert made.decoded_frames() == len(wanted)
    _check_the_joins(made)


def test_a_damaged_film_with_b_frames_and_no_time_stamps_keeps_its_pictures(tmp_path: Path):
    for path in (clips.megamind(), clips.damaged()):
        made = make(path, tmp_path / path.stem)
        assert made.decoded_frames() == 270
        assert len(set(made.frame_times())) == 270
        _check_the_joins(made)


def _check_the_joins(made) -> None:
    assert {result.codecs for result in made.results} == {made.movie.codecs}
    assert len({result.init for result in made.results}) == 1
    fragments = made.movie.fragments
    for number, (fragment, after) in enumerate(pairwise(fragments)):
        last = fragment.decode_time + sum(sample.duration for sample in fragment.samples)
        assert fragment.samples[0].key
        assert not any(sample.key for sample in fragment.samples[1:])
        assert fragment.decode_time == fragment.start_time
        # No overlap, and no hole longer than one picture of this film stands.
        longest = max(sample.duration for sample in fragment.samples)
        assert abs(after.decode_time - last) <= longest, number


def test_what_is_shown_is_what_was_filmed(tmp_path: Path):
    """Time stamps may be right and pictures wrong: compare them, at the joins too."""
    made = make(clips.bikes(), tmp_path / "made")
    assert isinstance(made.rendition, VideoRendition)
    log = tmp_path / "psnr"
    graph = f"[0:v]scale={made.rendition.width}:{made.rendition.height}:flags=bicubic,settb=1/25,setpts=N[a];"
    graph += f"[1:v]settb=1/25,setpts=N[b];[a][b]psnr=stats_file={log}"
    ffmpeg("-i", clips.bikes(), "-i", made.joined, "-lavfi", graph, "-f", "null", "-")
    ratios = [float(line.split("psnr_avg:")[1].split()[0]) for line in log.read_text().splitlines()]
    assert len(ratios) == 250
    assert min(ratios) > 30


def test_a_film_full_of_holes_has_every_segment(tmp_path: Path):
    """A recorded screen on which nothing moves for many seconds: the last picture is held."""
    path = tmp_path / "screen.mkv"
    kept = "select='lt(t,5)+between(t,6.4,6.5)+between(t,17,20)+gt(t,30.5)'"
    ffmpeg(*_pattern("15", 34), "-vf", kept, "-fps_mode", "vfr", "-enc_time_base", "1/1000", *X264, path)
    made = make(path, tmp_path / "made")
    assert [segment.index for result in made.results for segment in result.segments] == list(range(10))
    for start, fragment in zip([0, 2, *range(4, 36, 4)], made.movie.fragments, strict=True):
        assert 0 <= Fraction(fragment.start_time, made.movie.timescale) - start <= 1
    assert all(result.ended is None for result in made.results)
    _check_the_joins(made)


def test_a_slide_show_has_every_segment(tmp_path: Path):
    path = tmp_path / "slides.mp4"
    ffmpeg(*_pattern("1/3", 21), *X264, path)
    made = make(path, tmp_path / "made")
    assert [segment.index for result in made.results for segment in result.segments] == list(range(7))


def test_two_hundred_pictures_a_second_become_sixty_without_a_seam(tmp_path: Path):
    path = tmp_path / "fast.mp4"
    ffmpeg(*_pattern("120", 9), *X264, path)
    times = make(path, tmp_path / "made").frame_times()
    assert times == [Fraction(number, 60) for number in range(9 * 60)]


@pytest.mark.parametrize(("filters", "size"), [("scale=101:75", (100, 74)), ("transpose,setsar=4/3", (160, 160))])
def test_odd_and_stretched_pictures_come_out_even_and_square(filters: str, size: tuple[int, int], tmp_path: Path):
    path = tmp_path / "odd.mkv"
    ffmpeg(*_pattern("10", 1), "-vf", filters, "-c:v", "ffv1", path)
    made = make(path, tmp_path / "made")
    rendition = ladder(made.facts)[-1]
    assert isinstance(rendition, VideoRendition)
    assert (rendition.width, rendition.height) == size
    described = ["ffprobe", "-v", "error", "-show_entries", "stream=pix_fmt,sample_aspect_ratio", "-of", "csv=p=0"]
    said = subprocess.run([*described, made.joined], capture_output=True, check=True, timeout=60, text=True).stdout
    assert said.strip() == "1:1,yuv420p"


def test_pieces_made_in_any_order_are_the_same_bytes(tmp_path: Path):
    facts = probe(clips.bikes(), LIMITS)
    rendition = ladder(facts)[0]
    assert isinstance(rendition, VideoRendition)
    planned = pieces(segments(facts.picture_duration, 4))
    forward, backward = tmp_path / "forward", tmp_path / "backward"
    for folder, order in ((forward, planned), (backward, planned[::-1])):
        folder.mkdir()
        for piece in order:
            encode_pictures(clips.bikes(), facts, [rendition], piece, folder)
    files = {path.relative_to(forward) for path in forward.rglob("*.*")}
    assert files == {path.relative_to(backward) for path in backward.rglob("*.*")}
    for path in files:
        assert (forward / path).read_bytes() == (backward / path).read_bytes()


def test_all_renditions_of_one_decode_have_the_same_pictures_at_the_same_times(tmp_path: Path):
    small, *larger = make_all(clips.bikes(), tmp_path / "made")
    assert len(larger) == 2
    assert [one.frame_times() for one in larger] == [small.frame_times()] * 2
    for one in (small, *larger):
        assert one.decoded_frames() == 250
        _check_the_joins(one)


def test_small_renditions_of_a_fast_film_show_every_second_picture(tmp_path: Path):
    path = tmp_path / "fast.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=60000/1001:duration=9", *X264, path)
    made = {one.rendition.name: one for one in make_all(path, tmp_path / "made")}
    full, half = made["v720"].frame_times(), made["v360"].frame_times()
    assert half == full[::2]
    _check_the_joins(made["v360"])
