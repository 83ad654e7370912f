"""Queues in Redis or Valkey: their names, the connection, and how an attempt becomes a job.

Redis is transport only (DESIGN.md D1): a job carries the attempt's id and nothing else, as JSON.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from verifier.errors import QueueError
from verifier.services.queue_names import QUEUES as READING_QUEUES

WINDOW = 1000
"""Jobs a queue holds at most; the rest waits in SQL. A hundred thousand submissions do not fill Redis (a job takes about
1.5 kB), and a thousand keep any number of workers busy until the relay's next look."""

JOB = "workers.jobs.read_document"
JOB_PREFIX = "att-"
RESULT_TTL_S = 3600
FAILURE_TTL_S = 7 * 24 * 3600
"""Failed jobs are kept a week as evidence; what happened is in SQL (rq's own default is a year)."""

ANSWER_S = 5.0
"""Redis answers in less than a millisecond; a server that takes this long is away."""
RECONNECTS = 10
"""With pauses of 0.05 to 1 s between them: a worker with a document in hand outlasts a server that restarts."""

ENGINE_START_S = 60
"""Of a job's time: what an engine that is being started again may take, and decoding and SQL besides."""
TURNS = 2
"""A unit's queues share one engine and take turns: a page may have to wait for as long as it is read."""
LONGEST_JOB_S = 2 * 3600

FETCH = 500
"""Jobs looked at in one call."""

_LIVE = frozenset({JobStatus.QUEUED, JobStatus.STARTED, JobStatus.SCHEDULED, JobStatus.DEFERRED})
_PUT_OFF = frozenset({JobStatus.SCHEDULED, JobStatus.DEFERRED})


def connect(redis_url: str, *, answer_s: float = ANSWER_S, reconnects: int = 0) -> Redis:
    """A connection pool; nothing is sent yet. A server that does not answer within `answer_s` seconds is an error."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=answer_s,
        socket_timeout=answer_s,
        health_check_interval=30,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), reconnects),
    )


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
    return f"{JOB_PREFIX}{attempt_id}"


def job_timeout_s(pages: int, page_deadline_s: float) -> int:
    """Seconds a document of so many pages may take before rq ends its job.

    The second net. The first is the deadline of each call to the engine, which ends what hangs there; this one ends
    what hangs outside it (decoding, looking for seals, a rule) while the lease is still renewed. So it is counted in
    pages at their deadline, not in engine calls: a page makes a dozen calls that take a second or two together, and
    one that exceeds its deadline ends the attempt anyway. rq raises in Python at this moment and kills the process
    60 s later, because no exception interrupts native code.
    """
    return int(min(LONGEST_JOB_S, max(1, pages) * page_deadline_s * TURNS + ENGINE_START_S))


def enqueue(
    connection: Redis, name: str, attempt_id: str, *, pages: int, page_deadline_s: float, first: bool = False
) -> bool:
    """Put an attempt on a queue, before all others when it shall be `first`; False when its job waits or runs already.
    Raises QueueError.

    rq keeps the job of an earlier try for a while, and lets no second one of its id in until it is gone: it is taken
    away first.
    """
    timeout_s = job_timeout_s(pages, page_deadline_s)
    with guarded():
        return _enqueue(connection, name, attempt_id, timeout_s, first) or (
            _forget_ended(connection, attempt_id) and _enqueue(connection, name, attempt_id, timeout_s, first)
        )


def room(connection: Redis, window: int = WINDOW) -> dict[str, int]:
    """How many more jobs each queue takes. Raises QueueError."""
    with guarded():
        return {name: max(0, window - queue(name, connection).count) for name in READING_QUEUES}


def _enqueue(connection: Redis, name: str, attempt_id: str, timeout_s: int, first: bool) -> bool:
    try:
        queue(name, connection).enqueue_call(
            JOB,
            args=(attempt_id,),
            job_id=job_id(attempt_id),
            unique=True,
            timeout=timeout_s,
            result_ttl=RESULT_TTL_S,
            failure_ttl=FAILURE_TTL_S,
            description=job_id(attempt_id),
            at_front=first,
        )
    except DuplicateJobError:
        return False
    return True


def _forget_ended(connection: Redis, attempt_id: str) -> bool:
    """Whether the attempt has no job any more, after removing one that ended."""
    try:
        job = Job.fetch(job_id(attempt_id), connection=connection, serializer=JSONSerializer)
    except NoSuchJobError:
        return True
    if job.get_status(refresh=False) in _LIVE:
        return False
    job.delete()
    return True


def attempt_of(job: str) -> str:
    """The attempt that a job's id names."""
    return job.removeprefix(JOB_PREFIX)


@dataclass(frozen=True)
class Whereabouts:
    """Of attempts' jobs: `live` wait in a queue, are scheduled, or run in a worker that lives. `moving` are in no queue
    and not yet in a process: on their way, or lost with the worker that took them."""

    live: set[str]
    moving: set[str]


def whereabouts(connection: Redis, attempt_ids: Collection[str], workers: Collection[str]) -> Whereabouts:
    """Where the jobs of attempts are; `workers` names those that live. Raises QueueError.

    What the queues hold is one list each, however long; only what is in none is looked at by itself. rq says of a job
    whose worker was killed that it runs, and of one that was killed between the queue and its process that it waits,
    for minutes: neither is believed.
    """
    with guarded():
        waiting = {attempt_of(id) for name in READING_QUEUES for id in queue(name, connection).get_job_ids()}
        found = Whereabouts(waiting.intersection(attempt_ids), set())
        others = [id for id in attempt_ids if id not in waiting]
        for start in range(0, len(others), FETCH):
            some = others[start : start + FETCH]
            jobs = Job.fetch_many([job_id(id) for id in some], connection=connection, serializer=JSONSerializer)
            for id, job in zip(some, jobs, strict=True):
                status = None if job is None else job.get_status(refresh=False)
                if status in _PUT_OFF or (status == JobStatus.STARTED and job.worker_name in workers):
                    found.live.add(id)
                elif status == JobStatus.QUEUED:
                    found.moving.add(id)
        return found


def ping(connection: Redis) -> None:
    """Raises QueueError when the server does not answer."""
    with guarded():
        connection.ping()
