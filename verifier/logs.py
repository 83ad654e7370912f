"""Logs: events with ids and codes, as JSON for machines or plain lines for people. Never personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import structlog

from verifier.settings import Settings

QUIET = ("rq", "rq.worker", "rq.job", "rq.queue", "rq.registry", "rq.scheduler", "uvicorn.access", "uvicorn.error", "alembic")
"""rq reports every job twice at INFO and uvicorn every request; our own lines say it once, with ids."""


def configure(settings: Settings, *, part: str) -> None:
    """Set up structlog and the standard library's logging for one process; `part` names it in every line."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.log_json:
        shared.append(structlog.processors.format_exc_info)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(part=part)


def where(error: BaseException) -> str:
    """Where a defect happened, innermost call first: `ValueError at names.py:12 close < engine.py:40 judge`.

    Only the kind and the places: the message of an error that is not ours may quote what an applicant wrote (pydantic
    shows the input, SQLAlchemy the parameters of a statement).
    """
    frames = reversed(traceback.extract_tb(error.__traceback__))
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return f"{type(error).__name__} at {' < '.join(places)}"
