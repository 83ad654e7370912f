"""S3 of its own: what a wrong setting says at the start, and what an absent server does later."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.factories import open_test_services, settings_for
from tests.support.s3 import BUCKET, PROGRAM, READER, ROOT, S3Server, open_s3
from tests.support.server import serving
from tests.support.stores import put
from tests.support.threads import together
from verifier.errors import ConfigError, StorageError
from verifier.store.files import FileStore, open_files
from verifier.store.s3 import S3Files
from verifier.web.app import create_app
from verifier.web.probes import run as probes

pytestmark = pytest.mark.server

NOWHERE = "http://127.0.0.1:1"


def opened(tmp_path: Path, given: dict[str, object], **changes: object) -> FileStore:
    return open_files(settings_for(tmp_path, **{**given, **changes}))


def refused(store: FileStore) -> tuple[str, str]:
    """The setting a check blames, and why."""
    with capture_logs(), pytest.raises(ConfigError) as error:
        store.check()
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith("[config.invalid]")
    for key in (PROGRAM, READER, ROOT):
        assert key.secret not in line
    return str(error.value.details["name"]), str(error.value.details["why"])


@pytest.mark.parametrize(
    ("changes", "name", "why"),
    [
        ({"files_url": "s3://no-such-bucket/x"}, "VERIFIER_FILES_URL", "no-such-bucket"),
        (
            {
                "files_url": "s3://no-such-bucket/x",
                "s3_access_key": ROOT.access,
                "s3_secret_key": ROOT.secret,
            },
            "VERIFIER_FILES_URL",
            "no-such-bucket",
        ),
        (
            {"s3_access_key": READER.access, "s3_secret_key": READER.secret},
            "VERIFIER_FILES_URL",
            f"no right to write to the bucket {BUCKET}",
        ),
        ({"s3_access_key": "somebody"}, "VERIFIER_S3_ACCESS_KEY", "does not know this key"),
        ({"s3_secret_key": "something"}, "VERIFIER_S3_SECRET_KEY", "the secret is another one"),
        ({"s3_endpoint": NOWHERE}, "VERIFIER_S3_ENDPOINT", f"nothing answers at {NOWHERE}"),
        ({"s3_endpoint": "http://no-such-host.invalid"}, "VERIFIER_S3_ENDPOINT", "nothing answers"),
    ],
    ids=["no bucket", "no bucket for root", "no right", "no such key", "other secret", "nobody there", "no such host"],
)
def test_a_wrong_setting_is_named(
    s3: S3Server, tmp_path: Path, changes: dict[str, object], name: str, why: str
) -> None:
    blamed, said = refused(opened(tmp_path, s3.settings(), **changes))
    assert blamed == name
    assert why in said


def test_a_server_that_speaks_no_tls_is_named(s3: S3Server, tmp_path: Path) -> None:
    store = opened(tmp_path, s3.settings(), s3_endpoint=s3.endpoint.replace("http:", "https:"))
    name, why = refused(store)
    assert name == "VERIFIER_S3_ENDPOINT"
    assert "does not speak TLS" in why


def test_a_web_server_is_no_store(s3: S3Server, tmp_path: Path) -> None:
    services = open_test_services(tmp_path)
    with serving(create_app(services)) as address:
        name, why = refused(opened(tmp_path, s3.settings(), s3_endpoint=address))
    services.sessions.kw["bind"].dispose()
    assert name == "VERIFIER_S3_ENDPOINT"
    assert "no S3 store" in why


@pytest.mark.parametrize("url", ["s3://", "s3://Bucket/x", "s3://b/x", "s3:///x", "s3://papers/x?versions"])
def test_a_url_without_a_bucket_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_files(settings_for(tmp_path, files_url=url))
    assert error.value.details["name"] == "VERIFIER_FILES_URL"


@pytest.mark.parametrize(("given", "missing"), [("access", "SECRET"), ("secret", "ACCESS")])
def test_half_a_key_is_refused(tmp_path: Path, given: str, missing: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_files(settings_for(tmp_path, files_url="s3://papers/x", **{f"s3_{given}_key": "half"}))
    assert error.value.details["name"] == f"VERIFIER_S3_{missing}_KEY"


def test_without_a_key_the_usual_places_are_asked(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", PROGRAM.access)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PROGRAM.secret)
    store = opened(tmp_path, s3.settings(), s3_access_key=None, s3_secret_key=None)
    store.check()
    assert store.get(put(store, b"paper")) == b"paper"


def test_a_walk_takes_page_after_page(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.store.s3.PAGE", 4)
    store = opened(tmp_path, s3.settings())
    names = sorted(put(store, f"paper {number}".encode()) for number in range(10))
    assert [found.name for found in store.walk()] == names
    assert [found.name for found in store.walk(names[2])] == names[3:]


def test_a_bucket_may_be_used_whole(s3: S3Server, tmp_path: Path) -> None:
    with open_s3() as own:
        store = opened(tmp_path, own.settings(), files_url=f"s3://{BUCKET}")
        store.check()
        names = sorted(put(store, data) for data in (b"one", b"two"))
        assert [found.name for found in store.walk()] == names


def test_a_server_that_goes_away_is_waited_for(tmp_path: Path) -> None:
    with open_s3() as own:
        services = open_test_services(tmp_path, **own.settings())
        store = services.files
        store.check()
        sha256 = put(store, b"paper")
        app = create_app(services)
        assert probes(app.state.probes) == {"database": "ok", "files": "ok"}
        own.stop()
        with capture_logs() as said:
            assert probes(app.state.probes) == {"database": "ok", "files": "storage.unavailable"}
            calls = (lambda: store.get(sha256), lambda: put(store, b"other"), lambda: store.exists(sha256))
            for call in calls:
                with pytest.raises(StorageError) as error:
                    call()
                assert error.value.code == "storage.unavailable"
                assert error.value.transient
        assert {line["event"] for line in said} == {"s3.failed"}
        own.start()
        assert probes(app.state.probes) == {"database": "ok", "files": "ok"}
        assert store.get(sha256) == b"paper"
        services.sessions.kw["bind"].dispose()


def test_a_forked_child_has_connections_of_its_own(s3: S3Server, tmp_path: Path) -> None:
    """Both sides of a fork read in turns: on a shared connection one would get the other's answer."""
    script = """
import os, sys
from verifier.settings import load_settings
from verifier.store.files import open_files
store = open_files(load_settings())
data = {"a" * 64: b"mine" * 50000, "b" * 64: b"yours" * 50000}
for name, text in data.items():
    store.put(name, text)
child = os.fork()
for _ in range(20):
    for name, text in data.items():
        assert store.get(name) == text
if child == 0:
    os._exit(0)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""
    given = {f"VERIFIER_{name.upper()}": str(value) for name, value in s3.settings().items()}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **given},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()


def test_threads_share_a_store(s3: S3Server, tmp_path: Path) -> None:
    store = opened(tmp_path, s3.settings())
    assert isinstance(store, S3Files)
    data = [f"paper {number}".encode() * 1000 for number in range(8)]
    names = together([lambda item=item: put(store, item) for item in data])  # type: ignore[misc]
    assert together([lambda name=name: store.get(name) for name in names]) == data  # type: ignore[misc]
