"""Bad configuration of the queue and the database, against real servers: one clear line each."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest
from redis import Redis

from tests.support.broker import Broker
from tests.support.factories import settings_for
from verifier.errors import ConfigError, StorageError
from verifier.services.context import open_services
from verifier.settings import Settings
from workers import queues, startup

pytestmark = pytest.mark.server


@pytest.fixture
def settings(tmp_path: Path, broker: Broker) -> Settings:
    return settings_for(tmp_path, redis_url=broker.url)


def why(settings: Settings) -> str:
    with pytest.raises(ConfigError) as refused:
        startup.require_broker(settings)
    assert refused.value.details["name"] == "VERIFIER_REDIS_URL"
    line = str(refused.value)
    assert "\n" not in line
    return line


def test_our_own_server_is_right(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    startup.require_broker(settings)


def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    startup.require_broker(settings_for(tmp_path, redis_url=f"unix://{tmp_path}/none.sock"))
    startup.require_broker(settings_for(tmp_path, redis_url="redis://127.0.0.1:1/0"))


def test_a_wrong_password_is_named_and_not_repeated(tmp_path: Path, broker: Broker) -> None:
    with broker.connection() as connection:
        connection.config_set("requirepass", "s3cret-right")
    try:
        path = broker.url.removeprefix("unix://")
        wrong = settings_for(tmp_path, redis_url=f"unix://:s3cret-wrong@{path}")
        assert "password" in why(wrong)
        assert "s3cret" not in why(wrong)
        assert "password" in why(settings_for(tmp_path, redis_url=broker.url))
    finally:
        with queues.connect(f"unix://:s3cret-right@{path}") as connection:
            connection.config_set("requirepass", "")


def test_a_database_number_that_is_not_there_is_named(tmp_path: Path, broker: Broker) -> None:
    assert "refuses" in why(settings_for(tmp_path, redis_url=f"{broker.url}?db=999"))


def test_a_server_that_throws_jobs_away_is_said_and_in_production_refused(tmp_path: Path, broker: Broker) -> None:
    with broker.connection() as connection:
        connection.config_set("maxmemory-policy", "allkeys-lru")
        try:
            startup.require_broker(settings_for(tmp_path, redis_url=broker.url))
            line = why(settings_for(tmp_path, redis_url=broker.url, mode="production"))
        finally:
            connection.config_set("maxmemory-policy", "noeviction")
    assert "allkeys-lru" in line
    assert "noeviction" in line


@pytest.mark.parametrize(
    ("server", "fits"),
    [
        ({"redis_version": "5.0.7"}, False),
        ({"redis_version": "6.0.16"}, False),
        ({"redis_version": "6.2.0"}, True),
        ({"redis_version": "8.0.2"}, True),
        ({"redis_version": "7.2.4", "server_name": "valkey"}, True),
    ],
)
def test_a_server_that_is_too_old_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: dict[str, str], fits: bool
) -> None:
    """No server this old can be had here: its answer stands in for it."""
    old = Mock(spec=Redis)
    old.__enter__ = Mock(return_value=old)
    old.__exit__ = Mock(return_value=None)
    old.info.side_effect = lambda part: server if part == "server" else {"maxmemory_policy": "noeviction"}
    monkeypatch.setattr(queues, "connect", lambda _url: old)
    if fits:
        startup.require_broker(settings_for(tmp_path))
    else:
        line = why(settings_for(tmp_path))
        assert server["redis_version"] in line
        assert "6.2" in line


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql+psycopg://nobody:s3cret@127.0.0.1:1/none", "database.unavailable"),
        ("sqlite:////proc/none/verifier.db", "database.unavailable"),
        ("sqlite:///{data}/fresh.db", "database.not_migrated"),
    ],
)
def test_a_wrong_or_unmigrated_database_is_one_line(tmp_path: Path, url: str, code: str) -> None:
    with pytest.raises(StorageError) as refused:
        open_services(settings_for(tmp_path, database_url=url.format(data=tmp_path)))
    assert refused.value.code == code
    assert "\n" not in str(refused.value)
    assert "s3cret" not in str(refused.value)
