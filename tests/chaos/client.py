"""A client as it should be: what was not answered is said again, in the same words, until it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Any, Self

import httpx2 as httpx

BASE = "/api/v1/applications"
ANSWER_S = 30.0
"""Longer than a writer waits for a busy database, or for its turn to have a picture measured."""
PATIENCE_S = 300.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True)
class RefusedError(Exception):
    """An answer that asking again will not change."""

    status: int
    code: str
    call: str

    def __str__(self) -> str:
        return f"{self.call}: {self.status} {self.code}"


class Client:
    """One caller with one token; not for two threads. Who is `gone` waits for no answer any more."""

    def __init__(self, address: str, token: str, rng: Random, gone: threading.Event) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=ANSWER_S, trust_env=False)
        self._rng = rng
        self._gone = gone

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def call(self, method: str, path: str, expected: Collection[int], **given: Any) -> Any:
        """The answer whose status is among `expected`; while nobody answers, or says that it may pass, ask again.

        Raises RefusedError for any other refusal, TimeoutError after PATIENCE_S or when it is gone.
        """
        until = time.monotonic() + PATIENCE_S
        pause = FIRST_PAUSE_S
        last = ""
        while time.monotonic() < until and not self._gone.is_set():
            wait_s = 0.0
            try:
                answer = self._http.request(method, path, **given)
            except httpx.TransportError as error:
                last = type(error).__name__
            else:
                if answer.status_code in expected:
                    return answer
                last = str(answer.status_code)
                if answer.status_code < 500 and answer.status_code != 429:
                    raise RefusedError(answer.status_code, _code(answer), f"{method} {path}")
                wait_s = min(LONGEST_PAUSE_S, float(answer.headers.get("Retry-After", 0)))
            # the pause is drawn, so that those who were refused together do not come back together
            self._gone.wait(max(wait_s, pause) * self._rng.uniform(0.5, 1.0))
            pause = min(LONGEST_PAUSE_S, pause * 2)
        raise TimeoutError(f"{method} {path}: {last}")


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except ValueError:
        return ""
