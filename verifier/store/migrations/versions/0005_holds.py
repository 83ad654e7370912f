"""Queues can be paused and workers drained; the outbox has an order of its own and an index of what waits only."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
waiting = sa.text("sent_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "queue_holds",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("queue", name="pk_queue_holds"),
    )
    op.create_table(
        "worker_drains",
        sa.Column("worker", sa.String(length=120), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("worker", name="pk_worker_drains"),
    )
    op.add_column("outbox", sa.Column("turn", sa.SmallInteger(), nullable=False, server_default="1"))
    op.drop_index("ix_outbox_sent_at_id", table_name="outbox")
    op.create_index(
        "ix_outbox_waiting", "outbox", ["queue", "turn", "id"], sqlite_where=waiting, postgresql_where=waiting
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_waiting", table_name="outbox")
    op.create_index("ix_outbox_sent_at_id", "outbox", ["sent_at", "id"])
    op.drop_column("outbox", "turn")
    op.drop_table("worker_drains")
    op.drop_table("queue_holds")
