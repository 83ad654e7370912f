"""The reviewers' desk under load: page to page with 100,000 cases, and eight reviewers who clear one queue.

`python -m bench.review [--cases 100000] [--database sqlite postgresql]` prints the median and p95 in milliseconds of: the queue,
a narrowed queue, claiming the next case and drawing its page, deciding a finding and drawing the page again; then clears 500
cases by eight processes and says whether any was decided twice or lost. Exits 1 when a median is over 300 ms or a case was.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from fastapi.testclient import TestClient
from sqlalchemy import Table, func, insert, select, text

from schemas.application import ApplicationForm
from schemas.case import Role
from tests.support import people
from tests.support.factories import Clock
from tests.support.postgres import open_postgres
from tests.support.review_house import FLAGGED, fill, open_review_house
from verifier.services import worklist
from verifier.services.cases import keep_form
from verifier.services.context import Services, reading
from verifier.store.review_tables import FindingRow
from verifier.store.tables import CaseRow, DecisionRow
from verifier.web.app import create_app

MEDIAN_MS = 300
TURNS = 40
REVIEWERS = 8
SHARED = 500
SEEDS = 24
SLICE = 2_000


def seed_many(services: Services, count: int) -> None:
    """`count` advised cases as rows at once, sealed like any other: copies of what a few real ones were advised."""
    with reading(services) as session:
        models = session.scalars(select(CaseRow).order_by(CaseRow.id).limit(SEEDS)).all()
        stated = [
            (case.form, case.advice, case.outcome, case.advised_state, case.gravity, case.route) for case in models
        ]
        due, submitted = models[0].due_on, models[0].submitted_at
    assert due is not None and submitted is not None
    for start in range(0, count, SLICE):
        with services.sessions() as session, session.begin():
            added: list[tuple[CaseRow, list[dict[str, object]]]] = []
            for place in range(start, min(start + SLICE, count)):
                form, advice, outcome, state, gravity, route = stated[place % len(stated)]
                number = f"HD2026B{place:06d}"
                case = CaseRow(
                    application_no=number,
                    batch="2026-autumn",
                    route=route,
                    state=state,
                    round=0,
                    created_at=submitted,
                    updated_at=submitted,
                    submitted_at=submitted + timedelta(seconds=place),
                    advised_state=state,
                    outcome=outcome,
                    advised_at=submitted,
                    returned_slots=[],
                    # behind the real ones, spread over four weeks
                    due_on=due + timedelta(days=1 + place % 28),
                    gravity=gravity,
                )
                keep_form(services, session, case, ApplicationForm.model_validate({**form, "application_no": number}))
                case.advice = advice
                added.append((case, (advice or {}).get("findings", [])))
            session.flush()
            rows = [
                {
                    "case_id": case.id,
                    "round": 0,
                    "position": position,
                    "rule": item["rule"],
                    "severity": item["severity"],
                    "document": item["document"],
                    "field": item["field"],
                    "open": True,
                    "current": True,
                }
                for case, found in added
                for position, item in enumerate(found)
            ]
            table: Table = FindingRow.__table__  # type: ignore[assignment]
            session.execute(insert(table), rows)
    with services.sessions() as session, session.begin():
        session.execute(text("ANALYZE"))


def timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def page_to_page(services: Services) -> dict[str, list[float]]:
    """Milliseconds of what a reviewer waits for, through the whole application."""
    people.account(services, "reviewer", Role.REVIEWER)
    client = TestClient(create_app(services), follow_redirects=False)
    people.visit(client, people.session_of(services, "reviewer"))
    token = client.get("/review").text.split('name="form_token" value="')[1].split('"')[0]
    spans: dict[str, list[float]] = {"queue": [], "queue by rule": [], "to the next case": [], "finding decided": []}

    def shown(path: str) -> str:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        return answer.text

    for turn in range(TURNS):
        spans["queue"].append(timed(lambda: shown("/review")))
        spans["queue by rule"].append(timed(lambda: shown("/review?queue=check&rule=permit.expired")))
        begun = time.perf_counter()
        to = client.post("/review/next", data={"form_token": token}).headers["location"]
        page = shown(to)
        spans["to the next case"].append((time.perf_counter() - begun) * 1000)
        if turn % 2 == 0:
            seen = re.search(r'name="seen" value="([^"]*)"', page)
            assert seen is not None
            decided = {"form_token": token, "seen": seen[1], "action": "dismiss", "reason": "原件清楚一致"}

            def decide(to: str = to, decided: dict[str, str] = decided) -> None:
                shown(client.post(f"{to}/findings/0", data=decided).headers["location"].partition("#")[0])

            spans["finding decided"].append(timed(decide))
        client.post(f"{to}/skip", data={"form_token": token})
    return spans


CLEAR = """
import json, sys
from pathlib import Path
from schemas.case import DecisionAction
from tests.support.factories import settings_for
from verifier.services import review, worklist
from verifier.services.context import open_services
from verifier.errors import StorageError
services = open_services(settings_for(Path(sys.argv[1]), database_url=sys.argv[2]))
done = []
while (claim := worklist.claim_next(services, sys.argv[3])) is not None:
    review.decide(services, claim.application_no, DecisionAction.ACCEPT, sys.argv[3])
    done.append(claim.application_no)
print(json.dumps(done))
"""


def clear_together(services: Services, data: Path) -> tuple[int, int, int, float]:
    """Eight processes clear the queue: cases decided, decided twice, left over; seconds."""
    begun = time.perf_counter()
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CLEAR, str(data), services.settings.database_url, f"reviewer-{place}"],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for place in range(REVIEWERS)
    ]
    answers = [json.loads(process.communicate()[0]) for process in started]
    took = time.perf_counter() - begun
    decided = Counter(number for answer in answers for number in answer)
    with reading(services) as session:
        rows = session.scalar(select(func.count()).select_from(DecisionRow)) or 0
        left = session.scalar(select(func.count()).where(CaseRow.state.in_(worklist.TO_CHECK))) or 0
    twice = sum(count - 1 for count in decided.values()) + abs(rows - len(decided))
    return len(decided), twice, left, took


@contextmanager
def places(name: str) -> Iterator[Callable[[Path], Services]]:
    """Opens empty services on a database of that kind."""
    with ExitStack() as stack:
        if name == "sqlite":
            yield lambda data: open_review_house(data, Clock())
            return
        server = stack.enter_context(open_postgres(durable=True))
        yield lambda data: open_review_house(data, Clock(), database_url=server.create())


def run(name: str, count: int) -> bool:
    """Prints the figures of one kind of database; whether all is well."""
    well = True
    with places(name) as opened, TemporaryDirectory() as first, TemporaryDirectory() as second:
        services = opened(Path(first))
        fill(services, (FLAGGED[place % 2] for place in range(SEEDS)))
        begun = time.perf_counter()
        seed_many(services, count)
        print(f"{name}: {count} cases seeded in {time.perf_counter() - begun:.0f} s", flush=True)
        for what, spans in page_to_page(services).items():
            median = statistics.median(spans)
            p95 = sorted(spans)[int(len(spans) * 0.95)]
            well = well and median < MEDIAN_MS
            print(f"{name}: {what}: median {median:.0f} ms, p95 {p95:.0f} ms (n={len(spans)})", flush=True)
        shared = opened(Path(second))
        fill(shared, (FLAGGED[place % 2] for place in range(SEEDS)))
        seed_many(shared, SHARED - SEEDS)
        decided, twice, left, took = clear_together(shared, Path(second))
        well = well and (decided, twice, left) == (SHARED, 0, 0)
        print(
            f"{name}: {REVIEWERS} processes cleared {decided} cases in {took:.1f} s; twice {twice}, left {left}",
            flush=True,
        )
    return well


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    given = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    well = [run(name, given.cases) for name in given.database]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
