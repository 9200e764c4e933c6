from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from server.errors import Invalid
from server.launcher.configuration import Tables, as_toml, listening, merge, write
from server.launcher.home import Home
from server.launcher.ports import Ports

PORTS = Ports(https=8443, amqp=40000, epmd=40001, erlang=40002)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.at(tmp_path / "home")
    home.create()
    return home


def test_settings_survive_the_way_through_toml() -> None:
    tables: Tables = {
        "paths": {"media": 'a "quoted" Ünïcode \\ 🎬 folder'},
        "web": {"workers": 2, "other_origins": ["a", "b"]},
    }
    assert tomllib.loads(as_toml(tables)) == tables


def test_an_override_wins_and_leaves_its_neighbours() -> None:
    assert merge({"web": {"workers": 2, "address": "x"}}, {"web": {"workers": 9}, "media": {"segment_seconds": 2}}) == {
        "web": {"workers": 9, "address": "x"},
        "media": {"segment_seconds": 2},
    }


def test_the_administrators_overrides_reach_the_settings(home: Home) -> None:
    home.overrides.write_text("[web]\nworkers = 7\n")
    settings = write(home, PORTS, listening("127.0.0.1", 8443))
    assert settings.web.workers == 7
    assert settings.web.address == "https://localhost:8443"


def test_a_misspelt_override_names_itself(home: Home) -> None:
    home.overrides.write_text("[web]\nwrokers = 7\n")
    with pytest.raises(Invalid, match=r"overrides\.toml.*wrokers"):
        write(home, PORTS, listening("127.0.0.1", 8443))


def test_an_override_that_is_no_table_is_refused(home: Home) -> None:
    home.overrides.write_text("web = 7\n")
    with pytest.raises(Invalid, match=r"overrides\.toml.*web"):
        write(home, PORTS, listening("127.0.0.1", 8443))


def test_no_password_is_written_into_the_settings(home: Home) -> None:
    write(home, PORTS, listening("127.0.0.1", 8443))
    assert "password_file" in home.settings.read_text()
    assert home.settings.stat().st_mode & 0o777 == 0o600


def test_on_loopback_the_site_is_localhost() -> None:
    assert listening("127.0.0.1", 8443).origins == ("https://localhost:8443", "https://127.0.0.1:8443")


def test_the_standard_port_is_not_part_of_an_origin() -> None:
    assert listening("192.0.2.7", 443).origins == ("https://192.0.2.7",)
