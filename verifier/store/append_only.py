"""Triggers that let nobody change or remove an event, whatever statement they send; who owns the database can take them away, and the
chain then shows what was done."""

from __future__ import annotations

_SAYS = "events are append-only"

_SQLITE = {
    "events_no_update": f"BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
    "events_no_delete": f"BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
    "event_head_forward": "BEFORE UPDATE ON event_head WHEN NEW.seq <= OLD.seq"
    f" BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
    "event_head_no_delete": f"BEFORE DELETE ON event_head BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
}

_FUNCTION = "refuse_event_change"
_POSTGRESQL = {
    "events_no_change": ("events", "BEFORE UPDATE OR DELETE ON events FOR EACH ROW"),
    "events_no_truncate": ("events", "BEFORE TRUNCATE ON events"),
    "event_head_forward": ("event_head", "BEFORE UPDATE ON event_head FOR EACH ROW WHEN (NEW.seq <= OLD.seq)"),
    "event_head_no_delete": ("event_head", "BEFORE DELETE ON event_head FOR EACH ROW"),
    "event_head_no_truncate": ("event_head", "BEFORE TRUNCATE ON event_head"),
}


def create(dialect: str) -> list[str]:
    """The statements that put the triggers up."""
    if dialect == "sqlite":
        return [f"CREATE TRIGGER {name} {body}" for name, body in _SQLITE.items()]
    function = (
        f"CREATE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_SAYS}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    triggers = [
        f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {_FUNCTION}()" for name, (_table, when) in _POSTGRESQL.items()
    ]
    return [function, *triggers]


def drop(dialect: str) -> list[str]:
    """The statements that take them away."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER {name}" for name in _SQLITE]
    triggers = [f"DROP TRIGGER {name} ON {table}" for name, (table, _when) in _POSTGRESQL.items()]
    return [*triggers, f"DROP FUNCTION {_FUNCTION}()"]
