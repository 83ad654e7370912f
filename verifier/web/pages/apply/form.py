"""`/apply`: the form, one thing a page. Each page is kept when it is sent; what is wrong is said beside the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from schemas.batch import Batch
from verifier.compare.divisions import GUANGZHOU_DISTRICTS
from verifier.compare.ethnicities import ETHNICITIES
from verifier.errors import InputError
from verifier.services import answers as asking
from verifier.services import deadlines, drafts
from verifier.services.access import Action
from verifier.services.answers import Answers
from verifier.services.context import Services
from verifier.web.auth import Allowed, Person
from verifier.web.pages.apply import titles
from verifier.web.pages.apply.titles import QUESTION_TITLES, STEP_TITLES, Option, Title
from verifier.web.pages.rendering import render
from verifier.web.services import ServicesDep

router = APIRouter(include_in_schema=False)

Applying = Annotated[Person, Depends(Allowed(Action.CREATE))]
CHECK = "/apply/check"
BACK_TO_CHECK = "check"
"""The field that says somebody came from the check page, and goes back there."""


@dataclass(frozen=True)
class Question:
    """A question as a page shows it, with what was answered and what is wrong with it."""

    name: str
    title: Title
    value: str
    problem: str | None
    needed: bool
    options: Sequence[Option] = ()
    """To choose from."""
    suggestions: Sequence[str] = ()
    """Of a text that may be anything."""


@dataclass(frozen=True)
class Answered:
    """A line of the check page."""

    title: Title
    shown: str
    remark: str | None


@dataclass(frozen=True)
class Part:
    """A step on the check page."""

    step: str
    title: Title
    lines: Sequence[Answered]


@router.get("/apply")
def begin(services: ServicesDep, who: Applying) -> Response:
    """Goes on where the form is not whole yet."""
    draft = drafts.load(services, _account(who))
    step = asking.first_unfinished(draft.answers, drafts.open_batch(services), _today(services))
    return RedirectResponse(f"/apply/{step}" if step else CHECK, status_code=303)


@router.get("/apply/check")
def check(services: ServicesDep, who: Applying) -> Response:
    """All answers, each with the way back to its question."""
    given, batch, today = drafts.load(services, _account(who)).answers, drafts.open_batch(services), _today(services)
    if (step := asking.first_unfinished(given, batch, today)) is not None:
        return RedirectResponse(f"/apply/{step}", status_code=303)
    open_now = batch.window_start <= today <= batch.window_end
    return render("apply/check.html", visitor=who, parts=_parts(given, batch, today), batch=batch, open_now=open_now)


@router.post("/apply/check")
def create(services: ServicesDep, who: Applying) -> Response:
    """Makes the application; a second press finds nothing left to make."""
    try:
        number = drafts.finish(services, _account(who), who.name, who.owner_id)
    except InputError as error:
        if error.code != "request.invalid":
            raise
        return RedirectResponse("/apply", status_code=303)
    return RedirectResponse(f"/my/{number}" if number else "/my", status_code=303)


@router.post("/apply/discard")
def discard(services: ServicesDep, who: Applying) -> Response:
    """Forgets what was filled in."""
    drafts.discard(services, _account(who))
    return RedirectResponse("/my", status_code=303)


@router.get("/apply/{step}")
def ask(step: str, request: Request, services: ServicesDep, who: Applying) -> Response:
    """One step."""
    given = drafts.load(services, _account(who)).answers
    if step not in asking.steps_of(given):
        # a page of another route, or one that the first answer decides
        return RedirectResponse("/apply", status_code=303)
    back = BACK_TO_CHECK if request.query_params.get("from") == BACK_TO_CHECK else ""
    return _page(services, who, step, given, {}, back)


@router.post("/apply/{step}")
async def answer(step: str, request: Request, services: ServicesDep, who: Applying) -> Response:
    """Keeps a step's answers, wrong ones too, and goes on when they are right."""
    sent = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    return await run_in_threadpool(_answer, services, who, step, sent)


def _answer(services: Services, who: Person, step: str, sent: Mapping[str, str]) -> Response:
    given = drafts.load(services, _account(who)).answers
    if step not in asking.steps_of(given):
        return RedirectResponse("/apply", status_code=303)
    new = {name: sent[name][: asking.TEXT_MAX + 1] for name in asking.questions_of(step, given) if name in sent}
    given = drafts.save(services, _account(who), new).answers
    batch, today = drafts.open_batch(services), _today(services)
    problems = asking.problems(step, given, batch, today)
    if problems:
        return _page(services, who, step, given, problems, sent.get(BACK_TO_CHECK, ""))
    steps = asking.steps_of(given)
    following = steps[steps.index(step) + 1 :]
    to = f"/apply/{following[0]}" if following and not sent.get(BACK_TO_CHECK) else CHECK
    return RedirectResponse(to, status_code=303)


def _page(
    services: Services, who: Person, step: str, given: Answers, problems: Mapping[str, str], back: str
) -> Response:
    batch = drafts.open_batch(services)
    steps = asking.steps_of(given)
    questions = [_question(name, given, batch, problems) for name in asking.questions_of(step, given)]
    place = steps.index(step)
    return render(
        "apply/step.html",
        status=422 if problems else 200,
        visitor=who,
        step=step,
        title=STEP_TITLES[step],
        questions=questions,
        told=_told(given) if step == "person" else (),
        problems=problems,
        place=place + 1,
        count=len(steps) if len(steps) > 1 else None,
        before=CHECK if back else f"/apply/{steps[place - 1]}" if place else "/my",
        back=back,
    )


def _question(name: str, given: Answers, batch: Batch, problems: Mapping[str, str]) -> Question:
    options: Sequence[Option] = {
        "route": titles.ROUTE_OPTIONS,
        "id_type": titles.id_type_options(asking.id_types_of(given)),
        "sex": titles.SEX_OPTIONS,
        "type": titles.TYPE_OPTIONS,
    }.get(name, ())
    suggestions: Sequence[str] = {
        "ethnicity": sorted(ETHNICITIES),
        "district": tuple(GUANGZHOU_DISTRICTS),
        "town": titles.TOWNS_OF_HUADU if batch.district_name == "花都区" else (),
        "school": batch.schools,
    }.get(name, ())
    value = given.get(name, "")
    if not value and len(options) == 1:
        value = options[0].value
    if not value and name == "district":
        value = batch.district_name
    return Question(
        name=name,
        title=QUESTION_TITLES[name],
        value=value,
        problem=problems.get(name),
        needed=asking.is_needed(name),
        options=options,
        suggestions=suggestions,
    )


def _told(given: Answers) -> Sequence[tuple[Title, str]]:
    """What the identity number told, so that it is not asked."""
    asked = asking.questions_of("person", given)
    whole = asking.completed(given)
    return [(QUESTION_TITLES[name], _shown(name, whole[name])) for name in ("sex", "birth_date") if name not in asked]


def _parts(given: Answers, batch: Batch, today: date) -> Sequence[Part]:
    whole, remarks = asking.completed(given), asking.remarks(given, batch, today)
    return [
        Part(
            step,
            STEP_TITLES[step],
            [
                Answered(QUESTION_TITLES[name], _shown(name, whole.get(name, "")), remarks.get(name))
                for name in asking.STEPS[step]
            ],
        )
        for step in asking.steps_of(given)
    ]


def _shown(name: str, value: str) -> str:
    options: Mapping[str, Sequence[Option]] = {
        "route": titles.ROUTE_OPTIONS,
        "id_type": titles.id_type_options(asking.id_types_of({})),
        "sex": titles.SEX_OPTIONS,
        "type": titles.TYPE_OPTIONS,
    }
    return next((option.text for option in options.get(name, ()) if option.value == value), value)


def _account(who: Person) -> int:
    return who.account_id or 0


def _today(services: Services) -> date:
    return deadlines.today(services.clock())
