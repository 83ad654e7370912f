"""What the engine's process tells its supervisor over a pipe: one JSON object per line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from schemas.base import Model


class Ready(Model):
    """Loaded and warm."""

    kind: Literal["ready"] = "ready"
    name: str
    rss_mb: float


class Busy(Model):
    """A request arrived; the supervisor kills the process when it is not done within `deadline_s` seconds."""

    kind: Literal["busy"] = "busy"
    deadline_s: float


class Idle(Model):
    """Done with a request; `pages` counts those of this process."""

    kind: Literal["idle"] = "idle"
    pages: int
    rss_mb: float


class Waiting(Model):
    """Nothing to do, and well: said every few seconds, because a process that hangs says nothing."""

    kind: Literal["waiting"] = "waiting"


class Leaving(Model):
    """Done with a request and at a limit: the process ends itself, nothing was lost."""

    kind: Literal["leaving"] = "leaving"
    pages: int
    rss_mb: float


Status = Ready | Busy | Idle | Waiting | Leaving

_ADAPTER: TypeAdapter[Status] = TypeAdapter(Annotated[Status, Field(discriminator="kind")])


def parse(line: bytes) -> Status:
    """Raises pydantic.ValidationError for anything but a status."""
    return _ADAPTER.validate_json(line)
