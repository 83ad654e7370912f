"""A new master key: everything is wrapped anew, nothing sealed is touched, and the old key opens nothing any more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from schemas.events import EventType
from tests.support import people
from tests.support.cases import NO, advised, contents, draft
from tests.support.factories import form, picture
from verifier.errors import ConfigError, InputError
from verifier.services import keys, phones, queries
from verifier.services.context import Services, reading
from verifier.services.submit import create_application
from verifier.store import vault
from verifier.store.keyring import Keyring, Masters
from verifier.store.tables import CaseRow, EventRow
from verifier.store.vault import KeyUse

NEW = bytes(range(100, 132))


def under(services: Services, masters: Masters) -> Services:
    """The same house for a process with other master keys."""
    keyring = Keyring(masters, services.keyring.installation)
    sessions = type(services.sessions)(
        services.sessions.kw["bind"], expire_on_commit=False, info={"verifier.keyring": keyring}
    )
    return replace(services, keyring=keyring, sessions=sessions)


def test_keys_are_wrapped_anew_in_batches_and_what_is_sealed_stays(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault.rewrap, "__defaults__", (2,))
    advised(services)
    for number in range(4):
        draft(services, f"HD2026A00020{number}")
    people.account(services, "applicant", phone="13800138000")
    old = services.keyring.masters
    before = _sealed(services)
    both = under(services, replace(old, current=NEW, previous=(old.current,)))
    create_application(both, form(application_no="HD2026A000300"), "x")
    assert {(use.keys, use.current) for use in keys.in_use(both)} == {(5, False), (1, True)}
    assert keys.rotate(both, "admin") == 5
    assert keys.rotate(both, "admin") == 0
    only_new = under(services, Masters(old.algorithm, NEW))
    assert keys.in_use(only_new) == (KeyUse(only_new.keyring.masters.current_id, 6, True),)
    assert queries.case_view(only_new, NO).form == form()
    assert contents(only_new) == [picture(0), picture(1), picture(2)]
    with reading(only_new) as session:
        [row] = session.scalars(select(people.AccountRow))
        assert phones.opened(only_new, row.phone_sealed or "") == "13800138000"
        events = session.scalars(select(EventRow).where(EventRow.type == EventType.KEYS_ROTATED)).all()
        assert [event.details["keys"] for event in events] == [5]
    after = _sealed(services)
    assert {number: after[number] for number in before} == before
    with pytest.raises(ConfigError) as refused:
        queries.case_view(services, NO)
    assert refused.value.details["name"] == "VERIFIER_MASTER_KEY"


def test_a_key_that_was_not_given_stops_it(services: Services) -> None:
    draft(services)
    with pytest.raises(ConfigError):
        keys.rotate(under(services, Masters("aes-256-gcm", NEW)), "admin")


def test_an_application_is_found_by_its_id_number(services: Services) -> None:
    draft(services)
    stated = form(application_no="HD2026A000300")
    other = stated.applicant.model_copy(update={"id_number": "11010519491231002X", "name": "张三"})
    create_application(services, stated.model_copy(update={"applicant": other}), "x")
    assert [item.application_no for item in queries.find_by_id_number(services, " 11010519491231002x")] == [
        "HD2026A000300"
    ]
    assert queries.find_by_id_number(services, "110105194912310021") == ()
    with reading(services) as session:
        assert all("11010519491231002X" not in str(row.id_index) for row in session.scalars(select(CaseRow)))
    with pytest.raises(InputError):
        queries.case_view(services, "HD2026A999999")


def _sealed(services: Services) -> dict[str, bytes | None]:
    with reading(services) as session:
        return {row.application_no: row.form_sealed for row in session.scalars(select(CaseRow))}
