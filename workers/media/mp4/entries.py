"""What a sample entry says about the codec, and whether browsers take it as it is.

ISO/IEC 14496-12, 8.5.2 and 12 (entries), 14496-15 (avcC), 14496-14 (esds), 14496-3 (AudioSpecificConfig), H.264 7.3.2.1
(sequence parameter set), QuickTime File Format (sound descriptions of version 1 and 2).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from workers.media.boxes import decoder_config, descriptor
from workers.media.mp4.refusal import NotCopyable
from workers.media.mp4.tree import children

_MOST_BYTES = 4096  # of a codec's configuration
_BASELINE, _MAIN, _HIGH = 66, 77, 100
_HIGHEST_LEVEL = 52
_SPS = 7
_LC = 2
_SBR = 5
_SAMPLE_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_HIGHEST_RATE = 48_000
_CHANNELS = frozenset({1, 2, 6})


@dataclass(frozen=True, slots=True)
class VideoEntry:
    """H.264 that browsers play: size in pixels, the avcC box's content, colour as `nclx` or nothing.

    `length_size` is the bytes of a NAL unit's length, `parameter_sets` are the NAL units that hold for every picture.
    """

    width: int
    height: int
    config: bytes
    colour: bytes
    length_size: int
    parameter_sets: frozenset[bytes]

    @property
    def codecs(self) -> str:
        """The name after RFC 6381, section 3.3."""
        return f"avc1.{self.config[1:4].hex()}"


@dataclass(frozen=True, slots=True)
class AudioEntry:
    """AAC-LC in frames of 1024 samples; `config` is the AudioSpecificConfig."""

    sample_rate: int
    channels: int
    config: bytes

    @property
    def codecs(self) -> str:
        """The name after RFC 6381, section 3.3."""
        return f"mp4a.40.{_LC}"


def read_video(data: bytes, kind: bytes, body: int, end: int) -> VideoEntry:
    """Read a visual sample entry. Raises NotCopyable, and what `guarded` translates."""
    if kind != b"avc1":
        raise NotCopyable("The pictures are not H.264 with its parameters in the index.")
    width, height = struct.unpack_from(">HH", data, body + 24)
    parts = children(data, body + 78, end)
    if b"pasp" in parts and len(set(struct.unpack_from(">II", data, parts[b"pasp"][0]))) > 1:
        raise NotCopyable("The pixels are not square.")
    if b"sinf" in parts or not width or not height:
        raise NotCopyable("The pictures are encrypted or have no size.")
    start, stop = parts[b"avcC"]
    config = data[start : min(stop, start + _MOST_BYTES)]
    sequences, position = _nal_units(config, 6, config[5] & 0x1F)
    pictures, position = _nal_units(config, position + 1, config[position])
    if config[0] != 1 or len(sequences) != 1 or not pictures or config[1:4] != sequences[0][1:4]:
        raise NotCopyable("The pictures do not have one sequence parameter set.")
    profile = _check_sequence(sequences[0])
    length_size = (config[4] & 3) + 1
    if length_size == 3:
        raise NotCopyable("The lengths of NAL units have three bytes.")
    # Written anew, so that nothing comes along that was not read: 4:2:0, 8 bits, no extensions.
    config = config[:position] + (b"\xfd\xf8\xf8\x00" if profile == _HIGH else b"")
    return VideoEntry(width, height, config, _colour(data, parts), length_size, frozenset({*sequences, *pictures}))


def _nal_units(config: bytes, position: int, count: int) -> tuple[list[bytes], int]:
    units = []
    for _ in range(count):
        size = struct.unpack_from(">H", config, position)[0]
        position += 2 + size
        if not size or position > len(config):
            raise IndexError("a parameter set does not fit")
        units.append(config[position - size : position])
    return units, position


def _check_sequence(unit: bytes) -> int:
    """Return the profile of a sequence parameter set that every browser decodes."""
    profile, level = unit[1], unit[3]
    if unit[0] & 0x1F != _SPS or profile not in (_BASELINE, _MAIN, _HIGH) or level > _HIGHEST_LEVEL:
        raise NotCopyable("The H.264 profile or level is one that browsers do not take.")
    if profile == _HIGH:
        numbers = _exp_golomb(unit[4:40].replace(b"\0\0\3", b"\0\0"))
        _, chroma, luma_depth, chroma_depth = (next(numbers) for _ in range(4))
        if (chroma, luma_depth, chroma_depth) != (1, 0, 0):
            raise NotCopyable("The pictures are not 4:2:0 with 8 bits.")
    return profile


def _exp_golomb(data: bytes) -> Iterator[int]:
    """Yield the numbers of a bit string in unsigned Exp-Golomb code (H.264, 9.1)."""
    bits, position = "".join(f"{byte:08b}" for byte in data), 0
    while True:
        first = bits.index("1", position)
        end = 2 * first - position + 1
        yield int(bits[first:end], 2) - 1
        position = end


def _colour(data: bytes, parts: dict[bytes, tuple[int, int]]) -> bytes:
    start, stop = parts.get(b"colr", (0, 0))
    return data[start:stop] if data[start : start + 4] == b"nclx" and stop - start == 11 else b""


def read_audio(data: bytes, kind: bytes, body: int, end: int) -> AudioEntry:
    """Read an audio sample entry. Raises NotCopyable, and what `guarded` translates."""
    if kind != b"mp4a":
        raise NotCopyable("The sound is not AAC.")
    version = struct.unpack_from(">H", data, body + 8)[0]
    parts = children(data, body + {0: 28, 1: 44, 2: 64}[version], end)
    if b"esds" not in parts:
        parts = children(data, *parts[b"wave"])
    esds, stop = parts[b"esds"]
    decoder = decoder_config(data, esds)
    config = descriptor(data, decoder + 13)
    size = data[config - 1]  # of the descriptor; longer ones spread over several bytes, and are none of AAC-LC's
    if data[decoder] != 0x40 or data[decoder + 13] != 5 or size > 64 or config + size > stop:
        raise NotCopyable("The sound is not AAC.")
    return _read_config(data[config : config + size])


def _read_config(config: bytes) -> AudioEntry:
    """Read an AudioSpecificConfig of 5 bits object type, 4 rate, 4 channels, 3 flags, and perhaps an extension."""
    word, bits = int.from_bytes(config, "big"), 8 * len(config)

    def at(position: int, width: int) -> int:
        if position + width > bits:
            raise IndexError("the configuration of the sound is too short")
        return word >> bits - position - width & (1 << width) - 1

    rate, channels = _SAMPLE_RATES[at(5, 4)], at(9, 4)
    if at(0, 5) != _LC or at(13, 3):
        raise NotCopyable("The sound is not AAC-LC in frames of 1024 samples.")
    # Spectral band replication may be signalled behind, after the syncword 0x2b7.
    if bits >= 33 and at(16, 11) == 0x2B7 and at(27, 5) == _SBR and at(32, 1):
        raise NotCopyable("The sound is HE-AAC.")
    if rate > _HIGHEST_RATE or channels not in _CHANNELS:
        raise NotCopyable("The sound has a rate or channels that browsers do not take.")
    return AudioEntry(rate, channels, config)
