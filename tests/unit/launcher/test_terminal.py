from __future__ import annotations

import io

from server.launcher.terminal import Terminal


class Screen(io.TextIOWrapper):
    """A stream with an encoding that says whether it is a terminal."""

    def __init__(self, encoding: str, *, tty: bool) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def text(self) -> str:
        self.seek(0)
        return self.read()


def test_a_part_is_one_line() -> None:
    screen = Screen("utf-8", tty=False)
    Terminal(screen, {}).ready("postgresql", "0.4 s")
    assert screen.text == "  ✓  postgresql    0.4 s\n"


def test_a_terminal_without_unicode_gets_plain_marks_and_never_an_error() -> None:
    screen = Screen("ascii", tty=False)
    terminal = Terminal(screen, {})
    terminal.died("redis", "was killed by SIGKILL", ["naïve line"])
    assert screen.text == "  !!  redis         was killed by SIGKILL\n      na?ve line\n"


def test_colours_are_for_terminals_only() -> None:
    for screen, environment, coloured in (
        (Screen("utf-8", tty=True), {}, True),
        (Screen("utf-8", tty=False), {}, False),
        (Screen("utf-8", tty=True), {"NO_COLOR": "1"}, False),
        (Screen("utf-8", tty=True), {"TERM": "dumb"}, False),
    ):
        Terminal(screen, environment).ready("redis", "0.1 s")
        assert ("\x1b[" in screen.text) is coloured


def test_a_closed_terminal_does_not_stop_the_launcher() -> None:
    class Closed(Screen):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    Terminal(Closed("utf-8", tty=False), {}).ready("redis", "0.1 s")
