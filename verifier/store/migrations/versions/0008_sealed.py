"""What was in the open is sealed: forms, readings, advice, decisions' words, names and hashes of files, accounts' phones.

Rows of an older database are sealed here, in the transaction of the migration; `verifier keys seal` then does the files. What was
keyed by the master key itself and cannot be computed anew goes: recovery codes, one-time codes, codes on their way, brakes.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from verifier.compare.ids import normalise_id
from verifier.compare.text import squeeze
from verifier.errors import ConfigError
from verifier.store.keyring import INSTALLATION, KEY_SETTING, CaseKey, Keyring, Masters

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

AT_ONCE = 500
OLD_COLUMNS = (
    ("cases", "form"),
    ("cases", "advice"),
    ("documents", "reading"),
    ("files", "sha256"),
    ("decisions", "reasons"),
    ("decisions", "note"),
    ("decisions", "advice"),
    ("decisions", "notice"),
    ("finding_decisions", "reason"),
    ("finding_decisions", "value"),
)


def upgrade() -> None:
    connection = op.get_bind()
    blob = "BLOB" if connection.dialect.name == "sqlite" else "BYTEA"
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "case_keys",
        sa.Column("case_id", number, nullable=False),
        sa.Column("master", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_keys_case_id"),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_keys"),
    )
    op.create_index("ix_case_keys_master", "case_keys", ["master"])
    op.create_table(
        "installation_key",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("master", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation_key"),
    )
    # In SQL, because Alembic would copy the tables on SQLite.
    moment = "DATETIME" if connection.dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    for table, column, kind in (
        ("cases", "form_sealed", blob),
        ("cases", "id_index", "VARCHAR(64)"),
        ("cases", "phone_index", "VARCHAR(64)"),
        ("cases", "advice_sealed", blob),
        ("cases", "finding_counts", "JSON NOT NULL DEFAULT '{}'"),
        ("cases", "erased_at", moment),
        ("documents", "reading_sealed", blob),
        ("files", "stored", "VARCHAR(64) NOT NULL DEFAULT ''"),
        ("files", "mark", "VARCHAR(64) NOT NULL DEFAULT ''"),
        ("files", "sha256_sealed", f"{blob} NOT NULL DEFAULT ''"),
        ("decisions", "words_sealed", blob),
        ("finding_decisions", "said_sealed", blob),
    ):
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    _seal(connection, context.config.attributes.get("masters"))
    op.drop_index("ix_files_sha256", table_name="files")
    for table, column in OLD_COLUMNS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table, column in (("cases", "id_index"), ("cases", "phone_index"), ("files", "stored"), ("files", "mark")):
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    raise NotImplementedError("what is sealed is not put back into the open")


def _seal(connection: sa.Connection, masters: Masters | None) -> None:
    held = [connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) for table in ("cases", "accounts")]
    if not any(held):
        return
    if masters is None:
        raise ConfigError(name=KEY_SETTING, why="is needed to seal what the database holds")
    context.config.attributes["sealed_rows"] = True
    # the files come next (verifier.services.seal_files)
    _insert(connection, "leases", name="files.unsealed", owner="migration", until="2100-01-01 00:00:00.000000")
    keyring = Keyring(masters, secrets.token_bytes(32))
    wrapped = masters.wrap(keyring.installation, INSTALLATION)
    _insert(connection, "installation_key", id=1, master=wrapped.master, wrapped=wrapped.data)
    for case in _rows(connection, "cases", "id", "application_no", "form", "advice"):
        _seal_case(connection, keyring, case)
    _seal_people(connection, keyring, masters.current)


def _seal_case(connection: sa.Connection, keyring: Keyring, case: Any) -> None:
    number, form, advice = case.application_no, _json(case.form), _json(case.advice)
    key, wrapped = keyring.new_case_key(number)
    _insert(connection, "case_keys", case_id=case.id, master=wrapped.master, wrapped=wrapped.data)
    applicant = form["applicant"]
    phone = applicant.get("phone")
    _update(
        connection,
        "cases",
        case.id,
        form_sealed=key.seal(form, f"cases.form/{number}"),
        id_index=keyring.keyed_hash("id_number", normalise_id(applicant["id_number"])),
        phone_index=keyring.keyed_hash("case_phone", squeeze(phone)) if phone else None,
        advice_sealed=None if advice is None else key.seal(advice, f"cases.advice/{number}"),
        finding_counts=json.dumps(Counter(finding["severity"] for finding in (advice or {}).get("findings", ()))),
    )
    for row in _of(connection, "documents", case.id, "id", "slot", "revision", "reading"):
        reading = _json(row.reading)
        if reading is not None:
            place = f"documents.reading/{row.slot}/{row.revision}/{number}"
            _update(connection, "documents", row.id, reading_sealed=key.seal(reading, place))
        _seal_files(connection, keyring, key, number, row.id)
    for row in _of(connection, "decisions", case.id, "id", "reasons", "note", "notice", "advice"):
        words = {"reasons": _json(row.reasons), "note": row.note}
        words |= {"notice": _json(row.notice), "advice": _json(row.advice)}
        _update(connection, "decisions", row.id, words_sealed=key.seal(words, f"decisions.words/{number}"))
    query = sa.text(
        "SELECT d.id, d.reason, d.value FROM finding_decisions d JOIN findings f ON f.id = d.finding_id WHERE f.case_id = :case"
    )
    for row in connection.execute(query, {"case": case.id}).all():
        value = None if row.value is None else _opened_before(keyring.masters.current, "reading", row.value)
        said = key.seal({"reason": row.reason, "value": value}, f"finding_decisions.said/{number}")
        _update(connection, "finding_decisions", row.id, said_sealed=said)


def _seal_files(connection: sa.Connection, keyring: Keyring, key: CaseKey, number: str, document_id: int) -> None:
    query = sa.text("SELECT id, sha256 FROM files WHERE document_id = :document")
    for row in connection.execute(query, {"document": document_id}).all():
        stored = key.file_name(row.sha256)
        sealed = key.seal(row.sha256, f"files.sha256/{stored}/{number}")
        [mark] = keyring.file_marks([row.sha256])
        _update(connection, "files", row.id, stored=stored, mark=mark, sha256_sealed=sealed)


def _seal_people(connection: sa.Connection, keyring: Keyring, master: bytes) -> None:
    for row in connection.execute(sa.text("SELECT id, phone_sealed, totp_sealed FROM accounts")).all():
        phone = None if row.phone_sealed is None else _opened_before(master, "phone", row.phone_sealed)
        totp = None if row.totp_sealed is None else _opened_before(master, "totp", row.totp_sealed)
        _update(
            connection,
            "accounts",
            row.id,
            phone_index=None if phone is None else keyring.keyed_hash("phone", phone),
            phone_sealed=None if phone is None else keyring.seal("phone", phone),
            totp_sealed=None if totp is None else keyring.seal("totp", totp),
            reset_hash=None,
            reset_until=None,
        )
    for table in ("recovery_codes", "challenges", "throttles"):
        connection.execute(sa.text(f"DELETE FROM {table}"))


def _opened_before(master: bytes, use: str, sealed: str) -> str:
    """As it was sealed until this revision: base64 of nonce and AES-GCM under a key derived from the master key."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"verifier/people/{use}/seal".encode()).derive(master)
    raw = base64.b64decode(sealed)
    return AESGCM(key).decrypt(raw[:12], raw[12:], use.encode()).decode()


def _json(value: Any) -> Any:
    """PostgreSQL's driver parses JSON, SQLite gives its text."""
    return json.loads(value) if isinstance(value, str) else value


def _rows(connection: sa.Connection, table: str, *columns: str) -> Iterator[Any]:
    after = 0
    query = sa.text(f"SELECT {', '.join(columns)} FROM {table} WHERE id > :after ORDER BY id LIMIT {AT_ONCE}")
    while rows := connection.execute(query, {"after": after}).all():
        yield from rows
        after = rows[-1].id


def _of(connection: sa.Connection, table: str, case_id: int, *columns: str) -> list[Any]:
    query = sa.text(f"SELECT {', '.join(columns)} FROM {table} WHERE case_id = :case")
    return list(connection.execute(query, {"case": case_id}).all())


def _insert(connection: sa.Connection, table: str, **values: Any) -> None:
    names = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({names})"), values)


def _update(connection: sa.Connection, table: str, id: int, **values: Any) -> None:
    parts = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(sa.text(f"UPDATE {table} SET {parts} WHERE id = :row_id"), {**values, "row_id": id})
