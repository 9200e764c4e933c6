"""A private nginx, configured from the templates in `nginx/` at the top of the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import jinja2

from server.errors import Unavailable
from server.launcher import probes
from server.launcher.files import rotate, write_atomically
from server.launcher.home import ROOT, Home
from server.launcher.part import Part

TEMPLATES = ROOT / "nginx"
ENTRY = "nginx.conf.j2"
LOGS = ("access.log", "error.log")  # which nginx writes itself, beside its output
CHECK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Site:
    """What the templates need to know. Paths are absolute."""

    run: str  # folder of sockets and of the pid file
    log: str  # folder
    temp: str  # folder for buffered bodies
    media: str  # folder of the library
    static: str  # folder of the built browser assets
    tls_certificate: str
    tls_key: str
    listen: tuple[str, ...]  # "127.0.0.1:8443"
    server_names: tuple[str, ...]
    web_sockets: tuple[str, ...]  # unix sockets of the web processes
    live_sockets: tuple[str, ...]  # unix sockets of the WebSocket processes
    ticket_key: str  # secret
    max_upload_bytes: int
    worker_processes: int
    nginx_version: tuple[int, ...]
    user: str | None = None  # what nginx's workers become; None: the present user


def render(site: Site) -> str:
    """Fill in the templates. Raises Unavailable if they are broken or ask for what Site has not."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(  # noqa: S701  # nginx's language is not HTML
        loader=loader,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    try:
        return environment.get_template(ENTRY).render(asdict(site))
    except jinja2.TemplateError as error:
        raise Unavailable(f"The templates in {TEMPLATES} cannot be filled in: {error}. Restore them.") from error


def find_program() -> str:
    """Find nginx, which Debian keeps out of ordinary users' PATH. Raises Unavailable if it is not installed."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        raise Unavailable("nginx is not installed. Run `make run`, which installs it, or install the package nginx.")
    return program


def read_version(program: str) -> tuple[int, ...]:
    """Ask nginx for its version, on which some directives depend."""
    answer = subprocess.run((program, "-v"), capture_output=True, text=True, timeout=CHECK_SECONDS, check=True).stderr
    version = re.search(r"nginx/([\d.]+)", answer)
    return tuple(int(number) for number in version[1].split(".")) if version else ()


def parts(home: Home, site: Site, address: tuple[str, int]) -> list[Part]:
    """Describe nginx, which answers at `address`. Raises Unavailable if it is not installed."""
    configuration = home.root / "nginx.conf"
    command = (find_program(), "-e", "stderr", "-p", str(home.root), "-c", str(configuration), "-g", "daemon off;")

    def prepare() -> None:
        for name in LOGS:
            rotate(Path(site.log, name))
        Path(site.temp).mkdir(mode=0o700, exist_ok=True)
        write_atomically(configuration, render(site))
        check = subprocess.run(
            (*command, "-t", "-q"), capture_output=True, text=True, timeout=CHECK_SECONDS, check=False
        )
        if check.returncode != 0:
            raise Unavailable(f"nginx refuses {configuration}: {check.stderr.strip()}")

    server = Part(
        name="nginx",
        argv=command,
        ready=probes.answers_tcp(address),
        prepare=prepare,
        needs=("tls",),
        uses=("web", "sockets"),
        grace_seconds=1.0,
    )
    return [server]
