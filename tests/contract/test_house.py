"""The house as its imports draw it: rooms (packages and top modules), floors (layers of setup.cfg), arrows downwards.

The drawing goes to `artifacts/house.txt` and `artifacts/house.svg`.
"""

from __future__ import annotations

import configparser
from collections import Counter

import grimp
import pytest

from tests.contract import drawing
from tests.contract.source import PACKAGES, ROOT

Arrows = Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def floors() -> list[list[str]]:
    """The layers of setup.cfg, highest first, each with its rooms."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    lines = parser["importlinter:contract:layers"]["layers"].split("\n")
    return [line.split(" | ") for line in lines if line]


@pytest.fixture(scope="module")
def arrows() -> Arrows:
    """How many modules of one room import a module of another."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    pairs = Counter[tuple[str, str]]()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            if room(importer) != room(imported):
                pairs[room(importer), room(imported)] += 1
    return pairs


def room(module: str) -> str:
    """Return the room of a module: the part below `server`, or the whole of `workers` and `tui`."""
    package, *rest = module.split(".")
    return f"{package}.{rest[0]}" if package == "server" and rest else package


def test_every_part_of_the_server_has_its_place_on_a_floor(floors: list[list[str]]) -> None:
    parts = {
        f"server.{path.stem}"
        for path in (ROOT / "server").iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert {room for floor in floors for room in floor} == parts | {"workers"}


def test_every_arrow_between_rooms_goes_down(floors: list[list[str]], arrows: Arrows) -> None:
    level = {room: number for number, floor in enumerate(floors) for room in floor}
    assert [(a, b) for a, b in sorted(arrows) if level[a] >= level[b]] == []


def test_the_house_is_drawn_for_people(floors: list[list[str]], arrows: Arrows) -> None:
    folder = ROOT / "artifacts"
    folder.mkdir(exist_ok=True)
    (folder / "house.txt").write_text(drawing.as_text(floors, arrows), encoding="utf-8")
    (folder / "house.svg").write_text(drawing.as_svg(floors, arrows), encoding="utf-8")

    drawn = (folder / "house.svg").read_text(encoding="utf-8")
    assert all(f">{drawing.short(room)}<" in drawn for floor in floors for room in floor)
    assert drawn.count('class="arrow"') == len(arrows)
