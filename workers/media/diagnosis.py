"""From what ffmpeg says to what a person is told."""

from __future__ import annotations

import re
import signal

from server.errors import MatineeError, MediaFailed, NoSpace, Unplayable
from workers.media.sandbox import Outcome

_REFUSED_CODEC = re.compile(r"Codec \((\S+)\) not on whitelist")
_REFUSED_FORMAT = re.compile(r"\[(\S+) @ [^\]]+\] Format not on whitelist")
_PICTURE = re.compile(r"_pipe$|^(image2|gif|ico|apng|webp_anim)")
_CUT_OFF = re.compile(
    r"EBML header parsing failed|File ended prematurely|\[mov,\S+ @ [^\]]+\] error reading header|"
    r"\[matroska\S* @.*\n(?:.*\n)?.*: End of file"
)
_MEMORY = re.compile(r"Cannot allocate memory|malloc of size|Failed to allocate|out of memory", re.IGNORECASE)
_TRACKS = "Number of streams exceeds max_streams"
_UNKNOWN_CODEC = re.compile(r"[Dd]ecoder \(codec (\S+?)\) not found|no decoder found for: (\S+)")
_TOO_LARGE = re.compile(r"exceeds specified max pixel count|Picture size \d+x\d+ is invalid")

_UNDECODED = "Cannot determine format of input"  # not one frame came out of the decoder
_MOSTLY_BROKEN = 69  # more frames could not be decoded than `-max_error_rate` forgives, ffmpeg(1)

_OVER_LIMIT = {128 + number for number in (signal.SIGXCPU, signal.SIGXFSZ)}
_CRASHED = {128 + number for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)}


def refusal(outcome: Outcome) -> MatineeError:
    """Return the error for a probe that failed: Unplayable where the file is the reason."""
    said = outcome.stderr
    if _TRACKS in said:
        return Unplayable("The file holds far too many tracks for a film.", code="unplayable.tracks")
    if _MEMORY.search(said):
        # No film needs so much for its index: only a damaged file does, or one that was made to do harm.
        return Unplayable(
            "Reading the index of the file takes more memory than any film needs: it is damaged. Export it anew.",
            code="unplayable.memory",
        )
    if (error := _outside(outcome)) is not None:
        return error
    if (match := _REFUSED_FORMAT.search(said)) is not None:
        if _PICTURE.search(match[1]):
            return Unplayable("The file is a picture, not a film.", code="unplayable.still-image")
        return Unplayable(
            f"The file is not a film that can be played (it looks like {match[1].split(',')[0]}). "
            "Upload the film itself, for example as MP4, MKV, MOV or AVI.",
            code="unplayable.format",
        )
    if (match := _REFUSED_CODEC.search(said)) is not None:
        return Unplayable(
            f"The film is encoded as {match[1]}, which is not accepted here. Export it as H.264 in MP4.",
            code="unplayable.codec",
        )
    if _TOO_LARGE.search(said):
        return Unplayable("One picture of the film is too large. Export it smaller.", code="unplayable.too-many-pixels")
    if "moov atom not found" in said:
        return Unplayable(
            "The file has no index: it is not a film, or its end is missing (a recording that was cut off, or a copy "
            "that did not finish). Upload the complete file.",
            code="unplayable.truncated",
        )
    if _CUT_OFF.search(said):
        return Unplayable("The file is cut off or damaged. Upload the complete file.", code="unplayable.truncated")
    return Unplayable(
        "The file is not a film that can be played. Upload a film, for example as MP4, MKV, MOV or AVI.",
        code="unplayable.format",
    )


def failure(outcome: Outcome) -> MatineeError:
    """Return the error for an encode that failed although the file had passed the probe."""
    if (error := _outside(outcome)) is not None:
        return error
    if (match := _REFUSED_CODEC.search(outcome.stderr) or _UNKNOWN_CODEC.search(outcome.stderr)) is not None:
        codec = next(name for name in match.groups() if name)
        return Unplayable(
            f"The film holds {codec}, which is not accepted here. Export it as H.264 in MP4.",
            code="unplayable.codec",
        )
    if _UNDECODED in outcome.stderr or outcome.status == _MOSTLY_BROKEN:
        return Unplayable(
            "The pictures or the sound of the file cannot be decoded: it is damaged. Upload an intact copy.",
            code="unplayable.damaged",
        )
    return MediaFailed(
        f"The film could not be encoded here: {_last_line(outcome)}", code="media-failed.encode", detail=outcome.stderr
    )


def _outside(outcome: Outcome) -> MatineeError | None:
    """The reasons that lie in this machine and not in the file; None if there is none."""
    said = outcome.stderr
    if "No space left on device" in said:
        return NoSpace("There was no space left on the disk while encoding. Free some space; it is tried again.")
    if _MEMORY.search(said):
        return MediaFailed("There was not enough memory for this film.", code="media-failed.memory", detail=said)
    if outcome.status in _OVER_LIMIT:
        return MediaFailed(
            "The media program used more than its share of processor time or file size and was ended.",
            code="media-failed.limits",
            detail=said,
        )
    if outcome.status == 128 + signal.SIGKILL:
        return MediaFailed(
            "The media program was killed, most likely because the machine ran out of memory. Add memory, or run "
            "fewer encoding workers (media.encode_workers).",
            code="media-failed.killed",
            detail=said,
        )
    if outcome.status in _CRASHED:
        return MediaFailed("The media program crashed over this file.", code="media-failed.crashed", detail=said)
    return None


def _last_line(outcome: Outcome) -> str:
    lines = [line for line in outcome.stderr.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"it ended with status {outcome.status}."
