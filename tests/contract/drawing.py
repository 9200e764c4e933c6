"""Draws the house: one row per floor, one box per room, one line per pair of rooms with imports between them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

WIDTH, ROW, BOX_HEIGHT, BOX_WIDTH = 1000, 120, 44, 130

STYLE = """
text { font: 15px sans-serif; text-anchor: middle; fill: #222 }
rect { fill: #f6f1e7; stroke: #5b4b8a; rx: 6px }
.arrow { stroke: #5b4b8a; fill: none; opacity: 0.35 }
"""

Arrows = Mapping[tuple[str, str], int]


def short(room: str) -> str:
    """Return the name of a room as it stands in the drawing."""
    return room.removeprefix("server.")


def as_text(floors: list[list[str]], arrows: Arrows) -> str:
    """Return the floors, and under each room the rooms that it imports with the number of imports."""
    lines = []
    for floor in floors:
        lines.append("   ".join(short(room) for room in floor))
        for room in floor:
            below = [f"{short(b)} {count}" for (a, b), count in sorted(arrows.items()) if a == room]
            lines.append(f"    {short(room):<10} -> {', '.join(below) or 'nothing'}")
    return "\n".join(lines) + "\n"


def as_svg(floors: list[list[str]], arrows: Arrows) -> str:
    """Return the drawing; a thicker line means more imports."""
    middle = {
        room: (int(WIDTH * (column + 0.5) / len(floor)), ROW * row + ROW // 2)
        for row, floor in enumerate(floors)
        for column, room in enumerate(floor)
    }
    lines = [_line(*middle[a], *middle[b], count) for (a, b), count in sorted(arrows.items())]
    boxes = [_box(short(room), *place) for room, place in middle.items()]
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {ROW * len(floors)}">'
    return "\n".join([frame, f"<style>{STYLE}</style>", *lines, *boxes, "</svg>\n"])


def _line(x1: int, y1: int, x2: int, y2: int, count: int) -> str:
    top, bottom = y1 + BOX_HEIGHT // 2, y2 - BOX_HEIGHT // 2
    bend = (bottom - top) // 2
    curve = f"M{x1} {top} C{x1} {top + bend} {x2} {bottom - bend} {x2} {bottom}"
    return f'<path class="arrow" d="{curve}" stroke-width="{min(1 + count / 4, 6):g}"/>'


def _box(name: str, x: int, y: int) -> str:
    left, top = x - BOX_WIDTH // 2, y - BOX_HEIGHT // 2
    rectangle = f'<rect x="{left}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}"/>'
    return f'{rectangle}<text x="{x}" y="{y + 5}">{escape(name)}</text>'
