"""Which papers there are: missing slots, wrong types, repeated files, types that only a person can check yet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from schemas.application import Route
from schemas.batch import Requirement
from schemas.document import TITLES_ZH, DocumentType
from schemas.finding import Severity
from verifier.compare.fingerprint import NEAR, distance
from verifier.rules.facts import EMPLOYMENT_EVIDENCE, Facts
from verifier.rules.rule import Hit, Rule

CERTAIN_TYPE = 0.6
"""Below this a detected type that differs from the slot is a guess: a person looks, the applicant is not told."""

LICENSING_32 = "《行政许可法》第三十二条(材料不齐全或不符合法定形式的,一次告知补正)"

_EMPLOYMENT_ROUTES = frozenset({Route.HOUSEHOLD, Route.RESIDENCE_PERMIT})
_EMPLOYMENT_SETS: tuple[tuple[DocumentType, ...], ...] = (
    (DocumentType.EMPLOYMENT_CERTIFICATE, DocumentType.LABOR_CONTRACT),
    (DocumentType.SOCIAL_INSURANCE_CERTIFICATE,),
)
"""Asked for when a batch requires employment evidence: one of each row (DOMAIN.md 2.0)."""


def required_sets(facts: Facts) -> Iterator[tuple[DocumentType, ...]]:
    """Slots this case must fill, any one of each tuple: those of the route, then employment evidence if required."""
    for required in facts.batch.required.get(facts.application.route, ()):
        yield required.slots
    if facts.batch.employment_evidence is Requirement.REQUIRED and facts.application.route in _EMPLOYMENT_ROUTES:
        yield from _EMPLOYMENT_SETS


def _listed(facts: Facts) -> frozenset[DocumentType]:
    return frozenset(answer.slot for answer in facts.application.documents)


def _missing(facts: Facts) -> Iterator[Hit]:
    present = _listed(facts) | facts.readings.keys()
    for slots in required_sets(facts):
        if present.isdisjoint(slots):
            names = "或".join(f"《{TITLES_ZH[slot]}》" for slot in slots)
            yield Hit(slots[0], "file", expected=slots[0].value, details={"names": names})


def _not_read(facts: Facts) -> Iterator[Hit]:
    unread = _listed(facts) - facts.readings.keys() - facts.spoken_for
    if facts.batch.employment_evidence is Requirement.OFF:
        unread -= EMPLOYMENT_EVIDENCE
    return (Hit(slot, "file") for slot in unread)


def _differs(facts: Facts) -> Iterator[tuple[DocumentType, DocumentType]]:
    """Slots that certainly hold another type, with that type."""
    for slot, reading in facts.readings.items():
        detected = reading.detected_type
        if detected not in (slot, DocumentType.OTHER) and reading.type_confidence >= CERTAIN_TYPE:
            yield slot, detected


def _is_slip(slot: DocumentType, detected: DocumentType) -> bool:
    return slot is DocumentType.RESIDENCE_PERMIT and detected is DocumentType.RESIDENCE_REGISTRATION_SLIP


def _wrong_slot(facts: Facts) -> Iterator[Hit]:
    for slot, detected in _differs(facts):
        if not _is_slip(slot, detected):
            yield Hit(slot, "type", slot.value, detected.value, {"other": TITLES_ZH[detected]})


def _registration_slip(facts: Facts) -> Iterator[Hit]:
    return (
        Hit(slot, "type", slot.value, detected.value) for slot, detected in _differs(facts) if _is_slip(slot, detected)
    )


def _unrecognised(facts: Facts) -> Iterator[Hit]:
    for slot, reading in facts.readings.items():
        if facts.is_right_type(slot) or not facts.is_acceptable(slot):
            continue
        if reading.detected_type is DocumentType.OTHER or reading.type_confidence < CERTAIN_TYPE:
            yield Hit(
                slot, "type", slot.value, reading.detected_type.value, {"other": TITLES_ZH[reading.detected_type]}
            )


def _mixed_pages(facts: Facts) -> Iterator[Hit]:
    for slot in facts.comparable:
        known = {slot, DocumentType.OTHER}
        others = [kind for kind in DocumentType if kind in facts.readings[slot].page_types and kind not in known]
        if others:
            names = "、".join(f"《{TITLES_ZH[kind]}》" for kind in others)
            yield Hit(slot, "type", slot.value, others[0].value, {"names": names})


def _several_people(facts: Facts) -> Iterator[Hit]:
    for slot in facts.comparable:
        people = facts.readings[slot].people
        if people > 1:
            yield Hit(slot, "pages", expected="1", found=str(people), details={"people": str(people)})


def _by_hand(facts: Facts) -> Iterator[Hit]:
    for slot in facts.comparable:
        if facts.is_acceptable(slot) and not facts.readings[slot].fields:
            yield Hit(slot, "file")


def _same_in_two_slots(facts: Facts) -> Iterator[Hit]:
    for slot, reading in facts.readings.items():
        hashes = frozenset(reading.file_hashes)
        others = [
            other
            for other, its in facts.readings.items()
            if other is not slot and not hashes.isdisjoint(its.file_hashes)
        ]
        if others:
            names = "、".join(f"《{TITLES_ZH[other]}》" for other in others)
            yield Hit(slot, "file", found=others[0].value, details={"names": names})


def _repeated(facts: Facts) -> Iterator[Hit]:
    for slot, reading in facts.readings.items():
        if len(set(reading.file_hashes)) < len(reading.file_hashes):
            yield Hit(slot, "file")


def _repeated_pages(facts: Facts) -> Iterator[Hit]:
    for slot, reading in facts.readings.items():
        if len(set(reading.file_hashes)) < len(reading.file_hashes):
            continue
        shown = [(number, mark) for number, mark in enumerate(reading.page_hashes, start=1) if mark]
        pairs = [(one, other) for (one, a), (other, b) in combinations(shown, 2) if distance(a, b) <= NEAR]
        if pairs:
            pages = "、".join(str(number) for number in sorted({number for pair in pairs for number in pair}))
            yield Hit(slot, "pages", details={"pages": pages})


RULES: tuple[Rule, ...] = (
    Rule(
        id="slot.missing",
        title="缺少必需材料",
        legal_basis=f"{LICENSING_32};《教师资格条例》第十五条",
        severity=Severity.CORRECT,
        documents=(),
        inputs=("batch.required", "batch.employment_evidence", "application.route", "application.documents"),
        applicant_message="还缺少{names},请补充上传。",
        reviewer_message="所选认定依据要求的材料未上传:{names}。",
        check=_missing,
    ),
    Rule(
        id="document.not_read",
        title="材料未能读取",
        legal_basis="《个人信息保护法》第二十四条(不得仅由自动化决定);本项转人工",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("application.documents", "reading"),
        applicant_message="《{doc}》已收到,将由工作人员人工核对,您暂时无需操作。",
        reviewer_message="《{doc}》已上传但系统没有读取结果,请直接查看原件。",
        check=_not_read,
    ),
    Rule(
        id="document.by_hand",
        title="本版本不提取该种材料的字段",
        legal_basis="《行政许可法》第三十四条(核实申请材料的实质内容)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("reading.fields", "reading.detected_type"),
        applicant_message="《{doc}》将由工作人员人工核对,您暂时无需操作。",
        reviewer_message="《{doc}》没有可比对的字段,请人工核对全部内容。",
        check=_by_hand,
    ),
    Rule(
        id="type.wrong_slot",
        title="材料放错位置",
        legal_basis=LICENSING_32,
        severity=Severity.CORRECT,
        documents=(),
        inputs=("reading.detected_type", "reading.type_confidence"),
        applicant_message="您在“{doc}”处上传的是《{other}》,请在此处重新上传《{doc}》。",
        reviewer_message="“{doc}”处识别为《{other}》,其字段未参与比对。",
        check=_wrong_slot,
    ),
    Rule(
        id="type.registration_slip",
        title="以居住登记凭证代替居住证",
        legal_basis=f"《居住证暂行条例》第四条;{LICENSING_32}",
        severity=Severity.CORRECT,
        documents=(DocumentType.RESIDENCE_PERMIT,),
        inputs=("reading.detected_type", "reading.type_confidence"),
        applicant_message=("您上传的是居住登记凭证(回执),不能代替居住证,请上传《广东省居住证》(可上传电子居住证)。"),
        reviewer_message="居住证处识别为居住登记凭证(回执),其字段未参与比对。",
        check=_registration_slip,
    ),
    Rule(
        id="type.unrecognised",
        title="材料种类无法识别",
        legal_basis="《行政许可法》第三十四条(核实申请材料的实质内容)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("reading.detected_type", "reading.type_confidence"),
        applicant_message="系统未能确认“{doc}”处上传的材料种类,将由工作人员查看。",
        reviewer_message="“{doc}”处的材料种类不能确定(最接近:{other}),字段未参与比对,请查看原件。",
        check=_unrecognised,
    ),
    Rule(
        id="type.mixed_pages",
        title="一处材料夹有其他种类的页面",
        legal_basis="《行政许可法》第三十一条(不得要求提交无关材料)",
        severity=Severity.INFO,
        documents=(),
        inputs=("reading.page_types",),
        applicant_message="“{doc}”处还夹有{names}的页面,无需处理。",
        reviewer_message="“{doc}”处还夹有{names}的页面。",
        check=_mixed_pages,
    ),
    Rule(
        id="document.several_people",
        title="一处材料有多人的证件",
        legal_basis="《行政许可法》第三十一条(不得要求提交无关材料);《个人信息保护法》第六条(最小必要)",
        severity=Severity.REVIEW,
        documents=(
            DocumentType.RESIDENT_ID_CARD,
            DocumentType.HMT_RESIDENCE_PERMIT,
            DocumentType.RESIDENCE_PERMIT,
            DocumentType.STUDENT_CARD,
        ),
        inputs=("reading.people",),
        applicant_message="“{doc}”处有不止一个人的证件。请每张图片只拍申请人本人的一张证件,不要上传他人的证件。",
        reviewer_message="《{doc}》上读到{people}个人的姓名或证件号码,只取了其中一人的字段,请查看原件确认是否为申请人本人。",
        check=_several_people,
    ),
    Rule(
        id="file.same_in_two_slots",
        title="同一文件用于两处材料",
        legal_basis="《行政许可法》第三十一条(申请人对材料的真实性负责)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("reading.file_hashes",),
        applicant_message="“{doc}”处与{names}处上传了同一个文件,请核对各处材料是否放对。",
        reviewer_message="“{doc}”与{names}使用同一个文件(内容完全相同)。",
        check=_same_in_two_slots,
    ),
    Rule(
        id="file.repeated",
        title="同一处重复上传同一文件",
        legal_basis="《行政许可法》第三十一条",
        severity=Severity.INFO,
        documents=(),
        inputs=("reading.file_hashes",),
        applicant_message="“{doc}”处有重复的文件,无需处理。",
        reviewer_message="“{doc}”处有内容完全相同的文件。",
        check=_repeated,
    ),
    Rule(
        id="pages.repeated",
        title="同一页重复上传",
        legal_basis="《行政许可法》第三十一条",
        severity=Severity.INFO,
        documents=(),
        inputs=("reading.page_hashes",),
        applicant_message="“{doc}”处有重复的页面,无需处理。",
        reviewer_message="“{doc}”第{pages}页内容相近,像是同一页的几张照片,字段取读得最清楚的一张。",
        check=_repeated_pages,
    ),
)
