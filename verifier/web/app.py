"""The web application: the JSON interface and the status page over the same use cases."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import anyio
from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from sqlalchemy import text
from starlette.types import Scope

from verifier.services.context import Services, reading
from verifier.web import openapi, pictures, problems
from verifier.web.api import applications, documentation, events, operations, privacy, queue, review
from verifier.web.auth import policy_of
from verifier.web.bodies import BodyLimit
from verifier.web.frame import Frame
from verifier.web.pages import account, case, desk, history, join, listing, passes, people, running, sign_in, workbench
from verifier.web.pages.apply import documents as apply_documents
from verifier.web.pages.apply import form as apply_form
from verifier.web.pages.rendering import error_page
from verifier.web.probes import Probe

STATIC = Path(__file__).parent / "static"

API: tuple[APIRouter, ...] = (
    applications.router,
    pictures.api_router,
    review.router,
    operations.router,
    queue.router,
    events.router,
    privacy.router,
)
PAGES: tuple[APIRouter, ...] = (
    documentation.router,
    listing.router,
    case.router,
    desk.router,
    passes.router,
    history.router,
    workbench.router,
    pictures.router,
    sign_in.router,
    join.router,
    account.router,
    apply_form.router,
    apply_documents.router,
    people.router,
    running.router,
)

MEASURED_AT_ONCE = 4
"""Uploads whose files are in memory at the same time. Each holds its files and one decoded page; more wait their turn."""


def create_app(services: Services, probes: Sequence[Probe] = ()) -> FastAPI:
    """The application over `services`; `probes` are asked by `/readyz` beside the database and the files.

    Raises UnguardedRouteError for a route that verifier.web.auth guards in no way or in several.
    """
    app = FastAPI(
        title="零跑腿核验 Zero-visit verifier",
        description="Documents of teacher-qualification applications: upload, machine reading, findings, decision.",
        version=version("zero-visit-verifier"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        # a redirect would name the host the caller claims, and repeat a form to it
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.probes = (
        Probe("database", lambda: _database(services)),
        Probe("files", lambda: _files(services)),
        *probes,
    )
    app.state.measuring = anyio.CapacityLimiter(MEASURED_AT_ONCE)
    app.state.error_page = error_page
    problems.install(app, methods_of)
    sign_in.install(app)
    # the last added is the outermost
    app.add_middleware(BodyLimit)
    settings = services.settings
    app.add_middleware(Frame, new_id=services.new_id, hosts=settings.hosts, tls=settings.behind_tls)
    for router in (*API, *PAGES):
        _require_guarded(router)
        app.include_router(router)
    app.mount("/static", _Static(directory=STATIC), name="static")
    openapi.install(app, API)
    return app


def methods_of(path: str) -> tuple[str, ...]:
    """The methods a path of the interface or the pages takes, sorted; none for a path that is not ours."""
    found: set[str] = set()
    for router in (*API, *PAGES):
        for route in router.routes:
            pattern, methods = getattr(route, "path_regex", None), getattr(route, "methods", None)
            if pattern is not None and methods and pattern.match(path):
                found |= set(methods)
    if "GET" in found:
        found.add("HEAD")
    return tuple(sorted(found | {"OPTIONS"})) if found else ()


class UnguardedRouteError(Exception):
    """A defect: somebody wrote a route and forgot who may call it."""


def _require_guarded(router: APIRouter) -> None:
    for route in router.routes:
        if not isinstance(route, APIRoute) or policy_of(route) is None:
            raise UnguardedRouteError(f"{getattr(route, 'path', route)} needs exactly one of Allowed, AtStage, Open")


class _Static(StaticFiles):
    """Kept by browsers, but asked about again each time: a new version shows at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _database(services: Services) -> None:
    with reading(services) as session:
        session.execute(text("SELECT 1"))


def _files(services: Services) -> None:
    services.files.ping()
