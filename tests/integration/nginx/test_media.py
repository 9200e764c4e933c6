"""The origin: what may be fetched under /media/, and how it comes back."""

from __future__ import annotations

import pytest

from tests.integration.nginx.conftest import SEGMENT
from tests.integration.nginx.site import VIDEO, Running
from tests.integration.nginx.upstream import LATE

HLS = f"/media/{VIDEO}/hls"
FOREVER = "private, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("path", "content_type", "caching"),
    [
        (f"{HLS}/main.m3u8", "application/vnd.apple.mpegurl", "private, no-cache"),
        (f"{HLS}/v360/index.m3u8", "application/vnd.apple.mpegurl", "private, no-cache"),
        (f"{HLS}/v360/init.mp4", "video/mp4", FOREVER),
        (f"{HLS}/v360/00000.m4s", "video/iso.segment", FOREVER),
        (f"{HLS}/v360/iframes.m3u8", "application/vnd.apple.mpegurl", "private, no-cache"),
        (f"{HLS}/t1/captions.vtt", "text/vtt; charset=utf-8", "private, no-cache"),
        (f"/media/{VIDEO}/chapters.vtt", "text/vtt; charset=utf-8", "private, no-cache"),
        (f"/media/{VIDEO}/storyboard/storyboard.vtt", "text/vtt; charset=utf-8", "private, no-cache"),
        (f"/media/{VIDEO}/storyboard/14.jpg", "image/jpeg", "private, max-age=3600"),
        (f"/media/{VIDEO}/posters/3.jpg", "image/jpeg", "private, max-age=3600"),
        (f"/media/{VIDEO}/poster.jpg", "image/jpeg", "private, max-age=3600"),
        (f"//media//{VIDEO}/./hls/x/../v360/00000.m4s?a=b", "video/iso.segment", FOREVER),
        (f"/media/{VIDEO}/hls/v360/%30000%30.m4s", "video/iso.segment", FOREVER),
    ],
)
def test_every_object_has_its_type_its_caching_and_its_protection(
    site: Running, path: str, content_type: str, caching: str
) -> None:
    answer = site.play(path)
    assert answer.status == 200
    assert answer.header("Content-Type") == content_type
    assert answer.header("Cache-Control") == caching
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Cross-Origin-Resource-Policy") == "same-origin"
    assert answer.header("X-Ticket") is None
    assert answer.header("ETag")
    assert site.web.requests == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/media/{VIDEO}/original", 404),
        (f"/media/{VIDEO}/", 404),
        (f"/media/{VIDEO}", 404),
        ("/media/", 404),
        (f"{HLS}/", 404),
        (f"{HLS}/v360/secret.txt", 404),
        (f"/media/{VIDEO}/posters/", 404),
        (f"/media/{VIDEO}/posters/12.jpg", 404),
        (f"/media/{VIDEO}/posters/3.png", 404),
        (f"/media/{VIDEO}/posters/..%2foriginal", 404),
        (f"/media/{VIDEO}/storyboard/../original", 404),
        (f"/media/{VIDEO}/storyboard/1234.jpg", 404),
        (f"/media/{VIDEO}/hls/captions.vtt", 404),
        (f"{HLS}/t1/../../original", 404),
        (f"{HLS}/v360/00000.m4s/", 404),
        (f"{HLS}/v360/00000.m4s%0a", 404),
        (f"{HLS}/v360/0000.m4s", 404),
        (f"{HLS}/_360/00000.m4s", 404),
        (f"{HLS}/v123456789012/00000.m4s", 404),
        ("/media/7hKq2mXw9Rt/hls/v360/00000.m4s", 404),
        ("/media/7hKq2mXw9Rt0/hls/v360/00000.m4s", 404),
        (f"{HLS}/v360/../../original", 404),
        (f"{HLS}/v360/%2e%2e/%2e%2e/original", 404),
        (f"{HLS}/v360/..%2f..%2foriginal", 404),
        (f"{HLS}/v360/%252e%252e/%252e%252e/original", 404),
        (f"{HLS}/v360/..;/..;/original", 404),
        (f"{HLS}/v360/..\\..\\original", 404),
        (f"{HLS}/v360/..%5c..%5coriginal", 404),
        (f"/media/{VIDEO}//original", 404),
        (f"{HLS}/v360/00000.m4s%00.jpg", 400),
        ("/media/../../../../etc/passwd", 400),
        (f"/static/../media/{VIDEO}/original", 404),
        (f"/files/{VIDEO}/original", 404),
        (f"/files/{VIDEO}/hls/v360/00000.m4s", 404),
        (f"//files/{VIDEO}/original", 404),
        (f"/%66iles/{VIDEO}/original", 404),
        (f"/static/..%2f..%2ffiles/{VIDEO}/original", 400),
    ],
)
def test_nothing_else_exists_even_with_a_ticket(site: Running, path: str, status: int) -> None:
    answer = site.play(path)
    assert answer.status == status
    assert b"original" not in answer.body
    assert site.web.requests == []


@pytest.mark.parametrize("path", [f"/media/..%2f{VIDEO}/original", f"/media/{VIDEO}/%2e%2e/%2e%2e/outside.m4s"])
def test_a_path_that_leaves_media_is_the_webs_business(site: Running, path: str) -> None:
    assert site.play(path).body == b"from upstream"


def test_a_link_is_not_followed(site: Running) -> None:
    assert site.play(f"/media/{VIDEO}/hls/v999/index.m3u8").status == 404


def test_a_range_comes_alone(site: Running) -> None:
    answer = site.play(f"{HLS}/v360/00000.m4s", Range="bytes=256-511")
    assert answer.status == 206
    assert answer.header("Content-Range") == f"bytes 256-511/{len(SEGMENT)}"
    assert answer.body == SEGMENT[256:512]


def test_an_unchanged_playlist_costs_no_body(site: Running) -> None:
    etag = site.play(f"{HLS}/main.m3u8").header("ETag")
    assert etag is not None
    answer = site.play(f"{HLS}/main.m3u8", If_None_Match=etag)
    assert (answer.status, answer.body) == (304, b"")


def test_a_playlist_is_compressed_and_a_segment_is_not(site: Running) -> None:
    assert site.play(f"{HLS}/v360/index.m3u8", Accept_Encoding="gzip").header("Content-Encoding") == "gzip"
    assert site.play(f"{HLS}/v360/00000.m4s", Accept_Encoding="gzip").header("Content-Encoding") is None


def test_media_is_read_only(site: Running) -> None:
    assert site.play(f"{HLS}/main.m3u8", "POST").status == 405


def test_a_missing_segment_is_awaited_and_then_comes_like_any_other(site: Running) -> None:
    answer = site.play(f"{HLS}/v480/00007.m4s?again=1")
    assert (answer.status, answer.body) == (200, LATE)
    assert answer.header("Content-Type") == "video/iso.segment"
    assert answer.headers.get_all("Cache-Control") == ["max-age=31536000", "private, immutable"]
    assert answer.header("Cross-Origin-Resource-Policy") == "same-origin"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("ETag")
    assert site.web.last.path == "/internal/waiting"
    assert site.web.last.headers.get_all("X-Original-URI") == [f"{HLS}/v480/00007.m4s"]
    assert site.play(f"{HLS}/v480/00007.m4s").body == LATE
    assert len(site.web.requests) == 1


def test_a_range_of_a_missing_segment_comes_alone_too(site: Running) -> None:
    answer = site.play(f"{HLS}/v480/00008.m4s", Range="bytes=0-6")
    assert (answer.status, answer.body) == (206, LATE[:7])


def test_a_missing_init_segment_is_awaited_under_its_normalised_name(site: Running) -> None:
    answer = site.play(f"//media/{VIDEO}/hls/%76720/init.mp4", X_Original_URI="/media/evil")
    assert (answer.status, answer.header("Content-Type")) == (200, "video/mp4")
    assert site.web.last.headers.get_all("X-Original-URI") == [f"{HLS}/v720/init.mp4"]


def test_a_segment_that_will_never_be_is_refused_as_the_web_says(site: Running) -> None:
    answer = site.play(f"{HLS}/v480/99999.m4s")
    assert (answer.status, answer.header("Cache-Control")) == (404, "no-store")


@pytest.mark.parametrize("path", [f"{HLS}/a1/index.m3u8", "/media/222222222222/poster.jpg"])
def test_a_missing_playlist_or_poster_is_not_awaited(site: Running, path: str) -> None:
    assert site.play(path).status == 404
    assert site.web.requests == []
