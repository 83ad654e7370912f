"""Looking after the queue over the interface."""

from __future__ import annotations

from schemas.case import CaseState
from tests.support.cases import NO, send_all, submitted
from tests.support.factories import read_of, with_settings
from tests.support.web import Api
from verifier.services import process, queries
from verifier.services.context import Services


def dead(services: Services) -> str:
    """A case with one attempt given up; its id."""
    once = with_settings(services, max_tries=1)
    submitted(services)
    first, *rest = send_all(services)
    process.begin(once, first, "worker-1")
    process.fail(once, first, "engine.timeout", transient=True)
    for attempt_id in rest:
        process.begin(services, attempt_id, "worker-1")
        process.finish(services, attempt_id, read_of())
    return first


def test_attempts_are_listed_and_retried(api: Api, services: Services) -> None:
    attempt = dead(services)
    (item,) = api.call("GET", "/api/v1/attempts?state=dead&error_code=engine.timeout").json()["items"]
    assert (item["id"], item["application_no"], item["retryable"]) == (attempt, NO, True)
    answer = api.call("POST", f"/api/v1/attempts/{attempt}/retry")
    assert answer.status_code == 202
    assert answer.json()["queue"] == "interactive"
    again = api.call("POST", f"/api/v1/attempts/{attempt}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "attempt.not_retryable")
    missing = api.call("POST", "/api/v1/attempts/none/retry")
    assert (missing.status_code, missing.json()["code"]) == (404, "attempt.not_found")
    assert queries.case_view(services, NO).state == CaseState.NEEDS_REVIEW


def test_a_retry_by_reason_only_counts_unless_told(api: Api, services: Services) -> None:
    dead(services)
    for _ in range(2):
        counted = api.call("POST", "/api/v1/attempts/retry", json={"error_code": "engine.timeout"})
        assert counted.json() == {"error_code": "engine.timeout", "matched": 1, "retried": 0, "left": 1}
    done = api.call("POST", "/api/v1/attempts/retry", json={"error_code": "engine.timeout", "preview": False})
    assert done.json() == {"error_code": "engine.timeout", "matched": 1, "retried": 1, "left": 0}
    wrong = api.call("POST", "/api/v1/attempts/retry", json={"error_code": "nonsense"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "request.invalid")


def test_a_strange_cursor_is_refused(api: Api) -> None:
    answer = api.call("GET", "/api/v1/attempts?cursor=x")
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
