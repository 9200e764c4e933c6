from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from server.domain.upload import Upload, UploadState
from server.errors import Invalid
from server.services.uploads import Receipt
from server.storage.incoming import Checksum
from server.web.api import tus


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        (None, {}),
        ("", {}),
        (f"filename {encoded('Été 🎬.mp4')}", {"filename": "Été 🎬.mp4"}),
        (
            f"filename {encoded('a.mp4')},filetype {encoded('video/mp4')}",
            {"filename": "a.mp4", "filetype": "video/mp4"},
        ),
        (f"filename {encoded('a.mp4')}, is_confidential", {"filename": "a.mp4", "is_confidential": ""}),
        ("filename ", {"filename": ""}),
    ],
)
def test_metadata_is_read(value, pairs):
    assert tus.parse_metadata(value) == pairs


@pytest.mark.parametrize(
    "value",
    [
        ",",
        "a eA==,",
        "a eA==,,b eA==",
        "filename eA==,filename eA==",
        "filename eA",
        "filename e A==",
        "filename eA==\n",
        "filename /w==",  # the byte FF
        "filename 7aCA",  # a surrogate half
        "naïve eA==",
    ],
)
def test_metadata_of_another_shape_is_refused(value):
    with pytest.raises(Invalid) as refusal:
        tus.parse_metadata(value)
    assert refusal.value.code == "invalid.metadata"


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"filename": "a.mp4", "name": "b"}, "a.mp4"),
        ({"name": "b"}, "b"),
        ({"filename": ""}, "Untitled"),
        ({}, "Untitled"),
    ],
)
def test_a_file_without_name_is_untitled(metadata, name):
    assert tus.filename_in(metadata) == name


def test_the_name_is_told_as_it_was_read():
    assert tus.parse_metadata(tus.format_metadata("Été, 🎬.mp4")) == {"filename": "Été, 🎬.mp4"}


@pytest.mark.parametrize("value", ["0", "7", "007", "9" * 18])
def test_a_number_is_read(value):
    assert tus.parse_number("Upload-Offset", value) == int(value)


@pytest.mark.parametrize("value", [None, "", "-1", "+1", "1.0", "1e3", " 1", "٣", "9" * 19, "1\n"])
def test_anything_else_is_no_number(value):
    with pytest.raises(Invalid, match="Upload-Offset must be a whole number") as refusal:
        tus.parse_number("Upload-Offset", value)
    assert refusal.value.code == "invalid.header"


def test_a_checksum_is_read():
    assert tus.parse_checksum("sha1 AAEC") == Checksum("sha1", b"\0\1\2")
    assert tus.parse_checksum(None) is None


@pytest.mark.parametrize("value", ["", "md5 AAEC", "SHA1 AAEC", "sha1 A", "sha1 &&&&", "sha1  AAEC"])
def test_a_checksum_of_another_shape_is_refused(value):
    with pytest.raises(Invalid) as refusal:
        tus.parse_checksum(value)
    assert refusal.value.code == "invalid.header"


def test_only_the_version_we_speak_passes():
    tus.check_version("1.0.0")
    for version in (None, "", "0.2.2", "1.0.0,0.2.2"):
        with pytest.raises(Invalid) as refusal:
            tus.check_version(version)
        assert refusal.value.code == "invalid.tus-version"


def receipt(offset, video_id=None):
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    state = UploadState.COMPLETE if video_id else UploadState.RECEIVING
    return Receipt(Upload("u" * 12, "bob", "film", 10, state, video_id, moment, moment), offset)


def test_an_unfinished_upload_says_until_when_it_is_kept():
    assert tus.progress(receipt(3)) == {"Upload-Offset": "3", "Upload-Expires": "Wed, 02 Jan 2030 03:04:05 GMT"}


def test_a_complete_upload_names_its_video():
    assert tus.progress(receipt(10, "ViDEo1234567")) == {"Upload-Offset": "10", "Matinee-Video": "ViDEo1234567"}


def test_a_complete_upload_whose_video_was_removed_names_none():
    assert tus.progress(receipt(10)) == {"Upload-Offset": "10"}
