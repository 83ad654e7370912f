"""Applicants: signing up with a phone number, and a new password when it was forgotten. Two steps, one code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.background import BackgroundTasks

from verifier.errors import AccountError, AuthError, InputError, VerifierError
from verifier.services import messages, registration, sessions
from verifier.services.context import Services
from verifier.store.people_tables import Purpose
from verifier.web.auth import anybody
from verifier.web.pages.forms import (
    TEXT_MAX,
    address_of,
    agent_of,
    require_visitors_form,
    signed_in,
    visitors_form,
)
from verifier.web.services import ServicesDep

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=TEXT_MAX)]
ToJoin = anybody("the way to an account")

Finish = Callable[[Services, str, str, str, str], sessions.Started]


@router.get("/join", dependencies=[ToJoin])
def join_form(request: Request, services: ServicesDep) -> Response:
    """Asks for a phone number."""
    return _first(request, services, Purpose.JOIN)


@router.post("/join", dependencies=[ToJoin])
def join(
    request: Request, services: ServicesDep, background: BackgroundTasks, phone: Text = "", form_token: Text = ""
) -> Response:
    """Sends a code, and asks for it with a password. Whether the number has an account shows nowhere."""
    return _ask(request, services, background, Purpose.JOIN, phone, form_token)


@router.post("/join/code", dependencies=[ToJoin])
def join_code(
    request: Request,
    services: ServicesDep,
    challenge: Text = "",
    code: Text = "",
    password: Text = "",
    form_token: Text = "",
) -> Response:
    """The account, signed in."""
    return _answer(request, services, Purpose.JOIN, registration.join, (challenge, code, password), form_token)


@router.get("/recover", dependencies=[ToJoin])
def recover_form(request: Request, services: ServicesDep) -> Response:
    """Asks for the phone number of an account whose password was forgotten."""
    return _first(request, services, Purpose.RECOVER)


@router.post("/recover", dependencies=[ToJoin])
def recover(
    request: Request, services: ServicesDep, background: BackgroundTasks, phone: Text = "", form_token: Text = ""
) -> Response:
    """Sends a code when the number has an account, and says the same when it has none."""
    return _ask(request, services, background, Purpose.RECOVER, phone, form_token)


@router.post("/recover/code", dependencies=[ToJoin])
def recover_code(
    request: Request,
    services: ServicesDep,
    challenge: Text = "",
    code: Text = "",
    password: Text = "",
    form_token: Text = "",
) -> Response:
    """The new password, signed in; every other session has ended."""
    return _answer(request, services, Purpose.RECOVER, registration.recover, (challenge, code, password), form_token)


def _first(request: Request, services: Services, purpose: Purpose, error: VerifierError | None = None) -> Response:
    _require_on(services)
    return visitors_form(request, "join.html", error=error, purpose=purpose.value)


def _ask(
    request: Request, services: Services, background: BackgroundTasks, purpose: Purpose, phone: str, form_token: str
) -> Response:
    _require_on(services)
    require_visitors_form(request, form_token)
    try:
        asked = registration.ask(services, purpose, phone, address_of(request))
    except (AccountError, InputError) as error:
        return _first(request, services, purpose, error)
    if asked.message is not None:
        background.add_task(messages.deliver, services.sender, asked.message)
    page = _second(request, services, purpose, asked.challenge)
    page.background = background
    return page


def _second(
    request: Request, services: Services, purpose: Purpose, challenge: str, error: VerifierError | None = None
) -> Response:
    number = registration.masked_number(services, challenge)
    return visitors_form(
        request, "join_code.html", error=error, purpose=purpose.value, challenge=challenge, number=number
    )


def _answer(
    request: Request,
    services: Services,
    purpose: Purpose,
    finish: Finish,
    given: tuple[str, str, str],
    form_token: str,
) -> Response:
    _require_on(services)
    require_visitors_form(request, form_token)
    challenge, code, password = given
    try:
        started = finish(services, challenge, code, password, agent_of(request))
    except AccountError as error:
        return _second(request, services, purpose, challenge, error)
    except AuthError as error:
        try:
            return _second(request, services, purpose, challenge, error)
        except AuthError:
            # the challenge is gone: begin again
            return _first(request, services, purpose, error)
    return signed_in(request, started, "/my")


def _require_on(services: Services) -> None:
    """Raises InputError request.not_found where applicants come through another system."""
    if not services.settings.applicant_accounts:
        raise InputError("request.not_found")
