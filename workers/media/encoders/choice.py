"""Which encoder makes a piece: hardware where it has proven itself, software otherwise and wherever hardware fails.

    chosen(limits.encoder).encode(renditions, lambda encoder: …)

That a build of ffmpeg lists an encoder says nothing about the machine, so each candidate really encodes three pictures
in the sandbox, with its devices, once per worker process. A piece that hardware fails on is made again in software; if
that succeeds, the hardware is at fault: it rests for a while, is tested again, and after some failures in a row is left
alone until the worker starts anew.
"""

from __future__ import annotations

import functools
import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from server.domain.rendition import VideoRendition
from server.errors import MediaFailed, Unplayable
from server.settings import EncoderName
from workers.media import sandbox
from workers.media.encoders import nvenc, qsv, svtav1, v4l2, vaapi, x264
from workers.media.encoders.encoder import Encoder
from workers.media.encoders.health import Health

REST_SECONDS = (60.0, 600.0)  # after the first failure in a row, after the second, and then no more
TEST_SECONDS = 20.0

_SOFTWARE = {encoder.codec: encoder for encoder in (x264.ENCODER, svtav1.ENCODER)}
_FINDERS = {"nvenc": nvenc.find, "qsv": qsv.find, "vaapi": vaapi.find, "v4l2": v4l2.find}  # the best first
_NOTHING = Path("/dev/null")

_Made = TypeVar("_Made")

_log = logging.getLogger(__name__)


@functools.cache
def chosen(wanted: EncoderName) -> Choice:
    """Return the choice of this process; called before the first fork, its children share what it learns."""
    return Choice(candidates(wanted, Path("/dev")))


def candidates(wanted: EncoderName, devices: Path) -> list[Encoder]:
    """Return the hardware that `wanted` allows and of which there is a device under `devices`, the best first."""
    finders = [find for name, find in _FINDERS.items() if wanted in (name, "auto")]
    return [encoder for find in finders for encoder in find(devices)]


def works(encoder: Encoder) -> bool:
    """Say whether the encoder encodes, in the sandbox and by exit status."""
    limits = sandbox.Limits(TEST_SECONDS, TEST_SECONDS, memory=sandbox.memory_for(0) + encoder.memory)
    try:
        outcome = sandbox.run(encoder.test_command(), source=_NOTHING, limits=limits, devices=encoder.devices)
    except MediaFailed as error:
        _log.info("The encoder %s does not work here: %s", encoder.name, error)
        return False
    if outcome.status:
        _log.info("The encoder %s does not work here: %s", encoder.name, outcome.stderr.strip().rpartition("\n")[2])
    return outcome.status == 0


class Choice:
    """The first of `found` that passes `test`, with software behind it; `clock` counts seconds."""

    def __init__(
        self,
        found: Iterable[Encoder],
        test: Callable[[Encoder], bool] = works,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._test = test
        self._clock = clock
        self._health = Health()
        self.hardware = next((encoder for encoder in found if test(encoder)), None)
        _log.info("H.264 is made by %s.", self.hardware.name if self.hardware else "x264")

    def encode(self, renditions: Sequence[VideoRendition], make: Callable[[Encoder], _Made]) -> _Made:
        """Return what `make` makes of all `renditions`, which are of one codec, with the best encoder for them.

        Where that is hardware and fails, `make` is called again with software. Raises what `make` raises.
        """
        software = _SOFTWARE[renditions[0].codec]
        hardware = self.hardware
        if hardware is None or not all(map(hardware.takes, renditions)) or not self._is_ready(hardware):
            return make(software)
        try:
            made = make(hardware)
        except (MediaFailed, Unplayable) as error:
            if error.code == "media-failed.stopped":
                raise
            made = make(software)
            self._note_failure(hardware, error)
        else:
            self._health.note_success()
        return made

    def _is_ready(self, hardware: Encoder) -> bool:
        """Say whether it may be used, testing it again after a failure."""
        if self._health.usable:
            return True
        if self._clock() < self._health.not_before:
            return False
        if self._test(hardware):
            self._health.note_recovery()
            return True
        self._health.note_failure(self._after_rest())
        return False

    def _note_failure(self, hardware: Encoder, error: MediaFailed | Unplayable) -> None:
        self._health.note_failure(self._after_rest())
        _log.warning("The encoder %s failed where software did not: %s", hardware.name, error)

    def _after_rest(self) -> float:
        failures = self._health.failures
        return self._clock() + REST_SECONDS[failures] if failures < len(REST_SECONDS) else math.inf
