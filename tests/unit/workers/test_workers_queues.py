"""How long a job may take, and what it is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rq.serializers import JSONSerializer

from verifier.services.submit import choose_queue
from verifier.settings import Settings
from workers import queues


@pytest.mark.parametrize(("pages", "seconds"), [(0, 180), (1, 180), (3, 420), (15, 1860), (300, 7200)])
def test_time_for_a_job(pages: int, seconds: int) -> None:
    assert queues.job_timeout_s(pages, 60.0) == seconds


@given(st.integers(0, 400), st.floats(1.0, 300.0))
def test_more_pages_never_get_less_time_and_never_more_than_the_longest(pages: int, deadline_s: float) -> None:
    seconds = queues.job_timeout_s(pages, deadline_s)
    assert seconds <= queues.job_timeout_s(pages + 1, deadline_s) <= queues.LONGEST_JOB_S
    assert seconds > min(deadline_s, queues.LONGEST_JOB_S - 1), "a page at its deadline fits"


def test_a_unit_reads_from_every_queue_a_case_may_be_sent_to() -> None:
    chosen = {choose_queue(round_no, pages) for round_no in range(3) for pages in range(1, 40)}
    assert chosen == set(queues.READING_QUEUES)


def test_job_ids_are_such_as_rq_takes() -> None:
    assert queues.job_id("0123abc") == "att-0123abc"


def test_a_connection_gives_up_on_a_server_that_does_not_answer() -> None:
    with queues.connect("redis://127.0.0.1:1/0", answer_s=1.5) as connection:
        options = connection.connection_pool.connection_kwargs
        assert (options["socket_timeout"], options["socket_connect_timeout"]) == (1.5, 1.5)
        assert options["retry"].get_retries() == 0


def test_the_serializer_is_json() -> None:
    with queues.connect(Settings(_env_file=None).redis_url) as connection:
        assert queues.queue("bulk", connection).serializer is JSONSerializer
