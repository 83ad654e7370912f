"""What the pages with forms share: the token before anybody signed in, the session's cookie, and where a visit may lead."""

from __future__ import annotations

import re
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from verifier.errors import AuthError, VerifierError
from verifier.services.sessions import Started
from verifier.store.people_tables import Stage
from verifier.web import agents, cookies
from verifier.web.pages.rendering import render
from verifier.web.services import services_of

TEXT_MAX = 200
"""Of any field of a form, in characters."""

_OURS = re.compile(
    r"/(?:\?[\w=&%.-]*)?|/cases/[A-Za-z0-9_-]{4,40}|/review(?:/[A-Za-z0-9_-]{4,40})?|/my(?:/[A-Za-z0-9_-]{4,40}(?:/documents/\w+)?)?|/apply(?:/\w+)?|/account|/people(?:/\w+)?|/operations(?:/attempts)?"
)
"""Where a sign-in may lead: a page of ours and nowhere else."""

STEPS = {Stage.SECOND_FACTOR: "/sign-in/code", Stage.ENROL: "/sign-in/second-factor"}


def ours(wanted: str) -> str:
    """The way somebody asked for when it is ours, else the first page."""
    return wanted if _OURS.fullmatch(wanted) else "/"


def visitors_form(
    request: Request, template: str, *, error: VerifierError | None = None, **context: Any
) -> HTMLResponse:
    """A form for somebody who is not signed in, bound to their browser by a cookie; `error` is shown above it."""
    secret = cookies.new_form_secret(request)
    page = render(
        template,
        status=error.spec.status if error else 200,
        form_token=cookies.form_token(secret),
        error=error,
        **context,
    )
    _say(page, error)
    cookies.put(request, page, cookies.FORM, secret, max_age=None)
    return page


def persons_form(template: str, *, error: VerifierError | None = None, **context: Any) -> HTMLResponse:
    """A form for somebody who is signed in: `visitor` in the context carries the token."""
    page = render(template, status=error.spec.status if error else 200, error=error, **context)
    _say(page, error)
    return page


def require_visitors_form(request: Request, token: str) -> None:
    """Raises AuthError request.form_expired."""
    cookies.require_own_form(request, cookies.secret_of(request, cookies.FORM), token)


def signed_in(request: Request, started: Started, wanted: str = "/") -> Response:
    """The session's cookie, and the way to the next step or to where somebody wanted to go."""
    step = STEPS.get(started.stage)
    way = ours(wanted)
    to = way if step is None else step if way == "/" else f"{step}?next={way}"
    response = RedirectResponse(to, status_code=303)
    put_session(request, response, started)
    cookies.drop(request, response, cookies.FORM)
    return response


def put_session(request: Request, response: Response, started: Started) -> None:
    seconds = int((started.expires_at - services_of(request).clock()).total_seconds())
    cookies.put(request, response, cookies.SESSION, started.secret, seconds)


def agent_of(request: Request) -> str:
    return agents.label_of(request.headers.get("user-agent", ""))


def address_of(request: Request) -> str:
    """Where a request came from, for the brakes. Behind a proxy that VERIFIER_TRUSTED_PROXIES names it is the client's."""
    return request.client.host if request.client else "local"


def _say(page: Response, error: VerifierError | None) -> None:
    if error is None:
        return
    if isinstance(error, AuthError) and error.spec.status == 401:
        page.headers["WWW-Authenticate"] = "Bearer"
    if error.spec.status == 429:
        page.headers["Retry-After"] = str(error.details.get("seconds", 60))
