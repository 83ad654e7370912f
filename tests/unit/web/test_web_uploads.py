"""Files as they come in over HTTP: told by content, bounded while they stream, refused with a code."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from schemas.case import Role
from tests.support import people
from tests.support.cases import NO, draft
from tests.support.factories import BROKEN, ID_CARD, form, picture, with_settings
from tests.support.web import BASE, Api, open_client
from verifier.services import queries, submit
from verifier.services.context import Services
from verifier.web import bodies, cookies

MIB = 1024 * 1024
SLOT = f"{BASE}/{NO}/documents/{ID_CARD}"
BOUNDARY = "------------------------boundary"


@pytest.fixture
def small(services: Services, api: Api) -> Api:
    """Two files of one MiB at most."""
    tight = with_settings(replace(services, limits=replace(services.limits, max_bytes=MIB)), max_files=2)
    draft(services)
    return replace(api, client=open_client(tight))


def part(data: bytes, name: str = "files", filename: str | None = "a.jpg") -> bytes:
    file = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def put(api: Api, content: bytes | Iterator[bytes], content_type: str | None = None, **given: Any) -> Any:
    headers = {"Content-Type": content_type or f"multipart/form-data; boundary={BOUNDARY}"}
    return api.call("PUT", SLOT, content=content, headers=headers, **given)


def outcome(answer: Any) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json()["code"], answer.json().get("where")


def test_files_keep_their_order_whatever_they_are_called(small: Api, services: Services) -> None:
    assert put(small, body(part(picture(2), filename="b.exe"), part(picture(1), filename=""))).status_code == 201
    (document,) = queries.case_view(services, NO).documents
    assert [file.name for file in document.files] == [
        "documents/resident_id_card-1.jpg",
        "documents/resident_id_card-2.jpg",
    ]
    assert [file.sha256 for file in document.files] == [
        hashlib.sha256(data).hexdigest() for data in (picture(2), picture(1))
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((part(b""),), (422, "file.empty", None)),
        ((part("这是文本".encode()),), (415, "file.type_not_allowed", None)),
        ((part(BROKEN),), (422, "file.broken", None)),
        ((part(picture()), part(b"x" * (MIB + 1))), (413, "file.too_large", "files.1")),
        ((part(picture()),) * 3, (422, "file.too_many", "files")),
        ((part(picture(), name="file"),), (422, "request.invalid", "files")),
        ((part(picture()), part(b"1", name="slot", filename=None)), (422, "request.invalid", "files")),
        ((part(b"text", filename=None),), (422, "request.invalid", "files")),
        ((), (422, "request.invalid", "files")),
    ],
)
def test_what_is_refused_changes_nothing(
    small: Api, services: Services, parts: tuple[bytes, ...], expected: tuple[int, str, str | None]
) -> None:
    assert outcome(put(small, body(*parts))) == expected
    assert queries.case_view(services, NO).documents == ()


def test_a_file_of_exactly_the_limit_is_taken(small: Api) -> None:
    assert put(small, body(part(picture().ljust(MIB, b"\0")))).status_code == 201


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", (415, "request.media_type", None)),
        ("image/jpeg", (415, "request.media_type", None)),
        ("application/x-www-form-urlencoded", (415, "request.media_type", None)),
        ("", (415, "request.media_type", None)),
        ("multipart/form-data", (422, "request.invalid", "Content-Type")),
        ("multipart/form-data; boundary=" + "x" * 300, (422, "request.invalid", "Content-Type")),
        ("multipart/form-data; boundary=another", (422, "request.invalid", "body")),
    ],
)
def test_a_body_of_another_type(small: Api, content_type: str, expected: tuple[int, str, str | None]) -> None:
    headers = {"Content-Type": content_type}
    assert outcome(small.call("PUT", SLOT, content=body(part(picture())), headers=headers)) == expected


@pytest.mark.parametrize("cut", [10, 60, 120, -4])
def test_a_body_that_ends_early(small: Api, cut: int) -> None:
    assert outcome(put(small, body(part(picture()))[:cut])) == (422, "request.invalid", "body")


def test_twenty_one_files(api: Api) -> None:
    api.create()
    refused = api.upload(NO, ID_CARD, *(picture(place) for place in range(21)))
    assert outcome(refused) == (422, "file.too_many", "files")
    assert "20" in refused.json()["detail"]


def test_an_unknown_slot(api: Api) -> None:
    api.create()
    assert outcome(api.upload(NO, "passport")) == (422, "request.invalid", "path.slot")


Sent = list[dict[str, Any]]


def ask(app: Callable[..., Any], token: str, chunks: AsyncIterator[bytes], **headers: str) -> tuple[Sent, int]:
    """Send a body chunk by chunk, as a server would; what was answered, and the most memory it took meanwhile."""
    sent: Sent = []

    async def receive() -> dict[str, Any]:
        try:
            return {"type": "http.request", "body": await anext(chunks), "more_body": True}
        except StopAsyncIteration:
            return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = {
        "authorization": f"Bearer {token}",
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "transfer-encoding": "chunked",
        **headers,
    }
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PUT", "scheme": "http",
        "path": SLOT, "raw_path": SLOT.encode(), "query_string": b"", "root_path": "", "server": ("test", 80),
        "client": ("test", 1), "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "state": {},
    }  # fmt: skip
    tracemalloc.start()
    try:
        asyncio.run(app(scope, receive, send))
        return sent, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def code_of(sent: Sent) -> str:
    text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return text.partition('"code":"')[2].partition('"')[0]


async def endless(megabytes: int, counted: list[int]) -> AsyncIterator[bytes]:
    yield part(b"")[:-2]
    chunk = b"\0" * (64 * 1024)
    for _ in range(megabytes * 16):
        counted.append(len(chunk))
        yield chunk


def test_a_file_far_too_large_takes_little_memory(small: Api) -> None:
    """32 MiB against limits of 1 MiB a file and 3 MiB a body."""
    counted: list[int] = []
    sent, peak = ask(small.client.app, small.tokens[Role.ADMIN], endless(32, counted))
    assert sent[0]["status"] == 413
    assert code_of(sent) == "request.too_large"
    assert peak < 4 * MIB
    assert sum(counted) == 32 * MIB, "read to the end, so that the answer is not lost in a reset connection"


def test_reading_on_has_an_end(small: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "DRAIN_BYTES", 2 * MIB)
    counted: list[int] = []
    sent, _ = ask(small.client.app, small.tokens[Role.ADMIN], endless(32, counted))
    assert sent[0]["status"] == 413
    assert sum(counted) <= 6 * MIB


def test_a_body_that_declares_too_much_is_refused_unread(small: Api) -> None:
    counted: list[int] = []
    sent, _ = ask(small.client.app, small.tokens[Role.ADMIN], endless(1, counted), **{"content-length": str(500 * MIB)})
    assert (sent[0]["status"], code_of(sent), counted) == (413, "request.too_large", [])


def test_who_waits_to_be_asked_is_not_asked_for_a_body_that_is_refused(small: Api) -> None:
    counted: list[int] = []
    declared = {"content-length": str(50 * MIB), "expect": "100-continue"}
    sent, _ = ask(small.client.app, small.tokens[Role.ADMIN], endless(50, counted), **declared)
    assert (sent[0]["status"], counted) == (413, [])


def test_nothing_is_kept_of_a_body_whose_sender_may_not_upload(small: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.web.uploads.tempfile", None)
    for token, code in (("nonsense", "auth.missing"), (small.tokens[Role.AUDITOR], "auth.forbidden")):
        sent, _ = ask(small.client.app, token, endless(1, []))
        assert code_of(sent) == code


def test_json_bodies_have_a_limit_of_their_own(api: Api) -> None:
    refused = api.call("POST", BASE, content=b" " * (MIB + 1), headers={"Content-Type": "application/json"})
    assert outcome(refused) == (413, "request.too_large", None)
    assert "1 MB" in refused.json()["detail"]


def test_an_applicant_s_ration_is_asked_before_the_body_is_read(services: Services) -> None:
    client = open_client(with_settings(services, upload_files_per_hour=1))
    people.account(services, "applicant-1", Role.APPLICANT, phone="13800138000")
    secret = people.session_of(services, "applicant-1")
    people.visit(client, secret)
    submit.create_application(
        services, form(application_no=NO), "applicant-1", people.row_of(services, "applicant-1").id
    )
    headers = {"X-CSRF-Token": cookies.form_token(secret)}
    files = {"files": ("a.jpg", picture(1), "image/jpeg")}
    assert client.put(SLOT, files=files, headers=headers).status_code == 201
    answer = client.put(SLOT, content=b"no multipart body at all", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (429, "request.too_many")
    assert int(answer.headers["retry-after"]) == 3600


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..\\..\\x.exe", "a\x00.jpg", "<script>.svg", "CON", "x" * 300]
)
def test_names_are_never_used(small: Api, services: Services, name: str) -> None:
    assert put(small, body(part(picture(2), filename=name))).status_code == 201
    (document,) = queries.case_view(services, NO).documents
    assert [file.name for file in document.files] == ["documents/resident_id_card-1.jpg"]
