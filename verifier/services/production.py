"""What `VERIFIER_MODE=production` asks for before it starts: nothing default, nothing in the open."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from verifier.errors import ConfigError
from verifier.services import accounts
from verifier.services.context import Services
from verifier.settings import PREFIX, Settings

SHORTEST_SECRET = 16
FEWEST_BYTES = 12
"""Different bytes of a master key: 32 random ones have about 30."""


def problems(settings: Settings) -> list[ConfigError]:
    """What keeps these settings from production, one error each; none in any other mode."""
    return list(_problems(settings)) if settings.mode == "production" else []


def _problems(settings: Settings) -> Iterator[ConfigError]:
    if settings.master_key is None:
        yield _wrong("MASTER_KEY", "is missing")
    elif len(set(base64.b64decode(settings.master_key.get_secret_value()))) < FEWEST_BYTES:
        yield _wrong("MASTER_KEY", "is no random key; make one with: openssl rand -base64 32")
    if not settings.behind_tls:
        yield _wrong("PUBLIC_URL", "must be the https address people use")
    if settings.second_factor == "off":
        yield _wrong("SECOND_FACTOR", "must not be off")
    if settings.applicant_accounts:
        yield from _gateway_problems(settings)


def _gateway_problems(settings: Settings) -> Iterator[ConfigError]:
    if settings.sms_url is None:
        yield _wrong(
            "SMS_URL", "is missing: applicants get their codes through it, or set VERIFIER_APPLICANT_ACCOUNTS to false"
        )
        return
    if not settings.sms_url.startswith("https://"):
        yield _wrong("SMS_URL", "must be an https address")
    if settings.sms_secret is None or len(settings.sms_secret.get_secret_value()) < SHORTEST_SECRET:
        yield _wrong("SMS_SECRET", f"must have {SHORTEST_SECRET} or more characters")


def account_problems(services: Services) -> list[ConfigError]:
    """The same for what the database holds."""
    if services.settings.mode == "production" and accounts.has_demo(services):
        return [_wrong("MODE", "demo accounts are left; lock them: verifier account lock --name demo-…")]
    return []


def warnings(settings: Settings) -> list[str]:
    """What is allowed in production and better otherwise, one line each."""
    if settings.mode == "production" and settings.database_url.startswith("sqlite"):
        return ["the database is SQLite: enough for one machine; several need PostgreSQL"]
    return []


def _wrong(name: str, why: str) -> ConfigError:
    return ConfigError(name=PREFIX + name, why=why)
