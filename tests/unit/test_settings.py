"""The settings file: read once, and every mistake in it is named."""

from __future__ import annotations

import pytest

from server import settings
from server.errors import Invalid

SMALLEST = """
[paths]
state = "/var/lib/matinee"
media = "/srv/matinee"
run = "/run/matinee"
[database]
host = "/run/postgresql"
[redis]
socket = "/run/redis/redis.sock"
[rabbitmq]
[web]
address = "https://matinee.local"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "matinee.toml"
    path.write_text(SMALLEST)
    return path


def test_what_is_not_said_has_a_default(file):
    loaded = settings.load(file)
    assert loaded.tasks.lease_seconds == 90
    assert loaded.uploads.reserve_bytes == 2 * settings.GIB


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("[tasks]\nlease_second = 3", "unknown setting 'lease_second'"),
        ("[task]", "unknown table 'task'"),
        ('[tasks]\nlease_seconds = "90"', "wrong type"),
        ("[tasks]\nlease_seconds = true", "wrong type"),
        ("[tasks", "not valid TOML"),
        ("[[tasks]]\nlease_seconds = 90", "is a table of settings"),
        ('[media]\nencoder = "cuda"', "encoder is one of auto, x264, nvenc, qsv, vaapi, v4l2; not 'cuda'"),
        ("[media]\nencoder = [1]", "encoder is one of auto"),
    ],
)
def test_a_mistake_is_named_with_its_place(file, line, complaint):
    file.write_text(SMALLEST + line)
    with pytest.raises(Invalid, match=complaint) as refusal:
        settings.load(file)
    assert str(file) in refusal.value.message


def test_a_missing_setting_is_named(file):
    file.write_text(SMALLEST.replace('address = "https://matinee.local"', ""))
    with pytest.raises(Invalid, match="lacks the setting 'address'"):
        settings.load(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(Invalid, match="cannot be read"):
        settings.load(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_named(file):
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Invalid, match="not valid TOML"):
        settings.load(file)
