"""The case packet as one PDF for the archive: application, findings, decisions, fields, page pictures, and the chain of events.

Drawn with fpdf2; the Chinese font is the one the project fetches (`python -m fixtures fonts`). Pictures are those of
verifier.services.viewing: drawn anew, with bars over what is withheld.
"""

from __future__ import annotations

import io
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from schemas.document import TITLES_ZH
from verifier.errors import FontsError, VerifierError
from verifier.rules.catalogue import RULES
from verifier.rules.titles import FIELD_TITLES_ZH, QUALIFICATIONS_ZH, show
from verifier.services import viewing
from verifier.services.context import Services
from verifier.services.record import Packet
from verifier.services.tokens import Principal
from verifier.web.pages import words

FONT = "NotoSansCJKsc-Regular.otf"
WIDTH_MM = 180.0
PICTURE_MM = 235.0
"""Height a page's picture may take on an A4 sheet with its heading."""


class _Sheets(FPDF):
    def __init__(self, font: Path, foot: str) -> None:
        super().__init__(format="A4")
        self._foot = foot
        self.set_margins(15, 15)
        self.set_auto_page_break(True, 16)
        self.add_font("zh", "", font)
        self.set_font("zh", size=9)

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font("zh", size=7)
        self.cell(0, 5, f"{self._foot}    {self.page_no()}/{{nb}}", align="C")
        self.set_font("zh", size=9)

    def line_of(self, text: str, size: float = 9, height: float = 5) -> None:
        self.set_font("zh", size=size)
        self.multi_cell(WIDTH_MM, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def heading(self, text: str) -> None:
        self.ln(2)
        self.line_of(text, 12, 7)


def packet_pdf(services: Services, packet: Packet, who: Principal) -> bytes:
    """The document. Raises FontsError fonts.missing without the Chinese font; a page whose picture cannot be had says so."""
    font = services.settings.models_dir / "fonts" / FONT
    if not font.is_file():
        raise FontsError(file=FONT)
    case = packet.case
    pdf = _Sheets(font, f"{case.application_no} · {words.clock_time(packet.made_at)} · {packet.made_by}")
    pdf.set_title(f"案卷 {case.application_no}")
    pdf.set_creation_date(packet.made_at)
    pdf.add_page()
    pdf.line_of(f"教师资格认定案卷 {case.application_no}", 16, 9)
    pdf.line_of(f"状态:{words.STATES[case.state].text}    批次:{case.batch}    第 {case.round + 1} 次提交")
    _application(pdf, packet)
    _findings(pdf, packet)
    _decisions(pdf, packet)
    _fields(pdf, packet)
    _chain(pdf, packet)
    _pictures(pdf, services, packet, who)
    return bytes(pdf.output())


def _application(pdf: _Sheets, packet: Packet) -> None:
    form = packet.case.form
    person = form.applicant
    pdf.heading("申请信息")
    stated = (
        ("姓名", person.name),
        ("证件号码", person.id_number),
        ("性别", show("sex", person.sex)),
        ("出生日期", person.birth_date.isoformat()),
        ("联系电话", person.phone),
        ("认定依据", words.ROUTES[form.route]),
        ("申请资格", f"{QUALIFICATIONS_ZH[form.qualification.type]} {form.qualification.subject or ''}"),
        ("户籍地址", form.residence.hukou_address),
        ("现居住地址", form.residence.current_address),
        ("任教单位", form.employment.employer if form.employment else None),
        ("就读学校", form.student.school if form.student else None),
        ("提交日期", form.submitted_on.isoformat()),
    )
    for title, value in stated:
        if value:
            pdf.line_of(f"{title}:{value}")


def _findings(pdf: _Sheets, packet: Packet) -> None:
    pdf.heading("发现与核定")
    for item in packet.findings:
        finding = item.finding
        rule = RULES.get(finding.rule)
        pdf.line_of(
            f"[{words.SEVERITIES[finding.severity].text}] {rule.title if rule else finding.rule} · "
            f"{TITLES_ZH[finding.document]} · {FIELD_TITLES_ZH.get(finding.field, finding.field)}({finding.rule})"
        )
        pdf.line_of(f"    {finding.reviewer_message or finding.message}", 8, 4.5)
        if finding.expected is not None or finding.found is not None:
            pdf.line_of(f"    应为:{finding.expected or '—'}    读到:{finding.found or '—'}", 8, 4.5)
        for made in item.decisions:
            value = f",读作 {made.value}" if made.value else ""
            reason = f",{made.reason}" if made.reason else ""
            pdf.line_of(
                f"    {words.clock_time(made.at)} {made.actor}:{words.FINDING_ACTIONS[made.action].text}{value}{reason}"
                f"(规则 {made.rules})",
                8,
                4.5,
            )
    if not packet.findings:
        pdf.line_of("没有发现。")


def _decisions(pdf: _Sheets, packet: Packet) -> None:
    pdf.heading("决定")
    for decision in packet.case.decisions:
        pdf.line_of(f"{words.clock_time(decision.at)} {decision.actor}:{words.ACTIONS[decision.action].text}")
        for reason in decision.reasons:
            pdf.line_of(f"    {RULES[reason].title if reason in RULES else reason}", 8, 4.5)
        if decision.note:
            pdf.line_of(f"    {decision.note}", 8, 4.5)
    for made in packet.decisions:
        for item in (made.notice or {}).get("items", ()):
            pdf.line_of(f"    补正通知:{item['text']}(期限 {made.notice['answer_by'] if made.notice else ''})", 8, 4.5)
    if not packet.case.decisions:
        pdf.line_of("还没有决定。")


def _fields(pdf: _Sheets, packet: Packet) -> None:
    pdf.heading("读到的字段")
    for reading in packet.case.result.documents if packet.case.result else ():
        pdf.line_of(f"《{TITLES_ZH[reading.slot]}》", 10, 6)
        for name, field in reading.fields.items():
            value = (
                show(name, field.value)
                if isinstance(field.value, str)
                else ";".join(f"{row.employer} {row.start_month}-{row.end_month}" for row in field.value)
            )
            pdf.line_of(f"    {FIELD_TITLES_ZH.get(name, name)}:{value}(把握 {field.confidence:.2f})", 8, 4.5)
        for seal in reading.seals:
            pdf.line_of(f"    印章:{seal.text or '未能读出'}", 8, 4.5)


def _chain(pdf: _Sheets, packet: Packet) -> None:
    pdf.heading("经过(审计链)")
    pdf.line_of("每行末尾是该事件的摘要(SHA-256);前后相接,可用 JSON 案卷逐条复核。", 8, 4.5)
    for link in packet.events:
        details = " ".join(f"{name}={value}" for name, value in link.details.items() if value is not None)
        pdf.line_of(
            f"{link.seq}  {words.clock_time(link.at)}  {words.EVENTS[link.type]}  {words.actor(link.actor)}  {details}\n{link.hash}",
            7,
            3.6,
        )


def _pictures(pdf: _Sheets, services: Services, packet: Packet, who: Principal) -> None:
    for document in packet.case.documents:
        for number, page in enumerate(document.pages, start=1):
            pdf.add_page()
            pdf.line_of(f"《{TITLES_ZH[document.slot]}》第 {number} 页,第 {document.revision} 次上传", 10, 6)
            sha256 = next((file.sha256 for file in document.files if file.name == page.file), "")
            pdf.line_of(f"文件 SHA-256:{sha256}", 7, 4)
            try:
                picture = viewing.page_picture(services, packet.case.application_no, document.slot, number, who)
            except VerifierError as error:
                pdf.line_of(f"图片未能取得:{error.message}")
                continue
            ratio = page.height / page.width
            width = min(WIDTH_MM, PICTURE_MM / ratio)
            pdf.image(io.BytesIO(picture.data), w=width)
