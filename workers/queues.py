"""Queues in Redis or Valkey: their names, the connection, and how an attempt becomes a job.

Redis is transport only (DESIGN.md D1): a job carries the attempt's id and nothing else, as JSON.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from verifier.errors import QueueError

INTERACTIVE = "interactive"
"""Resubmissions and small cases: somebody waits."""
BULK = "bulk"
LIGHT = "light"
"""Work without OCR: hashing, mail."""

READING_QUEUES = (INTERACTIVE, BULK)

JOB = "workers.jobs.read_document"
RESULT_TTL_S = 3600
FAILURE_TTL_S = 7 * 24 * 3600
"""Failed jobs are kept a week as evidence; what happened is in SQL (rq's own default is a year)."""
JOB_MARGIN_S = 60
"""Decoding, seals and SQL around the engine's own deadlines."""

_LIVE = frozenset({JobStatus.QUEUED, JobStatus.STARTED, JobStatus.SCHEDULED, JobStatus.DEFERRED})


def connect(redis_url: str) -> Redis:
    """A connection pool; nothing is sent yet. Times out instead of hanging when the server does not answer."""
    return Redis.from_url(redis_url, socket_connect_timeout=5, health_check_interval=30)


@contextmanager
def guarded() -> Iterator[None]:
    """Redis' own errors become QueueError queue.unavailable."""
    try:
        yield
    except RedisError as error:
        raise QueueError("queue.unavailable") from error


def queue(name: str, connection: Redis) -> Queue:
    return Queue(name, connection=connection, serializer=JSONSerializer)


def job_id(attempt_id: str) -> str:
    return f"att-{attempt_id}"


def attempt_of(job: Job) -> str:
    """The attempt a job is for."""
    return str(job.id).removeprefix("att-")


def enqueue(connection: Redis, name: str, attempt_id: str, *, pages: int, page_deadline_s: float) -> bool:
    """Put an attempt on a queue; False when its job is there already. Raises QueueError.

    The job's time limit is the second net behind the engine's deadline per page; rq cannot interrupt native code.
    """
    # A page may be read up to four times: plain, turned, and around its seals.
    timeout = int(max(1, pages) * 4 * page_deadline_s) + JOB_MARGIN_S
    with guarded():
        try:
            queue(name, connection).enqueue_call(
                JOB,
                args=(attempt_id,),
                job_id=job_id(attempt_id),
                unique=True,
                timeout=timeout,
                result_ttl=RESULT_TTL_S,
                failure_ttl=FAILURE_TTL_S,
                description=job_id(attempt_id),
            )
        except DuplicateJobError:
            return False
    return True


def live_attempts(connection: Redis, attempt_ids: Collection[str]) -> set[str]:
    """Those of the attempts whose job is waiting, scheduled or running. Raises QueueError."""
    wanted = list(attempt_ids)
    with guarded():
        jobs = Job.fetch_many([job_id(id) for id in wanted], connection=connection, serializer=JSONSerializer)
        return {
            id
            for id, job in zip(wanted, jobs, strict=True)
            if job is not None and job.get_status(refresh=False) in _LIVE
        }


def ping(connection: Redis) -> None:
    """Raises QueueError when the server does not answer."""
    with guarded():
        connection.ping()
