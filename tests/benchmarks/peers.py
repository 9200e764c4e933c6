"""How others drive ffmpeg, argument by argument, so that anyone can repeat the comparison.

Four rungs: 1080, 720, 480 and 360 lines. Each way writes HLS into a folder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.machine import run

RUNGS = (1080, 720, 480, 360)
_PEAKS = {1080: 5000, 720: 2800, 480: 1400, 360: 800}  # kbit/s
_FFMPEG = ("ffmpeg", "-nostdin", "-v", "error", "-y")
_HLS = ("-f", "hls", "-hls_time", "4", "-hls_segment_type", "fmp4", "-hls_list_size", "0")
_GROWING = (*_HLS, "-hls_playlist_type", "event", "-hls_flags", "independent_segments+temp_file")
_SOUND = ("-c:a", "aac", "-b:a", "128k", "-ac", "2")
_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23")
_CLOSED = ("-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-profile:v", "high", "-pix_fmt", "yuv420p")


def one_process(film: Path, out: Path) -> None:
    """The base: one process decodes once, scales in a cascade and encodes every rung."""
    graph = (
        "[0:v]split=2[v0][c1];[c1]scale=-2:720:flags=bicubic,split=2[v1][c2];"
        "[c2]scale=-2:480:flags=bicubic,split=2[v2][c3];[c3]scale=-2:360:flags=bicubic[v3]"
    )
    rates: list[str | Path] = [
        option
        for number, rung in enumerate(RUNGS)
        for option in (
            *("-map", f"[v{number}]"),
            *(f"-maxrate:v:{number}", f"{_PEAKS[rung]}k", f"-bufsize:v:{number}", f"{2 * _PEAKS[rung]}k"),
        )
    ]
    streams = " ".join(f"v:{number},agroup:sound,name:{rung}" for number, rung in enumerate(RUNGS))
    run(
        *_FFMPEG,
        *("-i", film, "-filter_complex", graph, *rates, "-map", "0:a", *_X264, *_CLOSED, *_SOUND, *_GROWING),
        *(
            "-hls_fmp4_init_filename",
            "init.mp4",
            "-var_stream_map",
            f"{streams} a:0,agroup:sound,default:yes,name:sound",
        ),
        *("-hls_segment_filename", out / "%v/s%05d.m4s", out / "%v/i.m3u8"),
    )


def one_process_per_rung(film: Path, out: Path) -> None:
    """One ffmpeg per rung, the smallest first."""
    for rung in reversed(RUNGS):
        folder = _folder(out, rung)
        run(
            *_FFMPEG,
            *("-i", film, "-map", "0:v", "-map", "0:a", "-vf", f"scale=-2:{rung}:flags=bicubic", *_X264),
            *("-maxrate", f"{_PEAKS[rung]}k", "-bufsize", f"{2 * _PEAKS[rung]}k", *_CLOSED, *_SOUND, *_GROWING),
            *("-hls_segment_filename", folder / "s%05d.m4s", folder / "i.m3u8"),
        )


def peertube_encoding(film: Path, out: Path) -> None:
    """First a whole file at the film's size, then HLS of it, then one rung after another from it."""
    optimized = out / "optimized.mp4"
    run(*_FFMPEG, "-i", film, "-c:a", "aac", *_peertube(RUNGS[0]), "-f", "mp4", "-movflags", "faststart", optimized)
    _peertube_hls(optimized, out)


def peertube_copying(film: Path, out: Path) -> None:
    """The same where the film need not be encoded: a whole copy first."""
    optimized = out / "optimized.mp4"
    run(*_FFMPEG, "-i", film, "-c", "copy", "-f", "mp4", "-movflags", "faststart", optimized)
    _peertube_hls(optimized, out)


def mediacms(preset: str) -> Callable[[Path, Path], None]:
    """One whole file per rung, then HLS of all files that are there, again after each."""

    def way(film: Path, out: Path) -> None:
        made: list[int] = []
        for rung in reversed(RUNGS):
            run(
                *_FFMPEG,
                *("-i", film, "-c:v", "libx264", "-filter:v", f"scale=-2:{rung}:flags=lanczos,fps=fps=30"),
                *("-pix_fmt", "yuv420p", "-crf", "23", *_SOUND),
                *("-maxrate", f"{_PEAKS[rung] * 3 // 2}k", "-bufsize", f"{_PEAKS[rung] * 3 // 2}k"),
                *("-force_key_frames", "expr:gte(t,n_forced*4)", "-x264-params", "keyint=240:keyint_min=120"),
                *("-preset", preset, "-profile:v", "main", "-level", "4.2", "-strict", "-2", out / f"{rung}.mp4"),
            )
            made.append(rung)
            for other in made:
                folder = _folder(out, other)
                run(*_FFMPEG, "-i", out / f"{other}.mp4", "-c", "copy", *_HLS, folder / "i.m3u8")

    return way


def _peertube(rung: int) -> tuple[str | Path, ...]:
    # Bits per second of its own table: 0.10 to 0.15 per pixel.
    rate = round(0.11 * rung * rung * 16 / 9 * 30 / 1000)
    return (
        *("-c:v", "libx264", "-vf", f"scale=w=-2:h={rung}", "-max_muxing_queue_size", "1024", "-map_metadata", "-1"),
        *("-pix_fmt", "yuv420p", "-preset", "veryfast", "-maxrate:v", f"{rate}k", "-bufsize:v", f"{2 * rate}k"),
        *("-b_strategy", "1", "-bf", "16", "-r", "30", "-g:v", "60", "-threads", "1"),
    )


def _peertube_hls(optimized: Path, out: Path) -> None:
    for rung in RUNGS:
        folder = _folder(out, rung)
        pictures = ("-c:v", "copy") if rung == RUNGS[0] else _peertube(rung)
        run(
            *_FFMPEG,
            *("-i", optimized, "-c:a", "copy", *pictures, *_HLS, "-hls_playlist_type", "vod"),
            *("-hls_segment_filename", folder / "v.mp4", "-hls_flags", "single_file", folder / "i.m3u8"),
        )


def _folder(out: Path, rung: int) -> Path:
    folder = out / str(rung)
    folder.mkdir(exist_ok=True)
    return folder
