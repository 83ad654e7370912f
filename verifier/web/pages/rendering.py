"""Templates: escaped always, with the same few words everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from verifier.errors import VerifierError
from verifier.web.pages import words
from verifier.web.problems import request_id_of

TEMPLATES = Path(__file__).parent.parent / "templates"

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["clock_time"] = words.clock_time
_environment.filters["size"] = words.size
_environment.filters["role_title"] = words.role_title


def render(template: str, *, status: int = 200, visitor: object = None, **context: Any) -> HTMLResponse:
    """A page; `visitor` is the Person who is signed in, None before.

    Raises jinja2.UndefinedError for a name the template wants and the context lacks.
    """
    page = _environment.get_template(template).render(visitor=visitor, **context)
    return HTMLResponse(page, status_code=status)


def error_page(request: Request, error: VerifierError) -> Response:
    """What a person sees instead of problem+json."""
    return render("error.html", status=error.spec.status, error=error, request_id=request_id_of(request))
