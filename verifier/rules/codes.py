"""A QR or bar code says something else than the page it stands on.

Only what a code says itself is compared; an address in it is never opened. Most codes carry a number that means nothing
outside the issuer's system: they are passed over in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from schemas.document import DocumentType
from schemas.finding import Severity
from schemas.reading import SignalKind
from verifier.compare.ids import id_problem, normalise_id
from verifier.compare.names import NameMatch, compare_names
from verifier.compare.text import HAN, half_width, squeeze
from verifier.rules.facts import Facts
from verifier.rules.rule import Hit, Rule

_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
_PAIR = re.compile(rf"([A-Za-z_]{{2,20}}|[{HAN}]{{2,8}})\s*[:=]\s*([^\s,;&|]{{2,40}})")
_NAME_KEYS = frozenset({"姓名", "name", "xm", "xingming"})
_VERIFY_KEYS = frozenset({"在线验证码", "验证码", "vcode", "verifycode", "verify_code", "yzm"})
_NAME = re.compile(rf"[{HAN}]{{2,8}}(?:·[{HAN}]{{1,8}})*")
_VERIFY = re.compile(r"[0-9A-Z]{10,24}")


def claims(text: str) -> dict[str, str]:
    """What a code says of fields a page shows: `id_number`, `name`, `verify_code`, each only when it is unmistakable."""
    plain = half_width(text)
    found: dict[str, str] = {}
    numbers = {normalise_id(number) for number in _IDENTITY.findall(plain)}
    sound = [number for number in numbers if id_problem(number) is None]
    if len(sound) == 1:
        found["id_number"] = sound[0]
    for key, value in _pairs(plain):
        if key in _NAME_KEYS and _NAME.fullmatch(value):
            found.setdefault("name", value)
        if key in _VERIFY_KEYS and _VERIFY.fullmatch(value.upper()):
            found.setdefault("verify_code", value.upper())
    return found


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Keys and values of an address's query, of a JSON object, or of text that names what it says."""
    if "://" in text:
        try:
            query = urlsplit(text).query
        except ValueError:
            return
        yield from ((key.lower(), squeeze(value)) for key, value in parse_qsl(query))
        return
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, Mapping):
        yield from ((str(key).lower(), squeeze(str(value))) for key, value in whole.items())
        return
    yield from ((key.lower(), value) for key, value in _PAIR.findall(text))


def _same(name: str, said: str, read: str) -> bool:
    if name == "name":
        return compare_names(said, read) is not NameMatch.DIFFERENT
    return squeeze(said).upper() == squeeze(read).upper()


def _disagrees(facts: Facts) -> Iterator[Hit]:
    for slot in facts.comparable:
        hits = {hit.field: hit for hit in _against_fields(facts, slot)}
        yield from hits.values()
        printed = any(signal.kind is SignalKind.CODE_DISAGREES for signal in facts.readings[slot].signals)
        if printed and not hits:
            yield Hit(slot, "file", details={"what": "条码下方印刷的编号"})


def _against_fields(facts: Facts, slot: DocumentType) -> Iterator[Hit]:
    for code in facts.readings[slot].codes:
        for name, said in claims(code.text).items():
            read = facts.text(slot, name)
            if read is None or not facts.is_sure(slot, name) or _same(name, said, read):
                continue
            if name != "id_number" or id_problem(normalise_id(read)) is None:
                yield Hit(slot, name, expected=said, found=read, details={"what": "页面文字"})


RULES: tuple[Rule, ...] = (
    Rule(
        id="codes.disagrees",
        title="二维码或条码与页面不一致",
        legal_basis="《行政许可法》第三十四条(核实申请材料的实质内容)",
        severity=Severity.REVIEW,
        documents=(),
        inputs=("reading.codes", "reading.fields", "reading.signals"),
        applicant_message="《{doc}》将由工作人员人工核对,您暂时无需操作。",
        reviewer_message="《{doc}》上二维码或条码的内容与{what}不一致({field}),请扫码或对照原件核对。",
        check=_disagrees,
    ),
)
