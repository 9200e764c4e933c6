"""The usual formats, and what becomes of each; docs/formats.md says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import formats
from tests.contract.source import ROOT
from tests.formats import FORMATS, Format


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: f"{each.name} in {each.container}")
def test_a_format_becomes_what_it_should(each: Format, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert formats.outcome(each.make(tmp_path), out) == each.becomes


def test_the_table_of_formats_is_documented() -> None:
    told = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert [
        each.name for each in FORMATS if f"| {each.name} | {each.container} | {' | '.join(each.becomes)} |" not in told
    ] == []
