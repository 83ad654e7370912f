"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
code = sa.String(length=40)


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", row_id, nullable=False),
        sa.Column("application_no", sa.String(length=40), nullable=False),
        sa.Column("batch", sa.String(length=61), nullable=False),
        sa.Column("route", code, nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("state", code, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("submitted_at", moment, nullable=True),
        sa.Column("advised_state", code, nullable=True),
        sa.Column("outcome", code, nullable=True),
        sa.Column("advice", sa.JSON(), nullable=True),
        sa.Column("advised_at", moment, nullable=True),
        sa.Column("returned_slots", sa.JSON(), nullable=False),
        sa.Column("claimed_by", sa.String(length=80), nullable=True),
        sa.Column("claim_until", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("application_no", name="uq_cases_application_no"),
    )
    op.create_index("ix_cases_claim_until", "cases", ["claim_until"])
    op.create_index("ix_cases_state_id", "cases", ["state", "id"])

    op.create_table(
        "event_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_head"),
    )
    op.create_table(
        "events",
        sa.Column("seq", row_id, autoincrement=False, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("type", code, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("application_no", sa.String(length=40), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
    )
    op.create_index("ix_events_application_no_seq", "events", ["application_no", "seq"])

    # the chain starts here (verifier.store.audit: HEAD_ID, GENESIS)
    op.execute(f"INSERT INTO event_head (id, seq, hash) VALUES (1, 0, '{'0' * 64}')")  # nosec B608

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", row_id, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", code, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("revoked_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("sha256", name="uq_tokens_sha256"),
    )
    op.create_index("ix_tokens_name", "tokens", ["name"])
    op.create_table(
        "web_sessions",
        sa.Column("id", row_id, nullable=False),
        sa.Column("token_id", row_id, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_web_sessions_token_id"),
        sa.PrimaryKeyConstraint("id", name="pk_web_sessions"),
        sa.UniqueConstraint("sha256", name="uq_web_sessions_sha256"),
    )
    op.create_index("ix_web_sessions_expires_at", "web_sessions", ["expires_at"])
    op.create_index("ix_web_sessions_token_id", "web_sessions", ["token_id"])

    op.create_table(
        "decisions",
        sa.Column("id", row_id, nullable=False),
        sa.Column("case_id", row_id, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("action", code, nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("from_state", code, nullable=False),
        sa.Column("to_state", code, nullable=False),
        sa.Column("advice", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_decisions_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_case_id", "decisions", ["case_id"])

    op.create_table(
        "documents",
        sa.Column("id", row_id, nullable=False),
        sa.Column("case_id", row_id, nullable=False),
        sa.Column("slot", code, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("state", code, nullable=False),
        sa.Column("error_code", sa.String(length=60), nullable=True),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("reading", sa.JSON(), nullable=True),
        sa.Column("total_ms", sa.Integer(), nullable=True),
        sa.Column("ocr_ms", sa.Integer(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("read_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_documents_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("case_id", "slot", "revision", name="uq_documents_case_id_slot_revision"),
    )
    op.create_index("ix_documents_case_id_current", "documents", ["case_id", "current"])

    op.create_table(
        "attempts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("document_id", row_id, nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("state", code, nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("queued_at", moment, nullable=False),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("wait_ms", sa.Integer(), nullable=True),
        sa.Column("run_ms", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.String(length=60), nullable=True),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("engine_version", sa.String(length=80), nullable=True),
        sa.Column("lease_until", moment, nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_attempts_document_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("document_id", "no", name="uq_attempts_document_id_no"),
    )
    op.create_index("ix_attempts_finished_at", "attempts", ["finished_at"])
    op.create_index("ix_attempts_state_lease_until", "attempts", ["state", "lease_until"])
    op.create_index("ix_attempts_state_queued_at", "attempts", ["state", "queued_at"])
    op.create_index("ix_attempts_started_at_worker", "attempts", ["started_at", "worker"])

    op.create_table(
        "files",
        sa.Column("id", row_id, nullable=False),
        sa.Column("document_id", row_id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_files_document_id"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.UniqueConstraint("document_id", "position", name="uq_files_document_id_position"),
    )
    op.create_index("ix_files_sha256", "files", ["sha256"])

    op.create_table(
        "outbox",
        sa.Column("id", row_id, nullable=False),
        sa.Column("attempt_id", sa.String(length=40), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("taken_until", moment, nullable=True),
        sa.Column("sent_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_outbox_attempt_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("attempt_id", name="uq_outbox_attempt_id"),
    )
    op.create_index("ix_outbox_sent_at_id", "outbox", ["sent_at", "id"])


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("files")
    op.drop_table("attempts")
    op.drop_table("documents")
    op.drop_table("decisions")
    op.drop_table("web_sessions")
    op.drop_table("tokens")
    op.drop_table("leases")
    op.drop_table("events")
    op.drop_table("event_head")
    op.drop_table("cases")
