"""What a page is, by what it says."""

import pytest

from schemas.document import DocumentType
from verifier.extract.classify import classify_lines

T = DocumentType

PAGES: list[tuple[DocumentType, list[str]]] = [
    (
        T.RESIDENT_ID_CARD,
        ["姓名 张伟", "性别男", "民族汉", "出生1998年3月5日", "住址", "公民身份号码", "440114199803051239"],
    ),
    (T.RESIDENT_ID_CARD, ["中华人民共和国", "居民身份证", "签发机关 广州市公安局", "有效期限 2020.06.07-2040.06.07"]),
    (T.HMT_RESIDENCE_PERMIT, ["姓名", "性别", "出生", "住址", "公民身份号码", "810000199001010019"]),
    (T.HMT_RESIDENCE_PERMIT, ["中华人民共和国", "港澳居民居住证", "签发机关", "有效期限", "通行证号码", "签发次数"]),
    (T.RESIDENCE_PERMIT, ["广东省居住证", "姓名", "性别", "民族", "户籍所在地", "公民身份号码"]),
    (T.RESIDENCE_PERMIT, ["居住证信息", "现居住地址", "签发机关", "签发日期", "有效期至"]),
    (
        T.RESIDENCE_REGISTRATION_SLIP,
        ["广州市流动人口办理居住登记凭证", "姓名", "现居住地址", "登记日期", "本凭证不作为居住证使用"],
    ),
    (T.MEDICAL_EXAM_FORM, ["听力", "嗅觉", "耳鼻咽喉", "胸部X线检查", "主检医师意见", "合格", "体检医院"]),
    (T.HOSPITAL_REPORT, ["健康体检报告", "检查结果", "参考范围", "总检结论", "小结"]),
    (T.EMPLOYMENT_CERTIFICATE, ["在 职 证 明", "兹证明张伟同志在我单位工作", "特此证明。", "单位名称(盖章)"]),
    (T.LABOR_CONTRACT, ["劳动合同书", "甲方(用人单位)", "乙方(劳动者)", "合同期限", "工作岗位"]),
    (T.SOCIAL_INSURANCE_CERTIFICATE, ["广东省社会保险个人参保证明", "参保起止时间", "养老", "工伤", "失业"]),
    (T.HOUSEHOLD_REGISTER, ["居民户口簿", "户别", "户主姓名", "户号", "住址"]),
    (T.STUDENT_STATUS_REPORT, ["教育部学籍在线验证报告", "学籍状态", "预计毕业日期", "在线验证码"]),
    (T.STUDENT_CARD, ["学生证", "学号", "院系", "专业", "入学年月"]),
    (T.LEASE_CONTRACT, ["房屋租赁合同", "出租方", "承租方", "租金"]),
    (T.PROPERTY_CERTIFICATE, ["不动产权证书", "权利人", "坐落", "不动产单元号"]),
]


@pytest.mark.parametrize(("kind", "lines"), PAGES, ids=[kind.value for kind, _ in PAGES])
def test_type_is_told(kind: DocumentType, lines: list[str]) -> None:
    guess = classify_lines(lines)
    assert guess.type is kind
    assert guess.confidence > 0.5


@pytest.mark.parametrize("lines", [[], ["今天天气很好"], ["姓名", "张伟"]])
def test_too_little_evidence_names_no_type(lines: list[str]) -> None:
    assert classify_lines(lines).type is T.OTHER


def test_every_type_but_other_has_a_page_here() -> None:
    assert {kind for kind, _ in PAGES} == set(T) - {T.OTHER}
