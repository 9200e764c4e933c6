from __future__ import annotations

import pytest
from websockets.frames import Close, Frame, Opcode
from websockets.streams import StreamReader

from server.web.sockets import frames


def decoded(data: bytes) -> Frame:
    """Read one frame with another implementation, which must use up every byte."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    parser = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as stop:
        next(parser)
    assert not reader.buffer
    frame: Frame = stop.value.value
    return frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
def test_a_text_frame_of_any_length_is_read_back(length: int) -> None:
    frame = decoded(frames.text(b"x" * length))
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, b"x" * length)


def test_the_ping_is_a_ping() -> None:
    assert decoded(frames.PING).opcode is Opcode.PING


def test_a_close_frame_says_code_and_reason() -> None:
    assert Close.parse(bytes(decoded(frames.close(1013, "Too slow.")).data)) == Close(1013, "Too slow.")


def test_a_long_reason_is_cut_to_what_a_control_frame_may_hold() -> None:
    assert len(decoded(frames.close(1008, "x" * 500)).data) == 125
