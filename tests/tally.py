"""A pytest plugin: counts the tests per folder, and ends with the line `N passed, M failed` for people and for CI."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

import pytest

DEPTH = 3  # tests/unit/launcher


class Tally:
    """What became of every test; an error in a fixture or while collecting is a failure."""

    def __init__(self) -> None:
        self.results: dict[str, str] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.results[report.nodeid] = "failed"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or report.skipped or (report.when == "call" and report.nodeid not in self.results):
            self.results[report.nodeid] = report.outcome

    def lines(self) -> list[str]:
        folders = Counter(
            "/".join(PurePosixPath(node.partition("::")[0]).parent.parts[:DEPTH]) for node in self.results
        )
        outcomes = Counter(self.results.values())
        skipped = f", {outcomes['skipped']} skipped" if outcomes["skipped"] else ""
        counts = [f"{count:5}  {folder}" for folder, count in sorted(folders.items())]
        return [*counts, f"{outcomes['passed']} passed, {outcomes['failed']} failed{skipped}"]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tally(), "tally")


def pytest_unconfigure(config: pytest.Config) -> None:
    tally = config.pluginmanager.get_plugin("tally")
    if tally is not None:
        for line in tally.lines():
            config.get_terminal_writer().line(line)
