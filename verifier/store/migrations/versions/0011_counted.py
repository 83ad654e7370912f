"""Cases are counted by state and batch from an index."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_cases_state_batch", "cases", ["state", "batch"])


def downgrade() -> None:
    op.drop_index("ix_cases_state_batch", "cases")
