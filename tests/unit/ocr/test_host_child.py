from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from verifier.ocr import status
from verifier.ocr.engine import Engine
from verifier.ocr.host_child import load
from verifier.ocr.status import Busy, Idle, Leaving, Ready, Status, Waiting


class Reader:
    name = "reader"
    read: Callable[..., object]
    recognise: Callable[..., object]

    def __init__(self, models_dir: Path, *, threads: int) -> None:
        self.given = (models_dir, threads)
        self.read = self.recognise = lambda *_: ()


def no_engine(models_dir: Path, *, threads: int) -> object:
    return object()


def test_engine_is_built_by_the_name_of_its_factory() -> None:
    engine = load(f"{__name__}:Reader", Path("weights"), 2)
    assert isinstance(engine, Engine) and isinstance(engine, Reader)
    assert engine.given == (Path("weights"), 2)


def test_factory_that_makes_no_engine_is_refused() -> None:
    with pytest.raises(TypeError, match="does not make an Engine"):
        load(f"{__name__}:no_engine", Path("weights"), 2)


@pytest.mark.parametrize(
    "message",
    [
        Ready(name="x", rss_mb=1.5),
        Busy(deadline_s=2.0),
        Idle(pages=3, rss_mb=4.0),
        Waiting(),
        Leaving(pages=5, rss_mb=6.0),
    ],
)
def test_status_survives_the_pipe(message: Status) -> None:
    assert status.parse(message.model_dump_json().encode()) == message


def test_anything_else_is_no_status() -> None:
    with pytest.raises(ValidationError):
        status.parse(b'{"kind": "dancing"}')
