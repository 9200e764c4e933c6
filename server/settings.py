"""Every setting of the appliance: one frozen tree, read once from a TOML file and passed down.

Each field is a setting of the same name in the table of its section; its comment is the reference text.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from server.errors import Invalid

DEFAULT_PATH = Path("/etc/matinee/matinee.toml")
ENVIRONMENT_NAME = "MATINEE_CONFIG"

GIB = 1024**3

EncoderName = Literal["auto", "x264", "nvenc", "qsv", "vaapi", "v4l2"]


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things live on disk. `media` holds spool, work and library: one file system, so publishing is a rename."""

    state: Path  # small state of the appliance itself: secrets, certificates
    media: Path  # bytes of video: incoming/, work/, videos/
    run: Path  # unix sockets


@dataclass(frozen=True, slots=True)
class Database:
    """PostgreSQL, by default over its unix socket with peer authentication."""

    host: str  # folder of the unix socket, or a host name
    port: int = 5432
    name: str = "matinee"
    user: str = "matinee"
    password_file: Path | None = None  # needed only where the server asks for a password
    pool: int = 16  # connections per process at most
    statement_timeout_ms: int = 15_000


@dataclass(frozen=True, slots=True)
class Redis:
    """Redis over its unix socket: sessions, live broadcast, and the doorbells of RQ."""

    socket: Path
    timeout_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """The broker that carries events from the outbox to the consumers."""

    host: str = "127.0.0.1"
    port: int = 5672
    user: str = "matinee"
    password_file: Path | None = None
    virtual_host: str = "/"
    timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Web:
    """What browsers and the command line talk to."""

    address: str  # https://host:port as people type it; also the only Origin that may write
    other_origins: tuple[str, ...] = ()  # further names under which the same site answers
    session_idle_seconds: int = 14 * 24 * 3600  # a session ends after this long unused
    session_absolute_seconds: int = 90 * 24 * 3600  # and after this long in any case
    workers: int = 2  # gunicorn processes for pages and API


@dataclass(frozen=True, slots=True)
class Uploads:
    """Limits of an upload, checked before its first byte."""

    max_bytes: int = 64 * GIB  # size of one file
    reserve_bytes: int = 2 * GIB  # free space on the media volume that always stays free
    keep_seconds: int = 7 * 24 * 3600  # an unfinished upload is kept this long after its last byte


@dataclass(frozen=True, slots=True)
class Media:
    """Limits and shape of what is made from an upload."""

    segment_seconds: int = 4  # length of a segment; key frames stand at its multiples in every rendition
    max_duration_seconds: int = 24 * 3600
    max_pixels: int = 8192 * 4320  # of one picture, checked before anything is decoded
    encode_workers: int = 0  # encoding processes; 0 means one per core
    av1: bool = False  # also make a small and a large rendition in AV1, when nothing else is to do
    encoder: EncoderName = "auto"  # what makes H.264; auto takes the first hardware that proves to work, else x264


@dataclass(frozen=True, slots=True)
class Tasks:
    """Leases of background work (PostgreSQL holds the truth, Redis only rings)."""

    lease_seconds: int = 90
    heartbeat_seconds: int = 20
    max_attempts: int = 4
    sweep_seconds: int = 15


@dataclass(frozen=True, slots=True)
class Scrub:
    """Reading everything that is stored, to find what the disk has lost."""

    every_days: int = 7  # a run over the whole library begins so long after the last one began
    bytes_per_second: int = 20_000_000  # read at most
    quarantine_days: int = 30  # what belongs to nothing is kept this long before it is deleted


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole tree."""

    paths: Paths
    database: Database
    redis: Redis
    rabbitmq: RabbitMQ
    web: Web
    uploads: Uploads = field(default_factory=Uploads)
    media: Media = field(default_factory=Media)
    tasks: Tasks = field(default_factory=Tasks)
    scrub: Scrub = field(default_factory=Scrub)


_Section = TypeVar("_Section")


def load(path: Path | None = None) -> Settings:
    """Read the settings file: `path`, else `$MATINEE_CONFIG`, else `/etc/matinee/matinee.toml`.

    Raises Invalid if the file is missing, is not TOML, or has an unknown, missing or wrongly typed setting; the
    message names the file, the setting and what is allowed.
    """
    source = path or Path(os.environ.get(ENVIRONMENT_NAME, DEFAULT_PATH))
    try:
        tables = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(
            f"The settings file {source} cannot be read: {error.strerror}.", code="invalid.settings"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The settings file {source} is not valid TOML: {error}.", code="invalid.settings") from error
    return parse(tables, str(source))


def parse(tables: Mapping[str, Any], source: str) -> Settings:
    """Build the tree from parsed TOML; `source` is named in messages. Raises Invalid."""
    sections = get_type_hints(Settings)
    _refuse_unknown(tables, sections, source, "table")
    return Settings(
        **{name: _section(kind, tables.get(name, {}), f"{source}: [{name}]") for name, kind in sections.items()}
    )


def _section(kind: type[_Section], table: Mapping[str, Any], where: str) -> _Section:
    hints = get_type_hints(kind)
    if not isinstance(table, Mapping):
        raise Invalid(f"{where} is a table of settings, not {table!r}.", code="invalid.settings")
    _refuse_unknown(table, hints, where, "setting")
    for item in fields(kind):  # type: ignore[arg-type]  # every section is a dataclass
        if item.default is MISSING and item.default_factory is MISSING and item.name not in table:
            raise Invalid(f"{where} lacks the setting {item.name!r}; add it.", code="invalid.settings")
    return kind(**{name: _value(hints[name], value, f"{where} {name}") for name, value in table.items()})


def _value(kind: Any, value: Any, where: str) -> Any:
    """Convert one TOML value to the annotated type of its field. Raises Invalid."""
    if kind in (Path, Path | None) and isinstance(value, str):
        return Path(value)
    if kind == tuple[str, ...] and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (int, str, bool) and type(value) is kind:
        return value
    if get_origin(kind) is Literal and value in get_args(kind):
        return value
    if get_origin(kind) is Literal:
        raise Invalid(f"{where} is one of {', '.join(get_args(kind))}; not {value!r}.", code="invalid.settings")
    raise Invalid(
        f"{where} has the wrong type: {value!r} is not {getattr(kind, '__name__', kind)}.",
        code="invalid.settings",
    )


def _refuse_unknown(table: Mapping[str, Any], known: Mapping[str, Any], where: str, what: str) -> None:
    for name in table:
        if name not in known:
            raise Invalid(
                f"{where} has an unknown {what} {name!r}; known are: {', '.join(sorted(known))}.",
                code="invalid.settings",
            )
