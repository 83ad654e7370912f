"""Logs tell where something failed, never with what."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from tests.support.factories import settings_for
from verifier import logs
from verifier.errors import InputError

SECRET = "440114199608120006"


@contextmanager
def configured(folder: Path, monkeypatch: pytest.MonkeyPatch, *, as_json: bool) -> Iterator[io.StringIO]:
    """Logging as programs configure it, into the text that is given, and as it was before afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)
    logs.configure(settings_for(folder, log_json=as_json), part="test")
    try:
        yield said
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()


def fail_with_a_secret() -> None:
    try:
        number = SECRET
        int(f"number {number}")
    except ValueError as error:
        raise InputError("case.not_found") from error


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("foreign", [False, True])
def test_an_exception_is_told_by_kind_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool, foreign: bool
) -> None:
    with configured(tmp_path, monkeypatch, as_json=as_json) as said:
        try:
            fail_with_a_secret()
        except InputError:
            if foreign:
                logging.getLogger("somebody.else").exception("went wrong")
            else:
                structlog.get_logger("ours").exception("went wrong", application_no="HD2026A000123")
    text = said.getvalue()
    for part in ("went wrong", "InputError at ", "ValueError at ", "fail_with_a_secret"):
        assert part in text
    assert SECRET not in text


def test_lines_for_machines_are_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with configured(tmp_path, monkeypatch, as_json=True) as said:
        structlog.get_logger("ours").info("case.read", application_no="HD2026A000123")
    line = json.loads(said.getvalue())
    assert (line["event"], line["part"], line["application_no"]) == ("case.read", "test", "HD2026A000123")
