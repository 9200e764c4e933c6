"""TLS on a LAN without a public name: an own small certificate authority and the server's certificate from it.

Profile: RFC 5280; P-256 keys; 90 days for the server, because browsers refuse long-lived ones. A private key is written
before the first certificate that needs it and kept for all later ones, so at no moment, a power cut included, do a
certificate and a key on disk not belong together.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.errors import Invalid
from server.keystore import files

CA_LIFE = timedelta(days=3652)
LEAF_LIFE = timedelta(days=90)
RENEW_BEFORE = timedelta(days=30)
CLOCK_SKEW = timedelta(hours=1)  # a device whose clock is behind still accepts a fresh certificate

LOCAL_NAMES = frozenset({"localhost"})
LOCAL_ADDRESSES = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Certificates:
    """What `ensure` left on disk."""

    ca_certificate: Path
    certificate: Path
    key: Path
    fingerprint: str  # SHA-256 of the CA certificate, as browsers show it: AB:CD:…
    changed: bool  # whether nginx has to load a new certificate


def ensure(folder: Path, names: Iterable[str], addresses: Iterable[str], now: datetime) -> Certificates:
    """Make or renew in `folder` what is missing, near its end, or made for other names; else touch nothing.

    The certificate is good for `names`, `addresses` (as text) and this machine itself (localhost, 127.0.0.1, ::1).
    `now` carries its time zone. Raises Invalid if a name or address is malformed, or a file here is damaged.
    """
    subjects = _subjects(LOCAL_NAMES.union(names), LOCAL_ADDRESSES.union(addresses))
    with files.locked(folder):
        ca_key = _ensure_key(folder / "ca.key")
        ca = _load_certificate(folder / "ca.crt")
        if ca is None or not _belongs(ca, ca_key) or ca.not_valid_after_utc < now + LEAF_LIFE:
            ca = _issue_ca(ca_key, now)
            _store_certificate(folder / "ca.crt", ca)
        key = _ensure_key(folder / "server.key")
        leaf = _load_certificate(folder / "server.crt")
        changed = leaf is None or not _still_good(leaf, key, ca, subjects, now)
        if changed:
            _store_certificate(folder / "server.crt", _issue_leaf(key, ca_key, ca, subjects, now))
    fingerprint = ca.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificates(folder / "ca.crt", folder / "server.crt", folder / "server.key", fingerprint, changed)


def _subjects(names: Iterable[str], addresses: Iterable[str]) -> x509.SubjectAlternativeName:
    try:
        general: list[x509.GeneralName] = [x509.DNSName(name) for name in sorted({name.lower() for name in names})]
        parsed = {ipaddress.ip_address(address) for address in addresses}
    except ValueError as error:
        raise Invalid(
            f"A certificate cannot be made for these names: {error}. Give host names in ASCII and IP addresses.",
            code="invalid.certificate-name",
        ) from error
    general.extend(x509.IPAddress(address) for address in sorted(parsed, key=str))
    return x509.SubjectAlternativeName(general)


def _still_good(
    leaf: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    subjects: x509.SubjectAlternativeName,
    now: datetime,
) -> bool:
    issued = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return (
        _belongs(leaf, key)
        and issued == _authority(ca)
        and leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == subjects
        and leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc - RENEW_BEFORE
    )


def _belongs(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bool:
    return certificate.public_key() == key.public_key()


def _issue_ca(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # Part of the key's own digest in the name keeps two appliances apart in a device's list of authorities.
    name = _name(f"Matinee local authority {identifier.digest[:4].hex()}")
    usage = _usage(sign_certificates=True)
    return (
        _builder(name, name, key.public_key(), now, CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def _issue_leaf(
    key: ec.EllipticCurvePrivateKey,
    ca_key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    subjects: x509.SubjectAlternativeName,
    now: datetime,
) -> x509.Certificate:
    return (
        _builder(_name("Matinee"), ca.subject, key.public_key(), now, LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(subjects, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_authority(ca), critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _ensure_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if path.exists():
        return _load_key(path)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files.write(path, pem, files.SECRET)
    return key


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise _damaged(path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _damaged(path)
    return key


def _load_certificate(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _damaged(path) from error


def _store_certificate(path: Path, certificate: x509.Certificate) -> None:
    files.write(path, certificate.public_bytes(serialization.Encoding.PEM), files.PUBLIC)


def _damaged(path: Path) -> Invalid:
    return Invalid(
        f"{path} is not what Matinee wrote there. Restore it from a backup, or remove it to have a new one made"
        " (a new ca.key means that devices have to trust the authority anew).",
        code="invalid.certificate",
    )
