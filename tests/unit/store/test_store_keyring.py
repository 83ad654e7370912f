"""Sealing and keys: what opens, what does not, and a new master key."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from tests.support.factories import settings_for
from tests.support.threads import together
from verifier.errors import ConfigError, StorageError
from verifier.store import cipher, database, vault
from verifier.store.keyring import CaseKey, Masters, masters_of
from verifier.store.tables import CaseKeyRow, InstallationKeyRow

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
KEY = bytes(range(7, 39))


def masters(current: bytes, *previous: bytes) -> Masters:
    return Masters("aes-256-gcm", current, previous)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    database.migrate(f"sqlite:///{tmp_path}/verifier.db")
    opened = database.open_engine(f"sqlite:///{tmp_path}/verifier.db")
    yield opened
    opened.dispose()


@pytest.mark.parametrize("algorithm", sorted(cipher.CODES))
def test_what_is_sealed_opens_with_its_key_in_its_place_only(algorithm: str) -> None:
    sealed = cipher.seal(algorithm, KEY, b"paper", "here")
    assert cipher.seal(algorithm, KEY, b"paper", "here") != sealed
    assert len(sealed) == len(b"paper") + cipher.OVERHEAD
    assert cipher.unseal(KEY, sealed, "here") == b"paper"
    refused = [(bytes(32), sealed, "here"), (KEY, sealed, "there"), (KEY, b"", "here"), (KEY, b"paper", "here")]
    refused += [(KEY, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], "here") for at in range(len(sealed))]
    refused += [(KEY, sealed[:length], "here") for length in range(len(sealed))]
    for key, changed, context in refused:
        with pytest.raises(StorageError) as error:
            cipher.unseal(key, changed, context)
        assert error.value.code == "storage.lost"


def test_another_algorithm_takes_over_and_what_was_sealed_before_still_opens() -> None:
    before, after = CaseKey("aes-256-gcm", KEY), CaseKey("sm4-gcm", KEY)
    assert after.open(before.seal({"name": "张三"}, "x"), "x") == {"name": "张三"}
    assert before.open_file(after.seal_file(b"paper", "a" * 64), "a" * 64) == b"paper"


def test_two_cases_name_the_same_file_differently() -> None:
    names = {CaseKey("aes-256-gcm", key).file_name("ab" * 32) for key in (OLD, NEW)}
    assert len(names) == 2
    assert CaseKey("aes-256-gcm", OLD).file_name("ab" * 32) in names


def test_a_key_is_wrapped_for_one_case(engine: Engine) -> None:
    wrapped = masters(OLD).wrap(KEY, "HD1")
    assert masters(OLD).unwrap(wrapped, "HD1") == KEY
    assert masters(NEW, OLD).unwrap(wrapped, "HD1") == KEY
    with pytest.raises(StorageError):
        masters(OLD).unwrap(wrapped, "HD2")
    with pytest.raises(ConfigError) as error:
        masters(NEW).unwrap(wrapped, "HD1")
    assert error.value.details["name"] == "VERIFIER_MASTER_KEY"


def test_the_installation_has_one_key_whoever_is_first(engine: Engine) -> None:
    rings = together([lambda: vault.open_keyring(engine, masters(OLD))] * 4)
    assert len({ring.installation for ring in rings}) == 1
    with pytest.raises(ConfigError):
        vault.open_keyring(engine, masters(NEW))


def test_one_machine_makes_its_key_and_keeps_it(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, master_key=None)
    made = masters_of(settings)
    file = settings.own_key_file
    assert file.stat().st_mode & 0o777 == 0o600
    assert base64.b64decode(file.read_text()) == made.current
    assert masters_of(settings) == made
    with pytest.raises(ConfigError):
        masters_of(settings_for(tmp_path / "other", master_key=None, database_url="postgresql+psycopg://x@/y"))


def test_a_keyring_and_its_keys_do_not_print_themselves(engine: Engine) -> None:
    ring = vault.open_keyring(engine, masters(OLD))
    key, _ = ring.new_case_key("HD1")
    for value in (ring, ring.masters, key):
        assert "=" not in repr(value)


def test_nothing_wrapped_is_left_to_find_by_the_old_master(engine: Engine) -> None:
    vault.open_keyring(engine, masters(OLD))
    with database.transaction(database.open_sessions(engine)) as session:
        assert vault.rewrap(session, masters(NEW, OLD)) == 1
        assert vault.rewrap(session, masters(NEW, OLD)) == 0
        assert session.scalars(select(InstallationKeyRow.master)).all() == [masters(NEW).current_id]
        assert session.scalars(select(CaseKeyRow)).all() == []
    assert vault.open_keyring(engine, masters(NEW)).masters == masters(NEW)
