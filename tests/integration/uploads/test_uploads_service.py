"""What an upload may be, how it goes on, and how it ends, on a real database and a real disk."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from server.domain.permission import Role
from server.domain.upload import UploadState
from server.errors import Conflict, Forbidden, Gone, Invalid, MatineeError, NoSpace, NotFound, TooLarge
from server.storage.incoming import Checksum
from server.store import database, uploads, videos

FILM = bytes(range(256)) * 4000


def test_the_last_byte_makes_a_video_with_its_plan_and_its_event(service, layout, bob):
    upload = service.create(bob, "Holiday.mp4", len(FILM))
    receipt = service.receive(bob, upload.id, 0, io.BytesIO(FILM))
    assert receipt.upload.state is UploadState.COMPLETE
    video_id = receipt.upload.video_id
    assert layout.original(video_id).read_bytes() == FILM
    assert not layout.spool(upload.id).exists()
    with database.transaction():
        video = videos.get(video_id)
        planned = database.rows("SELECT kind, key, queue, state FROM tasks WHERE video_id = %s", video_id)
        events = database.rows("SELECT type, subject, actor, data FROM outbox")
    assert video is not None
    assert (video.title, video.size, video.owner_id) == ("Holiday", len(FILM), bob.id)
    assert planned == [{"kind": "plan", "key": "plan", "queue": "light", "state": "queued"}]
    assert [(event["type"], event["subject"], event["actor"]) for event in events] == [
        ("video.changed", f"videos/{video_id}", bob.id)
    ]
    assert events[0]["data"]["state"] == "checking"


def test_the_workers_are_woken_only_after_the_video_can_be_seen(service, bob):
    seen = []

    class Bell:
        def ring(self, queue):
            with database.transaction():
                seen.append((queue, database.rows("SELECT count(*) AS tasks FROM tasks")[0]["tasks"]))

    service._doorbell = Bell()
    upload = service.create(bob, "film", 4)
    service.receive(bob, upload.id, 0, io.BytesIO(b"film"))
    assert seen == [("light", 1)]


def test_the_spool_file_belongs_to_the_service_alone(service, layout, bob):
    upload = service.create(bob, "film", 10)
    assert stat.S_IMODE(layout.spool(upload.id).stat().st_mode) == 0o600


def test_an_empty_file_is_refused_before_the_first_byte(service, bob):
    with pytest.raises(Invalid, match="The file is empty") as refusal:
        service.create(bob, "film", 0)
    assert refusal.value.code == "invalid.empty"


def test_a_file_over_the_limit_is_refused_before_the_first_byte(service, settings, bob):
    with pytest.raises(TooLarge, match=r"it has 1 GB, and one file may have at most 1 GB") as refusal:
        service.create(bob, "film", settings.uploads.max_bytes + 1)
    assert refusal.value.code == "too-large.file"


def test_a_viewer_may_not_upload(service, add_user):
    with pytest.raises(Forbidden):
        service.create(add_user("charlie", Role.VIEWER), "film", 5)


def test_the_quota_counts_videos_and_what_is_still_coming_in(service, bob):
    bob = replace(bob, quota_bytes=1000)
    first = service.create(bob, "film", 600)
    service.receive(bob, first.id, 0, io.BytesIO(b"x" * 600))
    service.create(bob, "film", 300)
    with pytest.raises(NoSpace, match="needs 101 bytes, and 100 bytes of your 1 kB are left") as refusal:
        service.create(bob, "film", 101)
    assert refusal.value.code == "no-space.quota"
    service.create(bob, "film", 100)


def test_two_creations_at_once_cannot_share_one_quota(service, bob):
    bob = replace(bob, quota_bytes=1000)

    def create(_):
        try:
            return service.create(bob, "film", 400).id
        except NoSpace:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [upload_id for upload_id in pool.map(create, range(16)) if upload_id]
    assert len(made) == 2


def test_the_reserve_stays_free_and_other_uploads_keep_what_they_are_promised(make_service, bob, monkeypatch):
    monkeypatch.setattr("server.storage.space.free_bytes", lambda _: 1_000_000)
    service = make_service(reserve_bytes=200_000)
    first = service.create(bob, "film", 500_000)
    with pytest.raises(NoSpace, match=r"400 kB more are needed, and 300 kB may be used") as refusal:
        service.create(bob, "film", 400_000)
    assert refusal.value.code == "no-space.disk"
    service.receive(bob, first.id, 0, io.BytesIO(bytes(150_000)))
    service.create(bob, "film", 400_000)


def test_a_volume_at_its_reserve_takes_no_more_bytes_and_loses_none(make_service, bob, monkeypatch):
    free = 10**9
    monkeypatch.setattr("server.storage.space.free_bytes", lambda _: free)
    service = make_service(reserve_bytes=1000)
    upload = service.create(bob, "film", 10)
    service.receive(bob, upload.id, 0, io.BytesIO(b"12345"))
    free = 999
    with pytest.raises(NoSpace):
        service.receive(bob, upload.id, 5, io.BytesIO(b"67890"))
    assert service.status(bob, upload.id).offset == 5
    free = 10**9
    assert service.receive(bob, upload.id, 5, io.BytesIO(b"67890")).offset == 10


def test_only_the_owner_sees_an_upload_and_an_administrator_may_end_it(service, bob, charlie, alice):
    upload = service.create(bob, "film", 10)
    for attempt in (
        lambda: service.status(charlie, upload.id),
        lambda: service.receive(charlie, upload.id, 0, io.BytesIO(b"x")),
        lambda: service.terminate(charlie, upload.id),
        lambda: service.status(alice, upload.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    service.terminate(alice, upload.id)
    with pytest.raises(NotFound):
        service.status(bob, upload.id)


@pytest.mark.parametrize("upload_id", ["../../../etc", "111111111111", "", "x" * 500, "a\0b", "\u0661" * 12])
def test_an_unknown_address_is_not_found(service, bob, upload_id):
    with pytest.raises(MatineeError) as refusal:
        service.status(bob, upload_id)
    assert refusal.value.code == "not-found"


def test_bytes_at_the_wrong_place_are_refused(service, bob):
    upload = service.create(bob, "film", 10)
    service.receive(bob, upload.id, 0, io.BytesIO(b"1234"))
    for offset in (0, 3, 5, 10, 11):
        with pytest.raises(Conflict) as refusal:
            service.receive(bob, upload.id, offset, io.BytesIO(b"x"))
        assert refusal.value.code == "conflict.offset"
    assert service.status(bob, upload.id).offset == 4


def test_more_bytes_than_announced_are_cut_and_refused(service, bob, layout):
    upload = service.create(bob, "film", 10)
    with pytest.raises(TooLarge):
        service.receive(bob, upload.id, 0, io.BytesIO(b"0123456789and more"))
    receipt = service.status(bob, upload.id)
    assert layout.original(receipt.upload.video_id).read_bytes() == b"0123456789"


def test_a_wrong_checksum_leaves_nothing_of_its_request(service, bob):
    upload = service.create(bob, "film", 10)
    service.receive(bob, upload.id, 0, io.BytesIO(b"0123"))
    with pytest.raises(Invalid) as refusal:
        service.receive(bob, upload.id, 4, io.BytesIO(b"456789"), Checksum("sha256", b"wrong"))
    assert refusal.value.code == "invalid.checksum"
    assert service.status(bob, upload.id).offset == 4
    right = Checksum("sha1", hashlib.sha1(b"456789", usedforsecurity=False).digest())
    assert service.receive(bob, upload.id, 4, io.BytesIO(b"456789"), right).upload.state is UploadState.COMPLETE


def test_an_expired_upload_is_gone_and_repair_takes_it_away(make_service, layout, bob):
    service = make_service(keep_seconds=-1)
    upload = service.create(bob, "film", 10)
    for use in (lambda: service.status(bob, upload.id), lambda: service.receive(bob, upload.id, 0, io.BytesIO(b"x"))):
        with pytest.raises(Gone) as refusal:
            use()
        assert refusal.value.code == "gone.expired"
    assert service.repair().expired == [upload.id]
    assert not layout.spool(upload.id).exists()
    with pytest.raises(NotFound):
        service.status(bob, upload.id)


def test_every_byte_that_arrives_puts_the_expiry_off(service, bob):
    upload = service.create(bob, "film", 10)
    with database.transaction():
        database.changed("UPDATE uploads SET expires_at = now() + interval '1 minute'")
    assert service.receive(bob, upload.id, 0, io.BytesIO(b"x")).upload.expires_at >= upload.expires_at


def test_a_terminated_upload_takes_its_bytes_and_its_promise_along(service, layout, bob):
    bob = replace(bob, quota_bytes=10)
    upload = service.create(bob, "film", 10)
    service.receive(bob, upload.id, 0, io.BytesIO(b"x"))
    service.terminate(bob, upload.id)
    assert not layout.spool(upload.id).exists()
    service.create(bob, "film", 10)


def test_an_upload_terminated_while_bytes_come_is_gone(service, bob):
    upload = service.create(bob, "film", 2)

    class Terminating(io.BytesIO):
        def read(self, size=-1, /):
            if self.tell() == 0:
                service.terminate(bob, upload.id)
            return super().read(size)

    with pytest.raises(Gone):
        service.receive(bob, upload.id, 0, Terminating(b"xy"))
    with database.transaction():
        assert videos.counts()["checking"] == 0


def test_ending_a_complete_upload_leaves_its_video(service, layout, bob):
    upload = service.create(bob, "film", 1)
    service.receive(bob, upload.id, 0, io.BytesIO(b"x"))
    service.terminate(bob, upload.id)
    assert layout.original(upload.id).exists()
    with database.transaction():
        assert uploads.get(upload.id) is None
        assert videos.get(upload.id) is not None


def test_a_repeated_last_request_is_answered_like_the_first(service, bob):
    upload = service.create(bob, "film", 1)
    service.receive(bob, upload.id, 0, io.BytesIO(b"x"))
    again = service.receive(bob, upload.id, 1, io.BytesIO(b""))
    assert (again.offset, again.upload.video_id) == (1, upload.id)
    with pytest.raises(Conflict):
        service.receive(bob, upload.id, 0, io.BytesIO(b"x"))


def test_repair_removes_spool_files_of_no_upload_once_they_are_old(service, layout, bob):
    kept = service.create(bob, "film", 5)
    fresh, old = layout.spool("2" * 12), layout.spool("3" * 12)
    for spool in (fresh, old):
        spool.touch()
    for path in (old, layout.spool(kept.id)):
        os.utime(path, (0, 0))
    assert service.repair().strays == [old.name]
    assert (fresh.exists(), old.exists(), layout.spool(kept.id).exists()) == (True, False, True)


@pytest.mark.parametrize(
    ("sent", "title", "filename"),
    [
        ("../../etc/passwd", "passwd", "../../etc/passwd"),
        ("C:\\films\\A b.mkv", "A b", "C:\\films\\A b.mkv"),
        ("evil\r\n\0name\x1b[31m.mp4", "evil name [31m", "evil name [31m.mp4"),
        ("a\u202e4pm.exe", "a 4pm", "a 4pm.exe"),
        ("\u202e\u0000", "Untitled", "Untitled"),
        ("é" * 300 + ".mp4", "é" * 127, "é" * 127),
        ("🎬" * 200, "🎬" * 63, "🎬" * 63),
        (".mp4", ".mp4", ".mp4"),
    ],
)
def test_any_file_name_is_shown_safely_and_never_used_as_a_path(service, layout, bob, sent, title, filename):
    upload = service.create(bob, sent, 1)
    service.receive(bob, upload.id, 0, io.BytesIO(b"x"))
    with database.transaction():
        stored = database.rows("SELECT title, filename FROM videos")
    assert stored == [{"title": title, "filename": filename}]
    made = {str(path.relative_to(layout.root)) for path in layout.root.rglob("*") if path.is_file()}
    assert made == {f"videos/{upload.id}/original"}
