"""The command lines of ffmpeg and ffprobe, as plain lists: what is made, and nothing of how it runs.

The options are those of ffmpeg 5.1 that 7.1 still has (ffmpeg(1), ffmpeg-filters(1), ffmpeg-formats(1)). The time
stamps of the source are kept (`-copyts`) and counted from its start (`-start_at_zero`), and filters on absolute time
stamps cut the pieces, so that a frame on a boundary falls to the same side in both neighbours. `-ss` only says where
to begin reading; why it cannot cut is in docs/decisions/0003-pieces-that-join.md.
"""

from __future__ import annotations

from fractions import Fraction

from server.domain.rendition import FIXED_FRAMES, AudioRendition, VideoRendition
from server.domain.source import AudioTrack, VideoTrack
from server.domain.timeline import AAC_FRAME, FrameGrid, Piece
from workers.media import allowed
from workers.media.sandbox import OUT, SOURCE

RUN_FILE = "run.mp4"
POSTER_FILE = "poster.jpg"

MAX_POSTER_WIDTH = 1280
POSTER_FRAMES = 50  # the thumbnail filter chooses among so many

# The AAC encoder decides on its windows from a few frames of history, and needs the frame after the last one.
LEAD_FRAMES = 16
TAIL_FRAMES = 3
# Decoders warm up (bit reservoirs, overlap), and sound may lie this much before the pictures of its time in the file.
SOUND_LEAD_SECONDS = 10

_QUIET = ["-nostdin", "-hide_banner", "-loglevel", "error"]
_REPORTING = ["-nostats", "-stats_period", "0.5", "-progress", "pipe:1"]
_CLEAN = ["-map_metadata", "-1", "-map_chapters", "-1", "-dn", "-sn"]
_MOVIE = ["-f", "mp4", "-use_editlist", "0", "-avoid_negative_ts", "disabled", "-fflags", "+bitexact"]
_COPY = ["-c:a", "copy", "-bsf:a", "aac_adtstoasc"]  # MPEG-TS carries ADTS; frames without its header pass through
_FRAGMENTS = "default_base_moof+frag_discont"


def probe(max_pixels: int) -> list[str]:
    """ffprobe: streams and format as JSON."""
    return [
        *("ffprobe", "-hide_banner", "-loglevel", "error", "-of", "json", "-show_streams", "-show_format"),
        *allowed.options(allowed.PROBED, max_pixels),
        *("-i", SOURCE),
    ]


def picture_after(video: VideoTrack, start: Fraction, max_pixels: int) -> list[str]:
    """ffmpeg: look for one picture at or after `start`; the report on stdout ends with `frame=1` if there is one."""
    return [
        *("ffmpeg", *_QUIET, *_REPORTING),
        *_reading_from(start - 1, max_pixels),
        *("-map", f"0:{video.index}", *_CLEAN, "-an", "-vf", f"trim=start={_seconds(start)}"),
        *("-fps_mode", "passthrough", "-frames:v", "1", "-f", "null", "-"),
    ]


def video_piece(
    video: VideoTrack,
    rendition: VideoRendition,
    piece: Piece,
    *,
    lead: Fraction,
    hold: bool,
    max_pixels: int,
) -> list[str]:
    """ffmpeg: one piece of pictures as one fragmented MP4 with a fragment per segment.

    Reading begins `lead` seconds before the piece. With `hold`, pictures come at a constant rate and the last one is
    repeated over holes in the source; without, every picture keeps its own time stamp.
    """
    # A piece that nothing follows also takes the pictures that a container forgot to count.
    end = piece.end + Fraction(1, 2) if piece.last and not hold else piece.end
    cut = f"trim=start={_seconds(piece.start)}:end={_seconds(end)}"
    if hold:
        rate = max(5, round(rendition.frame_rate))
        cut = (
            f"fps=fps={rate}:round=down:start_time={_seconds(piece.start)},"
            f"tpad=stop=-1:stop_mode=clone,trim=end={_seconds(end)}"
        )
    elif rendition.limit_frame_rate:
        cut += f",fps=fps={rendition.frame_rate}:round=down"
    filters = f"{cut},scale={rendition.width}:{rendition.height}:flags=bicubic,format=yuv420p,setsar=1"
    return [
        *("ffmpeg", *_QUIET, *_REPORTING),
        *_reading_from(piece.start - lead, max_pixels),
        *("-map", f"0:{video.index}", *_CLEAN, "-an", "-vf", filters),
        *("-fps_mode", "passthrough", "-enc_time_base", f"{1 / rendition.ticks}"),
        *("-c:v", "libx264", "-threads", "1", "-preset", "veryfast", "-profile:v", "high", "-level:v", rendition.level),
        *("-crf", str(rendition.crf), "-maxrate", f"{rendition.maxrate}k", "-bufsize", f"{rendition.bufsize}k"),
        # Key frames stand on the boundaries and nowhere else: each begins a fragment, and a fragment is a segment.
        *("-g", "1000000", "-sc_threshold", "0"),
        *_key_frames(piece),
        *_MOVIE,
        *("-movflags", f"{_FRAGMENTS}+empty_moov+frag_keyframe+negative_cts_offsets", f"{OUT}/{RUN_FILE}"),
    ]


def _key_frames(piece: Piece) -> list[str]:
    """The first picture is a key frame anyway; asked for by its time, a rounded clock would make two of it."""
    times = ",".join(_seconds(boundary) for boundary in piece.boundaries[1:])
    return ["-force_key_frames", times] if times else []


def audio_piece(
    track: AudioTrack, rendition: AudioRendition, frames: range, start: Fraction, *, max_pixels: int
) -> list[str]:
    """ffmpeg: sound around the AAC `frames` of a piece that starts at `start` seconds, as one fragmented MP4.

    The frames before and after are there to be dropped.
    """
    if rendition.copy:
        work = ["-to", _seconds(rendition.grid.time_of(frames.stop) + 1), *_COPY]
    else:
        first = (frames.start - LEAD_FRAMES) * AAC_FRAME
        end = (frames.stop + TAIL_FRAMES) * AAC_FRAME
        work = ["-af", _sound_filters(track, rendition, first, end), "-ac", str(rendition.channels)]
        work += ["-c:a", "aac", "-b:a", f"{rendition.bitrate}k"]
    return _sound(track, start - SOUND_LEAD_SECONDS if rendition.seek else Fraction(0), work, max_pixels)


def audio_head(track: AudioTrack, *, max_pixels: int) -> list[str]:
    """ffmpeg: the first frame of copied sound, for the sake of its init segment."""
    return _sound(track, Fraction(0), ["-frames:a", "1", *_COPY], max_pixels)


def _sound(track: AudioTrack, start: Fraction, work: list[str], max_pixels: int) -> list[str]:
    return [
        *("ffmpeg", *_QUIET, *_REPORTING),
        *_reading_from(start, max_pixels),
        *("-map", f"0:{track.index}", *_CLEAN, "-vn", *work, *_MOVIE),
        # One fragment: the segments are made from its frames. ADTS sound has its header only after the first frame.
        *("-movflags", f"{_FRAGMENTS}+delay_moov", "-frag_duration", "2000000000", f"{OUT}/{RUN_FILE}"),
    ]


def poster(video: VideoTrack, at: Fraction, max_pixels: int) -> list[str]:
    """ffmpeg: the most typical of the pictures after `at` seconds, as a JPEG at most 1280 pixels wide."""
    width = min(MAX_POSTER_WIDTH, video.width)
    height = max(2, round(video.height * Fraction(width, video.width)))
    return [
        *("ffmpeg", *_QUIET, *_REPORTING),
        *_reading_from(at, max_pixels),
        *("-map", f"0:{video.index}", *_CLEAN, "-an"),
        *(
            "-vf",
            f"trim=start={_seconds(at)},thumbnail={POSTER_FRAMES},scale={width}:{height},format=yuvj420p,setsar=1",
        ),
        *("-frames:v", "1", "-c:v", "mjpeg", "-q:v", "4", "-threads", "1"),
        *("-f", "image2", "-update", "1", "-fflags", "+bitexact", f"{OUT}/{POSTER_FILE}"),
    ]


def _reading_from(start: Fraction, max_pixels: int) -> list[str]:
    """Input options: begin reading at the key frame before `start` seconds, and throw nothing away."""
    seek = ["-ss", _seconds(start)] if start > 0 else []
    threads = ["-threads", "2"]  # decoding ahead while x264 works; more would only take other films' turn
    return [
        *("-copyts", "-start_at_zero", "-noaccurate_seek", *seek, *threads),
        *allowed.options(allowed.DECODERS, max_pixels),
        *("-i", SOURCE),
    ]


def _sound_filters(track: AudioTrack, rendition: AudioRendition, first: int, end: int) -> str:
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
    layout = "mono" if rendition.channels == 1 else "stereo"
    filters += [
        f"aresample={rendition.sample_rate}:async=1:min_comp=0:first_pts={counted_from}",
        f"aformat=sample_fmts=fltp:channel_layouts={layout}",
        "apad",
        f"atrim=start_pts={first}:end_pts={end}",
    ]
    return ",".join(filters)


def frames_of(piece: Piece, grid: FrameGrid) -> range:
    """Return the AAC frames that belong to a piece of sound."""
    return range(grid.frame_from(piece.start), grid.frame_from(piece.end))


def _seconds(value: Fraction) -> str:
    """Seconds with the six decimals that ffmpeg reads, so that both neighbours of a boundary write the same."""
    return f"{float(value):.6f}"
