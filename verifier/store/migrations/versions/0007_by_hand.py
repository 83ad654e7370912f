"""A case may go to a person before it was read."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("by_hand_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_cases_state_submitted_at", "cases", ["state", "submitted_at"])


def downgrade() -> None:
    op.drop_index("ix_cases_state_submitted_at", table_name="cases")
    op.drop_column("cases", "by_hand_at")
