"""The filter graphs, word by word: from what a source says of itself to what every screen shows."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain.ladder import ladder
from server.domain.rendition import VideoRendition
from server.domain.source import VideoTrack
from tests.unit.domain.test_source import FILM, VIDEO
from workers.media import filters

CUT = "trim=start=4.000000:end=12.000000"
SOFTWARE = "format=yuv420p"
TAGS_709 = "setparams=range=limited:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
LIMITED = "zscale=p=bt709:t=bt709:m=bt709:r=limited,format=yuv420p"
HDR = replace(
    VIDEO, pixel_format="yuv420p10le", primaries="bt2020", transfer="smpte2084", space="bt2020nc", codec="hevc"
)


def _rungs(video: VideoTrack) -> list[VideoRendition]:
    return [made for made in ladder(replace(FILM, video=video)) if isinstance(made, VideoRendition)]


def _alone(video: VideoTrack) -> str:
    """The graph of the largest rung alone."""
    return filters.graph(video, CUT, _rungs(video)[-1:], SOFTWARE)


def test_one_rung_is_cut_scaled_and_tagged():
    assert filters.graph(VIDEO, CUT, _rungs(VIDEO)[:1], SOFTWARE) == (
        f"[0:0]{CUT},scale=640:360:flags=bicubic,format=yuv420p,{TAGS_709},setsar=1,format=yuv420p[v0]"
    )


def test_every_rung_is_scaled_from_the_next_larger_one():
    assert filters.graph(VIDEO, CUT, _rungs(VIDEO), SOFTWARE).split(";") == [
        f"[0:0]{CUT},scale=1280:720:flags=bicubic,format=yuv420p,{TAGS_709},setsar=1,split[s2][r1]",
        "[s2]format=yuv420p[v2]",
        "[r1]scale=854:480:flags=bicubic,split[s1][r0]",
        "[s1]format=yuv420p[v1]",
        "[r0]scale=640:360:flags=bicubic,format=yuv420p[v0]",
    ]


def test_hardware_takes_each_rung_after_it_was_scaled():
    graph = filters.graph(VIDEO, CUT, _rungs(VIDEO)[:2], "format=nv12,hwupload")
    assert graph.endswith("[s1]format=nv12,hwupload[v1];[r0]scale=640:360:flags=bicubic,format=nv12,hwupload[v0]")


def test_fields_are_put_together_before_the_cut_takes_their_neighbours():
    graph = _alone(replace(VIDEO, interlaced=True))
    assert graph.startswith(f"[0:0]bwdif=mode=send_frame:deint=interlaced,{CUT},scale=1280:720:flags=bicubic,")


def test_hdr_is_scaled_first_and_becomes_standard():
    assert _alone(HDR) == (
        f"[0:0]{CUT},scale=1280:720:flags=bicubic"
        ",setparams=range=limited:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
        ",zscale=t=linear:npl=203:p=bt709,format=gbrpf32le,tonemap=mobius:desat=0:peak=4.926"
        f",{LIMITED},setsar=1,format=yuv420p[v0]"
    )


def test_hybrid_log_gamma_is_told_from_pq():
    assert ":color_trc=arib-std-b67:" in _alone(replace(HDR, transfer="arib-std-b67"))


def test_hdr_that_says_only_its_transfer_is_taken_for_bt2020():
    assert _alone(replace(HDR, primaries="unknown", space="unknown")) == _alone(HDR)


def test_a_wide_gamut_without_hdr_needs_no_tone_mapping():
    assert _alone(replace(HDR, transfer="bt2020-10")) == (
        f"[0:0]{CUT},scale=1280:720:flags=bicubic"
        ",setparams=range=limited:color_primaries=bt2020:color_trc=bt709:colorspace=bt2020nc"
        f",{LIMITED},setsar=1,format=yuv420p[v0]"
    )


def test_full_range_becomes_limited_while_it_is_scaled():
    assert "scale=1280:720:flags=bicubic:in_range=full:out_range=limited,format=yuv420p," in _alone(
        replace(VIDEO, full_range=True, pixel_format="yuvj420p")
    )


def test_full_range_hdr_says_so_to_the_conversion():
    graph = _alone(replace(HDR, full_range=True))
    assert "scale=1280:720:flags=bicubic,setparams=range=full:color_primaries=bt2020:" in graph


def test_rgb_becomes_yuv_by_the_matrix_that_it_is_tagged_with():
    graph = _alone(replace(VIDEO, pixel_format="gbrp", space="gbr", primaries="unknown", full_range=True))
    assert f"flags=bicubic:out_color_matrix=bt709:out_range=limited,format=yuv420p,{TAGS_709}," in graph


@pytest.mark.parametrize(
    ("space", "height", "tagged"),
    [
        ("bt470bg", 576, "color_primaries=bt470bg:color_trc=smpte170m:colorspace=bt470bg"),
        ("smpte170m", 1080, "color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m"),
        ("unknown", 480, "color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m"),
        ("unknown", 720, "color_primaries=bt709:color_trc=bt709:colorspace=bt709"),
        ("bt709", 480, "color_primaries=bt709:color_trc=bt709:colorspace=bt709"),
    ],
)
def test_standard_colours_stay_and_every_rung_says_which_they_are(space: str, height: int, tagged: str):
    video = replace(VIDEO, space=space, primaries="unknown", transfer="unknown", height=height, stored_height=height)
    assert f"format=yuv420p,setparams=range=limited:{tagged},setsar=1," in _alone(video)


FAST = replace(VIDEO, frame_rate=Fraction(60_000, 1001))
THINNED = "select='isnan(prev_selected_t)+gte(t-prev_selected_t,0.030030)'"


def test_small_rungs_of_a_fast_film_show_every_second_picture():
    small, *_ = rungs = _rungs(FAST)
    assert small.frame_rate == Fraction(30_000, 1001)
    assert filters.graph(FAST, CUT, [small], SOFTWARE).startswith(f"[0:0]{CUT},{THINNED},scale=640:360:")
    *_, last = filters.graph(FAST, CUT, rungs, SOFTWARE).split(";")
    assert last == f"[r0]{THINNED},scale=640:360:flags=bicubic,format=yuv420p[v0]"


def test_too_many_pictures_are_left_out_once_for_all_rungs():
    fast = replace(VIDEO, frame_rate=Fraction(240))
    graph = filters.graph(fast, CUT, _rungs(fast)[1:], SOFTWARE)
    assert graph.count("select=") == 1
    assert graph.startswith(f"[0:0]{CUT},select='isnan(prev_selected_t)+gte(t-prev_selected_t,0.015000)',scale=")


def test_the_graph_reads_the_stream_of_the_pictures():
    assert _alone(replace(VIDEO, index=2)).startswith("[0:2]")
