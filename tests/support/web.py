"""A client of the web application that holds every refusal to the contract: problem+json, documented, nothing repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

from schemas.case import Role
from schemas.document import DocumentType
from tests.support import people
from tests.support.factories import form, picture
from verifier.errors import CODES
from verifier.services import tokens
from verifier.services.context import Services
from verifier.web.app import create_app
from verifier.web.probes import Probe

EVERYWHERE = frozenset({"request.not_found", "request.method_not_allowed", "internal.unexpected"})
"""What any address may answer, documented once for all."""

BASE = "/api/v1/applications"

_codes_by_route: dict[tuple[str, str], frozenset[str]] = {}

Answer = Any
"""The client's response type belongs to whichever HTTP library Starlette chose."""


def open_client(services: Services, probes: Sequence[Probe] = ()) -> TestClient:
    return TestClient(create_app(services, probes), follow_redirects=False)


@dataclass
class Api:
    """Calls the JSON interface with the token of a role."""

    client: TestClient
    tokens: Mapping[Role, str]

    def call(self, method: str, path: str, *, by: Role | None = Role.ADMIN, **given: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}
        headers |= given.pop("headers", {})
        answer = self.client.request(method, path, headers=headers, **given)
        if answer.status_code >= 400 and not path.startswith("/readyz"):
            self._check_refusal(method, path.partition("?")[0], answer)
        return answer

    def create(self, **changes: Any) -> Answer:
        body = form(**changes).model_dump(mode="json", exclude_none=True)
        return self.call("POST", BASE, json=body)

    def upload(self, number: str, slot: DocumentType | str, *files: bytes, **given: Any) -> Answer:
        parts = [("files", (f"{place}.jpg", data, "image/jpeg")) for place, data in enumerate(files or (picture(),))]
        return self.call("PUT", f"{BASE}/{number}/documents/{slot}", files=parts, **given)

    def submit(self, number: str) -> Answer:
        return self.call("POST", f"{BASE}/{number}/submit")

    def get(self, path: str, **given: Any) -> Answer:
        return self.call("GET", path, **given)

    def _check_refusal(self, method: str, path: str, answer: Answer) -> None:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        spec = CODES[problem["code"]]
        assert problem["status"] == answer.status_code == spec.status
        assert problem["remedy"] == spec.remedy
        assert problem["type"] == f"urn:verifier:error:{problem['code']}"
        assert "{" not in problem["detail"]
        assert problem["request_id"] == answer.headers["x-request-id"]
        documented = self._documented(method, path)
        assert problem["code"] in EVERYWHERE | documented, (method, path, problem["code"])

    def _documented(self, method: str, path: str) -> frozenset[str]:
        if not _codes_by_route:
            # the same for every application of a run, and costly to write
            for pattern, operations in self.openapi()["paths"].items():
                for name, operation in operations.items():
                    key = (name.upper(), re.sub(r"\{\w+\}", "[^/]+", pattern))
                    _codes_by_route[key] = frozenset(operation["x-codes"])
        found = (
            codes
            for (name, pattern), codes in _codes_by_route.items()
            if name == method and re.fullmatch(pattern, path)
        )
        return next(found, frozenset())

    def openapi(self) -> dict[str, Any]:
        document: dict[str, Any] = self.client.get("/api/openapi.json").json()
        return document


def sign_in(client: TestClient, token: str, to: str = "/") -> Answer:
    """A session for an account with the name and the role of a token's, without the forms; what the page `to` answers."""
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    principal = tokens.authenticate(services, token)
    people.account(services, principal.name, principal.role)
    people.visit(client, people.session_of(services, principal.name))
    return client.get(to)


def form_token(text: str) -> str:
    """The token of the forms on a page."""
    found = re.search(r'name="form_token" value="(\w+)"', text)
    assert found is not None
    return found[1]
