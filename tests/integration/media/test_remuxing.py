"""Pictures in containers without a usable index are the film's own, too, at the times that encoded ones have."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from server.domain.ladder import ladder
from server.domain.plan import Plan
from server.domain.remux import replacement, task
from server.domain.source import Source
from server.errors import MediaFailed
from tests import clips
from tests.integration.media.copies import pictures_of
from tests.integration.media.film import LIMITS, Made, ffmpeg, join, make
from tests.integration.media.test_copying import AAC, PATTERN, TONE, X264
from workers.media import remuxing
from workers.media.commands import REMUXED_FILE
from workers.media.copying import find_passage
from workers.media.mp4.refusal import NotCopyable
from workers.media.probe import probe

SEGMENT_SECONDS = 4


@dataclass(frozen=True)
class Remuxed:
    """A film and its pictures, remuxed, cut and joined."""

    facts: Source
    plan: Plan
    made: Made


def facts_of(path: Path) -> tuple[Source, Plan, bool]:
    """What is known of a film once it is planned, and whether it is to be remuxed."""
    facts = probe(path, LIMITS)
    passage = find_passage(path, facts, SEGMENT_SECONDS)
    plan = Plan(facts, ladder(facts, passage), SEGMENT_SECONDS)
    return facts, plan, task(plan, passage) is not None


def remuxed(path: Path, out: Path) -> Remuxed:
    facts, plan, wanted = facts_of(path)
    assert wanted
    out.mkdir()
    index = remuxing.remux(path, facts, out, limits=LIMITS)
    rendition = replacement(plan, remuxing.find_picture(index, facts, SEGMENT_SECONDS))
    assert rendition is not None
    remuxing.cut(index, rendition.name, plan.timeline(rendition), out, check=lambda: None)
    return Remuxed(facts, plan, Made(facts, rendition, (), join(out / rendition.name)))


def _copied(name: str, *options: str) -> Callable[[Path], Path]:
    """The cartoon with its own pictures in another container."""

    def make(folder: Path) -> Path:
        path = folder / name
        ffmpeg("-i", clips.bunny_for(20), "-map", "0:v", "-map", "0:a", "-c", "copy", *options, path)
        return path

    return make


def _late(folder: Path) -> Path:
    path, film = folder / "late.mkv", clips.bunny_for(20)
    ffmpeg("-itsoffset", "0.517", "-i", film, "-i", film, "-map", "0:v", "-map", "1:a", "-c", "copy", path)
    return path


def _apart(*, picture: str = "0", sound: str = "0") -> Callable[[Path], Path]:
    """A transport stream whose tracks do not begin together."""

    def make(folder: Path) -> Path:
        path, film = folder / "apart.ts", clips.bunny_for(20)
        ffmpeg(
            *("-itsoffset", picture, "-i", film, "-itsoffset", sound, "-i", film),
            *("-map", "0:v", "-map", "1:a", "-c", "copy", path),
        )
        return path

    return make


def _drawn(name: str, *options: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        pattern = [word.format(rate="25", seconds=15) for word in PATTERN]
        tone = [word.format(rate=48_000) for word in TONE]
        path = folder / name
        ffmpeg(*pattern, *tone, *X264, "-s", "640x480", "-g", "50", "-bf", "3", *AAC, *options, path)
        return path

    return make


FILMS = [
    pytest.param(_copied("film.mkv", "-c:a", "ac3"), id="matroska"),
    pytest.param(_copied("film.ts"), id="mpeg-ts"),
    pytest.param(_copied("film.flv"), id="flv"),
    pytest.param(_copied("film.mp4", "-movflags", "frag_keyframe+empty_moov"), id="fragmented mp4"),
    pytest.param(_late, id="pictures after sound"),
    pytest.param(_drawn("ntsc.mkv", "-r", "30000/1001"), id="29.97/s"),
    pytest.param(_drawn("drawn.ts", "-output_ts_offset", "95436"), id="a clock that runs over"),
    pytest.param(_apart(picture="0.7"), id="mpeg-ts, pictures after sound"),
    pytest.param(_apart(sound="0.7"), id="mpeg-ts, sound after pictures"),
    pytest.param(_drawn("quick.mp4", "-g", "1", "-movflags", "frag_every_frame+empty_moov"), id="a fragment per frame"),
]


@pytest.mark.parametrize("film", FILMS)
def test_every_picture_is_the_film_s_own_at_the_time_that_encoding_gives_it(film, tmp_path: Path):
    path = film(tmp_path)
    result = remuxed(path, tmp_path / "made")
    ticks = result.made.movie.timescale
    wanted = pictures_of(path, ticks)
    assert result.made.frame_times() == [time for time, _ in wanted]
    assert [picture for _, picture in pictures_of(result.made.joined, ticks)] == [one for _, one in wanted]
    assert result.made.decoded_frames() == len(wanted)


@pytest.mark.parametrize("film", FILMS)
def test_segments_begin_with_key_frames_and_last_as_long_as_their_playlist_says(film, tmp_path: Path):
    result = remuxed(film(tmp_path), tmp_path / "made")
    planned = result.plan.timeline(result.made.rendition)
    movie = result.made.movie
    assert [segment.start for segment in planned[:1]] == [0]
    assert len(movie.fragments) == len(planned) > 1
    for segment, fragment in zip(planned[1:], movie.fragments[1:], strict=True):
        assert fragment.samples[0].key
        assert Fraction(fragment.start_time, movie.timescale) == segment.start
    last = movie.fragments[-1]
    end = Fraction(last.decode_time + sum(sample.duration for sample in last.samples), movie.timescale)
    assert planned[-1].start + planned[-1].length == end


@pytest.mark.parametrize("film", [FILMS[0], FILMS[1]])
def test_a_film_remuxed_again_gives_the_very_same_segments_and_only_those_that_are_missing(film, tmp_path: Path):
    path = film(tmp_path)
    facts, plan, _ = facts_of(path)
    folders = [tmp_path / "first", tmp_path / "second"]
    for out in folders:
        out.mkdir()
        index = remuxing.remux(path, facts, out, limits=LIMITS)
        rendition = replacement(plan, remuxing.find_picture(index, facts, SEGMENT_SECONDS))
        assert rendition is not None
        present = None if out is folders[0] else folders[0] / rendition.name
        if present is not None:
            lost = present / "00002.m4s"
            was = lost.read_bytes()
            lost.unlink()
        remuxing.cut(index, rendition.name, plan.timeline(rendition), out, present=present, check=lambda: None)
    first, second = (next(path for path in out.iterdir() if path.is_dir()) for out in folders)
    assert {file.name for file in second.iterdir()} == {"init.mp4", "00000.m4s", "00002.m4s"}
    assert (second / "00002.m4s").read_bytes() == was
    assert all((second / name).read_bytes() == (first / name).read_bytes() for name in ("init.mp4", "00000.m4s"))


REFUSED = [
    pytest.param(_drawn("open.mkv", "-x264-params", "open-gop=1:keyint=20:bframes=3"), id="open gops"),
    pytest.param(_drawn("long.mkv", "-g", "1000"), id="key frames too far apart"),
    pytest.param(_drawn("guessed.avi"), id="times that are not told"),
]


def test_sound_and_pictures_of_a_transport_stream_stay_as_far_apart_as_they_are(tmp_path: Path):
    path = _apart(picture="0.7")(tmp_path)
    pictures, sound = remuxed(path, tmp_path / "made").made, make(path, tmp_path / "sound", kind="audio")
    assert pictures.frame_times()[0] == Fraction(7, 10)
    later = _apart(sound="0.7")(tmp_path)
    late = make(later, tmp_path / "late", kind="audio").samples()
    assert not any(late[: 48_000 // 2])
    assert any(sound.samples()[: 48_000 // 2])


@pytest.mark.parametrize("film", REFUSED)
def test_what_cannot_be_cut_or_timed_is_refused_after_one_pass(film, tmp_path: Path):
    path = film(tmp_path)
    facts, _, wanted = facts_of(path)
    assert wanted
    out = tmp_path / "made"
    out.mkdir()
    with pytest.raises(NotCopyable):
        remuxing.find_picture(remuxing.remux(path, facts, out, limits=LIMITS), facts, SEGMENT_SECONDS)


def test_a_film_with_a_hole_in_its_middle_is_refused(tmp_path: Path):
    path = _copied("film.ts")(tmp_path)
    facts, data = facts_of(path)[0], bytearray(path.read_bytes())
    middle = len(data) // 2 // 188 * 188
    path.write_bytes(data[:middle] + data[middle + 188 * 40 :])
    with pytest.raises(MediaFailed):
        remuxing.remux(path, facts, tmp_path, limits=LIMITS)


def test_of_two_tracks_of_pictures_it_is_the_one_that_the_film_shows(tmp_path: Path):
    path = tmp_path / "two.mkv"
    film = clips.bunny_for(20)
    ffmpeg("-i", film, "-i", clips.bikes(), "-map", "0:a", "-map", "0:v", "-map", "1:v", "-c", "copy", path)
    facts, _, _ = facts_of(path)
    remuxing.remux(path, facts, tmp_path, limits=LIMITS)
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,width", "-of", "csv=p=0"]
    done = subprocess.run([*command, str(tmp_path / REMUXED_FILE)], check=True, capture_output=True, timeout=60)
    assert done.stdout.decode().split() == ["video,1280"]
