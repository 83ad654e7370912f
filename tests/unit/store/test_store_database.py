"""Migrations, transactions and what of the driver's trouble reaches the outside."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError, StatementError
from sqlalchemy.orm import Session, sessionmaker

from schemas.application import ApplicationForm
from schemas.events import EventType
from tests.support.factories import form
from tests.support.postgres import Postgres, postgres
from tests.support.threads import together
from verifier.errors import ConfigError, StorageError
from verifier.store import audit, database, vault
from verifier.store.keyring import Masters
from verifier.store.tables import Base, CaseRow, EventRow, LeaseRow

__all__ = ["postgres"]

NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/data/verifier.db"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    database.migrate(url)
    opened = database.open_engine(url)
    yield opened
    opened.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return database.open_sessions(engine)


def lease(name: str = "a", until: datetime = NOON) -> LeaseRow:
    return LeaseRow(name=name, owner="x", until=until)


def test_the_migrations_make_what_the_tables_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_changes_nothing(url: str, engine: Engine) -> None:
    with database.transaction(database.open_sessions(engine)) as session:
        session.add(lease())
    database.migrate(url)
    database.require_current(engine)
    with database.transaction(database.open_sessions(engine), read_only=True) as session:
        assert session.scalars(select(LeaseRow.name)).all() == ["a"]


SECRETS = ("440114199608123428", "13800138000", "欧阳靖雯", "新华街道")
FOUND = {"rule": "x.y", "severity": "review", "document": "student_card", "field": "name", "found": SECRETS[2]}
MASTERS = Masters("aes-256-gcm", bytes(range(32)))


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, url: str) -> str:
    """Of a database that is not migrated yet."""
    if request.param == "sqlite":
        return url
    server: Postgres = request.getfixturevalue("postgres")
    return server.create_bare()


def at_revision(url: str, revision: str, form: ApplicationForm | None) -> Engine:
    """A database as an older version left it, with one case, read and decided, in the open."""
    engine = database.open_engine(url)
    with engine.begin() as connection:
        config = database._alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if form is not None:
            kept = {"at": "2026-10-20 12:00:00", "form": form.model_dump_json(), "sha256": "ab" * 32}
            kept |= {"advice": json.dumps({"findings": [FOUND]})}
            kept |= {"reading": json.dumps({"fields": {"id_number": SECRETS[0]}}), "note": f"问过 {SECRETS[1]}"}
            for statement in (
                """INSERT INTO cases (id, application_no, batch, route, form, state, version, round, created_at, updated_at,
                returned_slots, advice) VALUES
                (1, 'HD2026A000001', 'b', 'student', :form, 'draft', 1, 0, :at, :at, '[]', :advice)""",
                """INSERT INTO documents (id, case_id, slot, revision, current, state, pages, created_at, reading)
                VALUES (1, 1, 'student_card', 1, true, 'uploaded', '[]', :at, :reading)""",
                """INSERT INTO files (id, document_id, position, name, sha256, size, media_type)
                VALUES (1, 1, 1, 'documents/student_card-1.jpg', :sha256, 5, 'image/jpeg')""",
                """INSERT INTO decisions (id, case_id, round, action, reasons, note, slots, actor, at, from_state, to_state,
                advice) VALUES (1, 1, 0, 'return', '["x"]', :note, '[]', 'r', :at, 'in_review', 'returned', :advice)""",
            ):
                connection.execute(text(statement), kept)
    return engine


def personal(number: str) -> ApplicationForm:
    plain = form(application_no=number)
    applicant = plain.applicant.model_copy(update={"id_number": SECRETS[0], "phone": SECRETS[1], "name": SECRETS[2]})
    return plain.model_copy(update={"applicant": applicant})


@pytest.mark.parametrize("revision", ["0001", "0002", "0007"])
def test_an_older_database_is_brought_up_to_date_and_sealed(old_url: str, revision: str, tmp_path: Path) -> None:
    stated = personal("HD2026A000001")
    engine = at_revision(old_url, revision, stated)
    with pytest.raises(StorageError):
        database.require_current(engine)
    with pytest.raises(ConfigError) as refused:
        database.migrate(old_url)
    assert refused.value.details["name"] == "VERIFIER_MASTER_KEY"
    database.migrate(old_url, MASTERS)
    database.require_current(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    keyring = vault.open_keyring(engine, MASTERS)
    with database.open_sessions(engine, keyring)() as session:
        [case] = session.scalars(select(CaseRow))
        assert ApplicationForm.model_validate(case.form) == stated
        assert (case.advice or {})["findings"][0]["found"] == SECRETS[2]
        assert (case.finding_counts, case.owner_id, case.erased_at) == ({"review": 1}, None, None)
        [document], [decision] = case.documents, case.decisions
        assert document.reading == {"fields": {"id_number": SECRETS[0]}}
        assert (decision.words["reasons"], decision.words["note"]) == (["x"], f"问过 {SECRETS[1]}")
        [file] = document.files
        assert (file.sha256, file.stored) == ("ab" * 32, case.key.file_name("ab" * 32))
    engine.dispose()
    if engine.dialect.name == "sqlite":
        lying = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
        assert [secret for secret in SECRETS if secret.encode() in lying] == []


def test_an_older_database_without_people_needs_no_key(old_url: str) -> None:
    at_revision(old_url, "0007", None).dispose()
    database.migrate(old_url)


def test_machines_that_start_together_migrate_once(url: str) -> None:
    together([lambda: database.migrate(url)] * 3)
    engine = database.open_engine(url)
    database.require_current(engine)
    engine.dispose()


def test_an_empty_database_is_not_current(url: str) -> None:
    engine = database.open_engine(url)
    with pytest.raises(StorageError) as error:
        database.require_current(engine)
    assert error.value.code == "database.not_migrated"
    engine.dispose()


def test_a_newer_or_older_database_is_not_current(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError) as error:
        database.require_current(engine)
    assert error.value.code == "database.not_migrated"


def test_what_is_no_database_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "verifier.db"
    file.write_bytes(b"this is not a database" * 100)
    url = f"sqlite:///{file}"
    engine = database.open_engine(url)
    for call in (lambda: database.migrate(url), lambda: database.require_current(engine)):
        with pytest.raises(StorageError) as error:
            call()
        assert error.value.code == "database.unavailable"
    engine.dispose()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as error:
        database.open_engine(f"sqlite:///{tmp_path}/file/verifier.db")
    assert error.value.code == "database.unavailable"


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    engine = database.open_engine("postgresql+psycopg://u:secret@127.0.0.1:1/x?connect_timeout=1")
    with (
        pytest.raises(StorageError) as error,
        database.transaction(database.open_sessions(engine), read_only=True) as session,
    ):
        session.execute(text("SELECT 1"))
    assert error.value.code == "database.unavailable"
    assert "secret" not in str(error.value)


def test_sqlite_is_set_up_for_many_processes(engine: Engine, url: str) -> None:
    with engine.connect() as connection:

        def pragma(name: str) -> object:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        assert pragma("journal_mode") == "wal"
        assert pragma("foreign_keys") == 1
        assert pragma("busy_timeout") == database.BUSY_TIMEOUT_MS
        assert pragma("synchronous") == 2
    folder = Path(url.removeprefix("sqlite:///")).parent
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_exception_rolls_everything_back(sessions: sessionmaker[Session]) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction(sessions) as session:
        session.add(lease())
        session.flush()
        audit.record(session, at=NOON, type=EventType.CASE_CREATED, actor="x")
        raise ZeroDivisionError
    with database.transaction(sessions, read_only=True) as session:
        assert session.scalars(select(LeaseRow)).all() == []
        assert session.scalars(select(EventRow)).all() == []


def test_a_broken_constraint_and_a_wrong_statement_pass_as_they_are(sessions: sessionmaker[Session]) -> None:
    with database.transaction(sessions) as session:
        session.add(lease())
    with pytest.raises(IntegrityError), database.transaction(sessions) as session:
        session.execute(text("INSERT INTO leases VALUES ('a', 'x', 'x')"))
    with pytest.raises(ProgrammingError), database.transaction(sessions) as session:
        session.connection().exec_driver_sql("SELECT ?", ("a", "b"))


def test_foreign_keys_are_checked(sessions: sessionmaker[Session]) -> None:
    with pytest.raises(IntegrityError), database.transaction(sessions) as session:
        session.execute(text("INSERT INTO outbox (attempt_id, queue, created_at) VALUES ('nobody', 'bulk', 'x')"))


def test_writers_that_read_first_wait_their_turn(sessions: sessionmaker[Session]) -> None:
    with database.transaction(sessions) as session:
        session.add(lease("counter", NOON))

    def add_a_second() -> None:
        with database.transaction(sessions) as session:
            row = session.scalars(select(LeaseRow)).one()
            row.until += timedelta(seconds=1)

    together([add_a_second] * 8)
    with database.transaction(sessions, read_only=True) as session:
        assert session.scalars(select(LeaseRow.until)).one() == NOON + timedelta(seconds=8)


def test_readers_do_not_wait_for_a_writer(sessions: sessionmaker[Session]) -> None:
    with database.transaction(sessions) as writer:
        writer.add(lease())
        writer.flush()
        with database.transaction(sessions, read_only=True) as reader:
            assert reader.scalars(select(LeaseRow)).all() == []


def test_a_writer_that_waits_too_long_is_told_so(url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 1)
    impatient = database.open_engine(url)
    with database.transaction(database.open_sessions(engine)) as writer:
        writer.add(lease())
        writer.flush()
        with pytest.raises(StorageError) as error, database.transaction(database.open_sessions(impatient)) as session:
            session.add(lease("b"))
        assert error.value.code == "database.unavailable"
    impatient.dispose()


def test_moments_come_back_as_they_went_in(sessions: sessionmaker[Session]) -> None:
    china = timezone(timedelta(hours=8))
    with database.transaction(sessions) as session:
        session.add(lease("utc", NOON.replace(microsecond=123456)))
        session.add(lease("china", datetime(2026, 10, 20, 20, 0, tzinfo=china)))
    with database.transaction(sessions, read_only=True) as session:
        found = {row.name: row.until for row in session.scalars(select(LeaseRow))}
        assert found == {"utc": NOON.replace(microsecond=123456), "china": NOON}
        assert {moment.tzinfo for moment in found.values()} == {UTC}
        later = select(LeaseRow.name).where(LeaseRow.until > datetime(2026, 10, 20, 20, 0, tzinfo=china))
        assert session.scalars(later).all() == ["utc"]


def test_a_moment_without_a_zone_is_refused(sessions: sessionmaker[Session]) -> None:
    with pytest.raises(StatementError, match="time zone"), database.transaction(sessions) as session:
        session.add(lease("naive", datetime(2026, 10, 20)))  # noqa: DTZ001
        session.flush()


def test_the_file_is_plain_sqlite(url: str, engine: Engine) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert names == set(Base.metadata.tables) | {"alembic_version"}
