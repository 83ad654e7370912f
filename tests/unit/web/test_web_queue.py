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


def test_a_queue_is_paused_and_resumed(api: Api) -> None:
    paused = api.call("POST", "/api/v1/queues/bulk/pause", json={"why": "升级"}).json()["items"]
    assert {item["name"]: (item["hold"] or {}).get("why") for item in paused} == {"interactive": None, "bulk": "升级"}
    assert 'verifier_queue_held{queue="bulk"} 1.0' in api.client.get("/metrics").text
    resumed = api.call("POST", "/api/v1/queues/bulk/resume").json()["items"]
    assert resumed == api.call("GET", "/api/v1/queues").json()["items"]
    assert all(item["hold"] is None for item in resumed)
    unknown = api.call("POST", "/api/v1/queues/gossip/resume")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "queue.unknown")
    long = api.call("POST", "/api/v1/queues/bulk/pause", json={"why": "x" * 201})
    assert (long.status_code, long.json()["code"]) == (422, "request.invalid")


def test_a_worker_is_drained_and_resumed(api: Api, services: Services) -> None:
    process.beat(services, "unit1-bulk-1", "bulk")
    drained = api.call("POST", "/api/v1/workers/unit1-bulk-1/drain").json()["items"]
    assert [(item["name"], item["state"]) for item in drained] == [("unit1-bulk-1", "draining")]
    resumed = api.call("POST", "/api/v1/workers/unit1-bulk-1/resume").json()["items"]
    assert [item["state"] for item in resumed] == ["working"]
    assert api.call("GET", "/api/v1/workers").json()["items"] == resumed
    gone = api.call("POST", "/api/v1/workers/nobody/drain")
    assert (gone.status_code, gone.json()["code"]) == (404, "worker.not_found")
