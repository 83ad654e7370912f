"""Messages to people's phones: what they say, and who hands them over.

`Console` is for one machine: it writes to a file of its owner's, and to the terminal when there is one, never to the log.
`Gateway` posts signed JSON to an SMS gateway, or to a small program in front of one.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from verifier.compare.masks import mask_phone
from verifier.errors import MessageError
from verifier.settings import Settings

TRIES = 3
WAITS_S = (0.5, 2.0)
"""Before the second and the third try."""

log = structlog.get_logger(__name__)


class Template(StrEnum):
    """Gateways ask for texts that were approved beforehand: these are their names."""

    JOIN_CODE = "join_code"
    RECOVER_CODE = "recover_code"
    ALREADY_JOINED = "already_joined"


TEXTS: Mapping[Template, str] = {
    Template.JOIN_CODE: "验证码 {code},10 分钟内有效,用于注册教师资格认定零跑腿账户。请勿告诉他人。",
    Template.RECOVER_CODE: "验证码 {code},10 分钟内有效,用于重设零跑腿账户的密码。如非本人操作,请忽略。",
    Template.ALREADY_JOINED: "此号码已注册零跑腿账户。请直接登录;忘记密码可在登录页找回。如非本人操作,请忽略。",
}


@dataclass(frozen=True)
class TextMessage:
    """`to` is a phone number of eleven digits; `values` fill the template's text. `repr` shows neither."""

    id: str
    to: str = field(repr=False)
    template: Template
    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        return TEXTS[self.template].format_map(self.values)


class Sender(Protocol):
    def send(self, message: TextMessage) -> None:
        """Hand a message over. Raises MessageError message.unavailable when nobody took it."""


class Console:
    """Writes messages to a file that only its owner reads, with the number masked, and to a terminal."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    def send(self, message: TextMessage) -> None:
        line = f"{mask_phone(message.to)} {message.text}\n"
        if sys.stderr.isatty():
            sys.stderr.write(line)
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as out:
                out.write(line)
        except OSError as error:
            raise MessageError("message.unavailable") from error


class Gateway:
    """Posts `{"id", "to", "template", "values", "text", "at"}` and signs it: `X-Verifier-Signature` is
    `sha256=` and the HMAC-SHA-256 of the body under the shared secret. Any 2xx answer means taken; the same `id` may come
    twice, when an answer was lost. Redirects are not followed.
    """

    def __init__(
        self,
        url: str,
        secret: bytes,
        timeout_s: float,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._secret = secret
        self._timeout_s = timeout_s
        self._clock = clock
        self._sleep = sleep

    def send(self, message: TextMessage) -> None:
        body = json.dumps(
            {
                "id": message.id,
                "to": message.to,
                "template": message.template.value,
                "values": dict(message.values),
                "text": message.text,
                "at": int(self._clock()),
            },
            ensure_ascii=False,
        ).encode()
        for wait_s in (*WAITS_S[: TRIES - 1], None):
            if self._taken(body):
                return
            if wait_s is not None:
                self._sleep(wait_s)
        raise MessageError("message.unavailable")

    def _taken(self, body: bytes) -> bool:
        kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Verifier-Signature": f"sha256={signature}"}
        try:
            connection.request("POST", self._path, body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            log.warning("message.gateway_away", kind=type(error).__name__)
            return False
        finally:
            connection.close()
        if not 200 <= status < 300:
            log.warning("message.gateway_refused", status=status)
            return False
        return True


def sender_of(settings: Settings) -> Sender:
    """The gateway when one is named, else the console's file in the data folder."""
    if settings.sms_url is None:
        return Console(settings.data / "messages.txt")
    secret = settings.sms_secret.get_secret_value() if settings.sms_secret else ""
    return Gateway(settings.sms_url, secret.encode(), settings.sms_timeout_s)


def deliver(sender: Sender, message: TextMessage) -> None:
    """Send after the answer has gone out. That it failed is in the log; the person may ask for another."""
    try:
        sender.send(message)
    except MessageError as error:
        log.error("message.not_sent", code=error.code, template=message.template.value)
