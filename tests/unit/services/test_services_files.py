"""Files and the rows that name them: what is an orphan, and every way an upload and a collector may meet."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from schemas.document import DocumentType
from schemas.events import EventType
from tests.support.cases import NO, draft
from tests.support.factories import ID_CARD, Clock, picture, with_settings
from tests.support.threads import together
from verifier.errors import StorageError
from verifier.services import files, queries, submit
from verifier.services.cases import find_case
from verifier.services.context import Services, reading
from verifier.services.files import Collected
from verifier.store import audit
from verifier.store.files import LocalFiles
from verifier.store.keyring import CaseKey
from verifier.store.tables import EventRow, FileRow

OLD = timedelta(days=2)


class Watched(LocalFiles):
    """A folder that calls out before it removes, or fails to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.before_delete: Callable[[str], None] = lambda sha256: None
        self.before_put: Callable[[], None] = lambda: None

    def delete(self, sha256: str) -> None:
        self.before_delete(sha256)
        super().delete(sha256)

    def put(self, name: str, data: bytes) -> None:
        self.before_put()
        super().put(name, data)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def watched(root: Path) -> Watched:
    return Watched(root)


@pytest.fixture
def services(services: Services, watched: Watched, clock: Clock) -> Services:
    # files carry the machine's time, so the clock does too
    clock.now = datetime.now(UTC)
    return replace(services, files=watched)


def orphan(services: Services, root: Path, data: bytes, age: timedelta = OLD) -> str:
    """A file without a row, as old as told."""
    name = loose(services, data)
    aged(root, name, age)
    return name


def loose(services: Services, data: bytes) -> str:
    """A file without a row."""
    name = hashlib.sha256(data).hexdigest()
    services.files.put(name, data)
    return name


def cut_off(services: Services, root: Path, data: bytes) -> str:
    """What an upload into the case that ended before its row left behind, long ago."""
    [kept] = files.keep(services, key_of(services), [data])
    aged(root, kept.stored, OLD)
    return kept.stored


def key_of(services: Services) -> CaseKey:
    with reading(services) as session:
        return find_case(session, NO).key


def content(services: Services, name: str) -> bytes:
    return files.load(services, key_of(services), name)


def aged(root: Path, sha256: str, age: timedelta) -> None:
    moment = (datetime.now(UTC) - age).timestamp()
    os.utime(root / sha256[:2] / sha256[2:4] / sha256, (moment, moment))


def uploaded(services: Services, data: bytes, slot: DocumentType = ID_CARD) -> str:
    submit.put_document(services, NO, slot, [data], "applicant")
    with reading(services) as session:
        return session.scalars(select(FileRow.stored).order_by(FileRow.id.desc())).first() or ""


def collected_events(services: Services) -> list[dict[str, object]]:
    with reading(services) as session:
        rows = session.scalars(select(EventRow).where(EventRow.type == EventType.FILES_COLLECTED))
        return [dict(row.details) for row in rows]


def test_only_old_files_that_nothing_names_are_orphans(services: Services, root: Path) -> None:
    draft(services)
    kept = uploaded(services, picture(1))
    aged(root, kept, OLD)
    young = loose(services, b"an upload between its file and its row")
    old = orphan(services, root, b"nobody's")
    assert files.collect(services) == Collected(seen=3, orphans=1, size=len(b"nobody's"))
    assert [services.files.exists(name) for name in (kept, young, old)] == [True, True, False]
    assert collected_events(services) == [{"files": 1, "bytes": len(b"nobody's")}]


def test_an_earlier_revision_keeps_its_file(services: Services, root: Path) -> None:
    draft(services)
    for seed in (1, 2):
        aged(root, uploaded(services, picture(seed)), OLD)
    assert files.collect(services) == Collected(seen=2)


def test_the_grace_is_a_setting(services: Services, root: Path) -> None:
    orphan(services, root, b"nobody's", age=timedelta(hours=5))
    assert files.collect(with_settings(services, orphan_grace_h=6)).orphans == 0
    assert files.collect(with_settings(services, orphan_grace_h=4)).orphans == 1


def test_counting_removes_nothing(services: Services, root: Path) -> None:
    old = orphan(services, root, b"nobody's")
    part = root / "aa" / "bb" / ".x.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")
    os.utime(part, (1000, 1000))
    assert files.collect(services, remove=False) == Collected(seen=1, orphans=1, size=8)
    assert services.files.exists(old)
    assert part.exists()
    assert collected_events(services) == []
    assert files.collect(services).partial == 1
    assert not part.exists()


def test_a_pass_goes_on_where_a_slice_ended(services: Services, root: Path) -> None:
    names = sorted(orphan(services, root, f"nobody's {number}".encode()) for number in range(7))
    first = files.collect(services, limit=5)
    assert (first.seen, first.orphans, first.after) == (5, 5, names[4])
    second = files.collect(services, first.after or "", limit=5)
    assert (second.seen, second.orphans, second.after) == (2, 2, None)
    assert first.plus(second) == Collected(seen=7, orphans=7, size=first.size + second.size)


def test_bytes_that_come_again_make_an_orphan_young(services: Services, root: Path) -> None:
    old = orphan(services, root, picture(1))
    loose(services, picture(1))
    assert files.collect(services).orphans == 0
    assert services.files.exists(old)


def test_an_upload_that_named_the_orphan_before_the_lock_keeps_it(
    services: Services, watched: Watched, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is written after the collector asked what is named, before it takes the lock."""
    draft(services)
    old = cut_off(services, root, picture(1))
    asked = files._unnamed

    def then_upload(services: Services, found: list[object]) -> list[object]:
        answer = asked(services, found)  # type: ignore[arg-type]
        assert uploaded(services, picture(1)) == old
        aged(root, old, OLD)  # as if the clocks lied: the lock alone must do
        return answer  # type: ignore[return-value]

    monkeypatch.setattr(files, "_unnamed", then_upload)
    assert files.collect(services).orphans == 0
    assert services.files.exists(old)


def test_an_upload_whose_file_was_collected_before_its_row_writes_it_again(
    services: Services, watched: Watched, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft(services)
    cut_off(services, root, picture(1))
    secure = files.secure

    def collect_first(services: Services, session: object, kept: list[files.Kept]) -> None:
        # what a collector does that had the lock before this upload's transaction
        for file in kept:
            LocalFiles.delete(watched, file.stored)
        secure(services, session, kept)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "secure", collect_first)
    name = uploaded(services, picture(1))
    assert content(services, name) == picture(1)


def test_uploads_and_collectors_at_once_lose_nothing(services: Services, root: Path) -> None:
    """Every upload's bytes lie there as an old orphan, and are aged again at once: nothing but the lock protects them."""
    draft(services)
    slots = (ID_CARD, DocumentType.MEDICAL_EXAM_FORM, DocumentType.RESIDENCE_PERMIT, DocumentType.LABOR_CONTRACT)
    names = {slot: cut_off(services, root, picture(number)) for number, slot in enumerate(slots)}

    def upload(slot: DocumentType, number: int) -> None:
        submit.put_document(services, NO, slot, [picture(number)], "applicant")
        aged(root, names[slot], OLD)

    uploads = [lambda slot=slot, number=number: upload(slot, number) for number, slot in enumerate(slots)]  # type: ignore[misc]
    together([*uploads, *(lambda: files.collect(services) and None for _ in range(3))])  # type: ignore[func-returns-value]
    files.collect(services)
    for number, slot in enumerate(slots):
        assert content(services, names[slot]) == picture(number)


def test_two_collectors_count_each_orphan_once(services: Services, root: Path) -> None:
    for number in range(60):
        orphan(services, root, f"nobody's {number}".encode())
    done = together([lambda: files.collect(services) for _ in range(3)])
    assert sum(one.orphans for one in done) == 60
    assert sum(int(str(event["files"])) for event in collected_events(services)) == 60
    assert list(services.files.walk()) == []
    with reading(services) as session:
        assert audit.verify_chain(session).whole


def test_a_store_that_goes_away_in_the_middle_leaves_a_true_record(
    services: Services, watched: Watched, root: Path
) -> None:
    for number in range(5):
        orphan(services, root, f"nobody's {number}".encode())
    left = 2

    def fails_later(sha256: str) -> None:
        nonlocal left
        if left == 0:
            raise StorageError()
        left -= 1

    watched.before_delete = fails_later
    with pytest.raises(StorageError):
        files.collect(services)
    assert len(list(services.files.walk())) == 3
    assert [event["files"] for event in collected_events(services)] == [2]


def test_a_pass_is_due_once_for_everybody_and_again_after_its_time(services: Services, clock: Clock) -> None:
    assert sum(together([lambda: files.begin_pass(services) for _ in range(3)])) == 1
    clock.tick(hours=23)
    assert not files.begin_pass(services)
    clock.tick(hours=1)
    assert files.begin_pass(services)


def test_an_upload_fails_whole_when_its_file_cannot_be_written_again(
    services: Services, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft(services)
    secure = files.secure

    def gone(services: Services, session: object, kept: list[files.Kept]) -> None:
        for file in kept:
            LocalFiles.delete(watched, file.stored)

        def unwritable() -> None:
            raise StorageError()

        watched.before_put = unwritable
        secure(services, session, kept)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "secure", gone)
    with pytest.raises(StorageError):
        submit.put_document(services, NO, ID_CARD, [picture(1)], "applicant")
    assert queries.case_view(services, NO).documents == ()
