from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reading import Line
from verifier.ocr import wire
from verifier.ocr.engine import Alternative, Image, Recognition

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def soon() -> float:
    return time.monotonic() + 5.0


def request_for(images: list[Image]) -> wire.Request:
    return wire.Request(id="7", operation=wire.Operation.RECOGNISE, deadline_s=2.5, shapes=wire.shapes_of(images))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=5), st.randoms(use_true_random=False))
def test_request_arrives_as_it_was_sent(shapes: list[tuple[int, int]], random: object) -> None:
    images = [np.arange(h * w * 3, dtype=np.uint8).reshape(h, w, 3)[:, ::-1] for h, w in shapes]
    left, right = socket.socketpair()
    with left, right:
        wire.send(left, request_for(images), images)
        request, received = wire.receive_request(right, soon())
    assert request == request_for(images)
    assert all(np.array_equal(a, b) for a, b in zip(images, received, strict=True))


def test_reply_arrives_as_it_was_sent(pair: Pair) -> None:
    line = Line(text="体检结论:合格", score=0.5, box=((0, 1), (2, 3), (4, 5), (6, 7)))
    unsure = Recognition(text="4.9", score=0.5, others=(Alternative(text="49", likelihood=0.25),))
    reply = wire.Reply(id="7", lines=(line,), recognitions=(unsure, Recognition(text="合格", score=1.0)))
    wire.send(pair[0], reply)
    assert wire.receive_reply(pair[1], soon()) == reply


def test_hello_arrives(pair: Pair) -> None:
    wire.send(pair[0], wire.Hello(name="PP-OCRv6_small"))
    assert wire.receive_hello(pair[1], soon()).name == "PP-OCRv6_small"


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
    ids=["grey", "alpha", "float", "empty"],
)  # fmt: skip
def test_only_bgr_pages_are_sent(image: Image) -> None:
    with pytest.raises(ValueError, match="not a BGR"):
        wire.shapes_of([image])


def test_pixels_that_do_not_add_up_are_refused(pair: Pair) -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    wire.send(pair[0], request_for([image, image]), [image])
    with pytest.raises(wire.WireError):
        wire.receive_request(pair[1], soon())


def test_image_without_pixels_is_refused(pair: Pair) -> None:
    request = wire.Request(id="7", operation=wire.Operation.READ, deadline_s=1, shapes=((-2, -2), (0, 5)))
    wire.send(pair[0], request)
    with pytest.raises(wire.WireError):
        wire.receive_request(pair[1], soon())


@given(st.binary(min_size=wire.PREFIX.size, max_size=64))
def test_anything_else_is_refused(data: bytes) -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(data)
        left.close()
        with pytest.raises(wire.WireError):
            wire.receive_request(right, soon())


def test_what_a_page_says_is_not_in_the_error(pair: Pair) -> None:
    wire.send(pair[0], wire.Reply(id="440114199608123428"))
    with pytest.raises(wire.WireError) as caught:
        wire.receive_request(pair[1], soon())
    assert "440114" not in str(caught.value) and caught.value.__cause__ is None


def test_waiting_ends_at_the_deadline(pair: Pair) -> None:
    with pytest.raises(TimeoutError):
        wire.receive_reply(pair[1], time.monotonic() + 0.05)
    with pytest.raises(TimeoutError):
        wire.receive_reply(pair[1], time.monotonic() - 1)


def test_frame_over_the_limit_is_not_sent(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "BODY_LIMIT", 11)
    image = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(ValueError, match="over the limit"):
        wire.send(pair[0], request_for([image]), [image])
