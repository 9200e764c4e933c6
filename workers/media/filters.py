"""From pictures as they come to pictures as they are shown: the filter graph of one decode, written as text.

    graph(video: VideoTrack, cut: str, renditions: Sequence[VideoRendition], finish: str) -> str

`renditions` come small to large, the outputs are [v0] … [vN-1] in that order, and `cut` chooses the pictures of a
piece by absolute time stamps. Give the result to `-filter_complex`, and `-map [vK]` for every output.

What comes out is progressive, upright, square, limited in range, and tagged with its colours; HDR (PQ and HLG) and
wide gamuts become SDR in BT.709. No filter changes a time stamp. Pure text: ffmpeg-filters(1) describes every filter,
and versions 5.1 and 7.1 have all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from server.domain.ladder import HDR_TRANSFERS
from server.domain.rendition import VideoRendition
from server.domain.source import VideoTrack

_RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2rgb", "x2bgr", "pal8")
_WIDE = frozenset({"bt2020", "smpte431", "smpte432"})
_WIDE_MATRICES = frozenset({"bt2020nc", "bt2020c"})
_STANDARD_MATRICES = frozenset({"smpte170m", "bt470bg"})  # BT.601, of the two television systems
_HIGH_DEFINITION = 720  # lines from which players take BT.709 for granted where a file says nothing

# ITU-R BT.2408: white paper in HDR has 203 cd/m², and most films are graded for screens of 1000.
_WHITE_NITS = 203
_PEAK_NITS = 1000

# A picture is left out if it comes sooner after the last one than this part of the usual distance: clocks that count
# milliseconds shake it.
_EARLY = Fraction(9, 10)


def graph(video: VideoTrack, cut: str, renditions: Sequence[VideoRendition], finish: str) -> str:
    """Return the graph from `video` to `renditions`; `finish` (an encoder's) ends the chain of each.

    The largest rung is scaled from the source, every other one from the next larger one. `cut` may leave out pictures
    or repeat them, and nothing else.
    """
    largest, *smaller = reversed(renditions)
    filters = [cut, *_thinning(largest, None), *_scaling(video, largest), *_colours(video), "setsar=1"]
    if video.interlaced:
        # Before the cut, because the neighbours of a picture tell what to put between its lines.
        filters.insert(0, "bwdif=mode=send_frame:deint=interlaced")
    chains = [f"[0:{video.index}]{','.join(filters)}"]
    above = largest
    for number, rendition in zip(range(len(smaller) - 1, -1, -1), smaller, strict=True):
        filters = [*_thinning(rendition, above), f"scale={rendition.width}:{rendition.height}:flags=bicubic"]
        chains[-1] += f",split[s{number + 1}][r{number}]"
        chains += [f"[s{number + 1}]{finish}[v{number + 1}]", f"[r{number}]{','.join(filters)}"]
        above = rendition
    chains[-1] += f",{finish}[v0]"
    return ";".join(chains)


def _thinning(rendition: VideoRendition, above: VideoRendition | None) -> list[str]:
    """Leave out what comes too soon after the last picture; what stays keeps its time stamp.

    Unlike a new grid of time stamps, this moves no picture over the boundary of a piece, and does nothing to pictures
    that are far enough apart already.
    """
    if not rendition.limit_frame_rate or (above is not None and above.frame_rate <= rendition.frame_rate):
        return []
    least = float(_EARLY / rendition.frame_rate)
    return [f"select='isnan(prev_selected_t)+gte(t-prev_selected_t,{least:.6f})'"]


def _scaling(video: VideoTrack, rendition: VideoRendition) -> list[str]:
    """Scale before anything that costs per pixel, and bring the range of 8-bit colours within limits on the way."""
    scale = f"scale={rendition.width}:{rendition.height}:flags=bicubic"
    if _is_rgb(video):
        scale += ":out_color_matrix=bt709:out_range=limited"
    elif video.full_range and not _is_converted(video):
        scale += ":in_range=full:out_range=limited"
    return [scale]


def _colours(video: VideoTrack) -> list[str]:
    """Bring the colours into what every screen shows, and say which they are.

    Standard colours stay as they are: players honour the tags, and a conversion would cost time and precision.
    """
    if not _is_converted(video):
        primaries, transfer, matrix = _standard(video)
        return ["format=yuv420p", _tags(primaries, transfer, matrix, "limited")]
    is_hdr = video.transfer in HDR_TRANSFERS
    primaries = video.primaries if video.primaries in _WIDE else "bt2020"
    matrix = video.space if video.space in _WIDE_MATRICES | {"bt709"} else "bt2020nc"
    tagged = _tags(primaries, video.transfer if is_hdr else "bt709", matrix, "full" if video.full_range else "limited")
    limited = "zscale=p=bt709:t=bt709:m=bt709:r=limited"
    if not is_hdr:
        return [tagged, limited, "format=yuv420p"]
    # The mobius curve leaves the darker part of the picture as it was graded and bends only the bright end.
    return [
        tagged,
        f"zscale=t=linear:npl={_WHITE_NITS}:p=bt709",
        "format=gbrpf32le",
        f"tonemap=mobius:desat=0:peak={_PEAK_NITS / _WHITE_NITS:.3f}",
        limited,
        "format=yuv420p",
    ]


def _tags(primaries: str, transfer: str, matrix: str, extent: str) -> str:
    return f"setparams=range={extent}:color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}"


def _standard(video: VideoTrack) -> tuple[str, str, str]:
    """Primaries, transfer and matrix of a picture in standard colours; where it says nothing, what players assume."""
    if video.space in _STANDARD_MATRICES:
        return video.space, "smpte170m", video.space
    says_nothing = video.space != "bt709" and video.primaries != "bt709" and not _is_rgb(video)
    if says_nothing and video.stored_height < _HIGH_DEFINITION:
        return "smpte170m", "smpte170m", "smpte170m"
    return "bt709", "bt709", "bt709"


def _is_converted(video: VideoTrack) -> bool:
    """Say whether the colours are beyond what every screen shows."""
    if _is_rgb(video):
        return False
    return video.transfer in HDR_TRANSFERS or video.primaries in _WIDE or video.space in _WIDE_MATRICES


def _is_rgb(video: VideoTrack) -> bool:
    return video.space == "gbr" or video.pixel_format.startswith(_RGB)
