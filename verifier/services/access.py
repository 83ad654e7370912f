"""Who may do what: the one table of actions, roles and ownership, asked by pages and interface alike.

A role that is not in an action's line may not do it. `OWN` lets somebody do it to their own applications only; others'
answer as if they did not exist. docs/security.md prints the table, a test walks every route with every role.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import select

from schemas.case import STAFF, DecisionAction, Role
from verifier.errors import AuthError, InputError
from verifier.services.context import Services, reading
from verifier.services.tokens import Principal
from verifier.store.tables import CaseRow


class Action(StrEnum):
    CREATE = "create"
    UPLOAD = "upload"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    READ = "read"
    """One application, as its applicant may see it."""
    LIST = "list"
    INSPECT = "inspect"
    """One application as staff see it, with the words for reviewers."""
    VIEW = "view"
    """Pictures of the pages of one application's documents."""
    CLAIM = "claim"
    DECIDE = "decide"
    CONFIRM = "confirm"
    """The second decision: recognise or deny."""
    REOPEN = "reopen"
    """Take a decided case up again."""
    EXPORT = "export"
    """A case's whole record as one file, for the archive."""
    STATS = "stats"
    OPERATE = "operate"
    """Look after the queue: attempts, retries, pauses, workers."""
    PEOPLE = "people"
    """Others' accounts and sessions."""
    AUDIT = "audit"
    """Events of everything."""
    UNMASK = "unmask"
    """The plain value of one field, for a reason."""
    OWN_DATA = "own_data"
    """A copy of everything kept of an applicant; asking for a correction."""
    ACCOUNT = "account"
    """One's own account and sessions."""


class Reach(StrEnum):
    OWN = "own"
    ALL = "all"


def _all(*roles: Role) -> dict[Role, Reach]:
    return dict.fromkeys(roles, Reach.ALL)


_OWN = {Role.APPLICANT: Reach.OWN}
_REVIEWERS = (Role.REVIEWER, Role.SECOND_REVIEWER)

TABLE: Mapping[Action, Mapping[Role, Reach]] = {
    Action.CREATE: _all(Role.INTEGRATION, Role.ADMIN) | _OWN,
    Action.UPLOAD: _all(Role.INTEGRATION, Role.ADMIN) | _OWN,
    Action.SUBMIT: _all(Role.INTEGRATION, Role.ADMIN) | _OWN,
    Action.WITHDRAW: _all(Role.INTEGRATION, Role.ADMIN) | _OWN,
    Action.READ: _all(Role.INTEGRATION, *STAFF) | _OWN,
    Action.LIST: _all(Role.INTEGRATION, *STAFF) | _OWN,
    Action.INSPECT: _all(*STAFF),
    Action.VIEW: _all(*STAFF) | _OWN,
    # The administrator may take a case from a reviewer's queue and give it back …
    Action.CLAIM: _all(*_REVIEWERS, Role.ADMIN),
    # … but who runs the system does not decide cases in it.
    Action.DECIDE: _all(*_REVIEWERS),
    Action.CONFIRM: _all(Role.SECOND_REVIEWER),
    Action.REOPEN: _all(Role.SECOND_REVIEWER),
    Action.EXPORT: _all(*STAFF),
    Action.STATS: _all(Role.INTEGRATION, *STAFF),
    Action.OPERATE: _all(Role.ADMIN),
    Action.PEOPLE: _all(Role.ADMIN),
    Action.AUDIT: _all(Role.ADMIN, Role.AUDITOR),
    # the auditor sees that somebody looked, not what they saw
    Action.UNMASK: _all(*_REVIEWERS, Role.ADMIN),
    Action.OWN_DATA: _all(Role.ADMIN) | _OWN,
    Action.ACCOUNT: _all(*STAFF, Role.APPLICANT),
}

BY_TOKEN: Mapping[Action, frozenset[Role]] = {Action.CONFIRM: frozenset({Role.REVIEWER})}
"""What a role may do besides when it comes with a bearer token: a reviewer's token stands for a program of the bureau, which
keeps its own two steps apart (and case.same_person holds either way)."""

SECOND = frozenset({DecisionAction.APPROVE, DecisionAction.DENY})


def reach_of(who: Principal, action: Action) -> Reach | None:
    """How far the table lets somebody go; None where it does not let them at all."""
    if who.by_token and who.role in BY_TOKEN.get(action, ()):
        return Reach.ALL
    if who.by_token and action is Action.ACCOUNT:
        return None
    return TABLE[action].get(who.role)


def require(who: Principal, action: Action) -> Reach:
    """Raises AuthError auth.forbidden for what the table does not let somebody do."""
    reach = reach_of(who, action)
    if reach is None:
        raise AuthError("auth.forbidden")
    return reach


def require_case(services: Services, who: Principal, action: Action, application_no: str) -> None:
    """The same for one application.

    Raises InputError case.not_found when an applicant does not own it, or may not do this to any: what exists and what
    does not answers the same. Raises AuthError auth.forbidden for others the table does not let.
    """
    reach = reach_of(who, action)
    if reach is None and who.role is not Role.APPLICANT:
        raise AuthError("auth.forbidden")
    if reach is Reach.ALL:
        return
    with reading(services) as session:
        owner = session.scalar(select(CaseRow.owner_id).where(CaseRow.application_no == application_no))
    if reach is None or owner is None or owner != who.account_id:
        raise InputError("case.not_found")


def action_of(decision: DecisionAction) -> Action:
    """What deciding so asks for."""
    if decision is DecisionAction.REOPEN:
        return Action.REOPEN
    return Action.CONFIRM if decision in SECOND else Action.DECIDE
