"""Alembic's entry point. `verifier.store.database.migrate` hands over an open connection; there is no other way in."""

from alembic import context

from verifier.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
