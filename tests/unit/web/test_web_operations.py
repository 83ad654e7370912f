"""Probes, statistics, Prometheus."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from tests.support.cases import NO, submitted
from tests.support.factories import form
from tests.support.web import Api, open_client
from verifier.errors import QueueError, StorageError
from verifier.services.context import Services
from verifier.web.probes import Probe


def away() -> None:
    raise QueueError


def test_a_process_that_answers_lives(api: Api) -> None:
    assert (api.client.get("/livez").status_code, api.client.get("/livez").text) == (200, "ok")


def test_ready_when_every_part_is(services: Services) -> None:
    answer = open_client(services, [Probe("queue", lambda: None)]).get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": {"database": "ok", "files": "ok", "queue": "ok"}}


def test_not_ready_while_the_queue_is_away(services: Services) -> None:
    answer = open_client(services, [Probe("queue", away)]).get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"database": "ok", "files": "ok", "queue": "queue.unavailable"}


def test_not_ready_while_the_files_are_away(services: Services) -> None:
    class Away:
        def ping(self) -> None:
            raise StorageError

    answer = open_client(replace(services, files=Away())).get("/readyz")  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["parts"]["files"]) == (503, "storage.unavailable")


def test_statistics(api: Api, services: Services) -> None:
    submitted(services)
    stats = api.get("/api/v1/stats").json()
    assert [(queue["name"], queue["depth"], queue["oldest_age_s"]) for queue in stats["queues"]] == [("bulk", 3, 0.0)]
    assert stats["attempts"] == {"queued": 3}
    assert stats["cases"] == {"submitted": 1}
    for window in ("last_hour", "last_day"):
        assert set(stats[window]["wait_ms"]) == {"count", "p50", "p95", "p99"}
    assert stats["throughput"]["per_minute"] == 0
    assert stats["workers"] == []


def test_metrics_can_be_scraped_and_name_nobody(api: Api, services: Services) -> None:
    submitted(services)
    answer = api.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["verifier_queue_depth_attempts", "bulk"] == 3
    assert samples["verifier_cases", "submitted"] == 1
    assert samples["verifier_cases", "approved"] == 0
    for personal in (NO, form().applicant.name, form().applicant.id_number):
        assert personal not in answer.text
