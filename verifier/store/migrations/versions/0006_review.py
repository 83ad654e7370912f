"""The reviewers' desk: deadlines and gravity to order the queue by, findings as rows, decisions on them, saved views."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from verifier.rules.workdays import workday_after

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
code = sa.String(length=40)

WAITING = ("submitted", "reading", "advised_pass", "needs_correction", "needs_review", "in_review", "resubmitted")
GRAVITY = {"refuse_ground": 0, "review": 1, "correct": 2, "info": 3}


def upgrade() -> None:
    for column in (
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("gravity", sa.SmallInteger(), nullable=False, server_default="4"),
        sa.Column("second_look", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("must_open", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("proposed", code, nullable=True),
        sa.Column("proposed_by", sa.String(length=80), nullable=True),
    ):
        op.add_column("cases", column)
    for columns in (["state", "due_on", "gravity", "id"], ["claimed_by", "state"]):
        op.create_index(f"ix_cases_{'_'.join(columns)}", "cases", columns)
    op.add_column("decisions", sa.Column("notice", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("decisions", sa.Column("findings", sa.JSON(none_as_null=True), nullable=True))
    findings = op.create_table(
        "findings",
        sa.Column("id", row_id, nullable=False),
        sa.Column("case_id", row_id, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("severity", code, nullable=False),
        sa.Column("document", code, nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_findings_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
    )
    op.create_index("ix_findings_case_id_current", "findings", ["case_id", "current"])
    op.create_index("ix_findings_open_rule_case_id", "findings", ["open", "rule", "case_id"])
    op.create_table(
        "finding_decisions",
        sa.Column("id", row_id, nullable=False),
        sa.Column("finding_id", row_id, nullable=False),
        sa.Column("action", code, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("rules", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_finding_decisions_finding_id"),
        sa.PrimaryKeyConstraint("id", name="pk_finding_decisions"),
    )
    op.create_index("ix_finding_decisions_finding_id", "finding_decisions", ["finding_id"])
    op.create_table(
        "saved_views",
        sa.Column("id", row_id, nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("owner", "name", name="uq_saved_views_owner_name"),
    )
    _fill(findings)


def _fill(findings: sa.Table) -> None:
    """Cases that are there already get their deadline and their findings."""
    cases = sa.table(
        "cases", sa.column("id"), sa.column("state"), sa.column("round"), sa.column("submitted_at", moment),
        sa.column("advice", sa.JSON()), sa.column("due_on", sa.Date()), sa.column("gravity"),
    )  # fmt: skip
    bind = op.get_bind()
    for row in bind.execute(sa.select(cases)).all():
        found = (row.advice or {}).get("findings", ())
        changes: dict[str, object] = {"gravity": min((GRAVITY[item["severity"]] for item in found), default=4)}
        waits = row.state in WAITING
        if waits and row.submitted_at is not None:
            changes["due_on"] = workday_after(_day(row.submitted_at), 5)
        bind.execute(sa.update(cases).where(cases.c.id == row.id).values(**changes))
        rows = [
            {name: item[name] for name in ("rule", "severity", "document", "field")}
            | {"case_id": row.id, "round": row.round, "position": position, "open": waits, "current": True}
            for position, item in enumerate(found)
        ]
        if rows:
            bind.execute(sa.insert(findings), rows)


def _day(at: datetime):  # type: ignore[no-untyped-def]
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return (aware + timedelta(hours=8)).date()


def downgrade() -> None:
    for table in ("saved_views", "finding_decisions", "findings"):
        op.drop_table(table)
    with op.batch_alter_table("decisions") as decisions:
        decisions.drop_column("findings")
        decisions.drop_column("notice")
    with op.batch_alter_table("cases") as cases:
        cases.drop_index("ix_cases_state_due_on_gravity_id")
        cases.drop_index("ix_cases_claimed_by_state")
        for column in ("due_on", "gravity", "second_look", "must_open", "proposed", "proposed_by"):
            cases.drop_column(column)
