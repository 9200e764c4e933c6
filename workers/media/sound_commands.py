"""The command lines of ffmpeg for sound, as plain lists; those for pictures are in `commands`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from server.domain.rendition import AudioRendition
from server.domain.soundtracks import FIXED_FRAMES
from server.domain.source import AudioTrack
from server.domain.timeline import AAC_FRAME
from workers.media import allowed
from workers.media.commands import CLEAN, FRAGMENTS, MOVIE, QUIET, REPORTING, RUN_FILE, reading_from, seconds
from workers.media.sandbox import OUT, SOURCE

# The AAC encoder decides on its windows from a few frames of history, and needs the frame after the last one.
LEAD_FRAMES = 16
TAIL_FRAMES = 3
# Decoders warm up (bit reservoirs, overlap), and sound may lie this much before the pictures of its time in the file.
LEAD_SECONDS = 10

WAVEFORM_FILE = "waveform.jpg"
_WAVE_BARS = 320
_WAVE_RATE = 16_000  # samples per second: enough to see, and little to hold for a bar of a long sound
_WAVE_GROUND = "0x15131d"

_COPY = ["-c:a", "copy", "-bsf:a", "aac_adtstoasc"]  # MPEG-TS carries ADTS; frames without its header pass through

# 5.1 is the one with back channels: AAC has a number for it, and none for the one with side channels.
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def piece(
    track: AudioTrack, rendition: AudioRendition, frames: range, start: Fraction, *, max_pixels: int
) -> list[str]:
    """ffmpeg: sound around the AAC `frames` of a piece that starts at `start` seconds, as one fragmented MP4.

    The frames before and after are there to be dropped.
    """
    if rendition.copy:
        work = ["-to", seconds(rendition.grid.time_of(frames.stop) + 1), *_COPY]
    else:
        first = (frames.start - LEAD_FRAMES) * AAC_FRAME
        end = (frames.stop + TAIL_FRAMES) * AAC_FRAME
        work = ["-af", _cut(track, rendition, first, end), "-ac", str(rendition.channels)]
        work += ["-c:a", "aac", "-b:a", f"{rendition.bitrate}k"]
    return _movie(track, start - LEAD_SECONDS if rendition.seek else Fraction(0), work, max_pixels)


def head(track: AudioTrack, *, max_pixels: int) -> list[str]:
    """ffmpeg: the first frame of copied sound, for the sake of its init segment."""
    return _movie(track, Fraction(0), ["-frames:a", "1", *_COPY], max_pixels)


def loudness(renditions: Sequence[AudioRendition], *, max_pixels: int) -> list[str]:
    """ffmpeg: read the whole source and log how loud each of `renditions` would be, under its name."""
    return [
        *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "info", *REPORTING, "-copyts"),
        *allowed.options(allowed.DECODERS, max_pixels),
        *("-i", SOURCE),
        *(option for made in renditions for option in _listening(made)),
    ]


def _listening(made: AudioRendition) -> list[str]:
    filters = f"{resample(made)},ebur128@{made.name}=peak=true:framelog=verbose"
    return ["-map", f"0:{made.track}", *CLEAN, "-vn", "-af", filters, "-f", "null", "-"]


def waveform(track: AudioTrack, duration: Fraction, *, max_pixels: int) -> list[str]:
    """ffmpeg: the peaks of a sound that lasts `duration` seconds as bars from -60 dB to 0 in a JPEG of 1280 by 320.

    Only the peak of each bar is kept, so that a sound of any length needs the same memory.
    """
    column = ceil(duration * _WAVE_RATE / _WAVE_BARS) + 1
    peaks = [
        f"aresample={_WAVE_RATE}:rematrix_maxval=1:async=1:first_pts=0",
        f"aformat=sample_fmts=fltp:channel_layouts={_LAYOUTS[min(track.channels, 2)]}",
        f"atrim=end={seconds(duration)},asetnsamples=n={column}:p=0",
        "astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=Peak_level",
        # drawgraph writes colours from back to front: this is #f2a93b.
        f"adrawgraph=m1=lavfi.astats.Overall.Peak_level:fg1=0xff3ba9f2:bg={_WAVE_GROUND}:min=-60:max=0",
    ]
    half = f"{','.join(peaks)}:mode=bar:slide=picture:size={_WAVE_BARS}x160"
    mirrored = "split[up][copy];[copy]vflip[down];[up][down]vstack"
    bars = f"scale=1280:320:flags=neighbor,drawgrid=w=4:h=0:t=1:c={_WAVE_GROUND},format=yuvj420p"
    return [
        *("ffmpeg", *QUIET, *REPORTING),
        *reading_from(Fraction(0), max_pixels),
        *("-filter_complex", f"[0:{track.index}]{half},{mirrored},{bars}[wave]", "-map", "[wave]", *CLEAN, "-an"),
        *("-frames:v", "1", "-c:v", "mjpeg", "-q:v", "4", "-threads", "1"),
        *("-f", "image2", "-update", "1", "-fflags", "+bitexact", f"{OUT}/{WAVEFORM_FILE}"),
    ]


def resample(rendition: AudioRendition, timing: str = "") -> str:
    """Return the filters that give sound the rate and the channels of `rendition`; `timing` are options of aresample.

    Several channels become few as ITU-R BS.775 mixes them, with all weights together no more than one. The loudest
    film cannot clip then, and others get quieter than they could be: `workers.media.loudness` measures by how much.
    """
    layout = _LAYOUTS[rendition.channels]
    rate = rendition.sample_rate
    return f"aresample={rate}:rematrix_maxval=1{timing},aformat=sample_fmts=fltp:channel_layouts={layout}"


def _movie(track: AudioTrack, start: Fraction, work: list[str], max_pixels: int) -> list[str]:
    return [
        *("ffmpeg", *QUIET, *REPORTING),
        *reading_from(start, max_pixels),
        *("-map", f"0:{track.index}", *CLEAN, "-vn", *work, *MOVIE),
        # One fragment: the segments are made from its frames. ADTS sound has its header only after the first frame.
        *("-movflags", f"{FRAGMENTS}+delay_moov", "-frag_duration", "2000000000", f"{OUT}/{RUN_FILE}"),
    ]


def _cut(track: AudioTrack, rendition: AudioRendition, first: int, end: int) -> str:
    """Exactly the samples `first` to `end` of the rendition: silence where the source has none."""
    filters = []
    if track.clock_is_coarse and track.codec in FIXED_FRAMES:
        # The first time stamp of a piece is off by some samples; the packets stand on a grid.
        origin = round(track.start * track.sample_rate)
        filters.append(f"asetpts=round((PTS-{origin})/NB_SAMPLES)*NB_SAMPLES+{origin}")
    if rendition.seek and rendition.sample_rate != track.sample_rate:
        # A whole second is a whole number of samples at either rate: the resampler starts in phase in every piece.
        whole = max(0, first // rendition.sample_rate)
        filters.append(f"atrim=start_pts={whole * track.sample_rate}")
    # Read from the beginning, samples are counted from there; time stamps on the way would shake the start again.
    counted_from = first if rendition.seek else -LEAD_FRAMES * AAC_FRAME
    filters += [
        resample(rendition, f":async=1:min_comp=0:first_pts={counted_from}"),
        "apad",
        f"atrim=start_pts={first}:end_pts={end}",
    ]
    return ",".join(filters)
