"""`/account`: one's own password, second factor and sessions. `/my`: an applicant's own applications."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from verifier.errors import AccountError, AuthError, VerifierError
from verifier.services import accounts, drafts, queries, second_factor, sessions
from verifier.services.access import Action
from verifier.services.context import Services
from verifier.web import cookies
from verifier.web.auth import Allowed, Person
from verifier.web.pages import words
from verifier.web.pages.forms import TEXT_MAX, persons_form, put_session
from verifier.web.pages.rendering import render
from verifier.web.pages.sign_in import enrolled
from verifier.web.services import ServicesDep

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=TEXT_MAX)]
Me = Annotated[Person, Depends(Allowed(Action.ACCOUNT))]


@router.get("/account")
def account(services: ServicesDep, visitor: Me) -> Response:
    """One's own account."""
    return _page(services, visitor)


def _page(services: Services, visitor: Person, error: VerifierError | None = None) -> Response:
    return persons_form(
        "account.html",
        error=error,
        visitor=visitor,
        info=accounts.info_of(services, visitor.name),
        sessions=sessions.of_account(services, visitor.account_id or 0),
    )


@router.post("/account/password")
def password(request: Request, services: ServicesDep, visitor: Me, old: Text = "", new: Text = "") -> Response:
    """A new password; every other session ends."""
    try:
        started = accounts.change_password(services, visitor.account_id or 0, old, new, cookies.secret_of(request))
    except (AccountError, AuthError) as error:
        return _page(services, visitor, error)
    response = RedirectResponse("/account", status_code=303)
    put_session(request, response, started)
    return response


@router.get("/account/second-factor")
def second_factor_form(request: Request, services: ServicesDep, visitor: Me) -> Response:
    """Sets up a second factor where there is none yet."""
    enrolment = second_factor.begin(services, cookies.secret_of(request))
    return persons_form(
        "second_factor.html", form_token=visitor.form_token, enrolment=enrolment, to="/account/second-factor"
    )


@router.post("/account/second-factor")
def set_second_factor(request: Request, services: ServicesDep, visitor: Me, code: Text = "") -> Response:
    """Takes the first code, and shows the recovery codes once."""
    return enrolled(request, services, visitor, code, to="/account/second-factor")


@router.post("/account/sessions/end-others")
def end_others(services: ServicesDep, visitor: Me) -> Response:
    """Ends all of one's sessions but this one."""
    sessions.revoke_all(services, visitor.account_id or 0, visitor.name, keep=visitor.session)
    return RedirectResponse("/account", status_code=303)


@router.post("/account/sessions/{session}/end")
def end_one(session: str, services: ServicesDep, visitor: Me) -> Response:
    """Ends one of one's own sessions; others' are not found."""
    sessions.revoke(services, visitor.account_id or 0, session, visitor.name)
    return RedirectResponse("/account", status_code=303)


@router.get("/my")
def my(services: ServicesDep, visitor: Annotated[Person, Depends(Allowed(Action.LIST))]) -> Response:
    """An applicant's applications, newest first; staff have the whole list."""
    if visitor.owner_id is None:
        return RedirectResponse("/", status_code=303)
    page = queries.list_cases(services, owner_id=visitor.owner_id)
    rows = [(item, words.STATES[item.state]) for item in page.items]
    begun = drafts.load(services, visitor.owner_id).saved_at is not None
    return render("my.html", visitor=visitor, rows=rows, begun=begun)
