"""Engines, sessions, transactions and migrations, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import ConnectionPoolEntry

from verifier.errors import StorageError
from verifier.store import (
    audit,
    people_tables,  # noqa: F401 - registers its tables: the cases' owner names one
    review_tables,  # noqa: F401
)
from verifier.store.keyring import Keyring, Masters
from verifier.store.tables import KEYRING

BUSY_TIMEOUT_MS = 15_000
"""How long a SQLite writer waits for others. Transactions take milliseconds: this outlasts a long row of them."""

READ_ONLY = "verifier_read_only"
MIGRATION_LOCK = 0x5A56_0001
"""Any number nobody else locks in this database."""
FILES_LOCK = 0x5A56_0002
"""Between uploads that name files and collectors that remove what is not named (verifier.services.files)."""

MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str) -> Engine:
    """An engine that connects when first used. A SQLite file's folder is made, readable by its owner only."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, pool_pre_ping=True)
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    if parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError("database.unavailable") from error
    engine = create_engine(parsed)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # parts of a time taken in SQL (the minute of a statistic) are parts of UTC, as on SQLite
    cursor = connection.cursor()
    cursor.execute("SET TIME ZONE 'UTC'")
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # sqlite3 must emit no BEGIN of its own: _begin_sqlite does (SQLAlchemy, "Using SQLAlchemy to emit BEGIN in lieu
    # of SQLite's transaction control", the form for Python 3.11 and later alike)
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",
        *_FORGET,
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


_FORGET = ("secure_delete=ON",)
"""What is deleted is overwritten, not only unlinked."""


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once with "database is locked" when another wrote in
    # between; taking the write lock at the start makes it wait its turn instead.
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def open_sessions(engine: Engine, keyring: Keyring | None = None) -> sessionmaker[Session]:
    """Sessions whose rows open what is sealed in them with `keyring`; without one, only what is plain can be read."""
    return sessionmaker(engine, expire_on_commit=False, info={KEYRING: keyring})


@contextmanager
def transaction(sessions: sessionmaker[Session], *, read_only: bool = False) -> Iterator[Session]:
    """One transaction. Recorded events are appended just before the commit; any exception rolls everything back.

    Raises StorageError database.unavailable when the database cannot be reached, is busy for too long or gave up one of
    two transactions that met. A broken constraint (IntegrityError) passes for the caller that expects it, a wrong
    statement because it is a defect of ours.
    """
    session = sessions()
    try:
        with session, session.begin():
            if read_only:
                session.connection(execution_options={READ_ONLY: True})
            yield session
            audit.write_pending(session)
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except (DBAPIError, PoolTimeoutError, StaleDataError) as error:
        # the driver's message may quote a row, so it is not repeated
        raise StorageError("database.unavailable") from error
    finally:
        audit.drop_pending(session)


def lock_together(session: Session, number: int) -> None:
    """Hold a lock until the transaction ends, beside others that hold it so; waits for one that holds it alone.

    SQLite needs none: its writing transactions come one at a time.
    """
    _lock(session, "pg_advisory_xact_lock_shared", number)


def lock_alone(session: Session, number: int) -> None:
    """Hold a lock until the transaction ends, once nobody else holds it."""
    _lock(session, "pg_advisory_xact_lock", number)


def _lock(session: Session, function: str, number: int) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(getattr(func, function)(number)))


def migrate(url: str, masters: Masters | None = None) -> None:
    """Bring the database to the newest revision; nothing happens when it is there already.

    `masters` seal what an older revision kept in the open. Raises StorageError database.unavailable, ConfigError when there
    is something to seal and no master key.
    """
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # machines that start together must not migrate together; SQLite's write lock does the same
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            config = _alembic_config()
            config.attributes["connection"] = connection
            config.attributes["masters"] = masters
            command.upgrade(config, "head")
        if config.attributes.get("sealed_rows"):
            _compact(engine)
    except DBAPIError as error:
        raise StorageError("database.unavailable") from error
    finally:
        engine.dispose()


def _compact(engine: Engine) -> None:
    """Write the tables anew: what was sealed must not lie about in freed pages."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM FULL")
            return
    raw = engine.raw_connection()
    try:
        # SQLAlchemy would begin a transaction, and VACUUM wants none
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.close()
    finally:
        raw.close()


def require_current(engine: Engine) -> None:
    """Raises StorageError: database.not_migrated when the database is not at the newest revision, or
    database.unavailable.
    """
    try:
        with engine.connect().execution_options(**{READ_ONLY: True}) as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except ProgrammingError as error:
        raise StorageError("database.not_migrated") from error
    except DBAPIError as error:
        raise StorageError("database.unavailable") from error
    if found != ScriptDirectory.from_config(_alembic_config()).get_current_head():
        raise StorageError("database.not_migrated")


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
