"""Films with numbers in them: a montage of real clips with sensor noise, as heavy as what a phone records.

24 s in 1920x1080 at 30 pictures a second and about 9 Mbit/s, a key frame every two seconds, stereo sound; and the same
again and again for longer ones. `in_no_browsers_codec` is the same in MPEG-4 part 2 and AC-3, in Matroska.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests import clips

SECONDS = 24
_PART = 4  # seconds of each clip
_TIMEOUT = 1200

_NATURAL = "scale=1920:1080:flags=lanczos,setsar=1,fps=30,noise=c0s=4:c0f=t,format=yuv420p"
_ENCODED = (
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "19",
    "-g",
    "60",
    "-keyint_min",
    "60",
    "-sc_threshold",
    "0",
)


def copyable(seconds: int = SECONDS) -> Path:
    """H.264 and AAC in MP4, `seconds` long."""
    return _looped(_montage(), seconds, "mp4")


def in_no_browsers_codec(seconds: int = SECONDS) -> Path:
    """The same pictures and sound in codecs that no browser plays."""
    return _looped(clips.made("natural.mkv", _transcode), seconds, "mkv")


def _montage() -> Path:
    return clips.made("natural.mp4", _shoot)


def _shoot(path: Path) -> None:
    parts = [clips.bunny(), clips.bikes(), clips.megamind(), clips.vtest(), clips.carphone(), clips.tree()]
    inputs = [argument for part in parts for argument in ("-t", str(_PART), "-i", str(part))]
    chains = [
        f"[{number}:v]trim=end={_PART},{_NATURAL},tpad=stop=-1:stop_mode=clone,trim=end={_PART}"
        for number in range(len(parts))
    ]
    graph = ";".join(f"{chain},setpts=PTS-STARTPTS[p{number}]" for number, chain in enumerate(chains))
    graph += ";" + "".join(f"[p{number}]" for number in range(len(parts))) + f"concat=n={len(parts)}[v]"
    sound = ["-f", "lavfi", "-t", str(SECONDS), "-i", "anoisesrc=color=pink:amplitude=0.2:seed=1:sample_rate=48000"]
    _ffmpeg(
        *inputs,
        *sound,
        *("-filter_complex", graph, "-map", "[v]", "-map", f"{len(parts)}:a", *_ENCODED),
        *("-c:a", "aac", "-b:a", "128k", "-ac", "2", "-f", "mp4", str(path)),
    )


def _transcode(path: Path) -> None:
    _ffmpeg(
        *("-i", str(_montage()), "-c:v", "mpeg4", "-b:v", "12M", "-maxrate", "16M", "-bufsize", "16M", "-g", "60"),
        *("-c:a", "ac3", "-b:a", "192k", "-f", "matroska", str(path)),
    )


def _looped(source: Path, seconds: int, kind: str) -> Path:
    times = -(-seconds // SECONDS)
    name = f"{source.stem}-{seconds}.{kind}"
    form = "matroska" if kind == "mkv" else kind

    def loop(path: Path) -> None:
        _ffmpeg(
            *("-fflags", "+genpts", "-stream_loop", str(times - 1), "-i", str(source), "-t", str(seconds)),
            *("-c", "copy", "-f", form, str(path)),
        )

    return clips.made(name, loop)


def _ffmpeg(*arguments: str) -> None:
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments]
    subprocess.run(command, check=True, timeout=_TIMEOUT)
