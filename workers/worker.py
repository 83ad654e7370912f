"""A stock `rq.Worker` on one queue: `python -m workers.worker --queue bulk --engine-socket … --name …`.

One queue per process, because rq moves jobs crash-safely only then (BLMOVE); no model in this process, because it forks
for every job. Whatever it forks ends with it.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from verifier import logs
from verifier.errors import QueueError, StorageError, VerifierError
from verifier.lifetime import die_with_parent, end_forks_with_me
from verifier.sandbox import SandboxClient
from verifier.services import reconcile
from verifier.services.context import Services, open_services
from verifier.services.rehearsal import rehearse
from verifier.settings import Settings, load_settings
from workers import jobs, queues
from workers.memory import KernelKills

MAINTENANCE_S = 60
"""rq looks for abandoned jobs this often (its default is 600); our own reconciler does not wait for it."""
WORKER_TTL_S = 120
MONITORING_S = 10
LONGEST_RECONNECT_S = 5.0
"""rq doubles its pause up to a minute; after a long absence of Redis nobody wants to wait that long."""
BROKER_PAUSE_S = 1.0
OUT_OF_MEMORY = "worker.out_of_memory"

log = structlog.get_logger(__name__)


def main() -> None:
    parser = argparse.ArgumentParser(prog="workers.worker")
    parser.add_argument("--queue", required=True)
    parser.add_argument("--engine-socket", required=True, type=Path)
    parser.add_argument("--sandbox-socket", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--parent", type=int, default=0)
    options = parser.parse_args()
    if options.parent:
        die_with_parent(options.parent)
    end_forks_with_me()
    settings = load_settings()
    logs.configure(settings, part=f"worker:{options.queue}")
    try:
        run(settings, options.queue, options.engine_socket, name_of(options.name, os.getpid()), options.sandbox_socket)
    except VerifierError as error:
        log.error("worker.ended", code=error.code)
        sys.exit(1)


def name_of(base: str, pid: int) -> str:
    """What rq, attempts and statistics call a worker's process.

    The pid makes it fresh: rq refuses the name of a worker that was killed until its key expires, and whoever started
    the process can tell which attempt died with it.
    """
    return f"{base}-{pid}"


def run(settings: Settings, queue: str, engine_socket: Path, name: str, sandbox_socket: Path | None = None) -> None:
    """Work until SIGTERM (the job in hand is finished first). Redis being away is waited out. Files are opened by the
    sandbox at `sandbox_socket`; without it every job starts one.

    Raises StorageError when the database is away at the start, QueueError when Redis goes for longer than a worker can
    hold its breath: whoever supervises starts the next one.
    """
    services = open_services(settings)
    if sandbox_socket is not None:
        services = replace(services, reader=SandboxClient(sandbox_socket))
    try:
        rehearse(services)
    except VerifierError as error:  # it only saves time
        log.warning("worker.not_rehearsed", code=error.code)
    _close_connections(services)
    jobs.prepare(jobs.Surroundings(services=services, engine_socket=engine_socket, worker=name))
    connection = queues.connect(settings.redis_url, reconnects=queues.RECONNECTS)
    _wait_for_broker(connection)
    kills = KernelKills()
    with queues.guarded():
        worker = Worker(
            [queues.queue(queue, connection)],
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            default_result_ttl=queues.RESULT_TTL_S,
            maintenance_interval=MAINTENANCE_S,
            worker_ttl=WORKER_TTL_S,
            job_monitoring_interval=MONITORING_S,
            log_job_description=False,
            work_horse_killed_handler=lambda job, _pid, status, _usage: horse_killed(
                services, name, job, status, kills
            ),
        )
        worker.max_connection_wait_time = LONGEST_RECONNECT_S
        # A collection in a forked process touches, and so copies, every object it inherited: 340 ms against 12.
        gc.collect()
        gc.freeze()
        try:
            # Without rq's scheduler: a retry waits in the outbox. A scheduler that was killed with its worker blocks
            # its successor for up to two minutes, and costs a process.
            worker.work(logging_level="WARNING")
        except RedisError:
            _outlast_horse(worker)
            raise
        _outlast_horse(worker)


def horse_killed(services: Services, worker: str, job: Job, status: int | None, kills: KernelKills) -> None:
    """A work-horse died under a signal (out of memory, kill -9, rq's own after its time was up): replace its attempt at
    once, until the cap. `status` is None when nobody could say how it ended.
    """
    number = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else 0
    code = OUT_OF_MEMORY if kills.killed(number) else reconcile.KILLED
    log.warning("horse.killed", job=job.id, signal=number, code=code)
    try:
        reconcile.replace_killed(services, worker, code)
        reconcile.replace_unbegun(services, queues.attempt_of(job.id))
    except StorageError as error:
        # The database is away too: the lease runs out and the reconciler replaces the attempt.
        log.warning("horse.not_replaced", job=job.id, code=error.code)
    finally:
        _close_connections(services)


def _outlast_horse(worker: Worker) -> None:
    """rq leaves its loop at once when Redis goes away, even with a job in hand, and what it forked ends with it.

    The job does not need Redis to finish, so wait for it; whoever supervises bounds this.
    """
    if worker.horse_pid:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        log.warning("worker.waits_for_its_job")
        worker.wait_for_horse()


def _wait_for_broker(connection: Redis) -> None:
    said = False
    while True:
        try:
            queues.ping(connection)
        except QueueError as error:
            if not said:
                log.warning("worker.waits", code=error.code)
            said = True
            time.sleep(BROKER_PAUSE_S)
        else:
            return


def _close_connections(services: Services) -> None:
    """No connection to the database may be open when a horse is forked."""
    services.sessions.kw["bind"].dispose()


if __name__ == "__main__":
    main()
