"""Whatever a film is made of, every rung of it is progressive, upright, in standard colours and says so."""

from __future__ import annotations

import json
import re
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from server.domain.timeline import PICTURE_GROWTH
from tests import clips
from tests.integration.media.film import Made, ffmpeg, make, make_all, source_times

SDR = "setparams=range=limited:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
LOSSLESS = ("-c:v", "ffv1")
H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "12")


def _street(path: Path, filters: str, *encoder: str, seconds: int = 2) -> Path:
    """The first seconds of the street, 640x272 at 25/s, through `filters`."""
    ffmpeg("-i", clips.bikes(), "-t", str(seconds), "-an", "-vf", filters, *encoder, path)
    return path


def _described(path: Path) -> tuple[str, ...]:
    wanted = ("pix_fmt", "color_range", "color_space", "color_transfer", "color_primaries", "width", "height")
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", f"stream={','.join(wanted)}"]
    done = subprocess.run([*command, "-of", "json", str(path)], capture_output=True, check=True, timeout=60)
    (stream,) = json.loads(done.stdout)["streams"]
    return tuple(str(stream.get(name, "unknown")) for name in wanted)


def _measured(path: Path, filters: str) -> str:
    """What filters that measure print about a file."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), "-map", "0:v", "-vf", filters]
    done = subprocess.run([*command, "-f", "null", "-"], capture_output=True, check=True, timeout=120, text=True)
    return done.stdout + done.stderr


def _means(path: Path) -> tuple[float, float, float]:
    """Mean luma and chroma of the first two seconds, as 8-bit values of limited range."""
    said = _measured(path, "trim=end=2,scale=320:136,format=yuv420p,signalstats,metadata=print:file=-")
    values = [[float(value) for value in re.findall(rf"signalstats\.{key}AVG=([\d.]+)", said)] for key in "YUV"]
    luma, blue, red = (sum(column) / len(column) for column in values)
    return luma, blue, red


def _check_colours(made: Made, wanted: tuple[float, float, float], *, luma: float, chroma: float) -> None:
    found = _means(made.joined)
    assert abs(found[0] - wanted[0]) <= luma
    assert max(abs(one - other) for one, other in zip(found[1:], wanted[1:], strict=True)) <= chroma


@pytest.mark.parametrize(
    ("name", "encoder"),
    [
        ("camcorder.ts", ("-c:v", "mpeg2video", "-q:v", "3", "-flags", "+ildct+ilme", "-g", "12")),
        ("broadcast.mp4", (*H264, "-flags", "+ildct+ilme")),
        ("tape.mkv", (*LOSSLESS, "-field_order", "bb")),
    ],
)
def test_no_rung_of_an_interlaced_film_shows_a_comb(name: str, encoder: tuple[str, ...], tmp_path: Path):
    order = "interleave_bottom,fieldorder=bff" if "bb" in encoder else "interleave_top,fieldorder=tff"
    fields = f"setpts=0.5*PTS,fps=50,scale=720:576,tinterlace={order}"
    source = _street(tmp_path / name, fields, *encoder, seconds=3)
    assert _combed(source) > 0.9
    films = make_all(source, tmp_path / "made")
    assert len(films) == 3
    for made in films:
        assert _combed(made.joined) == 0
        assert made.decoded_frames() == len(source_times(source)) == len(set(made.frame_times()))


def _combed(path: Path) -> float:
    """The part of the pictures that idet holds for interlaced."""
    said = _measured(path, "idet")
    counts = re.findall(r"Multi frame detection: TFF:\s*(\d+) BFF:\s*(\d+) Progressive:\s*(\d+)", said)
    top, bottom, progressive = map(int, counts[-1])
    return (top + bottom) / (top + bottom + progressive)


def test_deinterlaced_pieces_join_as_if_they_were_one(tmp_path: Path):
    fields = "setpts=0.5*PTS,fps=50,scale=720:576,tinterlace=interleave_top,fieldorder=tff"
    source = _street(tmp_path / "tape.mkv", fields, *LOSSLESS, seconds=3)
    whole = make(source, tmp_path / "whole", growth=(1_000_000,))
    parts = make(source, tmp_path / "parts", growth=PICTURE_GROWTH)
    assert len(parts.results) > 1
    assert min(_likeness(parts.joined, whole.joined)) > 35


def _likeness(one: Path, other: Path) -> list[float]:
    """PSNR of each picture in dB."""
    log = one.with_suffix(".psnr")
    ffmpeg("-i", one, "-i", other, "-lavfi", f"psnr=stats_file={log}", "-f", "null", "-")
    return [float(value) for value in re.findall(r"psnr_avg:([\d.]+|inf)", log.read_text())]


TO_LINEAR = f"{SDR},zscale=t=linear:npl=203,format=gbrpf32le"
MASTERED = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"


@pytest.mark.parametrize(
    ("transfer", "extra"), [("smpte2084", f":hdr10=1:{MASTERED}"), ("arib-std-b67", "")], ids=["HDR10", "HLG"]
)
def test_hdr_becomes_a_standard_picture_as_bright_as_it_was_graded(transfer: str, extra: str, tmp_path: Path):
    graded = f"{TO_LINEAR},zscale=p=2020:t={transfer}:m=2020_ncl:r=limited:npl=203,format=yuv420p10le"
    tags = f"colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:range=limited"
    encoder = (
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-crf",
        "12",
        "-x265-params",
        f"log-level=error:{tags}{extra}",
    )
    source = _street(tmp_path / "hdr.mp4", graded, *encoder)
    assert _described(source)[:5] == ("yuv420p10le", "tv", "bt2020nc", transfer, "bt2020")
    shown = _means(clips.bikes())
    for made in make_all(source, tmp_path / "made"):
        assert _described(made.joined)[:5] == ("yuv420p", "tv", "bt709", "bt709", "bt709")
        _check_colours(made, shown, luma=8, chroma=2)


def test_a_wide_gamut_comes_out_with_the_same_colours(tmp_path: Path):
    wide = f"{SDR},zscale=p=2020:m=2020_ncl:t=709:r=limited,format=yuv420p10le"
    source = _street(tmp_path / "wide.mkv", wide, *LOSSLESS)
    assert _described(source)[4] == "bt2020"
    for made in make_all(source, tmp_path / "made"):
        assert _described(made.joined)[:5] == ("yuv420p", "tv", "bt709", "bt709", "bt709")
        _check_colours(made, _means(clips.bikes()), luma=1.5, chroma=1)


@pytest.mark.parametrize(
    ("filters", "encoder"),
    [
        pytest.param(f"{SDR},format=yuv420p10le", LOSSLESS, id="10 bit"),
        pytest.param(f"{SDR},format=yuv422p10le", ("-c:v", "prores_ks"), id="4:2:2 ProRes"),
        pytest.param(f"{SDR},format=yuv444p", (*H264, "-profile:v", "high444"), id="4:4:4"),
        pytest.param(f"{SDR},scale=in_range=limited:out_range=full,format=yuvj420p", H264, id="full range"),
        pytest.param(f"{SDR},scale=in_color_matrix=bt709,format=gbrp", LOSSLESS, id="RGB"),
    ],
)
def test_every_kind_of_pixel_becomes_the_kind_that_every_screen_shows(
    filters: str, encoder: tuple[str, ...], tmp_path: Path
):
    source = _street(tmp_path / "source.mov" if "prores_ks" in encoder else tmp_path / "source.mkv", filters, *encoder)
    for made in make_all(source, tmp_path / "made"):
        assert _described(made.joined)[:5] == ("yuv420p", "tv", "bt709", "bt709", "bt709")
        _check_colours(made, _means(clips.bikes()), luma=1.5, chroma=1)


def test_a_standard_definition_film_keeps_its_colours_and_names_them(tmp_path: Path):
    tagged = "setparams=range=limited:color_primaries=bt470bg:color_trc=smpte170m:colorspace=bt470bg"
    source = _street(tmp_path / "pal.mp4", tagged, *H264)
    for made in make_all(source, tmp_path / "made"):
        assert _described(made.joined)[:5] == ("yuv420p", "tv", "bt470bg", "smpte170m", "bt470bg")
        _check_colours(made, _means(clips.bikes()), luma=1, chroma=1)


def test_a_film_shot_upright_is_shown_upright(tmp_path: Path):
    stored = _street(tmp_path / "stored.mp4", "null", *H264)
    source = tmp_path / "phone.mp4"
    if _knows_rotation():
        ffmpeg("-display_rotation", "90", "-i", stored, "-c", "copy", source)
    else:
        ffmpeg("-i", stored, "-c", "copy", "-metadata:s:v", "rotate=90", source)
    largest = make_all(source, tmp_path / "made")[-1]
    assert _described(largest.joined)[5:] == ("272", "640")
    turned = _street(tmp_path / "turned.mkv", "transpose=cclock", *LOSSLESS)
    assert min(_likeness(largest.joined, turned)) > 30


def _knows_rotation() -> bool:
    """Whether this ffmpeg writes a rotation by an input option, as 6.0 and later do, and no longer by a tag."""
    done = subprocess.run(["ffmpeg", "-hide_banner", "-h", "full"], capture_output=True, check=True, timeout=60)
    return b"display_rotation" in done.stdout


def test_odd_sides_become_even_in_every_rung(tmp_path: Path):
    source = _street(tmp_path / "odd.mkv", "scale=641:361,setsar=1,format=yuv444p", *LOSSLESS)
    sizes = [tuple(map(int, _described(made.joined)[5:])) for made in make_all(source, tmp_path / "made")]
    assert sizes == [(256, 144), (426, 240), (640, 360)]


FAST = "testsrc2=size=854x480:rate=60000/1001:duration=21"


def test_the_small_rung_of_a_fast_film_shows_every_second_picture_at_its_own_time(tmp_path: Path):
    source = tmp_path / "fast.mp4"
    ffmpeg("-f", "lavfi", "-i", FAST, "-c:v", "libx264", "-preset", "ultrafast", source)
    wanted = [Fraction(number * 1001, 60_000) for number in range(len(source_times(source)))]
    small = make(source, tmp_path / "made")
    assert small.rendition.name == "v240"
    times = small.frame_times()
    assert set(times) < set(wanted)
    steps = [round((after - time) * 60_000 / 1001) for time, after in pairwise(times)]
    assert set(steps) <= {1, 2}
    assert steps.count(1) < len(small.results)  # only where a piece begins with a picture in between
