"""Traces of editing, of re-use and of odd captures: each only makes a person look, none decides anything.

The applicant is told nothing of them (DOMAIN row 27 and its like): a sentence about a suspicion burdens honest people and
teaches the others. Their message is the neutral one of every paper that a person will see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from schemas.document import CaptureProblem
from schemas.finding import Severity
from schemas.reading import Signal, SignalKind
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule

_SEEN_BY_A_PERSON = "《{doc}》将由工作人员人工核对,您暂时无需操作。"
_NOTHING_TO_DO = "《{doc}》已收到,无需处理。"
_TRUTHFUL = "《行政许可法》第三十一条(申请人对材料的真实性负责)、第三十四条(核实申请材料的实质内容)"
_SIGNED = "《电子签名法》第十三条(可靠的电子签名)、第十四条(可靠的电子签名与手写签名或者盖章具有同等效力)"
_NAMED = 2
"""Details a message spells out; the rest are counted."""


def _told(facts: Facts, kind: SignalKind, strong: bool) -> Iterator[Hit]:
    for slot, reading in facts.readings.items():
        found = [signal for signal in reading.signals if signal.kind is kind and signal.strong is strong]
        if found:
            yield Hit(slot, "file", details={"details": _details(found), "pages": _pages(found)})


def _details(found: Iterable[Signal]) -> str:
    details = list(dict.fromkeys(signal.detail for signal in found))
    more = f"等 {len(details)} 项" if len(details) > _NAMED else ""
    return ";".join(details[:_NAMED]) + more


def _pages(found: Iterable[Signal]) -> str:
    numbers = sorted({signal.page + 1 for signal in found if signal.page is not None})
    return f"(第{'、'.join(map(str, numbers))}页)" if numbers else ""


def _remarked(facts: Facts, problem: CaptureProblem) -> Iterator[Hit]:
    """Pages that can be read all the same; one that cannot has a finding of its capture."""
    for slot, reading in facts.readings.items():
        pages = [
            str(number)
            for number, page in enumerate(reading.pages, start=1)
            if page.quality.acceptable and any(found.kind is problem for found in page.quality.problems)
        ]
        if pages:
            yield Hit(slot, "file", details={"pages": f"(第{'、'.join(pages)}页)"})


def _rule(
    name: str, title: str, severity: Severity, message: str, check: Callable[[Facts], Iterable[Hit]], basis: str
) -> Rule:
    told = _NOTHING_TO_DO if severity is Severity.INFO else _SEEN_BY_A_PERSON
    return Rule(
        id=f"signals.{name}",
        title=title,
        legal_basis=basis,
        severity=severity,
        documents=(),
        inputs=("reading.signals",) if message.find("{details}") >= 0 else ("reading.pages.quality",),
        applicant_message=told,
        reviewer_message=message,
        check=check,
    )


def _signal(
    name: str, title: str, kind: SignalKind, message: str, *, strong: bool = True, basis: str = _TRUTHFUL
) -> Rule:
    severity = Severity.REVIEW if strong else Severity.INFO
    return _rule(name, title, severity, message, partial(_told, kind=kind, strong=strong), basis)


RULES: tuple[Rule, ...] = (
    _signal(
        "same_file",
        "他人申请中有同一文件",
        SignalKind.SAME_FILE,
        "《{doc}》与另一人的{details}是同一个文件,请核对材料属于谁(同一户的户口簿可以共用)。",
    ),
    _signal(
        "lookalike",
        "他人申请中有相同材料",
        SignalKind.LOOKALIKE,
        "《{doc}》{pages}与另一人的{details}内容相同,请对照两份原件。",
    ),
    _signal(
        "edited",
        "文件带有编辑痕迹",
        SignalKind.EDITED,
        "《{doc}》{pages}的文件信息显示:{details}。裁剪、调亮也会留下同样的痕迹,请对照原件看有无改动。",
    ),
    _signal(
        "annotated",
        "页面上加有批注",
        SignalKind.EDITED,
        "《{doc}》{pages}:{details},常见于电子签名或盖章,请留意其内容。",
        strong=False,
    ),
    _signal(
        "updated",
        "PDF 生成后被追加修改",
        SignalKind.UPDATED,
        "《{doc}》:{details},且不属于电子签章的追加内容,请核对。",
    ),
    _signal(
        "versions",
        "文件含多个版本",
        SignalKind.UPDATED,
        "《{doc}》的文件信息显示:{details}。",
        strong=False,
    ),
    _signal(
        "signature_broken",
        "电子签章之后文件有改动",
        SignalKind.SIGNATURE,
        "《{doc}》:{details},签章不再覆盖现在的内容,请向出具单位核实。",
        basis=_SIGNED,
    ),
    _signal(
        "signature_unverified",
        "电子签章未验证",
        SignalKind.SIGNATURE,
        "《{doc}》{details}:系统没有验证签章人的证书,需要时请用签章软件验证。",
        strong=False,
        basis=_SIGNED,
    ),
    _signal(
        "hidden_text",
        "文字层与画面不一致",
        SignalKind.HIDDEN_TEXT,
        "《{doc}》{pages}的{details}。系统只采用画面上看得到的内容,请对照原件。",
    ),
    _signal(
        "text_layer",
        "文字层不可用",
        SignalKind.HIDDEN_TEXT,
        "《{doc}》{pages}的{details},多为字体编码问题;系统只采用画面上看得到的内容。",
        strong=False,
    ),
    _signal(
        "attachment",
        "文件带有附件",
        SignalKind.ATTACHMENT,
        "《{doc}》的{details},系统没有打开,也不会显示。",
        strong=False,
    ),
    _rule(
        "reshot",
        "疑似翻拍屏幕",
        Severity.INFO,
        "《{doc}》{pages}有屏幕条纹,可能是翻拍的屏幕;内容可以辨认。",
        partial(_remarked, problem=CaptureProblem.MOIRE),
        _TRUTHFUL,
    ),
    _rule(
        "photocopy",
        "疑似黑白复印件",
        Severity.INFO,
        "《{doc}》{pages}像是黑白复印件;内容可以辨认,需要时请核对原件。",
        partial(_remarked, problem=CaptureProblem.PHOTOCOPY),
        _TRUTHFUL,
    ),
)

UNDISCLOSED = frozenset(rule.id for rule in RULES)
"""Findings whose words for staff are never handed to programs that speak with applicants."""
