"""Which document a page is, by what the page says: its title first, then the labels only that document carries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from schemas.document import DocumentType
from verifier.compare.text import half_width
from verifier.extract.page import ReadPage

T = DocumentType


@dataclass(frozen=True)
class TypeGuess:
    """A type and how sure it is, 0..1. `other` when nothing on the page speaks for any type."""

    type: DocumentType
    confidence: float


@dataclass(frozen=True)
class _Evidence:
    titles: tuple[str, ...]
    """Patterns of headings; one match is nearly enough."""
    marks: tuple[str, ...]
    """Patterns of labels and phrases; each adds a little."""
    against: tuple[str, ...] = ()
    """Patterns that speak for another, similar document."""


_EVIDENCE: dict[DocumentType, _Evidence] = {
    T.MEDICAL_EXAM_FORM: _Evidence(
        titles=(r"体格检查表", r"教师资格.{0,12}体检表", r"申请.{0,10}人员.{0,4}体检表"),
        marks=(
            r"裸眼", r"矫正", r"色觉|辨色力", r"听力", r"主检医师", r"体检医院|体检机构", r"体检结论", r"胸部", r"转氨酶",
            r"血压", r"身高", r"体重", r"既往病史", r"耳鼻", r"嗅觉", r"口吃", r"滴虫|淋球菌|梅毒", r"心电图", r"资格种类",
            r"唇腭", r"血常规|尿常规",
        ),
        against=(r"体检报告", r"总检"),
    ),
    T.HOSPITAL_REPORT: _Evidence(
        titles=(r"体检报告", r"健康体检报告", r"检查报告书"),
        marks=(r"总检", r"参考范围|参考值", r"检查结果", r"小结", r"健康建议"),
        against=(r"资格种类", r"主检医师意见"),
    ),
    T.RESIDENT_ID_CARD: _Evidence(
        titles=(r"^居民身份证$",),
        marks=(r"^中华人民共和国$", r"^公民身份号码", r"^签发机关", r"^有效期限", r"^住址", r"^民族|民族.{1,4}$", r"^出生"),
        against=(
            r"居住证", r"户籍|户口", r"户主", r"通行证", r"现居住", r"单位", r"登记", r"学校", r"保险", r"体检", r"粤居码",
            r"签发日期", r"有效期至", r"港澳|台湾", r"(?<!\d)8[123]0000(?:19|20)\d{6}",
        ),
    ),
    T.HMT_RESIDENCE_PERMIT: _Evidence(
        titles=(r"港澳居民居住证", r"台湾居民居住证", r"港澳台居民居住证", r"(?<!\d)8[123]0000(?:19|20)\d{6,9}[\dX]?$"),
        marks=(r"通行证号码", r"签发次数", r"^公民身份号码", r"^出生", r"^住址"),
        against=(r"户籍|户口", r"^民族|民族.{1,4}$"),
    ),
    T.RESIDENCE_PERMIT: _Evidence(
        titles=(r"广东省居住证", r"电子居住证", r"居住证信息", r"^居住证$"),
        marks=(r"现居住地址|居住地住址|居住地址", r"户籍所在地|户籍地址|常住户口所在地", r"粤居码", r"签发机关", r"签发日期", r"有效期"),
        against=(r"登记凭证", r"回执", r"港澳|台湾", r"不作为居住证", r"通行证"),
    ),
    T.RESIDENCE_REGISTRATION_SLIP: _Evidence(
        titles=(r"居住登记凭证", r"登记凭证", r"居住证(?:领取|办理|受理)?回执", r"领取(?:凭证|回执)", r"居住登记信息", r"暂住证"),
        marks=(r"不作为居住证|不能代替居住证", r"登记日期", r"来穗人员|流动人口", r"服务管理中心|出租屋"),
    ),
    T.HOUSEHOLD_REGISTER: _Evidence(
        titles=(r"居民户口簿", r"常住人口登记卡", r"户口登记", r"户口簿", r"集体户口证明"),
        marks=(
            r"户别", r"户主姓名", r"户号", r"户主或与户主关系|与户主关系", r"曾用名", r"籍贯", r"出生地", r"何时由何地迁来",
            r"服务处所", r"兵役状况", r"户口专用", r"承办人", r"文化程度.*婚姻",
        ),
    ),
    T.EMPLOYMENT_CERTIFICATE: _Evidence(
        titles=(r"^(?:在职|工作|任职|聘用|单位|就业|在岗|从教|任教)(?:情况)?证明(?:书)?$", r"在职证明", r"工作证明"),
        marks=(r"兹证明|现证明", r"特此证明", r"在我(?:单位|校|园|公司)", r"担任|任职", r"起至今", r"单位名称", r"社会信用代码", r"身份证"),
        against=(r"参保", r"缴费", r"甲方", r"乙方", r"在校|在读"),
    ),
    T.LABOR_CONTRACT: _Evidence(
        titles=(r"劳动合同", r"聘用合同", r"劳动合同书"),
        marks=(r"甲方", r"乙方", r"用人单位", r"劳动者", r"合同期限", r"固定期限", r"工作岗位|岗位", r"工作地点", r"试用期", r"劳动报酬"),
        against=(r"租赁", r"出租", r"承租"),
    ),
    T.SOCIAL_INSURANCE_CERTIFICATE: _Evidence(
        titles=(r"参保证明", r"参保缴费证明", r"社会保险.{0,10}证明", r"缴费明细", r"个人权益记录", r"缴费历史"),
        marks=(r"参保起止|起止年月", r"养老", r"工伤", r"失业", r"实际缴费", r"缓缴", r"参保地", r"(?:开始|终止)年月", r"社会保险"),
    ),
    T.STUDENT_STATUS_REPORT: _Evidence(
        titles=(r"学籍在线验证报告", r"学籍验证报告", r"学籍.{0,6}报告"),
        marks=(r"在线验证码", r"学籍状态", r"预计毕业日期", r"学历类别", r"学习形式", r"层次", r"入学日期", r"更新日期", r"学制"),
    ),
    T.STUDENT_CARD: _Evidence(
        titles=(r"^学生证$", r"研究生证", r"学生证"),
        marks=(r"学号", r"院系|学院|系所", r"入学", r"注册", r"专业", r"\d{4}年?[春秋]季", r"有效期至|学制"),
        against=(r"验证报告", r"学籍状态"),
    ),
    T.LEASE_CONTRACT: _Evidence(
        titles=(r"租赁合同", r"租赁登记备案"), marks=(r"出租(?:方|人)", r"承租(?:方|人)", r"租金", r"房屋地址|房屋坐落", r"租期|租赁期"),
    ),
    T.PROPERTY_CERTIFICATE: _Evidence(
        titles=(r"不动产权证", r"房地产权证", r"房产证", r"房屋所有权证"),
        marks=(r"权利人", r"坐落", r"不动产单元号", r"共有情况", r"用途", r"面积"),
    ),
}  # fmt: skip

_TITLE = 3.0
_MARK = 1.0
_AGAINST = -1.5
_ENOUGH = 2.0
"""Less evidence than this names no type: two labels alone, say, stand on many papers."""


def classify(page: ReadPage) -> TypeGuess:
    """Weigh titles and labels for every type; the share of the best among all evidence gives the confidence."""
    return classify_lines([line.text for line in page.lines])


def classify_lines(lines: Sequence[str]) -> TypeGuess:
    """The same from bare lines of text."""
    met = frozenset[_Sign]().union(*map(_signs, lines))
    scores = {kind: _score(kind, met) for kind in _EVIDENCE}
    best = max(scores, key=lambda kind: scores[kind])
    if scores[best] < _ENOUGH:
        return TypeGuess(T.OTHER, 0.0)
    second = max((score for kind, score in scores.items() if kind is not best), default=0.0)
    margin = (scores[best] - max(0.0, second)) / scores[best]
    weight = min(1.0, scores[best] / 5.0)
    return TypeGuess(best, round(min(0.99, 0.5 + 0.5 * margin * weight), 3))


_Sign = tuple[T, str, int]
"""A piece of evidence: of which type, in which part of it (`titles`, `marks`, `against`), and at which place there."""
_PATTERNS: tuple[tuple[_Sign, re.Pattern[str]], ...] = tuple(
    ((kind, part, at), re.compile(pattern))
    for kind, evidence in _EVIDENCE.items()
    for part in ("titles", "marks", "against")
    for at, pattern in enumerate(getattr(evidence, part))
)
_LONGEST_TITLE = 40
"""Characters: a longer line only mentions a paper."""


@lru_cache(maxsize=2048)
def _signs(line: str) -> frozenset[_Sign]:
    """The evidence in one line. The lines of a picture are asked about again for every way to part it into papers."""
    text = re.sub(r"\s", "", half_width(line))
    return frozenset(
        sign
        for sign, pattern in _PATTERNS
        if (sign[1] != "titles" or len(text) <= _LONGEST_TITLE) and pattern.search(text)
    )


def _score(kind: T, met: frozenset[_Sign]) -> float:
    parts = [part for own, part, _ in met if own is kind]
    titled = _TITLE if "titles" in parts else 0.0
    return titled + _MARK * parts.count("marks") + _AGAINST * parts.count("against")
