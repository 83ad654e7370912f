"""A whole house for tests of processes: a migrated SQLite, files, a broker, and the environment that names them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import Select, select

from schemas.case import CaseState
from tests.support.factories import EXAM, ID_CARD, PERMIT, form, settings_for
from verifier.services import queries, submit
from verifier.services.context import Services, open_services, reading
from verifier.settings import PREFIX
from verifier.store import database
from verifier.store.tables import AttemptRow, CaseRow, DocumentRow
from verifier.supervise import Stop
from workers import queues, relay

ROOT = Path(__file__).resolve().parents[2]
SLOTS = (ID_CARD, EXAM, PERMIT)
ADVISED = {CaseState.ADVISED_PASS, CaseState.NEEDS_CORRECTION, CaseState.NEEDS_REVIEW}

IMPATIENT = {"lease_s": 10, "sweep_every_s": 1, "queued_grace_s": 2}
"""Settings under which what was lost is found within seconds."""


@dataclass(frozen=True)
class House:
    services: Services
    env: Mapping[str, str]
    """For processes, so that they find the same house."""

    @property
    def redis_url(self) -> str:
        return self.services.settings.redis_url

    def submitted(self, number: str) -> str:
        """A case with one small picture in each slot, handed in."""
        submit.create_application(self.services, form(application_no=number), "test")
        for position, slot in enumerate(SLOTS):
            submit.put_document(self.services, number, slot, [picture(position)], "test")
        submit.submit(self.services, number, "test")
        return number

    def relay(self) -> int:
        """One turn of the relay."""
        with queues.connect(self.redis_url) as connection:
            return relay.relay_once(self.services, connection)

    @contextmanager
    def relaying(self) -> Iterator[None]:
        """The relay and the reconciler at work."""
        stop = Stop()
        connection = queues.connect(self.redis_url)
        thread = threading.Thread(target=relay.run, args=(self.services, connection, "relay-test", stop))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            connection.close()

    def is_advised(self, number: str) -> bool:
        return queries.case_view(self.services, number).state in ADVISED

    def attempts(self, number: str) -> list[tuple[str, int, str, str | None]]:
        """Slot, number, state and error code of every attempt, in order."""
        with reading(self.services) as session:
            rows = session.scalars(self._attempts(number, AttemptRow))
            return [(row.document.slot.value, row.no, row.state.value, row.error_code) for row in rows]

    @staticmethod
    def _attempts(number: str, what: Any) -> Select[Any]:
        return (
            select(what)
            .select_from(AttemptRow)
            .join(DocumentRow, DocumentRow.id == AttemptRow.document_id)
            .join(CaseRow, CaseRow.id == DocumentRow.case_id)
            .where(CaseRow.application_no == number)
            .order_by(AttemptRow.document_id, AttemptRow.no)
        )

    def states(self, number: str) -> list[str]:
        return [state for _, _, state, _ in self.attempts(number)]

    def codes(self, number: str) -> list[str | None]:
        return [code for _, _, _, code in self.attempts(number)]

    def attempt_ids(self, number: str) -> list[str]:
        with reading(self.services) as session:
            return list(session.scalars(self._attempts(number, AttemptRow.id)))

    def popen(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, *command], env={**os.environ, **self.env}, cwd=ROOT)


@contextmanager
def open_house(data: Path, redis_url: str, **changes: int | str) -> Iterator[House]:
    """A house in `data`; `changes` of settings hold for its processes too."""
    settings = settings_for(data, redis_url=redis_url, **changes)
    database.migrate(settings.database_url)
    env = {f"{PREFIX}DATA": str(data), f"{PREFIX}REDIS_URL": redis_url, "PYTHONPATH": str(ROOT)}
    if settings.master_key is not None:
        env[f"{PREFIX}MASTER_KEY"] = settings.master_key.get_secret_value()
    env |= {f"{PREFIX}{name.upper()}": str(value) for name, value in changes.items()}
    services = open_services(settings)
    try:
        yield House(services, env)
    finally:
        services.sessions.kw["bind"].dispose()


@contextmanager
def ending(process: subprocess.Popen[bytes], within_s: float = 30.0) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is asked to end after the body, and killed when it does not."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


@cache
def picture(seed: int) -> bytes:
    """A small PNG of a page with some strokes, different for each seed."""
    image = np.full((420, 640, 3), 255, dtype=np.uint8)
    cv2.putText(image, f"PAGE {seed}", (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (20, 20, 20), 4)
    done, data = cv2.imencode(".png", image)
    assert done
    return bytes(data)
