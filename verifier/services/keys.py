"""A new master key: every data key is wrapped anew, in batches, while the house goes on (verifier.store.vault)."""

from __future__ import annotations

from schemas.events import EventType
from verifier.services.context import Services, reading, writing
from verifier.store import audit, vault
from verifier.store.vault import KeyUse


def in_use(services: Services) -> tuple[KeyUse, ...]:
    """The master keys that wrap data keys, and how many."""
    with reading(services) as session:
        return vault.in_use(session, services.keyring.masters)


def rotate(services: Services, actor: str) -> int:
    """Wrap every data key that another master key wraps with the one in force; how many.

    Safe beside everything else as long as all processes have both keys; interrupted, it goes on where it was. Raises
    ConfigError when a key is wrapped by a master key that was not given, StorageError.
    """
    done = 0
    while True:
        with writing(services) as session:
            wrapped = vault.rewrap(session, services.keyring.masters)
            done += wrapped
            if wrapped == 0 and done == 0:
                return 0
            if wrapped == 0:
                audit.record(
                    session,
                    at=services.clock(),
                    type=EventType.KEYS_ROTATED,
                    actor=actor,
                    details={"keys": done, "master": services.keyring.masters.current_id},
                )
                return done
