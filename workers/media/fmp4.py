"""Fragmented MP4, as little of it as HLS needs: read fragments, write fragments, name the codec.

ISO/IEC 14496-12 (boxes), 14496-15 (avcC), 14496-14 and 14496-1 (esds), RFC 6381 (codec names), AOMedia's
AV1 in ISOBMFF (av1C, section 5).
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.errors import MediaFailed
from workers.media.boxes import box, boxes, decoder_config, descriptor, find

_NOT_A_KEY_FRAME = 0x10000  # sample_is_non_sync_sample
_ALONE = 0x02000000  # sample_depends_on = 2: on nothing else
_NEEDS_OTHERS = 0x01000000


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded frame: presentation time and duration in ticks, its place in the file in bytes."""

    time: int
    duration: int
    offset: int
    size: int
    key: bool

    @property
    def place(self) -> slice:
        """Its bytes within the file."""
        return slice(self.offset, self.offset + self.size)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A moof with its mdat: `decode_time` (tfdt) in ticks, its bytes in the file, its samples in coded order."""

    decode_time: int
    start: int
    end: int
    samples: tuple[Sample, ...]

    @property
    def start_time(self) -> int:
        """The tick at which its first frame is shown."""
        return self.samples[0].time

    @property
    def end_time(self) -> int:
        """The tick at which its last frame ends."""
        return max(sample.time + sample.duration for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Movie:
    """A fragmented file with one track: `init` (ftyp and moov), ticks per second, RFC 6381 codec, fragments.

    `parameter_sets` are the SPS and PPS of H.264 as a sample carries them; empty for other codecs.
    """

    init: bytes
    timescale: int
    codecs: str
    parameter_sets: bytes
    fragments: tuple[Fragment, ...]


def parse(data: bytes) -> Movie:
    """Read a fragmented MP4 with one track; one without anything encoded has no fragments and perhaps no `init`.

    Raises MediaFailed if it is cut off.
    """
    try:
        return _parse(data)
    except (struct.error, IndexError, KeyError, StopIteration) as error:
        raise MediaFailed("The encoded file is damaged.", code="media-failed.output", detail=repr(error)) from error


def first_sample(moof: bytes) -> Sample:
    """Return the first frame of a fragment of which only the moof is at hand; its place counts from there.

    Raises MediaFailed if the moof is damaged.
    """
    try:
        return _fragment(moof, 0, len(moof), sys.maxsize).samples[0]
    except (struct.error, IndexError, StopIteration) as error:
        raise MediaFailed("A fragment is damaged.", code="media-failed.output", detail=repr(error)) from error


def _parse(data: bytes) -> Movie:
    init = b""
    timescale, codecs, parameter_sets = 0, "", b""
    fragments: list[Fragment] = []
    moof: tuple[int, int] | None = None
    for kind, start, _, end in boxes(data, 0, len(data)):
        if kind == b"ftyp":
            init += data[start:end]
        elif kind == b"moov":
            timescale, codecs = _timescale(data, start, end), _codecs(data, start, end)
            parameter_sets = _parameter_sets(data, start, end)
            init += _without_rates(data, start, end)
        elif kind == b"moof":
            moof = start, end
        elif kind == b"mdat" and moof is not None:
            fragments.append(_fragment(data, *moof, end))
            moof = None
    return Movie(init, timescale, codecs, parameter_sets, tuple(fragments))


def _timescale(data: bytes, start: int, end: int) -> int:
    body, _ = next(find(data, start, end, b"mdhd"))
    offset = 20 if data[body] == 1 else 12
    return int(struct.unpack_from(">I", data, body + offset)[0])


def _codecs(data: bytes, start: int, end: int) -> str:
    """Name the codec of the only sample entry after RFC 6381, section 3.3."""
    body, stop = next(find(data, start, end, b"stsd"))
    kind, _, entry, entry_end = next(boxes(data, body + 8, stop))
    if kind == b"avc1":
        config, _ = next(find(data, entry + 78, entry_end, b"avcC"))
        return f"avc1.{data[config + 1 : config + 4].hex()}"
    if kind == b"av01":
        config, _ = next(find(data, entry + 78, entry_end, b"av1C"))
        return _av1(data[config + 1], data[config + 2])
    if kind == b"mp4a":
        config, _ = next(find(data, entry + 28, entry_end, b"esds"))
        audio = descriptor(data, decoder_config(data, config) + 13)
        object_type = data[audio] >> 3
        if object_type == 31:
            object_type = 32 + ((data[audio] & 7) << 3 | data[audio + 1] >> 5)
        return f"mp4a.40.{object_type}"
    raise KeyError(kind)


def _parameter_sets(data: bytes, start: int, end: int) -> bytes:
    """Read avcC (ISO/IEC 14496-15, 5.3.3.1), where lengths are of two bytes; in a sample they are of four."""
    body, stop = next(find(data, start, end, b"stsd"))
    kind, _, entry, entry_end = next(boxes(data, body + 8, stop))
    found = b""
    if kind == b"avc1":
        position = next(find(data, entry + 78, entry_end, b"avcC"))[0] + 5
        for mask in (0x1F, 0xFF):  # of the count of SPS, then of the count of PPS
            count, position = data[position] & mask, position + 1
            for _ in range(count):
                after = position + 2 + int(struct.unpack_from(">H", data, position)[0])
                found += struct.pack(">I", after - position - 2) + data[position + 2 : after]
                position = after
    return found


def _av1(sequence: int, colour: int) -> str:
    """Name the codec from the second and third byte of av1C: profile and level, then tier, depth and the rest."""
    profile, level = sequence >> 5, sequence & 0x1F
    tier, high, twelve = "H" if colour & 0x80 else "M", colour & 0x40, colour & 0x20
    depth = 12 if high and twelve else 10 if high else 8
    return f"av01.{profile}.{level:02}{tier}.{depth:02}"


def _without_rates(data: bytes, start: int, end: int) -> bytes:
    """Return the moov with its bit rates as 0, unknown: ffmpeg guesses them anew in every piece."""
    moov = bytearray(data[start:end])
    body, stop = next(find(moov, 0, len(moov), b"stsd"))
    kind, _, entry, entry_end = next(boxes(moov, body + 8, stop))
    children = entry + (28 if kind == b"mp4a" else 78)
    for rates, _ in find(moov, children, entry_end, b"btrt"):
        moov[rates : rates + 12] = bytes(12)
    for esds, _ in find(moov, children, entry_end, b"esds"):
        rates = decoder_config(moov, esds) + 5
        moov[rates : rates + 8] = bytes(8)
    return bytes(moov)


def _fragment(data: bytes, start: int, moof_end: int, end: int) -> Fragment:
    body, _ = next(find(data, start, moof_end, b"tfhd"))
    flags = int.from_bytes(data[body + 1 : body + 4], "big")
    position = body + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
    defaults = {"duration": 0, "size": 0, "flags": 0}
    for bit, name in ((0x8, "duration"), (0x10, "size"), (0x20, "flags")):
        if flags & bit:
            defaults[name] = struct.unpack_from(">I", data, position)[0]
            position += 4
    body, _ = next(find(data, start, moof_end, b"tfdt"))
    # Signed, although the standard says unsigned: an encoder's priming stands before zero.
    decode_time = int(struct.unpack_from(">q" if data[body] == 1 else ">i", data, body + 4)[0])
    samples: list[Sample] = []
    time = decode_time
    for run, _ in find(data, start, moof_end, b"trun"):
        for sample, duration in _run(data, run, start, time, defaults):
            samples.append(sample)
            time += duration
    if samples and max(sample.offset + sample.size for sample in samples) > end:
        raise IndexError("a sample lies outside its fragment")
    return Fragment(decode_time, start, end, tuple(samples))


def _run(data: bytes, body: int, moof: int, time: int, defaults: dict[str, int]) -> Iterator[tuple[Sample, int]]:
    """Yield the samples of one trun with their durations; `time` is the decode time of the first."""
    flags = int.from_bytes(data[body + 1 : body + 4], "big")
    count = struct.unpack_from(">I", data, body + 4)[0]
    position = body + 8
    offset = moof
    first_flags = None
    if flags & 0x1:
        offset += struct.unpack_from(">i", data, position)[0]
        position += 4
    if flags & 0x4:
        first_flags = struct.unpack_from(">I", data, position)[0]
        position += 4
    for number in range(count):
        values = dict(defaults)
        shift = 0
        for bit, name in ((0x100, "duration"), (0x200, "size"), (0x400, "flags")):
            if flags & bit:
                values[name] = struct.unpack_from(">I", data, position)[0]
                position += 4
        if flags & 0x800:
            shift = struct.unpack_from(">i", data, position)[0]
            position += 4
        if number == 0 and first_flags is not None:
            values["flags"] = first_flags
        key = not values["flags"] & _NOT_A_KEY_FRAME
        yield Sample(time + shift, values["duration"], offset, values["size"], key), values["duration"]
        time += values["duration"]
        offset += values["size"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One coded frame to be written: its duration and presentation minus decode time in ticks."""

    data: bytes
    duration: int
    shift: int = 0
    key: bool = True


def fragment(number: int, decode_time: int, frames: Sequence[Frame]) -> bytes:
    """Return a moof and its mdat with `frames` of track 1 in coded order; `number` is the sequence number from 1."""
    header = box(b"mfhd", struct.pack(">II", 0, number))
    # Default base is the moof; duration and flags hold for every sample that does not say otherwise.
    usual = struct.pack(">III", 1, frames[-1].duration, _sample_flags(frames[-1]))
    defaults = box(b"tfhd", struct.pack(">I", 0x020028), usual)
    time = box(b"tfdt", struct.pack(">IQ", 0x01000000, decode_time))
    bits, first, columns = 0x205, struct.pack(">I", _sample_flags(frames[0])), [[len(frame.data) for frame in frames]]
    if len({frame.duration for frame in frames}) > 1:
        bits |= 0x100
        columns.insert(0, [frame.duration for frame in frames])
    if len({frame.key for frame in frames[1:]}) > 1:
        bits, first = bits & ~0x4 | 0x400, b""
        columns.append([_sample_flags(frame) for frame in frames])
    if any(frame.shift for frame in frames):
        bits |= 0x800
        columns.append([frame.shift for frame in frames])
    rows = b"".join(struct.pack(">i", value) for row in zip(*columns, strict=True) for value in row)

    def moof(data_offset: int) -> bytes:
        run = struct.pack(">IIi", 0x01000000 | bits, len(frames), data_offset)
        return box(b"moof", header, box(b"traf", defaults, time, box(b"trun", run, first, rows)))

    # The data begins after the moof and the header of the mdat.
    return moof(len(moof(0)) + 8) + box(b"mdat", *(frame.data for frame in frames))


def _sample_flags(frame: Frame) -> int:
    return _ALONE if frame.key else _NEEDS_OTHERS | _NOT_A_KEY_FRAME
