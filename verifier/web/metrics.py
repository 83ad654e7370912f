"""Prometheus metrics from SQL at the scrape: forked work-horses keep no counters, and a restart loses nothing."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from schemas.case import AttemptState, CaseState
from verifier.services import stats as statistics
from verifier.services.context import Services
from verifier.services.queue_names import QUEUES
from verifier.services.stats import Stats


class StatsCollector(Collector):
    """One scrape's metrics of one snapshot. Labels are queue names, states and stages: all bounded, none personal."""

    def __init__(self, stats: Stats) -> None:
        self._stats = stats

    def collect(self) -> Iterable[Metric]:
        yield from _queues(self._stats)
        yield from _states(self._stats)
        yield from _latencies(self._stats)
        yield GaugeMetricFamily(
            "verifier_workers_alive",
            "Workers that said they live and whose lease has not run out.",
            value=sum(1 for worker in self._stats.workers if worker.alive),
        )
        yield GaugeMetricFamily(
            "verifier_outbox_unsent_rows", "Outbox rows that wait for a relay.", value=self._stats.outbox_unsent
        )
        yield GaugeMetricFamily(
            "verifier_documents_read_per_minute",
            "Documents read per minute, mean of the last hour.",
            value=self._stats.throughput.per_minute,
        )


def exposition(services: Services) -> bytes:
    """The metrics in Prometheus' text format. Raises StorageError."""
    registry = CollectorRegistry()
    registry.register(StatsCollector(statistics.stats(services)))
    return generate_latest(registry)


def _queues(stats: Stats) -> Iterable[Metric]:
    depth = GaugeMetricFamily("verifier_queue_depth_attempts", "Attempts ready to run.", labels=["queue"])
    delayed = GaugeMetricFamily("verifier_queue_delayed_attempts", "Attempts in a back-off.", labels=["queue"])
    running = GaugeMetricFamily("verifier_queue_running_attempts", "Attempts a worker holds.", labels=["queue"])
    oldest = GaugeMetricFamily(
        "verifier_queue_oldest_age_seconds", "Age of the oldest ready attempt.", labels=["queue"]
    )
    for queue in stats.queues:
        depth.add_metric([queue.name], queue.depth)
        delayed.add_metric([queue.name], queue.delayed)
        running.add_metric([queue.name], queue.running)
        oldest.add_metric([queue.name], queue.oldest_age_s or 0.0)
    held = GaugeMetricFamily("verifier_queue_held", "1 while somebody paused the queue.", labels=["queue"])
    for name in QUEUES:
        held.add_metric([name], int(name in stats.held))
    return (depth, delayed, running, oldest, held)


def _states(stats: Stats) -> Iterable[Metric]:
    attempts = GaugeMetricFamily("verifier_attempts", "Attempts by state.", labels=["state"])
    for attempt in AttemptState:
        attempts.add_metric([attempt.value], stats.attempts.get(attempt, 0))
    cases = GaugeMetricFamily("verifier_cases", "Cases by state.", labels=["state"])
    for case in CaseState:
        cases.add_metric([case.value], stats.cases.get(case, 0))
    return (attempts, cases)


def _latencies(stats: Stats) -> Iterable[Metric]:
    latency = GaugeMetricFamily(
        "verifier_attempt_milliseconds",
        "Wait and run time of attempts that ended within the last hour, by percentile.",
        labels=["stage", "percentile"],
    )
    for stage, values in (("wait", stats.last_hour.wait_ms), ("run", stats.last_hour.run_ms)):
        for name, value in (("p50", values.p50), ("p95", values.p95), ("p99", values.p99)):
            if value is not None:
                latency.add_metric([stage, name], value)
    return (latency,)
