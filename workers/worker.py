"""A stock `rq.Worker` on one queue: `python -m workers.worker --queue bulk --engine-socket … --name …`.

One queue per process, because rq moves jobs crash-safely only then (BLMOVE); no threads and no model in this process,
because it forks for every job.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import structlog
from rq import Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from verifier import logs
from verifier.errors import StorageError
from verifier.lifetime import die_with_parent
from verifier.services import reconcile
from verifier.services.context import open_services
from verifier.settings import Settings, load_settings
from workers import jobs, queues

MAINTENANCE_S = 60
"""rq looks for abandoned jobs this often (its default is 600); our own reconciler does not wait for it."""
WORKER_TTL_S = 120
MONITORING_S = 10

log = structlog.get_logger(__name__)


def main() -> None:
    parser = argparse.ArgumentParser(prog="workers.worker")
    parser.add_argument("--queue", required=True)
    parser.add_argument("--engine-socket", required=True, type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--parent", type=int, default=0)
    options = parser.parse_args()
    if options.parent:
        die_with_parent(options.parent)
    settings = load_settings()
    logs.configure(settings, part=f"worker:{options.queue}")
    run(settings, options.queue, options.engine_socket, options.name)


def run(settings: Settings, queue: str, engine_socket: Path, name: str, *, burst: bool = False) -> None:
    """Work until SIGTERM (the job in hand is finished first). Raises QueueError when Redis is away at the start."""
    connection = queues.connect(settings.redis_url)
    queues.ping(connection)
    jobs.prepare(jobs.Surroundings(settings=settings, engine_socket=engine_socket, worker=name))
    worker = Worker(
        [queues.queue(queue, connection)],
        # Redis remembers a killed worker until its key expires and refuses the name until then: the pid makes it fresh.
        name=f"{name}-{os.getpid()}",
        connection=connection,
        serializer=JSONSerializer,
        default_result_ttl=queues.RESULT_TTL_S,
        maintenance_interval=MAINTENANCE_S,
        worker_ttl=WORKER_TTL_S,
        job_monitoring_interval=MONITORING_S,
        log_job_description=False,
        work_horse_killed_handler=lambda job, _pid, status, usage: horse_killed(settings, job, status, usage),
    )
    # The scheduler brings back jobs whose retry is due; rq's lock lets one worker per queue run it.
    worker.work(with_scheduler=True, burst=burst, logging_level="WARNING")


def horse_killed(settings: Settings, job: Job, status: int, usage: Any) -> None:
    """A work-horse died under a signal (out of memory, kill -9): replace its attempt at once, until the cap."""
    attempt_id = queues.attempt_of(job)
    signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    log.warning("horse.killed", attempt=attempt_id, signal=signal, max_rss_kb=getattr(usage, "ru_maxrss", 0))
    services = open_services(settings)
    try:
        reconcile.replace_killed(services, attempt_id)
    except StorageError as error:
        # The database is away too: the lease runs out and the reconciler replaces the attempt.
        log.warning("horse.not_replaced", attempt=attempt_id, code=error.code)
    finally:
        services.sessions.kw["bind"].dispose()


if __name__ == "__main__":
    main()
