"""States of a case, a document and an attempt, and the one table of moves between case states."""

from __future__ import annotations

from enum import StrEnum


class CaseState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    READING = "reading"
    ADVISED_PASS = "advised_pass"
    NEEDS_CORRECTION = "needs_correction"
    NEEDS_REVIEW = "needs_review"
    IN_REVIEW = "in_review"
    AWAITING_SECOND = "awaiting_second"
    """One person proposed what takes two: a refusal, or a pass drawn for a second look."""
    ACCEPTED = "accepted"
    RETURNED = "returned"
    NOT_ACCEPTED = "not_accepted"
    RESUBMITTED = "resubmitted"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ARCHIVED = "archived"


TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.DRAFT: frozenset({CaseState.SUBMITTED, CaseState.WITHDRAWN, CaseState.EXPIRED}),
    CaseState.SUBMITTED: frozenset({CaseState.READING, CaseState.NEEDS_REVIEW, CaseState.WITHDRAWN}),
    CaseState.READING: frozenset(
        {CaseState.ADVISED_PASS, CaseState.NEEDS_CORRECTION, CaseState.NEEDS_REVIEW, CaseState.WITHDRAWN}
    ),
    CaseState.ADVISED_PASS: frozenset({CaseState.IN_REVIEW, CaseState.WITHDRAWN}),
    CaseState.NEEDS_CORRECTION: frozenset({CaseState.IN_REVIEW, CaseState.WITHDRAWN}),
    # to `reading` when a person had a document tried again that could not be read: the advice is then given anew
    CaseState.NEEDS_REVIEW: frozenset({CaseState.READING, CaseState.IN_REVIEW, CaseState.WITHDRAWN}),
    CaseState.IN_REVIEW: frozenset(
        {
            CaseState.ACCEPTED,
            CaseState.RETURNED,
            CaseState.NOT_ACCEPTED,
            CaseState.AWAITING_SECOND,
            # a lease that lapsed or was given back goes where it came from
            CaseState.ADVISED_PASS,
            CaseState.NEEDS_CORRECTION,
            CaseState.NEEDS_REVIEW,
            CaseState.WITHDRAWN,
        }
    ),
    CaseState.AWAITING_SECOND: frozenset(
        {
            CaseState.ACCEPTED,
            CaseState.NOT_ACCEPTED,
            CaseState.DENIED,
            # the second person decided otherwise: both decisions are shown to whoever takes it up again
            CaseState.NEEDS_REVIEW,
            CaseState.WITHDRAWN,
        }
    ),
    CaseState.RETURNED: frozenset({CaseState.RESUBMITTED, CaseState.EXPIRED, CaseState.WITHDRAWN}),
    CaseState.RESUBMITTED: frozenset({CaseState.READING, CaseState.NEEDS_REVIEW, CaseState.WITHDRAWN}),
    CaseState.ACCEPTED: frozenset(
        {CaseState.APPROVED, CaseState.AWAITING_SECOND, CaseState.NEEDS_REVIEW, CaseState.WITHDRAWN}
    ),
    # back to review only by a reopening, with its reason
    CaseState.NOT_ACCEPTED: frozenset({CaseState.NEEDS_REVIEW, CaseState.ARCHIVED}),
    CaseState.APPROVED: frozenset({CaseState.NEEDS_REVIEW, CaseState.ARCHIVED}),
    CaseState.DENIED: frozenset({CaseState.NEEDS_REVIEW, CaseState.ARCHIVED}),
    CaseState.WITHDRAWN: frozenset({CaseState.ARCHIVED}),
    CaseState.EXPIRED: frozenset({CaseState.ARCHIVED}),
    CaseState.ARCHIVED: frozenset(),
}
"""Every allowed move (DESIGN.md, Case states). Printed in docs/architecture.md and tested exhaustively."""

READING_DONE: frozenset[CaseState] = frozenset(
    {CaseState.ADVISED_PASS, CaseState.NEEDS_CORRECTION, CaseState.NEEDS_REVIEW}
)
"""The three states the machine's advice leads to."""


def may_move(source: CaseState, target: CaseState) -> bool:
    return target in TRANSITIONS[source]


class DocumentState(StrEnum):
    """Where one slot of a case stands."""

    UPLOADED = "uploaded"
    QUEUED = "queued"
    READING = "reading"
    READ = "read"
    NOT_READ = "not_read"


class AttemptState(StrEnum):
    """One try to read a document. All but `queued` and `running` are closed."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Ended with an error a person can act on (a broken file): never tried again by itself."""
    LOST = "lost"
    """Its worker or its job vanished; a fresh attempt took its place."""
    DEAD = "dead"
    """Given up after the cap of tries."""
    CANCELLED = "cancelled"
    """Its case was withdrawn before it was read."""


class DecisionAction(StrEnum):
    ACCEPT = "accept"
    RETURN = "return"
    NOT_ACCEPT = "not_accept"
    APPROVE = "approve"
    DENY = "deny"
    REOPEN = "reopen"
    """Takes a decided case up again; has a use case of its own."""


class Role(StrEnum):
    """What somebody is here for; verifier.services.access says what each may do."""

    INTEGRATION = "integration"
    """A program of the bureau, with a bearer token."""
    REVIEWER = "reviewer"
    SECOND_REVIEWER = "second_reviewer"
    """Confirms what another reviewer accepted."""
    ADMIN = "admin"
    AUDITOR = "auditor"
    """Reads everything, changes nothing."""
    APPLICANT = "applicant"
    """Somebody who applies, with an account of their own; sees their own applications only."""


STAFF: tuple[Role, ...] = (Role.REVIEWER, Role.SECOND_REVIEWER, Role.ADMIN, Role.AUDITOR)
"""Roles of accounts that an administrator makes."""

TOKEN_ROLES: tuple[Role, ...] = (Role.INTEGRATION, *STAFF)
"""Roles a bearer token may have."""
