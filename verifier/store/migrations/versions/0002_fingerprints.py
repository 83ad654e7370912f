"""Fingerprints of pages, to find one paper in two applications."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
bands = [f"band{number}" for number in range(8)]


def upgrade() -> None:
    op.create_table(
        "fingerprints",
        sa.Column("id", row_id, nullable=False),
        sa.Column("document_id", row_id, nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(length=16), nullable=False),
        *(sa.Column(band, sa.SmallInteger(), nullable=False) for band in bands),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_fingerprints_document_id"),
        sa.PrimaryKeyConstraint("id", name="pk_fingerprints"),
    )
    for column in ("document_id", "hash", *bands):
        op.create_index(f"ix_fingerprints_{column}", "fingerprints", [column])


def downgrade() -> None:
    op.drop_table("fingerprints")
