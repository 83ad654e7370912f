"""Sealed bytes in a bucket of any S3-compatible store: `prefix/<name>`.

One object is one request: a put is whole or not at all, and putting the same again writes it again, which mends a damaged
copy and makes it new.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSLError,
)

from verifier.errors import ConfigError, StorageError
from verifier.settings import Settings
from verifier.store.files import FILES_URL, NAME, Stored, require_name

ENDPOINT = "VERIFIER_S3_ENDPOINT"
ACCESS_KEY = "VERIFIER_S3_ACCESS_KEY"
SECRET_KEY = "VERIFIER_S3_SECRET_KEY"
REGION = "VERIFIER_S3_REGION"

CONNECT_S = 3.0
ANSWER_S = 20.0
TRIES = 3
PAGE = 1000
"""Names in one answer; more no store gives."""
PROBE_S = 2.0
"""Whoever asks `/readyz` gives up soon itself."""

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PROBE = ".probe"
"""An object beside the files, written at every start to know the rights. It stays: two that start at once write the same."""

_UNKNOWN_KEY = ("InvalidAccessKeyId", "InvalidToken", "ExpiredToken")
_OTHER_REGION = ("AuthorizationHeaderMalformed", "PermanentRedirect", "301")
_AWAY = 500
"""Statuses from here on are the store's own trouble."""

log = structlog.get_logger(__name__)


class S3Files:
    """A FileStore. Threads share it; a forked child gets connections of its own at its first call."""

    def __init__(self, connect: Callable[..., Any], bucket: str, prefix: str, where: str) -> None:
        """`connect` makes a client with the timeouts and tries it is given; `where` names the endpoint for people."""
        self._long = connect(answer_s=ANSWER_S, tries=TRIES)
        self._short = connect(answer_s=PROBE_S, tries=1)
        self._pid = os.getpid()
        self._bucket = bucket
        self._prefix = prefix
        self._where = where

    def put(self, name: str, data: bytes) -> None:
        # S3's own way to refuse what was damaged on the way
        digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")
        self._call("put_object", Key=self._key(name), Body=data, ContentMD5=digest, ContentType=_OPAQUE)

    def get(self, name: str) -> bytes:
        try:
            answer = self._call("get_object", Key=self._key(name))
            data: bytes = answer["Body"].read()
        except BotoCoreError as error:
            # cut off in the middle
            raise StorageError() from error
        return data

    def exists(self, name: str) -> bool:
        return self.stat(name) is not None

    def delete(self, name: str) -> None:
        self._call("delete_object", Key=self._key(name))

    def stat(self, name: str) -> Stored | None:
        try:
            found = self._call("head_object", Key=self._key(name))
        except StorageError as error:
            if error.code == "storage.lost":
                return None
            raise
        return Stored(name=name, size=found["ContentLength"], put_at=found["LastModified"].astimezone(UTC))

    def walk(self, after: str = "") -> Iterator[Stored]:
        start = {"StartAfter": self._prefix + after}
        while True:
            page = self._call("list_objects_v2", Prefix=self._prefix, MaxKeys=PAGE, **start)
            for found in page.get("Contents", ()):
                name = found["Key"].removeprefix(self._prefix)
                if NAME.fullmatch(name):
                    put_at = found["LastModified"].astimezone(UTC)
                    yield Stored(name=name, size=found["Size"], put_at=put_at)
            if not page["IsTruncated"]:
                return
            start = {"ContinuationToken": page["NextContinuationToken"]}

    def drop_partial(self, before: datetime) -> int:  # noqa: ARG002
        """A put that was cut off leaves nothing: it is one request, never an upload in parts."""
        return 0

    def check(self) -> None:
        """Write, read, list and delete as the program will."""
        key = self._prefix + PROBE
        steps: tuple[tuple[str, str, dict[str, object]], ...] = (
            ("write to", "put_object", {"Key": key, "Body": b""}),
            ("read from", "get_object", {"Key": key}),
            ("list", "list_objects_v2", {"Prefix": self._prefix, "MaxKeys": 1}),
            # what is not there can be deleted by whoever may delete
            ("delete from", "delete_object", {"Key": self._prefix + ".absent"}),
        )
        for what, operation, arguments in steps:
            try:
                getattr(self._client(self._long), operation)(Bucket=self._bucket, **arguments)
            except (BotoCoreError, ClientError) as error:
                raise self._explained(error, what) from error

    def ping(self) -> None:
        try:
            self._client(self._short).list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        except (BotoCoreError, ClientError) as error:
            raise _unavailable("list_objects_v2", error) from error

    def _key(self, name: str) -> str:
        require_name(name)
        return self._prefix + name

    def _client(self, client: Any) -> Any:
        if self._pid != os.getpid():
            # a connection that two processes write to belongs to neither
            self._pid = os.getpid()
            self._long.close()
            self._short.close()
        return client

    def _call(self, operation: str, **arguments: object) -> Any:
        """Raises StorageError: storage.lost for an object that is not there, else storage.unavailable."""
        try:
            return getattr(self._client(self._long), operation)(Bucket=self._bucket, **arguments)
        except (BotoCoreError, ClientError) as error:
            # a HEAD has no body to say more than its status
            if _code(error) == "NoSuchKey" or (operation == "head_object" and _code(error) == "404"):
                raise StorageError("storage.lost") from None
            raise _unavailable(operation, error) from error

    def _explained(self, error: BotoCoreError | ClientError, what: str) -> ConfigError | StorageError:
        """Which setting an error at the start is about, in one line."""
        code = _code(error)
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return ConfigError(name=ACCESS_KEY, why="no credentials: give this one and VERIFIER_S3_SECRET_KEY")
        if isinstance(error, SSLError):
            return ConfigError(
                name=ENDPOINT, why=f"{self._where} does not speak TLS, or its certificate is not trusted"
            )
        if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
            return ConfigError(name=ENDPOINT, why=f"nothing answers at {self._where}")
        if code in _UNKNOWN_KEY:
            return ConfigError(name=ACCESS_KEY, why=f"{self._where} does not know this key")
        if code == "SignatureDoesNotMatch":
            return ConfigError(name=SECRET_KEY, why=f"{self._where} refuses the signature: the secret is another one")
        if code == "NoSuchBucket":
            return ConfigError(name=FILES_URL, why=f"there is no bucket {self._bucket} at {self._where}")
        if code in ("AccessDenied", "AllAccessDisabled"):
            return ConfigError(
                name=FILES_URL, why=f"no right to {what} the bucket {self._bucket}, or it does not exist"
            )
        if code in _OTHER_REGION:
            return ConfigError(name=REGION, why=f"the bucket {self._bucket} lies in another region")
        if code == "RequestTimeTooSkewed":
            return ConfigError(name=ENDPOINT, why=f"the clocks of {self._where} and of this machine differ")
        if _status(error) >= _AWAY or isinstance(error, ReadTimeoutError):
            return _unavailable(what, error)
        return ConfigError(name=ENDPOINT, why=f"what answers at {self._where} is no S3 store ({code})")


_OPAQUE = "application/octet-stream"


def open_bucket(settings: Settings) -> S3Files:
    """The bucket that VERIFIER_FILES_URL names. Nothing is asked of it yet. Raises ConfigError."""
    parts = urlsplit(settings.files_url)
    if not BUCKET.fullmatch(parts.netloc) or parts.query or parts.fragment:
        raise ConfigError(name=FILES_URL, why="must name a bucket, as in s3://bucket/prefix")
    access, secret = settings.s3_access_key, settings.s3_secret_key
    if (access is None) != (secret is None):
        missing = ACCESS_KEY if access is None else SECRET_KEY
        raise ConfigError(name=missing, why="must be given with the other half of the key")
    prefix = parts.path.strip("/")
    # one session for both clients: it loads the description of S3, which takes most of a second, once
    session = boto3.session.Session(
        aws_access_key_id=access.get_secret_value() if access else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        region_name=settings.s3_region,
    )

    def connect(*, answer_s: float, tries: int) -> Any:
        config = Config(
            connect_timeout=min(CONNECT_S, answer_s),
            read_timeout=answer_s,
            retries={"mode": "standard", "total_max_attempts": tries},
            # stores of one's own have no host name per bucket
            s3={"addressing_style": "path"} if settings.s3_endpoint else {},
            # newer checksums than many compatible stores know; Content-MD5 and the seal do their work
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return session.client("s3", endpoint_url=settings.s3_endpoint, config=config)

    where = settings.s3_endpoint or "Amazon S3"
    return S3Files(connect, parts.netloc, f"{prefix}/" if prefix else "", where)


def _unavailable(operation: str, error: BotoCoreError | ClientError) -> StorageError:
    log.warning("s3.failed", operation=operation, code=_code(error), status=_status(error))
    return StorageError()


def _code(error: BotoCoreError | ClientError) -> str:
    """What the store calls it, or the kind of what went wrong on the way to it."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else type(error).__name__


def _status(error: BotoCoreError | ClientError) -> int:
    """Of the answer; 0 when there was none."""
    if not isinstance(error, ClientError):
        return 0
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
