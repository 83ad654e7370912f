"""What is asked of the queue's server before a part begins: one line says what is wrong with it, instead of a trace an hour
later. A server that does not answer is waited for, as ever.
"""

from __future__ import annotations

import re

import structlog
from redis import Redis
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from verifier.errors import ConfigError
from verifier.settings import PREFIX, Settings
from workers import queues

OLDEST = (6, 2)
"""Jobs are moved by BLMOVE, which came with Redis 6.2; every Valkey has it."""
KEEPS_ALL = "noeviction"

_REFUSED = (AuthenticationError, AuthorizationError, NoPermissionError)

log = structlog.get_logger(__name__)


def require_broker(settings: Settings) -> None:
    """Raises ConfigError for a server that refuses us, is too old, or, in production, throws jobs away when it is full."""
    try:
        with queues.connect(settings.redis_url) as connection:
            _require(connection, settings)
    except _REFUSED as error:
        raise _wrong("the server refuses the user, the password, or what it may do") from error
    except ResponseError as error:
        # "NOAUTH …", "DB index is out of range": the server answers, and not to what we ask
        why = "the server wants a password" if str(error).startswith("NOAUTH") else "the server refuses the connection"
        raise _wrong(why) from error
    except RedisError:
        log.warning("queue.not_reached", setting=f"{PREFIX}REDIS_URL", code="queue.unavailable")


def _require(connection: Redis, settings: Settings) -> None:
    connection.ping()
    server = connection.info("server")
    is_valkey = server.get("server_name") == "valkey"
    version = str(server.get("redis_version", ""))
    if not is_valkey and _numbers(version) < OLDEST:
        raise _wrong(
            f"the server is Redis {version}; Redis {'.'.join(map(str, OLDEST))} or later, or Valkey, is needed"
        )
    policy = str(connection.info("memory").get("maxmemory_policy", KEEPS_ALL))
    if policy != KEEPS_ALL:
        why = f"the server's maxmemory-policy is {policy}; it must be {KEEPS_ALL}, or a full server throws jobs away"
        if settings.mode == "production":
            raise _wrong(why)
        log.warning("queue.evicts", setting=f"{PREFIX}REDIS_URL", policy=policy)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _wrong(why: str) -> ConfigError:
    return ConfigError(name=f"{PREFIX}REDIS_URL", why=why)
