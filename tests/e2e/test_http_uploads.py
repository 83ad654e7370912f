"""Uploads over a real connection: a refusal arrives although the body was too large to be taken."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from schemas.case import Role
from tests.support.cases import NO, draft
from tests.support.factories import ID_CARD, open_test_services, picture
from tests.support.server import serving
from verifier.services import tokens
from verifier.web.app import create_app

MIB = 1024 * 1024
PATH = f"/api/v1/applications/{NO}/documents/{ID_CARD}"
WAIT_S = 60


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx2.Client]:
    """Of a server that takes two files of one MiB."""
    services = open_test_services(tmp_path, max_files=2)
    services = replace(services, limits=replace(services.limits, max_bytes=MIB))
    draft(services)
    token = tokens.create(services, "bureau", Role.INTEGRATION, "test")
    headers = {"Authorization": f"Bearer {token}"}
    with (
        serving(create_app(services)) as address,
        httpx2.Client(base_url=address, headers=headers, timeout=WAIT_S) as opened,
    ):
        yield opened
    services.sessions.kw["bind"].dispose()


def put(client: httpx2.Client, data: bytes, **headers: str) -> httpx2.Response:
    return client.put(PATH, files={"files": ("a.jpg", data, "image/jpeg")}, headers=headers)


def strictly(client: httpx2.Client, size: int, *, token: str | None = None, connection: str) -> tuple[int, str | None]:
    """Upload as programs do that give up when they cannot send to the end; the status and the code of the answer."""
    address = client.base_url
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    body += picture().ljust(size, b"\0") + b"\r\n--b--\r\n"
    headers = {
        "Authorization": token or client.headers["authorization"],
        "Content-Type": "multipart/form-data; boundary=b",
        "Connection": connection,
    }
    with closing(HTTPConnection(address.host, address.port, timeout=WAIT_S)) as opened:
        opened.request("PUT", PATH, body=body, headers=headers)
        answer = opened.getresponse()
        return answer.status, json.loads(answer.read()).get("code")


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
@pytest.mark.parametrize(
    ("size", "expected"),
    [(1000, (201, None)), (2 * MIB, (413, "file.too_large")), (20 * MIB, (413, "request.too_large"))],
)
def test_the_answer_arrives(
    client: httpx2.Client, size: int, expected: tuple[int, str | None], connection: str
) -> None:
    assert strictly(client, size, connection=connection) == expected


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
@pytest.mark.parametrize("size", [1000, 20 * MIB])
def test_so_does_the_answer_to_a_stranger(client: httpx2.Client, size: int, connection: str) -> None:
    assert strictly(client, size, token="Bearer nonsense", connection=connection) == (401, "auth.missing")


def test_a_body_without_a_length(client: httpx2.Client) -> None:
    """Sent in chunks, as a program that streams does."""

    def stream() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
        for _ in range(64):
            yield bytes(256 * 1024)

    answer = client.put(PATH, content=stream(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


def test_who_asks_first_need_not_send_the_body(client: httpx2.Client) -> None:
    """`Expect: 100-continue` with a length that is refused: the answer comes instead of the invitation."""
    address = urlsplit(str(client.base_url))
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=WAIT_S) as connection:
        lines = (
            f"PUT {PATH} HTTP/1.1", "Host: test", f"Authorization: {client.headers['authorization']}",
            "Content-Type: multipart/form-data; boundary=b", f"Content-Length: {100 * MIB}", "Expect: 100-continue", "", "",
        )  # fmt: skip
        connection.sendall("\r\n".join(lines).encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413")


def test_the_connection_serves_the_next_call(client: httpx2.Client) -> None:
    for _ in range(3):
        assert put(client, bytes(2 * MIB)).status_code == 413
        assert put(client, picture()).status_code == 201
