"""`/api/docs`: the OpenAPI document as a page, without anything from another machine."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from verifier.web.auth import anybody
from verifier.web.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/api/docs", dependencies=[anybody("says what the open OpenAPI document says")])
def documentation() -> HTMLResponse:
    """A shell; `static/api-docs.js` fills it from `/api/openapi.json`."""
    return render("api_docs.html")
