"""What the hostile run calls wrong, and that its files are what they say."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from PIL import Image

from tests.support.hostile_files import scans, zip_bomb
from tests.support.hostile_run import Answer, is_wrong, packed_files
from tests.support.ofd import ofd, page


@pytest.mark.parametrize(
    ("status", "code", "seconds", "wrong"),
    [
        (201, "accepted", 0.1, False),
        (422, "file.broken", 19.9, False),
        (422, "file.broken", 20.1, True),
        (422, "?", 0.1, True),
        (500, "internal.unexpected", 0.1, True),
        (503, "sandbox.unavailable", 0.1, True),
        (0, "RemoteProtocolError", 0.1, True),
    ],
)
def test_what_is_wrong(status: int, code: str, seconds: float, wrong: bool) -> None:
    assert is_wrong(Answer("ours", "x", status, code, seconds)) is wrong


def test_sources_are_left_in_their_archive(tmp_path: Path) -> None:
    for name in ("a.py", "b.pdf", "c.PNG", "README.rst"):
        (tmp_path / name).write_bytes(name.encode())
    with tarfile.open(tmp_path / "x-1.tar.gz", "w:gz") as packed:
        for name in ("a.py", "b.pdf", "c.PNG", "README.rst"):
            packed.add(tmp_path / name, f"x-1/tests/{name}")
    assert list(packed_files(tmp_path / "x-1.tar.gz")) == [("tests/b.pdf", b"b.pdf"), ("tests/c.PNG", b"c.PNG")]


def test_bombs_are_small_and_unfold() -> None:
    bomb = zip_bomb(ofd(page()), "Doc_0/Document.xml", 50_000_000)
    assert len(bomb) < 100_000
    plain = scans(Image.new("RGB", (64, 64), "white"), 0)
    assert scans(Image.new("RGB", (64, 64), "white"), 50).count(b"\xff\xda") == plain.count(b"\xff\xda") + 50
