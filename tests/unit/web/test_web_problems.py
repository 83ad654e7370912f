"""Whatever goes wrong is a problem with a code, a request id and no value that was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.case import Role
from tests.support.cases import NO, filled
from tests.support.factories import form
from tests.support.web import BASE, Api, open_client
from verifier.errors import StorageError
from verifier.services.context import Services
from verifier.web.frame import HEADERS

SENTINEL = "440114199912319876"
"""Stands for whatever somebody sends in a wrong place."""

JSON = {"Content-Type": "application/json"}


def changed(path: str, value: object) -> dict[str, Any]:
    """The form as JSON with one value changed, named by a dotted path."""
    body: dict[str, Any] = form().model_dump(mode="json")
    *parents, last = path.split(".")
    place = body
    for parent in parents:
        place = place[parent]
    place[last] = value
    return body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("application_no", f"{SENTINEL} x"),
        ("batch", SENTINEL + "!"),
        ("submitted_on", SENTINEL),
        ("route", SENTINEL),
        ("applicant.name", SENTINEL * 20),
        ("applicant.name", "  "),
        ("applicant.name", None),
        ("applicant.name", {"a": SENTINEL}),
        ("applicant.name", "\ud800"),
        ("applicant.sex", SENTINEL),
        ("applicant.birth_date", f"{SENTINEL}-01-01"),
        ("applicant.id_type", [SENTINEL]),
        ("applicant", SENTINEL),
        ("qualification.type", SENTINEL),
        ("residence.hukou_address", SENTINEL * 20),
        ("employment", SENTINEL),
        ("student", [SENTINEL]),
        ("colour", SENTINEL),
        ("applicant.colour", SENTINEL),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not(api: Api, path: str, value: object) -> None:
    answer = api.call("POST", BASE, content=json.dumps(changed(path, value)), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["where"] == f"body.{path}"
    assert SENTINEL not in answer.text
    assert SENTINEL not in str(answer.headers)


def test_every_wrong_field_is_named(api: Api) -> None:
    body = changed("applicant.sex", "?")
    del body["batch"]
    problem = api.call("POST", BASE, json=body).json()
    assert {error["where"] for error in problem["errors"]} == {"body.batch", "body.applicant.sex"}
    assert {error["why"] for error in problem["errors"]} == {"缺少此项", "应为 'male' or 'female' 之一"}


def test_of_very_many_wrong_fields_the_first_are_named(api: Api) -> None:
    body = {**form().model_dump(mode="json"), **{f"{place:03d}" + "k" * 500: 1 for place in range(500)}}
    answer = api.call("POST", BASE, json=body)
    assert len(answer.json()["errors"]) == 20
    assert len(answer.content) < 8000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        ["applicant", "applicant.sex", "route", "submitted_on", "employment", "qualification.type", "student"]
    ),
    st.recursive(
        st.text(min_size=6, max_size=20) | st.integers(10**6, 10**12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
        max_leaves=4,
    ),
)
def test_no_value_comes_back(api: Api, path: str, value: Any) -> None:
    answer = api.call("POST", BASE, content=json.dumps(changed(path, value)), headers=JSON)
    for leaf in leaves(value):
        assert answer.status_code < 400 or str(leaf) not in answer.text


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [leaf for one in inner for leaf in leaves(one)]
    return [value]


@pytest.mark.parametrize(
    "content", [b"{", b"[1,", b"\xff\xfe", b"nonsense", b"[" * 5000, b'{"a": NaN}', b'"text"', b"null"]
)
def test_json_that_is_none(api: Api, content: bytes) -> None:
    answer = api.call("POST", BASE, content=content, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert answer.json()["where"].startswith("body")


def test_a_body_that_is_not_there(api: Api) -> None:
    assert api.call("POST", BASE).json()["errors"] == [{"where": "body", "why": "缺少此项"}]


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "x", ""])
@pytest.mark.parametrize("path", [BASE, f"{BASE}/{NO}/decision"])
def test_a_body_of_another_type(api: Api, path: str, media_type: str) -> None:
    answer = api.call("POST", path, by=Role.REVIEWER if "decision" in path else Role.ADMIN, content=b"{}",
                      headers={"Content-Type": media_type})  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (415, "request.media_type")


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"]
)
def test_json_by_its_other_names(api: Api, media_type: str) -> None:
    body = form().model_dump_json(exclude_none=True)
    answer = api.call("POST", BASE, content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/v1/nowhere", "/api/v1/applications/", "/static/nothing.css", "/static/../app.py"]
)
def test_an_address_that_is_not_there(api: Api, path: str) -> None:
    answer = api.call("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "request.not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", BASE, "GET, HEAD, OPTIONS, POST"),
        ("PATCH", f"{BASE}/{NO}", "GET, HEAD, OPTIONS"),
        ("GET", f"{BASE}/{NO}/submit", "OPTIONS, POST"),
        ("POST", f"{BASE}/{NO}/documents/other", "OPTIONS, PUT"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("DELETE", "/sign-in", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/static/style.css", "GET, HEAD"),
        ("TRACE", "/livez", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_is_not_there(api: Api, method: str, path: str, allow: str) -> None:
    answer = api.call(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "request.method_not_allowed")
    assert answer.headers["allow"] == allow


def test_options_name_the_methods(api: Api) -> None:
    answer = api.client.options(BASE)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert "access-control-allow-origin" not in answer.headers
    assert api.call("OPTIONS", "/nowhere").status_code == 404


@pytest.mark.parametrize("path", ["/livez", "/readyz", BASE, f"{BASE}/{NO}", "/static/style.css", "/api/openapi.json"])
def test_head_is_get_without_the_body(api: Api, services: Services, path: str) -> None:
    filled(services)
    full, head = api.call("GET", path, by=Role.INTEGRATION), api.call("HEAD", path, by=Role.INTEGRATION)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(full.content))
    assert head.headers["content-type"] == full.headers["content-type"]


def test_a_request_keeps_the_id_it_brought(api: Api) -> None:
    brought = "3e1f0a2b-0c55-4d6b"
    assert api.call("GET", "/livez", headers={"X-Request-Id": brought}).headers["x-request-id"] == brought
    for odd in ("short", "x" * 65, "with space and more", "<script>alert</script>"):
        given = api.call("GET", "/livez", headers={"X-Request-Id": odd}).headers["x-request-id"]
        assert given.startswith("id")
    one, two = (api.call("GET", "/livez").headers["x-request-id"] for _ in range(2))
    assert one != two


@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/sign-in", BASE, "/static/style.css", "/api/docs"])
def test_every_answer_carries_the_security_headers(api: Api, path: str) -> None:
    answer = api.client.get(path)
    for name, value in HEADERS.items():
        if name == "Cache-Control":
            assert answer.headers[name] == ("no-cache" if path.startswith("/static/style") else value)
        else:
            assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["content-security-policy"]


def broken(error: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise error

    return fail


def test_a_defect_is_said_without_its_cause(api: Api, services: Services) -> None:
    client = open_client(replace(services, load_batch=broken(RuntimeError(SENTINEL))))
    answer = replace(api, client=client).create()
    assert (answer.status_code, answer.json()["code"]) == (500, "internal.unexpected")
    assert SENTINEL not in answer.text
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_the_log_of_a_defect_names_the_request_and_nothing_personal(
    api: Api, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    client = open_client(replace(services, load_batch=broken(RuntimeError("no batch"))))
    answer = replace(api, client=client).create()
    said = "".join(capsys.readouterr())
    assert answer.json()["request_id"] in said
    assert "request.defect" in said
    assert form().applicant.name not in said
    assert form().applicant.id_number not in said


def test_one_line_is_logged_for_a_request(api: Api, services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    filled(services)
    capsys.readouterr()
    api.call("GET", f"{BASE}/{NO}?state={SENTINEL}")
    api.call("GET", "/livez")
    (line,) = [line for line in "".join(capsys.readouterr()).splitlines() if line.strip()]
    assert "route=/api/v1/applications/{application_no}" in line
    assert "status=200" in line
    assert SENTINEL not in line


def test_a_store_that_is_away_is_a_reason_to_come_back(api: Api, services: Services) -> None:
    client = open_client(replace(services, load_batch=broken(StorageError("database.unavailable"))))
    answer = replace(api, client=client).create()
    assert (answer.status_code, answer.json()["code"]) == (503, "database.unavailable")
    assert answer.headers["retry-after"] == "10"


def test_a_person_is_shown_a_page_and_a_program_a_problem(api: Api) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = api.client.get("/nowhere", headers=browser)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "没有这个地址" in page.text
    assert page.headers["x-request-id"] in page.text
    problem = api.client.get("/api/v1/nowhere", headers=browser)
    assert problem.headers["content-type"] == "application/problem+json"
