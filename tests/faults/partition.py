"""A way between a process and a unix socket that can be cut: bytes neither pass nor bounce, as in a lost network."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

_CHUNK = 64 * 1024


class Partition:
    """Listens at `here` and passes everything on to `there`, both ways, while the way is open."""

    def __init__(self, here: Path, there: Path) -> None:
        self._there = there
        self._open = threading.Event()
        self._open.set()
        self._over = False
        self._ends: set[socket.socket] = set()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(here))
        here.chmod(0o777)
        self._listening.listen()

    def cut(self) -> None:
        """Let nothing through any more; who waits, waits."""
        self._open.clear()

    def heal(self) -> None:
        """Drop what was waiting, as everything between two machines does, and let new connections through."""
        ends, self._ends = self._ends, set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._over = True
        self.heal()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._over:
                near, _ = self._listening.accept()
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._open.wait()
        with ExitStack() as stack, suppress(OSError):
            stack.enter_context(near)
            far = stack.enter_context(socket.socket(socket.AF_UNIX))
            far.connect(str(self._there))
            self._ends |= {near, far}
            back = threading.Thread(target=self._pump, args=(far, near), daemon=True)
            back.start()
            self._pump(near, far)
            back.join()
            self._ends -= {near, far}

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(_CHUNK):
                self._open.wait()
                target.sendall(content)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            source.shutdown(socket.SHUT_RDWR)
