"""Accounts, sessions, codes and throttles; a case may have an owner. Sessions of tokens are gone: tokens are for programs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
code = sa.String(length=40)
digest = sa.String(length=64)


def upgrade() -> None:
    op.drop_table("web_sessions")
    op.create_table(
        "accounts",
        sa.Column("id", row_id, nullable=False),
        sa.Column("public_id", code, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", code, nullable=False),
        sa.Column("phone_index", digest, nullable=True),
        sa.Column("phone_sealed", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("password_at", moment, nullable=True),
        sa.Column("totp_sealed", sa.Text(), nullable=True),
        sa.Column("totp_at", moment, nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("reset_hash", digest, nullable=True),
        sa.Column("reset_until", moment, nullable=True),
        sa.Column("locked_at", moment, nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("signed_in_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("public_id", name="uq_accounts_public_id"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
        sa.UniqueConstraint("phone_index", name="uq_accounts_phone_index"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", row_id, nullable=False),
        sa.Column("account_id", row_id, nullable=False),
        sa.Column("hash", digest, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_recovery_codes_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
    )
    op.create_index("ix_recovery_codes_account_id", "recovery_codes", ["account_id"])
    op.create_table(
        "sessions",
        sa.Column("id", row_id, nullable=False),
        sa.Column("public_id", code, nullable=False),
        sa.Column("account_id", row_id, nullable=False),
        sa.Column("sha256", digest, nullable=False),
        sa.Column("stage", code, nullable=False),
        sa.Column("agent", sa.String(length=60), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("idle_until", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sessions_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("public_id", name="uq_sessions_public_id"),
        sa.UniqueConstraint("sha256", name="uq_sessions_sha256"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "challenges",
        sa.Column("id", digest, nullable=False),
        sa.Column("purpose", code, nullable=False),
        sa.Column("phone_index", digest, nullable=False),
        sa.Column("phone_sealed", sa.Text(), nullable=False),
        sa.Column("code_hash", digest, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_challenges"),
    )
    op.create_index("ix_challenges_expires_at", "challenges", ["expires_at"])
    op.create_index("ix_challenges_phone_index_purpose", "challenges", ["phone_index", "purpose"])
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("touched_at", moment, nullable=False),
        sa.Column("blocked_until", moment, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_throttles"),
    )
    op.create_index("ix_throttles_touched_at", "throttles", ["touched_at"])
    # In SQL, because Alembic would copy the table on SQLite, and dropping the old one while others refer to it fails.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(f"ALTER TABLE cases ADD COLUMN owner_id {kind} CONSTRAINT fk_cases_owner_id REFERENCES accounts (id)")
    op.create_index("ix_cases_owner_id", "cases", ["owner_id"])


def downgrade() -> None:
    with op.batch_alter_table("cases") as cases:
        cases.drop_index("ix_cases_owner_id")
        cases.drop_constraint("fk_cases_owner_id", type_="foreignkey")
        cases.drop_column("owner_id")
    for table in ("throttles", "challenges", "sessions", "recovery_codes", "accounts"):
        op.drop_table(table)
    op.create_table(
        "web_sessions",
        sa.Column("id", row_id, nullable=False),
        sa.Column("token_id", row_id, nullable=False),
        sa.Column("sha256", digest, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_web_sessions_token_id"),
        sa.PrimaryKeyConstraint("id", name="pk_web_sessions"),
        sa.UniqueConstraint("sha256", name="uq_web_sessions_sha256"),
    )
    op.create_index("ix_web_sessions_expires_at", "web_sessions", ["expires_at"])
    op.create_index("ix_web_sessions_token_id", "web_sessions", ["token_id"])
