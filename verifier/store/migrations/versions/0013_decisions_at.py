"""Decisions are counted by when they were made."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_decisions_at", "decisions", ["at"])
    op.create_index("ix_finding_decisions_at", "finding_decisions", ["at"])


def downgrade() -> None:
    op.drop_index("ix_finding_decisions_at", table_name="finding_decisions")
    op.drop_index("ix_decisions_at", table_name="decisions")
