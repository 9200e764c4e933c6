"""The command lines of ffmpeg and ffprobe, as plain lists: what is made, and nothing of how it runs.

The options are those of ffmpeg 5.1 that 7.1 still has (ffmpeg(1), ffmpeg-filters(1), ffmpeg-formats(1)). The time
stamps of the source are kept (`-copyts`) and counted from its start (`-start_at_zero`), and filters on absolute time
stamps cut the pieces, so that a frame on a boundary falls to the same side in both neighbours. `-ss` only says where
to begin reading; why it cannot cut is in docs/decisions/0003-pieces-that-join.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from server.domain.rendition import VideoRendition
from server.domain.source import VideoTrack
from server.domain.timeline import Piece
from workers.media import allowed, filters
from workers.media.encoders.encoder import Encoder
from workers.media.sandbox import OUT, SOURCE

RUN_FILE = "run.mp4"
REMUXED_FILE = "remuxed.mp4"

# Whatever can be shown of a damaged film is shown: without the last option ffmpeg fails where most of it is broken.
# The film's clock. ffmpeg counts a stream of an MPEG-TS from its own start instead of the film's if it is read alone,
# but not where an offset was asked for; of this one, not a tick is left after rounding.
CLOCK = ["-copyts", "-start_at_zero", "-itsoffset", "0.000001"]
QUIET = ["-nostdin", "-hide_banner", "-loglevel", "error", "-max_error_rate", "1"]
REPORTING = ["-nostats", "-stats_period", "0.5", "-progress", "pipe:1"]
CLEAN = ["-map_metadata", "-1", "-map_chapters", "-1", "-dn", "-sn"]
MOVIE = ["-f", "mp4", "-use_editlist", "0", "-avoid_negative_ts", "disabled", "-fflags", "+bitexact"]
FRAGMENTS = "default_base_moof+frag_discont"


def probe(max_pixels: int) -> list[str]:
    """ffprobe: streams, format and chapters as JSON."""
    return [
        *("ffprobe", "-hide_banner", "-loglevel", "error", "-of", "json"),
        *("-show_streams", "-show_format", "-show_chapters"),
        *allowed.options(allowed.PROBED, max_pixels),
        *("-i", SOURCE),
    ]


def remux(video: VideoTrack, max_pixels: int) -> list[str]:
    """ffmpeg: the pictures as they are, in an MP4 with an index, on the film's own clock.

    It ends at the first packet that is damaged or out of order. Whatever it had to guess of times is on stderr.
    """
    ticks = str(video.time_base.denominator * ceil(Fraction(10_000, video.time_base.denominator)))
    return [
        *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "warning", "-xerror", *REPORTING),
        *CLOCK,
        *(*allowed.options(allowed.DECODERS, max_pixels), "-i", SOURCE),
        *("-map", f"0:{video.index}", *CLEAN, "-an", "-c", "copy"),
        *("-f", "mp4", "-avoid_negative_ts", "disabled", "-fflags", "+bitexact"),
        # The time of the first picture is told by the edit list, which counts in ticks of the movie.
        *("-video_track_timescale", ticks, "-movie_timescale", ticks, f"{OUT}/{REMUXED_FILE}"),
    ]


def picture_after(video: VideoTrack, start: Fraction, max_pixels: int) -> list[str]:
    """ffmpeg: look for one picture at or after `start`; the report on stdout ends with `frame=1` if there is one."""
    return [
        *("ffmpeg", *QUIET, *REPORTING),
        *reading_from(start - 1, max_pixels),
        *("-map", f"0:{video.index}", *CLEAN, "-an", "-vf", f"trim=start={seconds(start)}"),
        *("-fps_mode", "passthrough", "-frames:v", "1", "-f", "null", "-"),
    ]


def video_piece(
    video: VideoTrack,
    renditions: Sequence[VideoRendition],
    piece: Piece,
    *,
    encoder: Encoder,
    lead: Fraction,
    hold: bool,
    max_pixels: int,
) -> list[str]:
    """ffmpeg: one piece of pictures, decoded once, as a fragmented MP4 per rendition with a fragment per segment.

    Reading begins `lead` seconds before the piece. With `hold`, pictures come at a constant rate and the last one is
    repeated over holes in the source; without, every picture keeps its own time stamp. `renditions` come small to
    large.
    """
    # A piece that nothing follows also takes the pictures that a container forgot to count.
    end = piece.end + Fraction(1, 2) if piece.last and not hold else piece.end
    cut = f"trim=start={seconds(piece.start)}:end={seconds(end)}"
    if hold:
        rate = max(5, round(max(made.frame_rate for made in renditions)))
        cut = (
            f"fps=fps={rate}:round=down:start_time={seconds(piece.start)},"
            f"tpad=stop=-1:stop_mode=clone,trim=end={seconds(end)}"
        )
    return [
        *("ffmpeg", *QUIET, *REPORTING, *encoder.opening),
        *reading_from(piece.start - lead, max_pixels),
        *("-filter_complex_threads", "1", "-filter_complex", filters.graph(video, cut, renditions, encoder.finish)),
        *(option for number, made in enumerate(renditions) for option in _output(number, made, piece, encoder)),
    ]


def _output(number: int, made: VideoRendition, piece: Piece, encoder: Encoder) -> list[str]:
    """One rendition of a piece; key frames stand on the boundaries and nowhere else, each begins a fragment."""
    return [
        *("-map", f"[v{number}]", *CLEAN, "-an", "-fps_mode", "passthrough", "-enc_time_base", f"{1 / made.ticks}"),
        *encoder.options(made),
        *_key_frames(piece),
        *MOVIE,
        *("-movflags", f"{FRAGMENTS}+delay_moov+frag_keyframe+negative_cts_offsets", f"{OUT}/{made.name}.mp4"),
    ]


def _key_frames(piece: Piece) -> list[str]:
    """The first picture is a key frame anyway; asked for by its time, a rounded clock would make two of it."""
    times = ",".join(seconds(boundary) for boundary in piece.boundaries[1:])
    return ["-force_key_frames", times] if times else []


def reading_from(start: Fraction, max_pixels: int) -> list[str]:
    """Input options: begin reading at the key frame before `start` seconds, and throw nothing away."""
    seek = ["-ss", seconds(start)] if start > 0 else []
    threads = ["-threads", "2"]  # decoding ahead while x264 works; more would only take other films' turn
    return [
        *(*CLOCK, "-noaccurate_seek", *seek, *threads),
        *allowed.options(allowed.DECODERS, max_pixels),
        *("-i", SOURCE),
    ]


def seconds(value: Fraction) -> str:
    """Seconds with the six decimals that ffmpeg reads, so that both neighbours of a boundary write the same."""
    return f"{float(value):.6f}"
