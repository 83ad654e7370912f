"""The web application: the JSON interface and the status page over the same use cases."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import text

from verifier.services.context import Services, reading
from verifier.web import problems
from verifier.web.api import applications, operations
from verifier.web.probes import Probe

HERE = Path(__file__).parent

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(services: Services, probes: Sequence[Probe] = ()) -> FastAPI:
    """The application over `services`; `probes` are asked by `/readyz` beside the database."""
    app = FastAPI(
        title="Zero-visit verifier", version="0.1.0", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.services = services
    app.state.probes = (Probe("database", lambda: _database(services)), *probes)
    problems.install(app)
    app.middleware("http")(_headers)
    app.include_router(applications.router)
    app.include_router(operations.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return app


def _database(services: Services) -> None:
    with reading(services) as session:
        session.execute(text("SELECT 1"))


async def _headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Security headers on everything, and a request id in every log line and answer."""
    request_id = uuid.uuid4().hex
    structlog.contextvars.bind_contextvars(request=request_id)
    try:
        response = await call_next(request)
    finally:
        structlog.contextvars.unbind_contextvars("request")
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request_id
    return response
