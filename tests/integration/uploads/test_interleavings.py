"""Whatever order requests come, break off and collide in, the film that comes out is the film that went in."""

from __future__ import annotations

import hashlib
import io
import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.domain.upload import UploadState
from server.errors import Conflict, Invalid, MatineeError
from server.storage.incoming import Checksum


class Breaking(io.BytesIO):
    """A body whose connection dies after `whole` bytes, and which trickles in pieces of odd sizes."""

    def __init__(self, body, whole, chance):
        super().__init__(body[:whole])
        self._torn = whole < len(body)
        self._chance = chance

    def read(self, size=-1, /):
        piece = super().read(min(size, self._chance.randint(1, 90_000)))
        if not piece and self._torn:
            raise ConnectionResetError("the client is gone")
        return piece


@pytest.mark.parametrize("seed", range(12))
def test_random_requests_in_a_row_end_with_the_same_bytes(service, layout, bob, seed):
    chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
    film = chance.randbytes(chance.randint(1, 1_500_000))
    upload = service.create(bob, "film", len(film))
    receipt = service.status(bob, upload.id)
    refusals = defaultdict(set)
    for _ in range(500):
        if receipt.upload.state is UploadState.COMPLETE:
            break
        offset = receipt.offset
        deed = chance.choice(["send", "send", "break off", "wrong place", "wrong checksum", "right checksum", "repair"])
        body = film[offset : offset + chance.randint(1, 400_000)]
        try:
            if deed == "repair":
                service.repair()
            elif deed == "wrong place":
                service.receive(bob, upload.id, offset + chance.choice([-1, 1]), io.BytesIO(body))
            else:
                whole = chance.randint(0, len(body)) if deed == "break off" else len(body)
                digest = hashlib.sha256(body if deed == "right checksum" else b"other").digest()
                checksum = Checksum("sha256", digest) if "checksum" in deed else None
                service.receive(bob, upload.id, offset, Breaking(body, whole, chance), checksum)
        except (Conflict, Invalid, ConnectionResetError) as failure:
            refusals[deed].add(getattr(failure, "code", "broken off"))
        receipt = service.status(bob, upload.id)
        if deed in ("wrong place", "wrong checksum", "repair"):
            assert receipt.offset == offset
        elif deed != "break off":
            assert receipt.offset == offset + len(body)
    assert layout.original(receipt.upload.video_id).read_bytes() == film
    expected = {"wrong place": "conflict.offset", "wrong checksum": "invalid.checksum", "break off": "broken off"}
    assert all(codes == {expected[deed]} for deed, codes in refusals.items())


@pytest.mark.parametrize("seed", range(6))
def test_several_clients_at_once_on_one_upload_end_with_the_same_bytes(service, layout, bob, seed):
    film = random.Random(seed).randbytes(700_000)  # noqa: S311  # repeatable, not secret
    upload = service.create(bob, "film", len(film))

    def upload_stubbornly(client):
        chance = random.Random(seed * 100 + client)  # noqa: S311  # repeatable, not secret
        for _ in range(3000):
            receipt = service.status(bob, upload.id)
            if receipt.upload.state is UploadState.COMPLETE:
                return True
            body = film[receipt.offset : receipt.offset + chance.randint(1, 200_000)]
            whole = chance.choice([len(body), chance.randint(0, len(body))])
            checksum = Checksum("sha1", hashlib.sha1(body, usedforsecurity=False).digest())
            proof = checksum if chance.random() < 0.3 else None
            try:
                service.receive(bob, upload.id, receipt.offset, Breaking(body, whole, chance), proof)
            except (MatineeError, ConnectionResetError):
                continue
        return False

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(upload_stubbornly, range(4)))
    original = layout.original(upload.id).read_bytes()
    assert hashlib.sha256(original).digest() == hashlib.sha256(film).digest()


def test_a_connection_that_hangs_does_not_keep_the_next_one_out(service, layout, bob):
    upload = service.create(bob, "film", 6)

    class Hanging(io.BytesIO):
        def read(self, size=-1, /):
            piece = super().read(size)
            if not piece:  # while this one waits for bytes, the same client comes back on another connection
                service.receive(bob, upload.id, 3, io.BytesIO(b"def"))
                return b"xyz"  # what was still under way on the old one
            return piece

    with pytest.raises(Conflict):
        service.receive(bob, upload.id, 0, Hanging(b"abc"))
    assert layout.original(upload.id).read_bytes() == b"abcdef"
