"""Attempts are listed page by page, by state and by reason."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = (("created_at", "id"), ("state", "created_at", "id"), ("error_code", "created_at", "id"))


def upgrade() -> None:
    for columns in INDEXES:
        op.create_index(f"ix_attempts_{'_'.join(columns)}", "attempts", list(columns))


def downgrade() -> None:
    for columns in INDEXES:
        op.drop_index(f"ix_attempts_{'_'.join(columns)}", table_name="attempts")
