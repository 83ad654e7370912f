"""Applicants and reviewers: they put the stories through over HTTP and write down what they were promised."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from schemas.case import READING_DONE, CaseState, DecisionAction
from schemas.document import DocumentType
from tests.chaos.client import BASE, Client, RefusedError
from tests.chaos.papers import Papers
from tests.chaos.parts import REVIEWERS, Stage
from tests.chaos.stories import Fate, Story
from tests.support.factories import form

APPLICANTS = 8
DESK_EVERY_S = 1.0
REASON = "材料须重新上传"


@dataclass(frozen=True)
class Upload:
    """A file that was acknowledged with 201."""

    number: str
    slot: DocumentType
    sha256: str


@dataclass(frozen=True)
class Decision:
    number: str
    action: DecisionAction
    actor: str


@dataclass
class Ledger:
    """What the system promised. Lists only grow, from several threads."""

    uploads: list[Upload] = field(default_factory=list)
    submitted: list[tuple[str, int]] = field(default_factory=list)
    """Number and round of every acknowledged submission."""
    decisions: list[Decision] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    """Numbers of the stories whose people have nothing left to do."""
    complaints: list[str] = field(default_factory=list)
    """Refusals nobody expected, and calls never answered."""


class Load:
    """The people of a run. `start`, then `is_over` some time later, `stop` in any case."""

    def __init__(self, stage: Stage, stories: Iterable[Story], papers: Papers, rng: Random) -> None:
        self.ledger = Ledger()
        self._stage = stage
        self._stories = list(stories)
        self._papers = papers
        self._due: queue.PriorityQueue[tuple[float, int, Callable[[Client], None]]] = queue.PriorityQueue()
        self._numbers = iter(range(1_000_000))
        self._waiting: list[Story] = []
        """Handed in, for the desk to decide on."""
        self._stop = threading.Event()
        self._rngs = [Random(rng.random()) for _ in range(APPLICANTS + len(REVIEWERS) + 1)]
        self._threads = [
            threading.Thread(target=self._applicant, args=(own,), name=f"applicant-{place}")
            for place, own in enumerate(self._rngs[:APPLICANTS])
        ]
        self._threads.append(threading.Thread(target=self._desk, name="desk"))

    def start(self) -> None:
        now = time.monotonic()
        for story in self._stories:
            self._later(now + story.starts_s, lambda client, story=story: self._hand_in(client, story))  # type: ignore[misc]
        for thread in self._threads:
            thread.start()

    def is_over(self) -> bool:
        return len(self.ledger.over) + len(self.ledger.complaints) >= len(self._stories)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _later(self, at: float, what: Callable[[Client], None]) -> None:
        self._due.put((at, next(self._numbers), what))

    def _applicant(self, rng: Random) -> None:
        with Client(self._stage.address, self._stage.integration, rng, self._stop) as client:
            while not self._stop.is_set():
                try:
                    at, number, what = self._due.get(timeout=0.2)
                except queue.Empty:
                    continue
                if at > time.monotonic():
                    self._due.put((at, number, what))
                    self._stop.wait(0.1)
                    continue
                self._say(lambda what=what: what(client))  # type: ignore[misc]

    def _say(self, what: Callable[[], None]) -> None:
        try:
            what()
        except (RefusedError, TimeoutError) as refused:
            self.ledger.complaints.append(str(refused))

    def _hand_in(self, client: Client, story: Story) -> None:
        stated = form(application_no=story.number, route=story.route).model_dump(mode="json", exclude_none=True)
        client.call("POST", BASE, (200, 201), json=stated)
        for place, slot in enumerate(story.slots):
            draw = self._papers.whole if slot in story.whole else self._papers.small
            self._upload(client, story, slot, draw(slot, story.serial + place))
        self._submit(client, story, 0)
        match story.fate:
            case Fate.RETURNED | Fate.APPROVED:
                self._waiting.append(story)
            case Fate.WITHDRAWN:
                self._later(time.monotonic() + story.thought_s, lambda client: self._withdraw(client, story))
            case _:
                self.ledger.over.append(story.number)

    def _upload(self, client: Client, story: Story, slot: DocumentType, data: bytes) -> None:
        path = f"{BASE}/{story.number}/documents/{slot.value}"
        client.call("PUT", path, (201,), files=[("files", ("1.jpg", data, "image/jpeg"))])
        self.ledger.uploads.append(Upload(story.number, slot, hashlib.sha256(data).hexdigest()))

    def _submit(self, client: Client, story: Story, round_no: int) -> None:
        path = f"{BASE}/{story.number}/submit"
        if story.twice:
            other = Client(self._stage.address, self._stage.integration, Random(story.serial), self._stop)
            with other, ThreadPoolExecutor(1) as pool:
                second = pool.submit(other.call, "POST", path, (202,))
                client.call("POST", path, (202,))
                second.result()
        else:
            client.call("POST", path, (202,))
        self.ledger.submitted.append((story.number, round_no))

    def _withdraw(self, client: Client, story: Story) -> None:
        client.call("POST", f"{BASE}/{story.number}/withdraw", (200,))
        self.ledger.withdrawn.append(story.number)
        self.ledger.over.append(story.number)

    def _mend(self, client: Client, story: Story) -> None:
        self._upload(client, story, story.mended, self._papers.small(story.mended, story.serial + len(story.slots)))
        self._submit(client, story, 1)
        self.ledger.over.append(story.number)

    def _desk(self) -> None:
        """Reviewers, in one thread: they look for advice and decide."""
        first, second = (
            Client(self._stage.address, self._stage.reviewers[name], rng, self._stop)
            for name, rng in zip(REVIEWERS, self._rngs[APPLICANTS:-1], strict=True)
        )
        eyes = Client(self._stage.address, self._stage.integration, self._rngs[-1], self._stop)
        with first, second, eyes:
            while not self._stop.wait(DESK_EVERY_S):
                for story in list(self._waiting):
                    if self._stop.is_set():
                        return
                    self._say(lambda story=story: self._look_at(story, eyes, first, second))  # type: ignore[misc]

    def _look_at(self, story: Story, eyes: Client, first: Client, second: Client) -> None:
        if _state(eyes, story) not in READING_DONE:
            return
        self._waiting.remove(story)
        if story.fate is Fate.RETURNED:
            self._decide(first, REVIEWERS[0], story, DecisionAction.RETURN, CaseState.RETURNED)
            self._later(time.monotonic(), lambda client: self._mend(client, story))
        else:
            self._decide(first, REVIEWERS[0], story, DecisionAction.ACCEPT, CaseState.ACCEPTED)
            self._decide(second, REVIEWERS[1], story, DecisionAction.APPROVE, CaseState.APPROVED)
            self.ledger.over.append(story.number)

    def _decide(self, client: Client, actor: str, story: Story, action: DecisionAction, target: CaseState) -> None:
        """Claim and decide. A decision whose answer was lost is found made: the second one is refused, and the case
        stands where it should."""
        body = {"action": action.value, "reasons": [REASON], "slots": [story.mended.value]}
        client.call("POST", f"{BASE}/{story.number}/claim", (200,))
        try:
            client.call("POST", f"{BASE}/{story.number}/decision", (200,), json=body)
        except RefusedError as refused:
            if refused.status != 409 or _state(client, story) != target:
                raise
        self.ledger.decisions.append(Decision(story.number, action, actor))


def _state(client: Client, story: Story) -> CaseState:
    return CaseState(client.call("GET", f"{BASE}/{story.number}", (200,)).json()["state"])
