"""The OpenAPI document, the page that draws it, and docs/api.md say what the program does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from tests.support.web import Api
from verifier.errors import CODES
from verifier.web.app import API, PAGES
from verifier.web.openapi import GUARDED, refusals
from verifier.web.problems import MEDIA_TYPE

HANDBOOK = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def section(method: str, path: str) -> str:
    """What docs/api.md says about a call."""
    heading = f"### `{method} {path}`\n"
    assert HANDBOOK.count(heading) == 1, f"docs/api.md lacks {method} {path}"
    return HANDBOOK.partition(heading)[2].partition("\n##")[0]


def test_every_operation_documents_its_problems(api: Api) -> None:
    for method, path, operation in operations(api.openapi()):
        for code in operation["x-codes"]:
            response = operation["responses"][str(CODES[code].status)]
            assert f"`{code}`" in response["description"], (method, path)
            assert response["content"] == {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        assert bool(operation["x-roles"]) == bool(operation.get("security"))
        assert bool(operation["x-roles"]) == set(GUARDED).issubset(operation["x-codes"])
        assert operation["summary"]
        assert operation["description"]


def test_every_reference_leads_somewhere(api: Api) -> None:
    document = api.openapi()
    for name in re.findall(r'"#/components/schemas/(\w+)"', api.client.get("/api/openapi.json").text):
        assert name in document["components"]["schemas"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_an_upload_is_described(api: Api) -> None:
    put = api.openapi()["paths"]["/api/v1/applications/{application_no}/documents/{slot}"]["put"]
    schema = put["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["properties"]["files"]["items"] == {"type": "string", "format": "binary"}


def test_a_code_that_is_not_there_cannot_be_declared() -> None:
    with pytest.raises(KeyError):
        refusals("case.no_such_code")


def test_the_handbook_names_every_operation_with_its_roles_and_codes(api: Api) -> None:
    for method, path, operation in operations(api.openapi()):
        text = section(method, path)
        roles = re.findall(r"^- 角色:(.*)$", text, re.MULTILINE)
        assert sorted(re.findall(r"`(\w+)`", "".join(roles))) == sorted(operation["x-roles"]), (method, path)
        stated = set(re.findall(r"`([a-z]+\.[a-z_]+)`", text)) & set(CODES)
        everywhere = {*GUARDED, "database.unavailable", "internal.unexpected"} if operation["x-roles"] else set()
        assert set(operation["x-codes"]) - everywhere <= stated, (method, path)


def test_the_handbook_names_nothing_that_is_not_there(api: Api) -> None:
    there = {(method, path) for method, path, _ in operations(api.openapi())}
    assert {tuple(found) for found in re.findall(r"^### `(\w+) ([^`]+)`$", HANDBOOK, re.MULTILINE)} == there


def test_the_handbook_names_every_page() -> None:
    pages = {(method, route.path) for router in PAGES for route in router.routes if isinstance(route, APIRoute)
             for method in route.methods or ()}  # fmt: skip
    table = {tuple(found) for found in re.findall(r"^\| `(\w+) ([^`]+)` \|", HANDBOOK, re.MULTILINE)}
    assert table == pages | {("GET", "/api/openapi.json")}


def test_pages_are_no_part_of_the_interface(api: Api) -> None:
    interface = {route.path for router in API for route in router.routes if isinstance(route, APIRoute)}
    assert {path for _, path, _ in operations(api.openapi())} == interface


def test_the_reference_page_needs_nothing_from_elsewhere(api: Api) -> None:
    page = api.client.get("/api/docs").text
    assert re.findall(r'(?:src|href|data-source)="([^"#]+)"', page)
    for address in re.findall(r'(?:src|href|data-source)="([^"#]+)"', page):
        assert address.startswith("/")
        assert api.client.get(address).status_code in (200, 303)
    assert not re.search(r"<script>|<style|style=|onclick=", page)
    script = api.client.get("/static/api-docs.js").text
    assert "innerHTML" not in script
    assert "http" not in script
