"""The commands that look after the queue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.cases import NO, send_all, submitted
from tests.support.factories import open_test_services, with_settings
from verifier.cli import app as cli
from verifier.errors import InputError, StateError
from verifier.services import process
from verifier.services.context import Services, utc_now

Run = Callable[..., str]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_test_services(tmp_path)
    yield opened
    opened.sessions.kw["bind"].dispose()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command on the data folder of `services`; what it printed."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> str:
        result = CliRunner().invoke(cli.complete(), [*words, "--data", str(tmp_path)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return call


def given_up(services: Services) -> list[str]:
    once = with_settings(services, max_tries=1)
    submitted(services)
    ids = list(send_all(services))
    for attempt_id in ids:
        process.begin(once, attempt_id, "worker-1")
        process.fail(once, attempt_id, "engine.timeout", transient=True)
    return ids


def test_dead_letters_are_listed_and_retried(services: Services, run: Run) -> None:
    ids = given_up(services)
    lines = [json.loads(line) for line in run("attempts", "list", "--state", "dead", "--json").splitlines()]
    assert {line["id"] for line in lines} == set(ids)
    assert NO in run("attempts", "list", "--reason", "engine.timeout")
    assert NO not in run("attempts", "list", "--queue", "interactive")
    fresh = run("attempts", "retry", ids[0]).strip()
    assert fresh and fresh not in ids
    assert run("attempts", "retry", "--reason", "engine.timeout", "--preview") == "2 to retry\n"
    assert run("attempts", "retry", "--reason", "engine.timeout") == "2 retried\n"
    assert run("attempts", "retry", "--reason", "engine.timeout") == "0 retried\n"
    with pytest.raises(StateError):
        run("attempts", "retry", ids[0])


def test_a_retry_wants_one_attempt_or_one_reason(services: Services, run: Run) -> None:
    for words in ((), ("id", "--reason", "engine.timeout"), ("id", "--preview")):
        with pytest.raises(InputError):
            run("attempts", "retry", *words)


def test_a_queue_is_paused_and_resumed(services: Services, run: Run) -> None:
    run("queue", "pause", "bulk", "--why", "upgrade")
    held = {line["name"]: line["hold"] for line in map(json.loads, run("queue", "list", "--json").splitlines())}
    assert (held["bulk"]["actor"], held["bulk"]["why"], held["interactive"]) == ("command line", "upgrade", None)
    assert "upgrade" in run("queue", "list")
    run("queue", "resume", "bulk")
    assert "upgrade" not in run("queue", "list")


def test_a_worker_is_drained_and_resumed(services: Services, run: Run) -> None:
    process.beat(replace(services, clock=utc_now), "unit1-bulk-1", "bulk")
    run("workers", "drain", "unit1-bulk-1")
    (line,) = map(json.loads, run("workers", "list", "--json").splitlines())
    assert (line["name"], line["state"]) == ("unit1-bulk-1", "draining")
    assert "draining" in run("workers", "list")
    run("workers", "resume", "unit1-bulk-1")
    assert "working" in run("workers", "list")
