"""Signing in and out: a password, then a second factor for staff; an administrator's one-time code for a first password."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse

from verifier.errors import AccountError, AuthError, VerifierError
from verifier.services import accounts, identity, phones, second_factor, sessions
from verifier.services.identity import Claim, IdentityProvider, Passwords
from verifier.store.people_tables import Stage
from verifier.web import cookies
from verifier.web.auth import AtStage, Person, SignInNeededError, anybody
from verifier.web.pages.forms import (
    STEPS,
    TEXT_MAX,
    address_of,
    agent_of,
    ours,
    persons_form,
    put_session,
    require_visitors_form,
    signed_in,
    visitors_form,
)
from verifier.web.services import ServicesDep

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=TEXT_MAX)]
ToSignIn = anybody("the way in")
AtCode = Annotated[Person, Depends(AtStage(Stage.SECOND_FACTOR))]
AtEnrolment = Annotated[Person, Depends(AtStage(Stage.ENROL))]

STAFF: IdentityProvider = Passwords(applicants=False)
APPLICANTS: IdentityProvider = Passwords(applicants=True)


def install(app: FastAPI) -> None:
    """Send who is not signed in to the sign-in page, or to its next step, and back afterwards."""
    app.add_exception_handler(SignInNeededError, _to_sign_in)


async def _to_sign_in(request: Request, error: Exception) -> Response:
    stage = error.stage if isinstance(error, SignInNeededError) else None
    if stage is not None:
        return RedirectResponse(STEPS.get(stage, "/"), status_code=303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    way = wanted if request.method in cookies.SAFE else "/"
    response = RedirectResponse(f"/sign-in?next={quote(ours(way), safe='')}", status_code=303)
    if cookies.secret_of(request):
        cookies.drop(request, response, cookies.SESSION)
    return response


@router.get("/sign-in", dependencies=[ToSignIn])
def sign_in_form(request: Request, services: ServicesDep, next: str = "/") -> Response:
    """The form, or the page itself when somebody is signed in already."""
    try:
        current = sessions.current(services, cookies.secret_of(request))
    except AuthError:
        return visitors_form(request, "sign_in.html", next=ours(next), joining=services.settings.applicant_accounts)
    return RedirectResponse(STEPS.get(current.stage, ours(next)), status_code=303)


@router.post("/sign-in", dependencies=[ToSignIn])
def sign_in(
    request: Request,
    services: ServicesDep,
    login: Text = "",
    password: Text = "",
    form_token: Text = "",
    next: Text = "/",
) -> Response:
    """Starts a session for a password that is good; the form again, with 401, for one that is not."""
    require_visitors_form(request, form_token)
    try:
        proven = _provider(login).prove(services, Claim(login, password, address_of(request)))
        started = identity.admit(services, proven, agent_of(request))
    except AuthError as error:
        joining = services.settings.applicant_accounts
        return visitors_form(request, "sign_in.html", error=error, next=ours(next), joining=joining)
    return signed_in(request, started, next)


def _provider(login: str) -> IdentityProvider:
    """Applicants sign in with their phone number, everybody else with a login name."""
    try:
        phones.parse(login)
    except AccountError:
        return STAFF
    return APPLICANTS


@router.get("/sign-in/code")
def code_form(visitor: AtCode, next: str = "/") -> Response:
    """Asks for the second factor."""
    return persons_form("sign_in_code.html", form_token=visitor.form_token, next=ours(next))


@router.post("/sign-in/code")
def code(request: Request, services: ServicesDep, visitor: AtCode, code: Text = "", next: Text = "/") -> Response:
    """The second step."""
    try:
        started = second_factor.answer(services, cookies.secret_of(request), code)
    except AuthError as error:
        _require_still_there(error)
        return persons_form("sign_in_code.html", error=error, form_token=visitor.form_token, next=ours(next))
    return signed_in(request, started, next)


@router.get("/sign-in/second-factor")
def enrolment_form(request: Request, services: ServicesDep, visitor: AtEnrolment) -> Response:
    """Sets up the second factor that staff must have."""
    enrolment = second_factor.begin(services, cookies.secret_of(request))
    return persons_form(
        "second_factor.html", form_token=visitor.form_token, enrolment=enrolment, to="/sign-in/second-factor"
    )


@router.post("/sign-in/second-factor")
def enrol(request: Request, services: ServicesDep, visitor: AtEnrolment, code: Text = "") -> Response:
    """Takes the first code, and shows the recovery codes once."""
    return enrolled(request, services, visitor, code, to="/sign-in/second-factor")


def enrolled(request: Request, services: ServicesDep, visitor: Person, code: str, to: str) -> Response:
    """The recovery codes after a right first code, the form again after a wrong one."""
    secret = cookies.secret_of(request)
    try:
        done = second_factor.confirm(services, secret, code)
    except AuthError as error:
        _require_still_there(error)
        enrolment = second_factor.begin(services, secret)
        return persons_form(
            "second_factor.html", error=error, form_token=visitor.form_token, enrolment=enrolment, to=to
        )
    page = persons_form("recovery_codes.html", codes=done.recovery_codes)
    put_session(request, page, done.session)
    return page


@router.get("/sign-in/one-time", dependencies=[ToSignIn])
def one_time_form(request: Request) -> Response:
    """For who got a one-time code from an administrator."""
    return visitors_form(request, "one_time.html", login="")


@router.post("/sign-in/one-time", dependencies=[ToSignIn])
def one_time(
    request: Request,
    services: ServicesDep,
    login: Text = "",
    code: Text = "",
    password: Text = "",
    form_token: Text = "",
) -> Response:
    """Chooses a password, and leads to signing in with it."""
    require_visitors_form(request, form_token)
    try:
        accounts.use_reset_code(services, login.strip().casefold(), code, password, address_of(request))
    except (AccountError, AuthError) as error:
        return visitors_form(request, "one_time.html", error=error, login=login)
    return RedirectResponse("/sign-in", status_code=303)


@router.post("/sign-out", dependencies=[anybody("only ends what its own form token proves")])
def sign_out(request: Request, services: ServicesDep, form_token: Text = "") -> Response:
    """Ends the session."""
    secret = cookies.secret_of(request)
    if secret:
        cookies.require_own_form(request, secret, form_token)
        sessions.end(services, secret)
    response = RedirectResponse("/sign-in", status_code=303)
    cookies.drop(request, response, cookies.SESSION)
    # what the browser kept of the pages goes too (ASVS 14.3.1)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _require_still_there(error: VerifierError) -> None:
    """A session that ended meanwhile leads back to the start."""
    if error.code == "auth.missing":
        raise SignInNeededError
