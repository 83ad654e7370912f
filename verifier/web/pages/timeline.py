"""The events of a case as lines people read, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.case import CaseState, DecisionAction
from schemas.document import TITLES_ZH, DocumentType
from schemas.events import Event, EventType
from schemas.finding import Outcome
from verifier.web.pages import words

REASONS = {"lapsed": "领取到期", "released": "主动交回"}


@dataclass(frozen=True)
class Happening:
    """`times` counts events of one kind by one actor that followed each other; `at` is the last of them."""

    at: datetime
    title: str
    detail: str
    actor: str
    kind: EventType
    times: int = 1


def timeline(events: Sequence[Event]) -> list[Happening]:
    """Newest first. Looking again and again is one line."""
    lines: list[Happening] = []
    for event in events:
        line = Happening(event.at, words.EVENTS[event.type], _detail(event), words.actor(event.actor), event.type)
        last = lines[-1] if lines else None
        if last and event.type == EventType.CASE_VIEWED and (last.kind, last.actor, last.detail) == (
            line.kind, line.actor, line.detail,
        ):  # fmt: skip
            lines[-1] = replace(line, times=last.times + 1)
        else:
            lines.append(line)
    return lines[::-1]


def _detail(event: Event) -> str:
    given = {name: value for name, value in event.details.items() if value is not None}
    parts: list[str] = []
    if "slot" in given:
        parts.append(TITLES_ZH[DocumentType(str(given["slot"]))])
    if "from" in given and "to" in given:
        parts.append(
            f"{words.STATES[CaseState(str(given['from']))].text} → {words.STATES[CaseState(str(given['to']))].text}"
        )
    if "outcome" in given:
        parts.append(f"{words.OUTCOMES[Outcome(str(given['outcome']))].text},发现 {given.get('findings', 0)} 项")
    if "action" in given:
        parts.append(words.ACTIONS[DecisionAction(str(given["action"]))].text)
    if "documents" in given:
        parts.append(f"{given['documents']} 份待读取")
    if "pages" in given:
        parts.append(f"{given['pages']} 页")
    if "why" in given:
        parts.append(REASONS.get(str(given["why"]), str(given["why"])))
    if "code" in given:
        parts.append(str(given["code"]))
    if "file" in given:
        parts.append("原件")
    return " · ".join(parts)
