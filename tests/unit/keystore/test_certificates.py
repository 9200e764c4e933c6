"""The local authority and the server's certificate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from server.errors import Invalid
from server.keystore import certificates, files

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ["matinee.local"]


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def verify(folder: Path, subject: x509.DNSName | x509.IPAddress, at: datetime = NOW) -> None:
    store = Store([load(folder / "ca.crt")])
    PolicyBuilder().store(store).time(at).build_server_verifier(subject).verify(load(folder / "server.crt"), [])


@pytest.mark.parametrize(
    "subject",
    [
        x509.DNSName("localhost"),
        x509.DNSName("matinee.local"),
        x509.IPAddress(ip_address("127.0.0.1")),
        x509.IPAddress(ip_address("::1")),
        x509.IPAddress(ip_address("192.168.1.5")),
    ],
)
def test_a_client_that_trusts_the_authority_trusts_the_server(
    tmp_path: Path, subject: x509.DNSName | x509.IPAddress
) -> None:
    certificates.ensure(tmp_path, NAMES, ["192.168.1.5"], NOW)
    verify(tmp_path, subject)


def test_another_name_is_not_covered(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, NAMES, [], NOW)
    with pytest.raises(VerificationError):
        verify(tmp_path, x509.DNSName("evil.example"))


def test_private_keys_are_readable_by_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "state/tls"
    certificates.ensure(folder, NAMES, [], NOW)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {
        "ca.crt": "0o644",
        "ca.key": "0o600",
        "server.crt": "0o644",
        "server.key": "0o600",
    }
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_second_call_changes_nothing(tmp_path: Path) -> None:
    first = certificates.ensure(tmp_path, NAMES, [], NOW)
    before = contents(tmp_path)
    second = certificates.ensure(tmp_path, ["localhost", *NAMES, "MATINEE.local"], [], NOW + timedelta(days=59))
    assert (first.changed, second.changed) == (True, False)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("names", "days"),
    [(NAMES, 61), ([*NAMES, "films.lan"], 0), (["films.lan"], 0), (NAMES, -30)],
    ids=["near its end", "another name more", "other names", "made in the future"],
)
def test_the_server_gets_a_new_certificate_and_the_authority_stays(tmp_path: Path, names: list[str], days: int) -> None:
    first = certificates.ensure(tmp_path, NAMES, [], NOW)
    before = contents(tmp_path)
    second = certificates.ensure(tmp_path, names, [], NOW + timedelta(days=days))
    after = contents(tmp_path)
    assert second.changed
    assert second.fingerprint == first.fingerprint
    assert [name for name in after if after[name] != before[name]] == ["server.crt"]


def test_the_authority_is_renewed_before_it_ends(tmp_path: Path) -> None:
    first = certificates.ensure(tmp_path, NAMES, [], NOW)
    later = NOW + timedelta(days=3600)
    assert certificates.ensure(tmp_path, NAMES, [], later).fingerprint != first.fingerprint
    verify(tmp_path, x509.DNSName("localhost"), later)


@pytest.mark.parametrize("fatal", [1, 2, 3, 4])
def test_after_a_power_cut_at_any_write_pairs_match_and_the_next_call_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fatal: int
) -> None:
    write, calls = files.write, 0

    def cut(path: Path, content: bytes, mode: int) -> None:
        nonlocal calls
        calls += 1
        if calls == fatal:
            raise KeyboardInterrupt
        write(path, content, mode)

    with monkeypatch.context() as broken:
        broken.setattr(files, "write", cut)
        with pytest.raises(KeyboardInterrupt):
            certificates.ensure(tmp_path, NAMES, [], NOW)
    for name in ("ca", "server"):
        certificate, key = tmp_path / f"{name}.crt", tmp_path / f"{name}.key"
        if certificate.exists():
            private = serialization.load_pem_private_key(key.read_bytes(), password=None)
            assert private.public_key() == load(certificate).public_key()
    certificates.ensure(tmp_path, NAMES, [], NOW)
    verify(tmp_path, x509.DNSName("localhost"))


def test_a_lost_server_key_is_replaced_together_with_its_certificate(tmp_path: Path) -> None:
    first = certificates.ensure(tmp_path, NAMES, [], NOW)
    first.key.unlink()
    assert certificates.ensure(tmp_path, NAMES, [], NOW).fingerprint == first.fingerprint
    verify(tmp_path, x509.DNSName("localhost"))


def test_a_damaged_file_is_named_and_not_overwritten(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, NAMES, [], NOW)
    (tmp_path / "ca.key").write_text("rubbish")
    with pytest.raises(Invalid, match=r"ca\.key .*backup"):
        certificates.ensure(tmp_path, NAMES, [], NOW)
    assert (tmp_path / "ca.key").read_text() == "rubbish"


@pytest.mark.parametrize(("names", "addresses"), [(["grüße.local"], []), ([], ["not an address"])])
def test_a_name_no_certificate_can_carry_is_refused(tmp_path: Path, names: list[str], addresses: list[str]) -> None:
    with pytest.raises(Invalid, match="certificate cannot be made"):
        certificates.ensure(tmp_path, names, addresses, NOW)


def test_the_fingerprint_is_the_one_browsers_show(tmp_path: Path) -> None:
    made = certificates.ensure(tmp_path, NAMES, [], NOW)
    assert len(made.fingerprint.split(":")) == 32
    assert made.fingerprint == made.fingerprint.upper()
