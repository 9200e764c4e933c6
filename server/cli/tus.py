"""Sending a file by tus 1.0 (https://tus.io/protocols/resumable-upload), going on where a broken connection ended."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from server.cli.client import Refused, answer
from server.errors import Unavailable

CHUNK = 1024 * 1024
TRIES = 8
_VERSION = {"Tus-Resumable": "1.0.0"}

Told = Callable[[int], None]


def send(client: httpx.Client, file: Path, told: Told, wait: Callable[[float], None] = time.sleep) -> str:
    """Upload `file` and return the id of its video; `told` hears how many bytes have been sent.

    Raises Refused with the appliance's reason, Unavailable after TRIES broken connections in a row.
    """
    size = file.stat().st_size
    address = _create(client, file.name, size)
    offset, tries = 0, 0
    while True:
        try:
            video_id = _patch(client, address, file, offset, told)
            if video_id:
                return video_id
            raise Unavailable("Matinee did not take the whole file.")
        except (httpx.TransportError, Unavailable, Refused) as error:
            # What a broken connection still had in flight may arrive after we asked: ask again.
            if isinstance(error, Refused) and not error.code.startswith("conflict"):
                raise
            tries += 1
            if tries >= TRIES:
                raise Unavailable(f"The upload of {file.name} broke off {TRIES} times: {error}") from error
            wait(min(2.0 ** (tries - 1) * 0.2, 10))
            before, (offset, video_id) = offset, _offset(client, address, offset)
            if video_id:
                return video_id
            tries = tries if offset == before else 0


def _create(client: httpx.Client, name: str, size: int) -> str:
    # A name that is not UTF-8 on this disk is shown with question marks; the protocol wants UTF-8.
    encoded = base64.b64encode(name.encode(errors="replace")).decode()
    headers = {**_VERSION, "Upload-Length": str(size), "Upload-Metadata": f"filename {encoded}"}
    return answer(client.post("/api/v1/uploads", headers=headers)).headers["Location"]


def _patch(client: httpx.Client, address: str, file: Path, offset: int, told: Told) -> str | None:
    length = file.stat().st_size - offset
    headers = {
        **_VERSION,
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(length),
    }
    response = answer(client.patch(address, content=_bytes(file, offset, told), headers=headers))
    video_id: str | None = response.headers.get("Matinee-Video")
    return video_id


def _offset(client: httpx.Client, address: str, known: int) -> tuple[int, str | None]:
    """Ask how much has arrived; while nobody answers, what was known."""
    try:
        headers = answer(client.head(address, headers=_VERSION)).headers
    except (httpx.TransportError, Unavailable):
        return known, None
    return int(headers["Upload-Offset"]), headers.get("Matinee-Video")


def _bytes(file: Path, offset: int, told: Told) -> Iterator[bytes]:
    with file.open("rb") as stream:
        stream.seek(offset)
        while data := stream.read(CHUNK):
            yield data
            offset += len(data)
            told(offset)
