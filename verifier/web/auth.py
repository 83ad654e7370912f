"""Who is calling, and whether the table of verifier.services.access lets them: one dependency for interface and pages.

Every route carries exactly one of these: `Allowed(action)`, `AtStage(stage)` for the steps of signing in, or `Open(why)`.
`create_app` refuses a route without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.params import Depends as DependsParam
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from schemas.case import Role
from verifier.errors import AuthError
from verifier.services import access, sessions, tokens
from verifier.services.access import Action, Reach
from verifier.services.context import Services
from verifier.services.tokens import Principal
from verifier.store.people_tables import Stage
from verifier.web import cookies
from verifier.web.services import ServicesDep

CASE = "application_no"
"""The path parameter that names an application."""

_bearer = HTTPBearer(auto_error=False, description="A token of `verifier token create`.")


@dataclass(frozen=True)
class Person(Principal):
    """Who calls or looks at a page. `session` and `form_token` are empty for a bearer token; the token goes into every form.

    `reach` is how far the table lets them go with what the route does.
    """

    session: str = ""
    form_token: str = ""
    reach: Reach = Reach.ALL

    @property
    def owner_id(self) -> int | None:
        """For queries: whose cases may be listed; None for everybody's."""
        return self.account_id if self.reach is Reach.OWN else None


class SignInNeededError(Exception):
    """A page is asked for and nobody is signed in, or not wholly: the answer is the way to `where`."""

    def __init__(self, stage: Stage | None = None) -> None:
        super().__init__()
        self.stage = stage


async def sent_form_token(request: Request) -> str | None:
    """The token of a form, from its header or its field; None where the body is no plain form."""
    given = request.headers.get(cookies.HEADER)
    if given is not None or request.method in cookies.SAFE:
        return given
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        return None if media_type == "multipart/form-data" else ""
    value = (await request.form()).get(cookies.FIELD)
    return value if isinstance(value, str) else ""


FormToken = Annotated[str | None, Depends(sent_form_token)]


@dataclass(frozen=True)
class Allowed:
    """A dependency: the person who calls, when the table lets them do this, to the application that the path names.

    Under `/api/` that is the bearer token's owner, or the owner of the session's cookie when `X-CSRF-Token` comes with it,
    on any method: a page of somebody else's can make a browser send the cookie, never that header. Raises AuthError
    auth.missing (401), auth.forbidden (403); InputError case.not_found.

    On pages it is the owner of the session's cookie; anything but a look needs the form's token, and what comes as
    multipart (no token can be read before the files) the browser's word that our own page sent it. Raises
    SignInNeededError besides.
    """

    action: Action

    def __call__(
        self,
        request: Request,
        services: ServicesDep,
        form_token: FormToken,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Person:
        if request.url.path.startswith("/api/"):
            who = _of_interface(request, services, form_token, credentials)
        else:
            who = _of_page(request, services, form_token)
        number = request.path_params.get(CASE)
        if number is not None:
            access.require_case(services, who, self.action, number)
        else:
            access.require(who, self.action)
        reach = access.reach_of(who, self.action) or Reach.OWN
        return Person(who.name, who.role, who.account_id, who.session, who.form_token, reach)


@dataclass(frozen=True)
class AtStage:
    """A dependency of the steps between password and session: whoever is at this stage of signing in, and nobody else."""

    stage: Stage

    def __call__(self, request: Request, services: ServicesDep, form_token: FormToken) -> Person:
        who, stage = _signed_in(request, services)
        if stage is not self.stage:
            raise SignInNeededError(stage)
        _require_form(request, form_token)
        return who


@dataclass(frozen=True)
class Open:
    """A dependency that lets everybody in; `why` says why that is right."""

    why: str

    def __call__(self) -> None:
        return None


Policy = Allowed | AtStage | Open


def policy_of(route: APIRoute) -> Policy | None:
    """What guards a route."""
    found = [dependency.call for dependency in route.dependant.dependencies if isinstance(dependency.call, Policy)]
    return found[0] if len(found) == 1 else None


def roles_of(route: APIRoute) -> frozenset[Role] | None:
    """Who may call a route; None when anybody may."""
    policy = policy_of(route)
    return frozenset(access.TABLE[policy.action]) if isinstance(policy, Allowed) else None


def anybody(why: str) -> DependsParam:
    """For `dependencies=` of a route that is open to everybody."""
    return Depends(Open(why))  # type: ignore[no-any-return]


def _of_interface(
    request: Request, services: Services, form_token: str | None, credentials: HTTPAuthorizationCredentials | None
) -> Person:
    if credentials is not None:
        principal = tokens.authenticate(services, credentials.credentials)
        return Person(principal.name, principal.role)
    secret = cookies.secret_of(request)
    # who brings an Authorization header of any kind means that one
    by_header = "authorization" in request.headers
    if by_header or not secret or request.headers.get(cookies.HEADER) is None:
        raise AuthError("auth.missing")
    cookies.require_own_form(request, secret, form_token or "")
    found = sessions.current(services, secret)
    if found.stage is not Stage.FULL:
        raise AuthError("auth.missing")
    return _person(found, secret)


def _of_page(request: Request, services: Services, form_token: str | None) -> Person:
    who, stage = _signed_in(request, services)
    if stage is not Stage.FULL:
        raise SignInNeededError(stage)
    _require_form(request, form_token)
    return who


def _signed_in(request: Request, services: Services) -> tuple[Person, Stage]:
    secret = cookies.secret_of(request)
    if not secret:
        raise SignInNeededError
    try:
        found = sessions.current(services, secret)
    except AuthError:
        raise SignInNeededError from None
    return _person(found, secret), found.stage


def _person(found: sessions.Current, secret: str) -> Person:
    who = found.principal
    return Person(who.name, who.role, who.account_id, found.session, cookies.form_token(secret))


def _require_form(request: Request, form_token: str | None) -> None:
    if request.method in cookies.SAFE:
        return
    if form_token is None:
        cookies.require_own_origin(request, proven=True)
    else:
        cookies.require_own_form(request, cookies.secret_of(request), form_token)
