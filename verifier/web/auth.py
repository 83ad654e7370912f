"""Who may do what over HTTP: one table of actions and roles, used by the interface and the pages alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from schemas.case import Role
from verifier.errors import AuthError
from verifier.services import tokens
from verifier.services.context import Services
from verifier.services.tokens import Principal


class Action(StrEnum):
    CREATE = "create"
    UPLOAD = "upload"
    SUBMIT = "submit"
    READ = "read"
    CLAIM = "claim"
    DECIDE = "decide"
    STATS = "stats"


ALLOWED: dict[Action, frozenset[Role]] = {
    Action.CREATE: frozenset({Role.INTEGRATION, Role.ADMIN}),
    Action.UPLOAD: frozenset({Role.INTEGRATION, Role.ADMIN}),
    Action.SUBMIT: frozenset({Role.INTEGRATION, Role.ADMIN}),
    Action.READ: frozenset(Role),
    # The administrator may take a case from a reviewer's queue and give it back …
    Action.CLAIM: frozenset({Role.REVIEWER, Role.ADMIN}),
    # … but who runs the system does not decide cases in it.
    Action.DECIDE: frozenset({Role.REVIEWER}),
    Action.STATS: frozenset(Role),
}

_bearer = HTTPBearer(auto_error=False, description="A token of `verifier token create`.")


def services_of(request: Request) -> Services:
    """The services the app was built with."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(services_of)]


def require(principal: Principal, action: Action) -> Principal:
    """Raises AuthError auth.forbidden when the principal's role may not do this."""
    if principal.role not in ALLOWED[action]:
        raise AuthError("auth.forbidden")
    return principal


@dataclass(frozen=True)
class Allowed:
    """A dependency: the caller's principal when its bearer token is good for the action.

    Raises AuthError auth.missing (401) and auth.forbidden (403). The interface takes no cookie: a page of somebody
    else's cannot make a browser call it.
    """

    action: Action

    def __call__(
        self, services: ServicesDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Principal:
        if credentials is None:
            raise AuthError("auth.missing")
        return require(tokens.authenticate(services, credentials.credentials), self.action)
