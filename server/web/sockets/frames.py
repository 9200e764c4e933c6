"""Frames from server to client, unmasked and whole. Source: RFC 6455, sections 5.2, 5.5 and 7.4."""

from __future__ import annotations

import struct

PING = b"\x89\x00"

_FINAL_TEXT = 0x81
_FINAL_CLOSE = 0x88
_MAX_CONTROL_PAYLOAD = 125


def text(payload: bytes) -> bytes:
    """Return a text frame with `payload`, which is UTF-8."""
    length = len(payload)
    if length < 126:
        return struct.pack("!BB", _FINAL_TEXT, length) + payload
    if length < 1 << 16:
        return struct.pack("!BBH", _FINAL_TEXT, 126, length) + payload
    return struct.pack("!BBQ", _FINAL_TEXT, 127, length) + payload


def close(code: int, reason: str) -> bytes:
    """Return a close frame; the ASCII `reason` is cut where the frame would grow too long."""
    payload = (struct.pack("!H", code) + reason.encode("ascii"))[:_MAX_CONTROL_PAYLOAD]
    return struct.pack("!BB", _FINAL_CLOSE, len(payload)) + payload
