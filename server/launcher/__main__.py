"""`python -m server.launcher run|stop|status --home DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from server.launcher import commands
from server.launcher.configuration import LOOPBACK
from server.launcher.home import ROOT


def main() -> int:
    """Read the command line and run its verb."""
    parser = argparse.ArgumentParser(prog="python -m server.launcher", description="A private Matinee on this machine.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, text in (("run", "start and stay"), ("stop", "end it"), ("status", "say what it does")):
        verbs.add_parser(verb, help=text).add_argument(
            "--home", type=Path, default=ROOT / ".matinee", help="folder of the system"
        )
    verbs.choices["run"].add_argument("--listen", default=LOOPBACK, help="address to listen on; 0.0.0.0 for all")
    verbs.choices["status"].add_argument("--json", action="store_true", help="for programs")
    arguments = parser.parse_args()
    if arguments.verb == "run":
        return commands.run(arguments.home, arguments.listen, sys.argv[1:])
    if arguments.verb == "stop":
        return commands.stop(arguments.home)
    return commands.status(arguments.home, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
