"""`python -m tests.benchmarks.first_segment`: seconds from the last byte of an upload until segments come.

The first one, and the one at 90 % of the film, asked for right after the upload as a player does, through nginx. For
films of 10 s, 10 min and 2 h, each once in what browsers play and once in what they do not. Medians.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from server.launcher.system import System
from tests.benchmarks import films
from tests.benchmarks.appliance import uploaded

LENGTHS = {"10 s": 10, "10 min": 600, "2 h": 7200}
KINDS = {"may be copied": films.copyable, "must be encoded": films.in_no_browsers_codec}


def measure(system: System, film: Path) -> tuple[float, float]:
    """Upload twice: seconds until the first segment, and until the one at 90 %."""
    found = []
    for place in (0.0, 0.9):
        with uploaded(system, film) as upload:
            segments = upload.segments()
            upload.fetch(segments[int(place * len(segments))])
            found.append(upload.age)
    return found[0], found[1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--longest", type=int, default=7200, help="leave out longer films (seconds)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, System(Path(folder)) as system:
        measure(system, films.copyable(10))  # the first one pays for the start of the processes
        sys.stdout.write(f"{'film':28}{'first segment':>14}{'at 90 %':>10}\n")
        for kind, make in KINDS.items():
            for length, seconds in LENGTHS.items():
                if seconds > asked.longest:
                    continue
                rounds = [measure(system, make(seconds)) for _ in range(asked.rounds)]
                first, late = (statistics.median(column) for column in zip(*rounds, strict=True))
                sys.stdout.write(f"{length + ', ' + kind:28}{first:14.2f}{late:10.2f}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
