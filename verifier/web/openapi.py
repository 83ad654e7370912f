"""The OpenAPI document: what FastAPI writes, with our errors and roles in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from schemas.case import Role
from verifier.errors import CODES
from verifier.web import cookies
from verifier.web.auth import roles_of
from verifier.web.problems import MEDIA_TYPE, Problem, title_of

CODES_KEY = "x-codes"
ROLES_KEY = "x-roles"

GUARDED = ("auth.missing", "auth.forbidden", "request.form_expired")
"""Every operation that asks who calls may answer these; the last to a cookie without its form's token."""

ALWAYS = ("database.unavailable", "internal.unexpected")
"""So may every operation that looks at the database."""

BEARER, SESSION, FORM_TOKEN = "HTTPBearer", "Session", "FormToken"
WAYS_IN = ((BEARER,), (SESSION, FORM_TOKEN))
"""A token of a program's; or the session's cookie together with the form token of the page that sends it."""

_SCHEMES = {
    SESSION: {
        "type": "apiKey",
        "in": "cookie",
        "name": cookies.SESSION,
        "description": f"The session of a page; behind TLS it is called `__Host-{cookies.SESSION}`.",
    },
    FORM_TOKEN: {
        "type": "apiKey",
        "in": "header",
        "name": cookies.HEADER,
        "description": "The `form_token` of the page, on every method: without it the cookie counts for nothing.",
    },
}

_REF = "#/components/schemas/"


def refusals(*codes: str) -> dict[str, Any]:
    """For `openapi_extra`: the codes an operation answers beside those every operation may.

    Raises KeyError for a code that is not in verifier.errors.
    """
    return {CODES_KEY: sorted(codes, key=lambda code: (CODES[code].status, code))}


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Make the app's document ours."""
    write = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = write()
            for router in routers:
                _complete(document, (route for route in router.routes if isinstance(route, APIRoute)))
            _add_problem(document)
            document["components"]["securitySchemes"].update(_SCHEMES)
            app.openapi_schema = document
        return app.openapi_schema

    # FastAPI's own way to change the document ("Extending OpenAPI")
    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any], routes: Iterable[APIRoute]) -> None:
    for route in routes:
        for method in sorted(route.methods or ()):
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is None:
                continue
            roles = roles_of(route)
            codes = [*operation.get(CODES_KEY, ()), *(GUARDED if roles else ()), *(ALWAYS if roles else ())]
            operation[CODES_KEY] = sorted(codes, key=lambda code: (CODES[code].status, code))
            operation[ROLES_KEY] = [role.value for role in Role if roles and role in roles]
            if roles:
                operation["security"] = [{name: [] for name in way} for way in WAYS_IN]
            operation["responses"].pop("422", None)
            operation["responses"].update(_responses(operation[CODES_KEY]))


def _responses(codes: Sequence[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in codes:
        by_status[CODES[code].status].append(code)
    return {
        str(status): {
            "description": "\n".join(f"`{code}` {title_of(code)}" for code in of_status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REF + "Problem"}}},
        }
        for status, of_status in sorted(by_status.items())
    }


def _add_problem(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    # FastAPI's own shape of a validation error, which nothing here answers
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schema = Problem.model_json_schema(ref_template=_REF + "{model}", mode="serialization")
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    document["components"]["schemas"] = dict(sorted(schemas.items()))
