"""What an applicant answers step by step: which questions a route needs, what is wrong with an answer, and the form they make.

Answers are plain text by the name of the question, as a page sends them. What a rule can say is said by the rule catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from schemas.application import (
    Applicant,
    Application,
    ApplicationForm,
    Employment,
    IdType,
    Qualification,
    QualificationType,
    Residence,
    Route,
    Sex,
    Student,
)
from schemas.batch import Batch
from schemas.finding import Severity
from verifier.compare.ethnicities import ETHNICITIES
from verifier.compare.ids import id_birth_date, id_problem, id_sex, normalise_id
from verifier.compare.names import normalise_name
from verifier.compare.uscc import normalise_uscc
from verifier.rules import engine
from verifier.rules.person import NUMBERS_LIKE_RESIDENT_IDS

Answers = Mapping[str, str]

TEXT_MAX = 200
"""Characters of an answer (schemas.application.Text)."""

STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "route": ("route",),
        "name": ("name",),
        "identity": ("id_type", "id_number"),
        "person": ("sex", "birth_date", "ethnicity"),
        "contact": ("phone",),
        "qualification": ("type", "subject"),
        "household": ("hukou_address",),
        "residence": ("district", "town", "detail"),
        "employment": ("employer", "uscc", "start_date", "employer_address"),
        "student": ("school", "major", "level", "enrolled_on", "expected_graduation"),
    }
)
"""Every step with its questions, in the order they are asked."""

QUESTIONS: frozenset[str] = frozenset(name for names in STEPS.values() for name in names)

_NEEDED = frozenset(
    (
        "route",
        "name",
        "id_type",
        "id_number",
        "sex",
        "birth_date",
        "type",
        "hukou_address",
        "district",
        "detail",
        "school",
    )
)
"""Questions that must be answered where they are asked."""

_ONLY: Mapping[str, frozenset[Route]] = MappingProxyType(
    {
        "household": frozenset({Route.HOUSEHOLD}),
        "residence": frozenset({Route.RESIDENCE_PERMIT, Route.HMT_RESIDENCE}),
        "employment": frozenset({Route.HOUSEHOLD, Route.RESIDENCE_PERMIT}),
        "student": frozenset({Route.STUDENT}),
    }
)
"""Steps that only some routes need: the household's address, the permit's address, an employer, a school."""

_ID_TYPES: Mapping[Route, tuple[IdType, ...]] = MappingProxyType(
    {
        Route.HMT_RESIDENCE: (IdType.HMT_RESIDENCE_PERMIT,),
        Route.HMT_PASS: (IdType.HK_MACAO_PASS, IdType.TAIWAN_PASS),
    }
)

_CODES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "route": frozenset(Route),
        "id_type": frozenset(IdType),
        "sex": frozenset(Sex),
        "type": frozenset(QualificationType),
    }
)

_LONG_AGO = date(1900, 1, 1)
_PROBE = "PROBE"
"""The number of an application that is only looked at by the rules and kept nowhere."""

_FIELD_OF_RULE = MappingProxyType(
    {
        "application.id_number": "id_number",
        "application.uscc": "uscc",
        "application.birth_date": "birth_date",
        "application.sex": "sex",
        "application.under_age": "birth_date",
        "application.retirement_age": "birth_date",
        "application.current_address_elsewhere": "district",
        "application.hukou_elsewhere": "hukou_address",
        "application.school_not_listed": "school",
    }
)
"""The question a rule about the application speaks of."""


def steps_of(answers: Answers) -> tuple[str, ...]:
    """The steps that the chosen route needs; the first alone while none is chosen."""
    route = _route(answers)
    if route is None:
        return ("route",)
    return tuple(step for step in STEPS if route in _ONLY.get(step, {route}))


def questions_of(step: str, answers: Answers) -> tuple[str, ...]:
    """What a step asks: sex and birth date only where the number does not tell them."""
    told = _told_by_number(answers)
    if step == "person" and told:
        return tuple(name for name in STEPS[step] if name not in told)
    return STEPS[step]


def is_needed(name: str) -> bool:
    """Whether a question must be answered where it is asked."""
    return name in _NEEDED


def id_types_of(answers: Answers) -> tuple[IdType, ...]:
    """The kinds of identity document a route can be claimed with."""
    route = _route(answers)
    return _ID_TYPES.get(route, (IdType.RESIDENT_ID,)) if route else tuple(IdType)


def cleaned(answers: Answers) -> dict[str, str]:
    """Answers to known questions in the form they are kept and compared in: names and numbers as the rules normalise them."""
    kept = {name: " ".join(text.split()) for name, text in answers.items() if name in QUESTIONS}
    for name, normalise in (("name", normalise_name), ("id_number", normalise_id), ("uscc", normalise_uscc)):
        if kept.get(name):
            kept[name] = normalise(kept[name])
    return kept


def completed(answers: Answers) -> dict[str, str]:
    """The answers with what an identity number tells: birth date and sex (GB 11643)."""
    return {**answers, **_told_by_number(answers)}


def problems(step: str, answers: Answers, batch: Batch, today: date) -> dict[str, str]:
    """What must be mended before a step is done, by question: one Chinese sentence each."""
    found: dict[str, str] = {}
    asked = questions_of(step, answers)
    for name in asked:
        text = answers.get(name, "")
        if not text:
            if name in _NEEDED:
                found[name] = "请填写或选择此项。"
        elif len(text) > TEXT_MAX:
            found[name] = f"请缩短到 {TEXT_MAX} 字以内。"
        elif name in _CODES and text not in _CODES[name]:
            found[name] = "请从列出的选项中选择。"
        elif name in ("birth_date", "start_date") and not _LONG_AGO < (_date(text) or _LONG_AGO) <= today + _ahead(
            name
        ):
            found[name] = "请填写真实的日期,例如 1996-08-12。"
    if "id_type" in asked and "id_type" not in found and IdType(answers["id_type"]) not in id_types_of(answers):
        found["id_type"] = "所选的认定依据不能使用这种证件,请重新选择。"
    if step == "employment" and not answers.get("employer") and any(answers.get(name) for name in asked):
        found["employer"] = "请填写单位名称;没有工作单位的,请把本页全部留空。"
    if step == "person" and answers.get("ethnicity") and answers["ethnicity"].removesuffix("族") not in ETHNICITIES:
        found["ethnicity"] = "请填写身份证上的民族,例如“汉”。"
    for name, message in _said(answers, batch, today, blocking=True).items():
        if name in asked and answers.get(name):
            found.setdefault(name, message)
    return found


def remarks(answers: Answers, batch: Batch, today: date) -> dict[str, str]:
    """What somebody will look at, by question. It keeps nobody from applying."""
    return _said(answers, batch, today, blocking=False)


def first_unfinished(answers: Answers, batch: Batch, today: date) -> str | None:
    """The first step with something to mend; None when the form is whole."""
    return next((step for step in steps_of(answers) if problems(step, answers, batch, today)), None)


def form_of(answers: Answers, batch: Batch, today: date) -> ApplicationForm:
    """The form that finished answers make: the same that the JSON interface takes. Answers to questions the route does not ask
    are left out. Raises ValueError for answers that have problems."""
    steps, whole = steps_of(answers), completed(answers)
    given = {name: whole[name] for step in steps for name in STEPS[step] if whole.get(name)}
    ethnicity = given.get("ethnicity")
    return ApplicationForm(
        batch=batch.code,
        submitted_on=today,
        route=Route(given["route"]),
        applicant=Applicant(
            name=given["name"],
            id_type=IdType(given["id_type"]),
            id_number=given["id_number"],
            sex=Sex(given["sex"]),
            birth_date=date.fromisoformat(given["birth_date"]),
            ethnicity=ethnicity.removesuffix("族") if ethnicity else None,
            phone=given.get("phone"),
        ),
        qualification=Qualification(type=QualificationType(given["type"]), subject=given.get("subject")),
        residence=Residence(hukou_address=given.get("hukou_address"), current_address=_current(given, batch)),
        employment=_employment(given),
        student=_student(given),
    )


def _employment(given: Answers) -> Employment | None:
    if "employer" not in given:
        return None
    start = given.get("start_date")
    return Employment(
        employer=given["employer"],
        uscc=given.get("uscc"),
        start_date=date.fromisoformat(start) if start else None,
        employer_address=given.get("employer_address"),
    )


def _student(given: Answers) -> Student | None:
    if "school" not in given:
        return None
    return Student(
        school=given["school"],
        major=given.get("major"),
        level=given.get("level"),
        enrolled_on=given.get("enrolled_on"),
        expected_graduation=given.get("expected_graduation"),
    )


def _current(given: Answers, batch: Batch) -> str | None:
    """District, town and the rest in one line; city and province in front of a district that names neither."""
    if "district" not in given:
        return None
    district = given["district"]
    place = district if "市" in district or "省" in district else f"{batch.province_name}{batch.city_name}{district}"
    return f"{place}{given.get('town', '')}{given.get('detail', '')}"


def _said(answers: Answers, batch: Batch, today: date, *, blocking: bool) -> dict[str, str]:
    """What the rules about the application alone say, by question: those the applicant must mend, or the others."""
    application = _probe(answers, batch, today)
    if application is None:
        return {}
    said: dict[str, str] = {}
    for finding in engine.judge(application, {}, batch):
        name = _FIELD_OF_RULE.get(finding.rule)
        if name is not None and (finding.severity is Severity.CORRECT) is blocking:
            said.setdefault(name, finding.message)
    return said


def _probe(answers: Answers, batch: Batch, today: date) -> Application | None:
    """What is answered so far as an application the rules can look at; None before the identity number is there."""
    whole = completed(answers)
    stand_in = {
        "name": "—",
        "sex": Sex.FEMALE.value,
        "birth_date": today.isoformat(),
        "type": QualificationType.PRIMARY.value,
    }
    given = {**stand_in, **{name: text for name, text in whole.items() if text}}
    try:
        form = form_of(given, batch, today)
    except (KeyError, ValueError):
        return None
    return Application.model_validate({**form.model_dump(), "application_no": _PROBE})


def _told_by_number(answers: Answers) -> dict[str, str]:
    number = answers.get("id_number", "")
    if (
        answers.get("id_type") not in {kind.value for kind in NUMBERS_LIKE_RESIDENT_IDS}
        or id_problem(number) is not None
    ):
        return {}
    return {"birth_date": id_birth_date(number).isoformat(), "sex": id_sex(number).value}


def _route(answers: Answers) -> Route | None:
    code = answers.get("route", "")
    return Route(code) if code in _CODES["route"] else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _ahead(name: str) -> timedelta:
    """Work may begin after the application; nobody is born after it."""
    return timedelta(days=365 if name == "start_date" else 0)
