"""The administrators' page: what it says, its levers, and the numbers behind it."""

from __future__ import annotations

import csv
import io

import pytest

from schemas.case import Role
from tests.support import people
from tests.support.cases import send_all, submitted
from tests.support.factories import Clock, read_of, with_settings
from tests.support.web import Api
from tests.unit.web.test_web_queue import dead
from verifier.services import holds, machinery, process
from verifier.services.alarms import Alarm, AlarmKind
from verifier.services.context import Services
from verifier.web import cookies
from verifier.web.pages import running


def sign_in(api: Api, services: Services, role: Role = Role.ADMIN) -> str:
    """The form token of somebody who is signed in."""
    people.account(services, f"desk-{role.value}", role)
    secret = people.session_of(services, f"desk-{role.value}")
    people.visit(api.client, secret)
    return cookies.form_token(secret)


def test_an_empty_house_is_well(api: Api, services: Services) -> None:
    sign_in(api, services)
    page = api.client.get("/operations").text
    assert "一切正常" in page
    assert "过去一天没有处理进程" in page


def test_a_queue_is_paused_and_resumed_with_a_reason(api: Api, services: Services) -> None:
    token = sign_in(api, services)
    answer = api.client.post("/operations/queues/bulk/pause", data={"form_token": token, "why": "升级数据库"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/operations")
    page = api.client.get("/operations").text
    assert "升级数据库" in page
    assert "普通队列已暂停,0 份材料在等" in page
    api.client.post("/operations/queues/bulk/resume", data={"form_token": token})
    assert [queue.hold for queue in machinery.queues(services)] == [None, None]
    wrong = api.client.post("/operations/queues/none/pause", data={"form_token": token})
    assert wrong.status_code == 404
    assert 'role="alert"' in wrong.text


def test_a_worker_is_drained_and_resumed(api: Api, services: Services) -> None:
    process.beat(services, "unit1:bulk", "bulk")
    token = sign_in(api, services)
    assert "停用" in api.client.get("/operations").text
    api.client.post("/operations/workers/unit1:bulk/drain", data={"form_token": token})
    assert holds.drained(services, ["unit1:bulk"]) == {"unit1:bulk"}
    assert "处理完即停" in api.client.get("/operations").text
    api.client.post("/operations/workers/unit1:bulk/resume", data={"form_token": token})
    assert holds.drained(services, ["unit1:bulk"]) == set()
    missing = api.client.post("/operations/workers/nobody/drain", data={"form_token": token})
    assert missing.status_code == 404


def test_dead_letters_are_looked_at_and_retried(api: Api, services: Services) -> None:
    attempt = dead(services)
    token = sign_in(api, services)
    page = api.client.get("/operations").text
    assert "engine.timeout" in page
    assert "全部重试(1)" in page
    assert "过去一天有 1 份材料多次读取失败" in page
    listed = api.client.get("/operations/attempts?code=engine.timeout").text
    assert f"/operations/attempts/{attempt}/retry" in listed
    assert api.client.post("/operations/retry", data={"form_token": token, "code": "engine.timeout"}).status_code == 303
    again = api.client.post(f"/operations/attempts/{attempt}/retry", data={"form_token": token})
    assert again.status_code == 409
    assert "全部重试" not in api.client.get("/operations").text


def test_one_dead_letter_is_retried(api: Api, services: Services) -> None:
    attempt = dead(services)
    token = sign_in(api, services)
    assert api.client.post(f"/operations/attempts/{attempt}/retry", data={"form_token": token}).status_code == 303
    (queue,) = [each for each in machinery.queues(services) if each.depth]
    assert queue.name == "interactive"


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR])
def test_others_see_and_move_nothing(api: Api, services: Services, role: Role) -> None:
    dead(services)
    token = sign_in(api, services, role)
    page = api.client.get("/operations")
    assert page.status_code == 200
    assert "/operations/retry" not in page.text
    assert "/operations/queues/" not in page.text
    assert api.client.post("/operations/queues/bulk/pause", data={"form_token": token}).status_code == 403


def test_the_numbers_behind_the_page(api: Api, services: Services, clock: Clock) -> None:
    submitted(services)
    for attempt_id in send_all(services):
        process.begin(services, attempt_id, "worker-1")
        clock.tick(seconds=2)
        process.finish(services, attempt_id, read_of())
    sign_in(api, services)
    for table in running.TABLES:
        answer = api.client.get(f"/operations/{table}.csv")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert all(len(row) == len(head) for row in rows)
    minutes = list(
        csv.DictReader(io.StringIO(api.client.get("/operations/throughput.csv").content.decode("utf-8-sig")))
    )
    assert sum(int(row["documents"]) for row in minutes) == 3
    durations = list(
        csv.DictReader(io.StringIO(api.client.get("/operations/durations.csv").content.decode("utf-8-sig")))
    )
    assert [row["p50_ms"] for row in durations if (row["hours"], row["measure"]) == ("1", "run")] == ["2000"]
    assert api.client.get("/operations/people.csv").status_code == 404


def test_every_alarm_has_words() -> None:
    for kind in AlarmKind:
        notice = running._notice(Alarm(kind=kind, subject="bulk", amount=95))
        assert notice.text
        assert "{" not in notice.text


def test_attempts_are_paged(api: Api, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ROWS", 2)
    submitted(with_settings(services, max_tries=1))
    sign_in(api, services)
    first = api.client.get("/operations/attempts?state=queued").text
    assert first.count("/cases/") == 2
    assert "更早的记录" in first
