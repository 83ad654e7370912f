"""Pages of documents as pictures, for the interface and for our own pages: one answer, locked down."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from schemas.document import DocumentType
from verifier.errors import InputError
from verifier.services import viewing
from verifier.services.access import Action
from verifier.services.viewing import Size
from verifier.web.api.applications import ApplicationNo
from verifier.web.auth import Allowed, Person
from verifier.web.openapi import refusals
from verifier.web.services import ServicesDep

HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Content-Disposition": 'inline; filename="page.jpg"',
    "Cache-Control": "private, max-age=600",
}
"""Beside those of every answer (verifier.web.frame). Signing out clears the browser's copies."""

api_router = APIRouter(prefix="/api/v1/applications", tags=["applications"])
router = APIRouter()

_PATH = "/{application_no}/documents/{slot}/pages/{page}.jpg"


def _box(box: str | None) -> viewing.Box | None:
    if box is None:
        return None
    try:
        left, top, right, bottom = (float(part) for part in box.split(","))
    except ValueError:
        raise InputError("request.invalid", where="query.box", why="须为 x0,y0,x1,y1") from None
    return left, top, right, bottom


@api_router.get(
    _PATH,
    summary="一页材料的图片",
    response_class=Response,
    responses={200: {"description": "JPEG", "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}},
    openapi_extra=refusals(
        "case.not_found", "page.not_found", "page.not_read", "page.withheld", "request.invalid", "file.active_content",
        "file.broken", "file.crashed", "file.polyglot", "file.too_costly", "file.too_slow", "sandbox.unavailable",
        "storage.lost", "storage.unavailable",
    ),
)  # fmt: skip
@router.get("/cases" + _PATH, include_in_schema=False)
def page_picture(
    application_no: ApplicationNo,
    slot: DocumentType,
    page: Annotated[int, Path(ge=1, le=10_000, description="From 1 over the document's pages.")],
    request: Request,
    services: ServicesDep,
    who: Annotated[Person, Depends(Allowed(Action.VIEW))],
    size: Annotated[Size, Query(description="Longest side at most: 240, 1600 or 5000 pixels.")] = Size.SCREEN,
    box: Annotated[
        str | None,
        Query(max_length=80, description="`x0,y0,x1,y1` in pixels of the page as uploaded: only this, with a margin."),
    ] = None,
) -> Response:
    """A page as uploaded, upright, drawn anew, with black bars over what nobody but the applicant may see."""
    shown = viewing.page_picture(services, application_no, slot, page, who, size=size, box=_box(box))
    tag = f'"{shown.tag}"'
    headers = {**HEADERS, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(shown.data, media_type="image/jpeg", headers=headers)
