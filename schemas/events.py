"""What may happen to a case, as rows of the append-only events table (DOMAIN.md 5.6)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from schemas.base import Model


class EventType(StrEnum):
    CASE_CREATED = "case_created"
    DOCUMENT_UPLOADED = "document_uploaded"
    DOCUMENT_REFUSED = "document_refused"
    CASE_SUBMITTED = "case_submitted"
    STATE_CHANGED = "state_changed"
    DOCUMENT_READ = "document_read"
    DOCUMENT_NOT_READ = "document_not_read"
    ATTEMPT_LOST = "attempt_lost"
    ATTEMPT_RETRIED = "attempt_retried"
    QUEUE_PAUSED = "queue_paused"
    QUEUE_RESUMED = "queue_resumed"
    WORKER_DRAINED = "worker_drained"
    WORKER_RESUMED = "worker_resumed"
    CASE_BY_HAND = "case_by_hand"
    ADVICE_GIVEN = "advice_given"
    CASE_VIEWED = "case_viewed"
    PAGES_VIEWED = "pages_viewed"
    """Pictures of a document's pages; looks within a quarter of an hour are one."""
    CASE_CLAIMED = "case_claimed"
    CASE_RELEASED = "case_released"
    DECISION_MADE = "decision_made"
    DECISION_PROPOSED = "decision_proposed"
    DECISION_DISPUTED = "decision_disputed"
    FINDING_DECIDED = "finding_decided"
    CASE_REOPENED = "case_reopened"
    PACKET_EXPORTED = "packet_exported"
    LABELS_EXPORTED = "labels_exported"
    VIEW_SAVED = "view_saved"
    VIEW_REMOVED = "view_removed"
    TOKEN_CREATED = "token_created"
    TOKEN_REVOKED = "token_revoked"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    FILES_COLLECTED = "files_collected"
    SIGN_IN_FAILED = "sign_in_failed"
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_UNLOCKED = "account_unlocked"
    ACCOUNT_RESET = "account_reset"
    ROLE_CHANGED = "role_changed"
    PASSWORD_CHANGED = "password_changed"
    SECOND_FACTOR_SET = "second_factor_set"
    RECOVERY_CODE_USED = "recovery_code_used"
    SESSION_REVOKED = "session_revoked"
    FIELD_UNMASKED = "field_unmasked"
    """Somebody saw the plain value of one field; the reason is a word of schemas.privacy.UnmaskReason."""
    EVENTS_EXPORTED = "events_exported"
    KEYS_ROTATED = "keys_rotated"
    DATA_EXPORTED = "data_exported"
    """What is kept of an applicant, as a copy for them."""
    CORRECTION_ASKED = "correction_asked"
    DATA_DELETED = "data_deleted"
    """By the schedule of the batch: what went, and its hash."""


class Event(Model):
    """`actor` is the name of a token, a worker or an account (an applicant's is its number, never their own name);
    `details` holds codes and counts, never personal data.
    """

    at: datetime
    type: EventType
    actor: str
    application_no: str | None = None
    details: dict[str, str | int | None]
