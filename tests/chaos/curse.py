"""Documents that kill whoever reads them: their work-horse is killed every time one of them is being read."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable

import psutil
from sqlalchemy import select

from schemas.case import AttemptState
from tests.chaos.stories import Fate, Story
from verifier.errors import StorageError
from verifier.services.context import Services, reading
from verifier.store.tables import AttemptRow, CaseRow, DocumentRow

LOOK_S = 0.1


class Curse:
    """A thread that looks for running attempts at the cursed documents."""

    def __init__(self, services: Services, stories: Iterable[Story]) -> None:
        self._services = services
        self.documents = {(story.number, story.mended) for story in stories if story.fate is Fate.CURSED}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="curse")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            # a database that is away reads nothing to its end either
            with contextlib.suppress(StorageError):
                for worker in self._workers():
                    _kill_horses_of(worker)

    def _workers(self) -> list[str]:
        numbers = {number for number, _ in self.documents}
        with reading(self._services) as session:
            rows = session.execute(
                select(CaseRow.application_no, DocumentRow.slot, AttemptRow.worker)
                .join(DocumentRow, DocumentRow.id == AttemptRow.document_id)
                .join(CaseRow, CaseRow.id == DocumentRow.case_id)
                .where(AttemptRow.state == AttemptState.RUNNING, CaseRow.application_no.in_(numbers))
            ).all()
        return [worker for number, slot, worker in rows if (number, slot) in self.documents and worker]


def _kill_horses_of(worker: str) -> None:
    """A worker's name ends with its pid (workers.worker.name_of)."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for horse in psutil.Process(int(worker.rpartition("-")[2])).children():
            horse.kill()
