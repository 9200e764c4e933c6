"""Being an ordinary user although root started us, since PostgreSQL rightly refuses to run as root.

A user namespace (user_namespaces(7)) maps a system account to root outside: inside, nothing is privileged; outside,
every file is root's own, also below a home folder of mode 0700.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence

from server.errors import Unavailable
from server.launcher.home import ROOT

ACCOUNT = "postgres"  # comes with the package; any account with a name would do
CHECK_SECONDS = 10


def enter(arguments: Sequence[str]) -> None:
    """Start this launcher anew inside a namespace if root runs it, else return. Raises Unavailable if that cannot work.

    The sandbox around ffmpeg needs namespaces as well, so their lack is found here rather than at the first upload.
    """
    into = ("unshare", "--user", *(_mapping() if os.geteuid() == 0 else ()), "--")
    check = subprocess.run(
        (*into, "test", "-r", __file__), capture_output=True, text=True, timeout=CHECK_SECONDS, check=False
    )
    if check.stderr:
        raise Unavailable(
            f"This machine does not allow user namespaces ({check.stderr.strip()}), "
            "and Matinee decodes no film outside of a sandbox. "
            "Allow them: sysctl -w user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1"
        )
    if check.returncode != 0:
        raise Unavailable(f"{ROOT} belongs to another user. Start Matinee as that user, or use a clone of your own.")
    if os.geteuid() == 0:
        command = (*into, sys.executable, "-m", "server.launcher", *arguments)
        os.execvp(command[0], command)  # noqa: S606  # no shell is wanted


def _mapping() -> tuple[str, str]:
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        message = f"There is no account {ACCOUNT}. Run `make run`, which installs PostgreSQL, or install it yourself."
        raise Unavailable(message) from None
    return f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}"
