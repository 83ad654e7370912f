"""Settings from the environment (`VERIFIER_…`) and a `.env`, environment first; docs/settings.md explains each.

Everything of a one-machine installation lies inside `data`; a setting that names a server takes one part out of it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from verifier.errors import ConfigError

PREFIX = "VERIFIER_"
MASTER_KEY_BYTES = 32


def _url_with(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        # the URL may carry a password, so the reason names only what is allowed
        if urlsplit(value).scheme not in schemes:
            raise ValueError("must start with " + " or ".join(f"{scheme}://" for scheme in schemes))
        return value

    return AfterValidator(check)


def _is_a_key(value: SecretStr) -> SecretStr:
    try:
        raw = base64.b64decode(value.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be base64") from None
    if len(raw) != MASTER_KEY_BYTES:
        raise ValueError(f"must be {MASTER_KEY_BYTES} bytes in base64")
    return value


DatabaseUrl = Annotated[str, _url_with("sqlite", "postgresql+psycopg")]
RedisUrl = Annotated[str, _url_with("redis", "rediss", "unix")]
FilesUrl = Annotated[str, _url_with("file", "s3")]
Endpoint = Annotated[str, _url_with("http", "https")]
MasterKey = Annotated[SecretStr, AfterValidator(_is_a_key)]


SOCKET_PATH_MAX = 103
"""Bytes of a Unix socket's path that every platform takes: macOS has room for 104 with the closing zero, Linux 108."""


def _own_broker(given: dict[str, Any]) -> str:
    """Where the broker of `verifier up` listens: inside the data folder, or, when that path is too long for a socket,
    in a folder of this user's under the system's temporary one, the same for every command."""
    socket = given["data"] / "run" / "valkey.sock"
    if len(os.fsencode(socket)) > SOCKET_PATH_MAX:
        short = hashlib.sha256(os.fsencode(given["data"])).hexdigest()[:12]
        socket = Path(tempfile.gettempdir()) / f"verifier-{os.getuid()}-{short}" / "valkey.sock"
    return f"unix://{quote(str(socket))}"


OWN_KEY = "master.key"
OWN_KEY_PREVIOUS = "master.key.previous"
"""The one before, while a rotation is on its way."""


def _own_key(name: str, given: dict[str, Any]) -> SecretStr | None:
    """A key that was made in the data folder, so that every command of one machine has the same one."""
    try:
        return _is_a_key(SecretStr((given["data"] / name).read_text(encoding="ascii").strip()))
    except (OSError, KeyError):
        return None


def _default_models_dir() -> Path:
    """`models` beside the package in a checkout, else in the working directory."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout / "models" if (checkout / "pyproject.toml").is_file() else Path("models")


class Settings(BaseSettings):
    """A blank value counts as not given. Sizes and times carry their unit in the name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    data: Path = Path("data")
    database_url: DatabaseUrl = Field(default_factory=lambda given: f"sqlite:///{given['data']}/verifier.db")
    redis_url: RedisUrl = Field(default_factory=_own_broker)
    files_url: FilesUrl = Field(default_factory=lambda given: f"file://{given['data']}/files")
    s3_endpoint: Endpoint | None = None
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    s3_region: str = Field(default="us-east-1", min_length=1)
    master_key: MasterKey | None = Field(default_factory=lambda given: _own_key(OWN_KEY, given))
    master_key_previous: MasterKey | None = Field(default_factory=lambda given: _own_key(OWN_KEY_PREVIOUS, given))
    cipher: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"
    models_dir: Path = Field(default_factory=_default_models_dir)
    model_name: str = Field(default="PP-OCRv6_small", min_length=1)
    batches_dir: Path | None = None

    mode: Literal["development", "production"] = "development"
    public_url: Endpoint | None = None
    allowed_hosts: str | None = None
    trusted_proxies: str | None = None
    second_factor: Literal["required", "off"] = "required"
    staff_idle_minutes: int = Field(default=30, ge=1, le=240)
    staff_session_hours: int = Field(default=12, ge=1, le=24)
    applicant_accounts: bool = True
    applicant_idle_minutes: int = Field(default=30, ge=1, le=240)
    applicant_session_hours: int = Field(default=12, ge=1, le=24)
    sms_url: Endpoint | None = None
    sms_secret: SecretStr | None = None
    sms_timeout_s: float = Field(default=5.0, gt=0, le=60)

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    workers: int = Field(default=1, ge=0, le=64)

    max_file_mb: int = Field(default=20, ge=1, le=200)
    max_files: int = Field(default=20, ge=1, le=100)
    max_pages: int = Field(default=15, ge=1, le=200)
    max_pixels: int = Field(default=60_000_000, ge=1_000_000, le=178_000_000)
    min_side: int = Field(default=200, ge=16)
    pdf_dpi: int = Field(default=200, ge=72, le=400)

    upload_files_per_hour: int = Field(default=200, ge=1, le=100_000)
    upload_mb_per_hour: int = Field(default=1000, ge=1, le=1_000_000)
    sandbox_children: int = Field(default=2, ge=1, le=32)
    sandbox_memory_mb: int = Field(default=500, ge=128, le=8192)
    sandbox_deadline_s: float = Field(default=15.0, gt=0, le=300)

    page_deadline_s: float = Field(default=60.0, gt=0)
    engine_threads: int = Field(default=0, ge=0, le=64)
    engine_max_pages: int = Field(default=500, ge=1)
    engine_max_rss_mb: int = Field(default=2048, ge=256)

    max_tries: int = Field(default=5, ge=1, le=20)
    lease_s: int = Field(default=60, ge=10)
    sweep_every_s: int = Field(default=10, ge=1)
    queued_grace_s: int = Field(default=30, ge=1)
    outbox_take_s: int = Field(default=30, ge=1)
    by_hand_after_h: int = Field(default=48, ge=0)
    claim_minutes: int = Field(default=30, ge=1)
    orphan_grace_h: int = Field(default=24, ge=1)
    collect_every_h: int = Field(default=24, ge=1)
    retention: Literal["scheduled", "by_hand"] = "scheduled"

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_json: bool = False

    @model_validator(mode="before")
    @classmethod
    def _absolute_data(cls, values: dict[str, Any]) -> dict[str, Any]:
        data = Path(values.get("data") or "data").absolute()
        return {**{key: value for key, value in values.items() if value is not None}, "data": data}

    @property
    def behind_tls(self) -> bool:
        """Whether people reach the pages by https: cookies and headers then insist on it."""
        return (self.public_url or "").startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """The host names requests may name, without ports; empty takes any."""
        named = {name.strip().lower() for name in (self.allowed_hosts or "").split(",") if name.strip()}
        own = urlsplit(self.public_url).hostname if self.public_url else None
        return frozenset(named | ({own} if own else set()))

    @property
    def own_key_file(self) -> Path:
        """Where one machine keeps its master key when no setting gives one."""
        return self.data / OWN_KEY

    @property
    def has_own_broker(self) -> bool:
        """Whether no server was named as VERIFIER_REDIS_URL: `verifier up` then runs one, where `redis_url` says."""
        return "redis_url" not in self.model_fields_set

    @model_validator(mode="after")
    def _lease_outlives_a_sweep(self) -> Self:
        if self.lease_s < 2 * self.sweep_every_s:
            raise ValueError("lease_s must be at least twice sweep_every_s")
        return self


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` (a command's own options) win over the environment, None means not given.

    Raises ConfigError naming the first wrong setting and why, in one line, without its value: it may be a secret.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    unknown = sorted(given.keys() - Settings.model_fields.keys())
    if unknown:
        raise ConfigError(name=PREFIX + unknown[0].upper(), why="no such setting")
    try:
        return Settings(**given)
    except (OSError, UnicodeDecodeError):
        raise ConfigError(name=".env", why="cannot be read as UTF-8 text") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else PREFIX + "LEASE_S"
        why = str(first["msg"]).removeprefix("Value error, ").splitlines()[0]
        raise ConfigError(name=name, why=why) from None
