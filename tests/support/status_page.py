"""A house with a dozen synthetic cases in different states, judged by the real rules, for tests and pictures of pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random

from fixtures import people, places
from fixtures.people import Person
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
)
from schemas.case import TOKEN_ROLES, DecisionAction, Role
from schemas.document import DocumentType
from schemas.reading import DocumentReading, InsuredRow, ReadField, SealReading
from schemas.result import CaseResult
from tests.support.factories import EXAM, ID_CARD, PERMIT, START, Clock, open_test_services, page, picture
from verifier import pipeline
from verifier.pipeline import Read
from verifier.rules import batches
from verifier.services import outbox, process, review, submit, tokens
from verifier.services.context import Services

LETTER = DocumentType.EMPLOYMENT_CERTIFICATE
INSURANCE = DocumentType.SOCIAL_INSURANCE_CERTIFICATE
HOSPITAL = "广州市花都区人民医院"
BOX = ((100.0, 100.0), (400.0, 100.0), (400.0, 140.0), (100.0, 140.0))


@dataclass(frozen=True)
class Seeded:
    """`secrets` are what a page must not show in full, `tokens` a bearer token per role."""

    services: Services
    clock: Clock
    numbers: tuple[str, ...]
    secrets: tuple[str, ...]
    tokens: Mapping[Role, str]


def judge(application: Application, reads: Mapping[DocumentType, Read]) -> CaseResult:
    """The rules of the default batch, as programs run them."""
    return pipeline.judge_case(application, reads, batches.load(application.batch), "PP-OCRv6_small")


def house(data: Path, seed: int = 7) -> Seeded:
    """Twelve cases; the same seed gives the same people."""
    clock = Clock(START)
    opened = open_test_services(data, clock=clock)
    services = replace(opened, judge=judge, load_batch=batches.load)
    given = {role: tokens.create(services, f"演示-{role.value}", role, "test") for role in TOKEN_ROLES}
    rng = Random(seed)
    numbers: list[str] = []
    secrets: set[str] = set()
    stories = (
        "approved", "accepted", "returned", "pass", "other_person", "expired", "pass", "claimed", "not_read", "unsure",
        "reading", "draft",
    )  # fmt: skip
    for place, story in enumerate(stories, start=1):
        clock.tick(minutes=rng.randint(4, 15) if place > 7 else rng.randint(40, 170))
        applicant = people.person(rng, rng.choice(places.OUTSIDE), dotted=place == 9)
        number = f"HD2026A{place * 137:06d}"
        numbers.append(number)
        form = _form(number, applicant, rng)
        secrets |= _secrets(form)
        _tell(services, clock, form, story, rng, secrets)
    clock.tick(minutes=4)
    return Seeded(services, clock, tuple(numbers), tuple(sorted(secrets)), given)


def _form(number: str, applicant: Person, rng: Random) -> ApplicationForm:
    kind = rng.choice(tuple(QualificationType))
    school = people.employer(rng, kind)
    return ApplicationForm(
        application_no=number,
        batch="2026-autumn",
        submitted_on=date(2026, 10, 20),
        route=Route.RESIDENCE_PERMIT,
        applicant=Applicant(
            name=applicant.name,
            id_type=IdType.RESIDENT_ID,
            id_number=applicant.id_number,
            sex=applicant.sex,
            birth_date=applicant.birth_date,
            ethnicity=applicant.ethnicity,
            phone=people.phone(rng),
        ),
        qualification=Qualification(type=kind, subject=rng.choice(people.SUBJECTS[kind])),
        residence=Residence(
            hukou_address=places.at_home(rng.choice(places.OUTSIDE), rng), current_address=places.in_the_district(rng)
        ),
        employment=Employment(employer=school.name, uscc=school.uscc, start_date=date(2024, 9, 1)),
    )


def _secrets(form: ApplicationForm) -> set[str]:
    applicant, residence = form.applicant, form.residence
    values = (applicant.name, applicant.id_number, applicant.phone, residence.hukou_address, residence.current_address)
    return {value for value in values if value}


def _tell(services: Services, clock: Clock, form: ApplicationForm, story: str, rng: Random, secrets: set[str]) -> None:
    number = str(form.application_no)
    submit.create_application(services, form, "穗好办")
    slots = (ID_CARD, EXAM, PERMIT, LETTER, INSURANCE)
    for slot in slots if story != "draft" else slots[:1]:
        submit.put_document(services, number, slot, [picture(rng.randrange(10**9))], "穗好办")
    if story == "draft":
        return
    submit.submit(services, number, "穗好办")
    if story == "reading":
        _begin_one(services)
        return
    other = people.somebody_else(
        Person(form.applicant.name, form.applicant.sex, "汉", form.applicant.birth_date, form.applicant.id_number), rng
    )
    if story == "other_person":
        secrets |= {other.name, other.id_number}
    _read(services, clock, form, story, other)
    if story == "claimed":
        review.claim(services, number, "演示-reviewer")
    if story in ("approved", "accepted", "returned"):
        review.claim(services, number, "审核一组")
        if story == "returned":
            review.decide(
                services, number, DecisionAction.RETURN, "审核一组", ["permit.expired"], "请到派出所签注后重新上传。"
            )
            return
        review.decide(services, number, DecisionAction.ACCEPT, "审核一组")
    if story == "approved":
        review.claim(services, number, "审核二组")
        review.decide(services, number, DecisionAction.APPROVE, "审核二组")


def _begin_one(services: Services) -> None:
    messages = outbox.take(services, 1000)
    outbox.mark_sent(services, [message.id for message in messages])
    process.begin(services, messages[0].attempt_id, "unit1:interactive")


def _read(services: Services, clock: Clock, form: ApplicationForm, story: str, other: Person) -> None:
    messages = outbox.take(services, 1000)
    outbox.mark_sent(services, [message.id for message in messages])
    for message in messages:
        work = process.begin(services, message.attempt_id, "unit1:interactive")
        assert work is not None
        clock.tick(seconds=3.1)
        if story == "not_read" and work.slot == PERMIT:
            process.fail(services, message.attempt_id, "file.broken", transient=False)
            continue
        process.finish(services, message.attempt_id, _reading(work.slot, form, story, other))


def _reading(slot: DocumentType, form: ApplicationForm, story: str, other: Person) -> Read:
    person = form.applicant
    plain: dict[str, str] = {
        "name": person.name,
        "sex": person.sex.value,
        "birth_date": person.birth_date.isoformat(),
        "id_number": person.id_number,
    }
    if story == "other_person" and slot == EXAM:
        plain |= {"name": other.name, "id_number": other.id_number, "birth_date": other.birth_date.isoformat()}
    more = _values(slot, form, story)
    keep = {ID_CARD: 4, EXAM: 4, PERMIT: 4}.get(slot, 0)
    shown = plain if keep else {"name": plain["name"], "id_number": plain["id_number"]}
    fields = {name: _field(name, value, story) for name, value in {**shown, **more}.items()}
    if slot == INSURANCE:
        employer = form.employment.employer if form.employment else ""
        rows = (InsuredRow(employer=employer, start_month="2024-09", end_month="2026-09"),)
        fields["rows"] = ReadField(value=rows, raw=employer, confidence=0.93, page=0, box=BOX)
    seals = {
        EXAM: f"{HOSPITAL}体检专用章",
        LETTER: form.employment.employer if form.employment else "",
        INSURANCE: "广州市社会保险基金管理中心",
    }
    reading = DocumentReading(
        slot=slot,
        detected_type=slot,
        type_confidence=0.98,
        pages=(page(f"documents/{slot.value}-1.jpg"),),
        fields=fields,
        seals=(SealReading(text=seals[slot], confidence=0.91, page=0, box=BOX),) if slot in seals else (),
    )
    return Read(reading=reading, total_ms=3100, ocr_ms=2600)


def _field(name: str, value: str, story: str) -> ReadField:
    confidence = 0.62 if story == "unsure" and name == "current_address" else 0.97
    return ReadField(value=value, raw=value, confidence=confidence, page=0, box=BOX)


def _values(slot: DocumentType, form: ApplicationForm, story: str) -> dict[str, str]:
    residence = form.residence
    if slot == ID_CARD:
        age = 2020 - form.applicant.birth_date.year
        valid_to = "2030-06-07" if age <= 25 else "2040-06-07" if age <= 45 else "long_term"
        return {
            "ethnicity": form.applicant.ethnicity or "汉",
            "address": residence.hukou_address or "",
            "issuing_authority": "长沙市公安局岳麓分局",
            "valid_from": "2020-06-07",
            "valid_to": valid_to,
        }
    if slot == PERMIT:
        expired = story in ("expired", "returned")
        return {
            "hukou_address": residence.hukou_address or "",
            "current_address": residence.current_address or "",
            "issuing_authority": "广州市公安局花都区分局",
            "issue_date": "2024-03-05",
            "valid_to": "2026-03-05" if expired else "2027-03-05",
        }
    if slot == LETTER:
        return {
            "employer": form.employment.employer if form.employment else "",
            "uscc": (form.employment.uscc if form.employment else None) or "",
            "position": f"{form.qualification.subject}教师",
            "start_date": "2024-09-01",
            "issue_date": "2026-10-08",
        }
    if slot == INSURANCE:
        return {"city": "广州市", "months_paid": "25", "printed_on": "2026-10-12"}
    # Nobody's form has all the measurements of another's: that would be a copy.
    body = Random(form.application_no)
    return {
        "phone": form.applicant.phone or "",
        "qualification_type": form.qualification.type.value,
        "naked_vision_right": "4.8",
        "naked_vision_left": "4.7",
        "corrected_vision_right": "5.0",
        "corrected_vision_left": "5.0",
        "color_vision": "正常",
        "blood_pressure": f"{body.randint(100, 128)}/{body.randint(62, 84)}",
        "heart_rate": str(body.randint(60, 95)),
        "height_cm": "165" if form.applicant.sex == Sex.FEMALE else "174",
        "weight_kg": str(body.randint(45, 80)),
        "hearing_right": "5",
        "hearing_left": "5",
        "chest_xray": "心肺膈未见异常",
        "alt": str(body.randint(9, 39)),
        "conclusion": "qualified",
        "chief_physician": "周明亮",
        "hospital": HOSPITAL,
        "exam_date": "2026-09-15",
        **(dict.fromkeys(("trichomonas", "candida", "gonococcus", "syphilis"), "阴性")
           if form.qualification.type == QualificationType.KINDERGARTEN else {}),
    }  # fmt: skip
