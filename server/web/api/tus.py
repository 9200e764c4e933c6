"""The words of tus 1.0.0, the protocol of resumable uploads: headers in, headers out.

Source: https://tus.io/protocols/resumable-upload, version 1.0.0.
"""

from __future__ import annotations

import base64
import binascii
import re
from email.utils import format_datetime

from server.errors import Invalid
from server.services.uploads import UNNAMED, Receipt
from server.storage.incoming import ALGORITHMS, Checksum

VERSION = "1.0.0"
CONTENT_TYPE = "application/offset+octet-stream"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_KEY = re.compile(r"[!-+\--~]+")  # visible ASCII without the comma


def offers(max_bytes: int) -> dict[str, str]:
    """Return the headers that answer OPTIONS."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(max_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def progress(receipt: Receipt) -> dict[str, str]:
    """Return the headers that say how far an upload is, until when it is kept, and which video it became."""
    upload = receipt.upload
    headers = {"Upload-Offset": str(receipt.offset)}
    if upload.video_id is not None:
        headers["Matinee-Video"] = upload.video_id
    elif receipt.offset < upload.size:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    return headers


def check_version(version: str | None) -> None:
    """Pass for the version we speak. Raises Invalid (`invalid.tus-version`)."""
    if version != VERSION:
        raise Invalid(
            f"This server speaks tus {VERSION}; the request says {version!r} in Tus-Resumable.",
            code="invalid.tus-version",
        )


def check_content_type(content_type: str) -> None:
    """Pass for the type that bodies have. Raises Invalid (`invalid.content-type`)."""
    if content_type != CONTENT_TYPE:
        raise Invalid(
            f"The bytes of a file come as {CONTENT_TYPE}; this request says {content_type!r}.",
            code="invalid.content-type",
        )


def parse_number(name: str, value: str | None) -> int:
    """Return the non-negative integer of the header `name`. Raises Invalid (`invalid.header`)."""
    if value is None or _NUMBER.fullmatch(value) is None:
        raise Invalid(
            f"The header {name} must be a whole number of bytes; the request says {value!r}.", code="invalid.header"
        )
    return int(value)


def parse_metadata(value: str | None) -> dict[str, str]:
    """Return the pairs of Upload-Metadata: `key base64,key base64,key`, each key once, values UTF-8.

    Raises Invalid (`invalid.metadata`).
    """
    pairs: dict[str, str] = {}
    for item in (value or "").split(",") if value else ():
        key, _, encoded = item.strip(" ").partition(" ")
        if _KEY.fullmatch(key) is None or key in pairs:
            raise _bad_metadata(f"the key {key!r} is empty, repeated or not ASCII")
        try:
            pairs[key] = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, ValueError) as error:
            raise _bad_metadata(f"the value of {key!r} is not base64 of UTF-8") from error
    return pairs


def filename_in(metadata: dict[str, str]) -> str:
    """Return the name of the file as the uploader sent it; some clients say `name`."""
    return metadata.get("filename") or metadata.get("name") or UNNAMED


def format_metadata(filename: str) -> str:
    """Return the Upload-Metadata of what we keep."""
    return f"filename {base64.b64encode(filename.encode()).decode()}"


def parse_checksum(value: str | None) -> Checksum | None:
    """Return what Upload-Checksum says, `algorithm base64`, or None. Raises Invalid (`invalid.header`)."""
    if value is None:
        return None
    algorithm, _, encoded = value.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Invalid(
            f"The checksum algorithm {algorithm!r} is not offered; use {' or '.join(ALGORITHMS)}.",
            code="invalid.header",
        )
    try:
        return Checksum(algorithm, base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError) as error:
        raise Invalid("The header Upload-Checksum is not `algorithm base64`.", code="invalid.header") from error


def _bad_metadata(what: str) -> Invalid:
    return Invalid(f"The header Upload-Metadata cannot be read: {what}.", code="invalid.metadata")
