"""What ffmpeg may open: protocols, containers and decoders, chosen one by one.

Left out on purpose: playlists and everything else that names other files (hls, dash, concat, imf), pictures, raw
dumps, games' formats, and every decoder that films from cameras, phones, recorders and discs do not need. Names are
ffmpeg's own (`ffmpeg -demuxers`, `ffmpeg -decoders`); a name that one build lacks does no harm.
"""

from __future__ import annotations

PROTOCOLS = ("file",)

DEMUXERS = (
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpegts", "mpeg", "flv", "asf", "ogg"),
    *("mxf", "dv", "wav", "mp3", "flac", "aac", "ac3", "eac3", "aiff", "caf"),
)

_VIDEO = (
    *("h264", "hevc", "libdav1d", "libaom-av1", "av1", "vp8", "vp9", "libvpx", "libvpx-vp9", "vp6", "vp6a", "vp6f"),
    *("mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4", "h263", "flv", "theora"),
    *("vc1", "wmv1", "wmv2", "wmv3", "mjpeg", "dvvideo", "prores", "dnxhd", "ffv1", "cinepak", "svq1", "svq3"),
    "rawvideo",
)

_AUDIO = (
    *("aac", "aac_latm", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "ac3", "eac3", "dca", "truehd"),
    *("flac", "alac", "vorbis", "opus", "libopus", "wmav1", "wmav2", "wmapro", "amrnb", "amrwb", "nellymoser"),
    *("adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_swf"),
    *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be"),
    *("pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw", "pcm_bluray", "pcm_dvd"),
)

DECODERS = _VIDEO + _AUDIO

# ffprobe opens a decoder for every stream before it says anything, and ends if one is refused. Subtitles and cover
# pictures are common in films and harmless there: nothing is decoded from them but a cover's size.
PROBED = (
    *DECODERS,
    *("srt", "subrip", "ass", "ssa", "mov_text", "webvtt", "text", "pgssub", "dvdsub", "dvbsub", "xsub", "cc_dec"),
    *("libzvbi_teletextdec", "png"),
)


def options(decoders: tuple[str, ...], max_pixels: int) -> list[str]:
    """Return the input options, to stand before `-i`, that refuse everything else."""
    return [
        *("-protocol_whitelist", ",".join(PROTOCOLS)),
        *("-format_whitelist", ",".join(DEMUXERS)),
        *("-codec_whitelist", ",".join(decoders)),
        *("-max_pixels", str(max_pixels)),
    ]
