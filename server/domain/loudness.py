"""How loud a sound is (EBU R 128, ITU-R BS.1770), and by how much a player should change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TARGET_LUFS = -16.0  # what AES TD1004 asks of streams for all kinds of devices
CEILING_DBTP = -1.0  # louder than this, converters and other codecs may clip
SILENCE_LUFS = -70.0  # the absolute gate: nothing below it counts as sound


@dataclass(frozen=True, slots=True)
class Loudness:
    """What was measured over the whole film: loudness in LUFS, its range in LU, the highest true peak in dBTP."""

    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: float

    @property
    def gain_db(self) -> float:
        """Decibels that bring the sound to the target, as far as its peaks allow; silence stays what it is."""
        if self.integrated_lufs <= SILENCE_LUFS:
            return 0.0
        return round(min(TARGET_LUFS - self.integrated_lufs, CEILING_DBTP - self.true_peak_dbtp), 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "integrated_lufs": self.integrated_lufs,
            "range_lu": self.range_lu,
            "true_peak_dbtp": self.true_peak_dbtp,
            "gain_db": self.gain_db,
        }
