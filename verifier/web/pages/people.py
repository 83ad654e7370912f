"""`/people`: an administrator makes accounts, gives roles, locks, resets and ends sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import RedirectResponse

from schemas.case import STAFF, Role
from verifier.errors import AccountError, VerifierError
from verifier.services import accounts, sessions
from verifier.services.access import Action
from verifier.services.context import Services
from verifier.web.auth import Allowed, Person
from verifier.web.pages.forms import TEXT_MAX, persons_form
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/people", include_in_schema=False)

Text = Annotated[str, Form(max_length=TEXT_MAX)]
Admin = Annotated[Person, Depends(Allowed(Action.PEOPLE))]


@router.get("")
def people(services: ServicesDep, visitor: Admin) -> Response:
    """Staff, and the newest applicants."""
    return _list(services, visitor)


def _list(services: Services, visitor: Person, error: VerifierError | None = None) -> Response:
    return persons_form(
        "people.html",
        error=error,
        visitor=visitor,
        staff=accounts.listed(services),
        applicants=accounts.listed(services, applicants=True),
        roles=STAFF,
    )


@router.post("")
def create(
    services: ServicesDep, visitor: Admin, name: Text = "", role: Annotated[Role, Form()] = Role.REVIEWER
) -> Response:
    """A new account of staff; its one-time code is shown once."""
    try:
        made = accounts.create(services, name.strip().casefold(), role, visitor.name)
    except AccountError as error:
        return _list(services, visitor, error)
    return persons_form("code_given.html", visitor=visitor, info=made.info, code=made.code)


@router.get("/{account}")
def person(account: str, services: ServicesDep, visitor: Admin) -> Response:
    """One account and its sessions."""
    return _one(services, visitor, account)


def _one(services: Services, visitor: Person, account: str, error: VerifierError | None = None) -> Response:
    info = accounts.info_of(services, account)
    return persons_form(
        "person.html",
        error=error,
        visitor=visitor,
        info=info,
        sessions=sessions.of_account(services, info.account_id),
        roles=STAFF,
    )


@router.post("/{account}/role")
def set_role(
    account: str, services: ServicesDep, visitor: Admin, role: Annotated[Role, Form()] = Role.REVIEWER
) -> Response:
    """Another role; the sessions end."""
    try:
        accounts.set_role(services, account, role, visitor.name)
    except AccountError as error:
        return _one(services, visitor, account, error)
    return _back(account)


@router.post("/{account}/lock")
def lock(account: str, services: ServicesDep, visitor: Admin) -> Response:
    """Nobody signs in to it any more."""
    try:
        accounts.lock(services, account, visitor.name)
    except AccountError as error:
        return _one(services, visitor, account, error)
    return _back(account)


@router.post("/{account}/unlock")
def unlock(account: str, services: ServicesDep, visitor: Admin) -> Response:
    """Open again."""
    accounts.unlock(services, account, visitor.name)
    return _back(account)


@router.post("/{account}/reset")
def reset(account: str, services: ServicesDep, visitor: Admin) -> Response:
    """A one-time code for a new password and second factor, shown once."""
    code = accounts.reset(services, account, visitor.name)
    return persons_form("code_given.html", visitor=visitor, info=accounts.info_of(services, account), code=code)


@router.post("/{account}/sessions/end")
def end_sessions(account: str, services: ServicesDep, visitor: Admin) -> Response:
    """Ends all sessions of an account."""
    sessions.revoke_all(services, accounts.info_of(services, account).account_id, visitor.name)
    return _back(account)


@router.post("/{account}/sessions/{session}/end")
def end_session(account: str, session: str, services: ServicesDep, visitor: Admin) -> Response:
    """Ends one session of an account."""
    sessions.revoke(services, accounts.info_of(services, account).account_id, session, visitor.name)
    return _back(account)


def _back(account: str) -> Response:
    return RedirectResponse(f"/people/{account}", status_code=303)
