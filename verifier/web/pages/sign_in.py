"""Signing in with a bearer token, signing out, and who is looking at a page."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from schemas.case import Role
from verifier.errors import AuthError
from verifier.services import web_sessions
from verifier.web.auth import Action, ServicesDep, require
from verifier.web.pages import words
from verifier.web.pages.rendering import render

router = APIRouter(include_in_schema=False)

SESSION_COOKIE = "verifier_session"
FORM_COOKIE = "verifier_form"
"""Binds the sign-in form to the browser it was shown in, before there is a session."""

TOKEN_MAX = 200

_OURS = re.compile(r"/(?:\?[\w=&%.-]*)?|/cases/[A-Za-z0-9_-]{4,40}")
"""Where a sign-in may lead: a page of ours and nowhere else."""


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page. `form_token` goes into every form of theirs."""

    name: str
    role: Role
    form_token: str

    @property
    def role_title(self) -> str:
        return words.ROLES[self.role]


class SignInNeededError(Exception):
    """Nobody is signed in: the answer is the way to the sign-in page."""


def visitor_of(request: Request, services: ServicesDep) -> Visitor:
    """A dependency of pages. Raises SignInNeededError; AuthError auth.forbidden for a role that may not read."""
    secret = request.cookies.get(SESSION_COOKIE)
    if not secret:
        raise SignInNeededError
    try:
        principal = web_sessions.principal_of(services, secret)
    except AuthError:
        raise SignInNeededError from None
    require(principal, Action.READ)
    return Visitor(name=principal.name, role=principal.role, form_token=_form_token(secret))


VisitorDep = Annotated[Visitor, Depends(visitor_of)]


def install(app: FastAPI) -> None:
    """Send who is not signed in to the sign-in page and back afterwards."""
    app.add_exception_handler(SignInNeededError, _to_sign_in)


async def _to_sign_in(request: Request, _error: Exception) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    response = RedirectResponse(f"/sign-in?next={quote(_ours(wanted), safe='')}", status_code=303)
    if SESSION_COOKIE in request.cookies:
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    return response


@router.get("/sign-in")
def sign_in_form(request: Request, services: ServicesDep, next: str = "/") -> Response:
    """The form, or the page itself when somebody is signed in already."""
    try:
        visitor_of(request, services)
    except SignInNeededError:
        return _form(request, next)
    return RedirectResponse(_ours(next), status_code=303)


@router.post("/sign-in")
def sign_in(
    request: Request,
    services: ServicesDep,
    token: Annotated[str, Form(max_length=TOKEN_MAX)] = "",
    form_token: Annotated[str, Form(max_length=TOKEN_MAX)] = "",
    next: Annotated[str, Form(max_length=TOKEN_MAX)] = "/",
) -> Response:
    """Starts a session for a token that is good; the form again, with 401, for one that is not."""
    _require_own_form(request, request.cookies.get(FORM_COOKIE, ""), form_token)
    try:
        started = web_sessions.start(services, token.strip())
    except AuthError:
        return _form(request, next, refused=True)
    response = RedirectResponse(_ours(next), status_code=303)
    _set_cookie(request, response, SESSION_COOKIE, started.secret, web_sessions.SESSION_HOURS * 3600)
    response.delete_cookie(FORM_COOKIE, httponly=True, samesite="strict")
    return response


@router.post("/sign-out")
def sign_out(
    request: Request,
    services: ServicesDep,
    form_token: Annotated[str, Form(max_length=TOKEN_MAX)] = "",
) -> Response:
    """Ends the session."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    if secret:
        _require_own_form(request, secret, form_token)
        web_sessions.end(services, secret)
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    return response


def _form(request: Request, wanted: str, *, refused: bool = False) -> HTMLResponse:
    secret = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    page = render(
        "sign_in.html",
        status=401 if refused else 200,
        next=_ours(wanted),
        form_token=_form_token(secret),
        refused=refused,
    )
    if refused:
        page.headers["WWW-Authenticate"] = "Bearer"
    _set_cookie(request, page, FORM_COOKIE, secret, max_age=None)
    return page


def _set_cookie(request: Request, response: Response, name: str, value: str, max_age: int | None) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, max_age=max_age, path="/", httponly=True, samesite="strict", secure=secure)


def _form_token(secret: str) -> str:
    """What a form of this cookie's owner carries; the cookie cannot be told from it."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def _require_own_form(request: Request, secret: str, form_token: str) -> None:
    """Raises AuthError request.form_expired unless the form was shown by us to this browser."""
    sent_from = request.headers.get("sec-fetch-site", "same-origin")
    expected = _form_token(secret)
    if (
        not secret
        or sent_from not in ("same-origin", "none")
        or not hmac.compare_digest(expected.encode(), form_token.encode())
    ):
        raise AuthError("request.form_expired")


def _ours(wanted: str) -> str:
    return wanted if _OURS.fullmatch(wanted) else "/"
