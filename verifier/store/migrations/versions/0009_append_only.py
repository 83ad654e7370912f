"""Events are append-only for every statement, and are listed by type, actor and time."""

from alembic import op

from verifier.store import append_only

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEXES = (("type", "seq"), ("actor", "seq"), ("at",))


def upgrade() -> None:
    for columns in INDEXES:
        op.create_index(f"ix_events_{'_'.join(columns)}", "events", list(columns))
    for statement in append_only.create(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in append_only.drop(op.get_bind().dialect.name):
        op.execute(statement)
    for columns in INDEXES:
        op.drop_index(f"ix_events_{'_'.join(columns)}", table_name="events")
