"""Registers, permits of Hong Kong, Macao and Taiwan residents, contracts, student papers, hospital reports: made-up pages
in other layouts and wordings than any data set's."""

import numpy as np
import pytest

from schemas.document import DocumentType
from schemas.reading import Line, ReadField, SealReading
from tests.support.pages import line, page, slanted
from verifier.extract import read_fields
from verifier.extract.classify import classify_lines
from verifier.extract.hmt_residence_permit import parse_pass_number
from verifier.extract.household_register import parse_household_type, parse_relation
from verifier.extract.page import ReadPage
from verifier.extract.student_card import parse_student_no, parse_term
from verifier.extract.student_status_report import parse_verify_code
from verifier.extract.written import parse_school

T = DocumentType
ID = "440114199803051239"


def read(kind: DocumentType, *pages: list[Line]) -> dict[str, object]:
    found = read_fields(kind, [page(lines, index=index) for index, lines in enumerate(pages)])
    return {name: field.value for name, field in found.items()}


def grid(*rows: tuple[str, ...], left: float = 10, step: float = 300, top: float = 10) -> list[Line]:
    """Rows of a ruled table, one cell each `step` pixels; an empty text leaves the cell empty."""
    return [
        line(text, left + column * step, top + 90 * number)
        for number, row in enumerate(rows)
        for column, text in enumerate(row)
        if text
    ]


# --- household register ---

FIRST_PAGE = [
    *grid(("户别", "家庭户", "户主姓名", "李建国"), ("户号", "003412", "住址")),
    line("广东省广州市花都区新华街道", 910, 75),
    line("学府路8号之2", 910, 125),
    line("承办人签章:王五", 10, 700),
    line("2015年3月2日签发", 900, 700),
]


def member(name: str, relation: str, number: str = ID) -> list[Line]:
    return grid(
        ("姓名", name, "户主或与户主关系", "", relation),
        ("曾用名", "李小梅", "性别", "女"),
        ("出生地", "广东省广州市", "民族", "壮族"),
        ("籍贯", "广东省梅州市", "出生日期", "1998年3月5日"),
        ("本市县其他住址", "", "宗教信仰", "无"),
        ("公民身份号码", number, "", "身高", "160厘米"),
        ("文化程度", "大学本科", "婚姻状况", "未婚", "兵役状况", "未服兵役"),
        ("服务处所", "花都向阳小学", "职业", "教师"),
    )


def test_register_of_first_page_and_member_page() -> None:
    assert read(T.HOUSEHOLD_REGISTER, FIRST_PAGE, member("李梅", "长女")) == {
        "household_type": "家庭户", "head_name": "李建国", "household_no": "003412",
        "address": "广东省广州市花都区新华街道学府路8号之2",
        "name": "李梅", "relation": "长女", "sex": "female", "birth_date": "1998-03-05", "ethnicity": "壮", "id_number": ID,
    }  # fmt: skip


def test_register_reads_neither_religion_nor_blood_marriage_or_service() -> None:
    fields = read_fields(T.HOUSEHOLD_REGISTER, [page(member("李梅", "长女"))])
    assert not {"无", "未婚", "未服兵役", "李小梅"} & {field.value for field in fields.values()}


def test_register_does_not_mistake_another_address_for_the_household_s() -> None:
    lines = [
        *member("李梅", "长女"),
        line("本市(县)其他", 10, 1000),
        line("住址", 10, 1045),
        line("广州市越秀区北京路1号", 310, 1020),
    ]
    assert "address" not in read(T.HOUSEHOLD_REGISTER, lines)


def test_register_takes_the_member_from_one_page_and_not_the_head() -> None:
    head = member("李建国", "户主", "440121196802031235")
    fields = read(T.HOUSEHOLD_REGISTER, FIRST_PAGE, head, member("李梅", "长女"))
    assert (fields["name"], fields["relation"], fields["id_number"]) == ("李梅", "长女", ID)
    assert read(T.HOUSEHOLD_REGISTER, FIRST_PAGE, head)["relation"] == "户主"


def test_register_with_labels_on_two_lines() -> None:
    lines = [
        line("姓名", 10, 30), line("李梅", 200, 30), line("户主或与", 600, 10), line("户主关系", 600, 54), line("妻", 800, 32),
        line("公民身份证", 10, 200), line("件编号", 10, 244), line(ID, 260, 222),
    ]  # fmt: skip
    fields = read(T.HOUSEHOLD_REGISTER, lines)
    assert (fields["relation"], fields["id_number"]) == ("妻", ID)


def test_register_address_of_three_lines_around_its_label() -> None:
    lines = [
        *grid(("户别", "集体户", "户主姓名", "某某学院")),
        line("住址", 10, 150),
        line("广东省广州市花都区", 150, 105), line("花山镇平山村学院路", 150, 150), line("16号集体宿舍", 150, 195),
    ]  # fmt: skip
    assert read(T.HOUSEHOLD_REGISTER, lines)["address"] == "广东省广州市花都区花山镇平山村学院路16号集体宿舍"


def test_register_name_read_in_traditional_form_is_shown_as_repaired() -> None:
    field = read_fields(T.HOUSEHOLD_REGISTER, [page([line("户主姓名", 10, 10), line("熊志強", 300, 10)])])["head_name"]
    assert (field.value, field.raw, field.repaired) == ("熊志强", "熊志強", True)


@pytest.mark.parametrize(
    ("text", "expected"), [("居民家庭户", "居民家庭户"), ("非农业集体户", "非农业集体户"), ("李梅", None)]
)
def test_household_types(text: str, expected: str | None) -> None:
    assert parse_household_type(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("户主", "户主"), ("儿媳", "儿媳"), ("非亲属", "非亲属"), ("出生地", None), ("1998", None)]
)
def test_relations(text: str, expected: str | None) -> None:
    assert parse_relation(text) == expected


# --- residence permit of Hong Kong, Macao and Taiwan residents ---

HMT_ID = "830000198512310020"


def test_hmt_permit_with_both_sides_side_by_side_and_slanted() -> None:
    lines = [
        line("姓名 陈大文", 10, 10), line("性别女", 10, 80), line("出生 1985年12月31日", 10, 150),
        line("住址", 10, 220), line("广东省广州市花都区狮岭", 120, 220), line("镇南航大道5号", 120, 265),
        line("公民身份号码", 10, 380), line(HMT_ID, 300, 380),
        line("台湾居民居住证", 1200, 40), line("签发机关", 1100, 150), line("广州市公安局花都区分局", 1300, 150),
        line("有效期限", 1100, 220), line("2022.10.15-2027.10.15", 1300, 220),
        line("通行证号码", 1100, 290), line("35581894", 1340, 290), line("签发次数", 1100, 360), line("02", 1300, 360),
    ]  # fmt: skip
    assert read(T.HMT_RESIDENCE_PERMIT, list(slanted(lines, 2.0))) == {
        "name": "陈大文", "sex": "female", "birth_date": "1985-12-31", "address": "广东省广州市花都区狮岭镇南航大道5号",
        "id_number": HMT_ID, "issuing_authority": "广州市公安局花都区分局", "valid_from": "2022-10-15",
        "valid_to": "2027-10-15", "pass_number": "35581894",
    }  # fmt: skip


def test_hmt_permit_pass_number_without_its_label() -> None:
    assert (
        read(T.HMT_RESIDENCE_PERMIT, [line("港澳居民居住证", 10, 10), line("H12345678", 10, 90)])["pass_number"]
        == "H12345678"
    )


@pytest.mark.parametrize(
    ("text", "value", "repaired"),
    [("H27733952", "H27733952", False), ("m0l8I7175", "M01817175", True), ("M0181717501", "M0181717501", False),
     ("3558 1894", "35581894", False), ("4401141998", "4401141998", False)],
)  # fmt: skip
def test_pass_numbers(text: str, value: str, repaired: bool) -> None:
    number = parse_pass_number(text)
    assert number is not None
    assert (number.value, number.repaired) == (value, repaired)


@pytest.mark.parametrize("text", ["", "签发次数1", "K1234567", "440114199803051239"])
def test_no_pass_number(text: str) -> None:
    assert parse_pass_number(text) is None


# --- labour contract ---


def test_contract_as_a_form_with_blanks() -> None:
    first = [
        line("聘用合同书", 500, 10),
        line("聘用单位(甲方):广州市花都区向阳小学", 10, 150),
        line("统一社会信用代码:91350100M000100Y43 法定代表人:王五", 10, 220),
        line("地址:广州市花都区新华街道学府路8号", 10, 290),
        line("受聘人员(乙方):__李梅__ 性别:女", 10, 400),
        line("身份证号码:" + ID, 10, 470),
    ]
    second = [
        line("一、合同期限", 10, 10),
        line("第一条 本合同期限自__2024__年_9_月_1_日起至", 10, 80),
        line("2027 年 8 月 31 日止,其中试用期自2024年9月1日起至2024年11月30日止。", 10, 150),
        line("第二条 甲方聘用乙方在语文教师岗位(工种)工作,不得从事有毒有害工作。", 10, 220),
        line("第三条 乙方工作地点为:广州市花都区新华街道学府路8号", 10, 290),
        line("第四条 甲方按月支付工资。", 10, 360),
        line("甲方(盖章)", 10, 700), line("乙方(签字):李梅", 700, 700),
        line("2024年8月28日", 10, 770), line("2024年8月28日", 700, 770),
    ]  # fmt: skip
    assert read(T.LABOR_CONTRACT, first, second) == {
        "employer": "广州市花都区向阳小学", "uscc": "91350100M000100Y43", "name": "李梅", "id_number": ID,
        "term_start": "2024-09-01", "term_end": "2027-08-31", "position": "语文教师",
        "workplace": "广州市花都区新华街道学府路8号", "sign_date": "2024-08-28",
    }  # fmt: skip


def test_contract_as_a_table() -> None:
    lines = grid(
        ("用人单位名称", "", "花都朝阳幼儿园"),
        ("劳动者姓名", "", "王芳", "证件号码", ID),
        ("合同起始日期", "", "2025-03-01", "合同终止日期", "", "2028-02-29"),
        ("工作岗位", "", "幼儿教师", "工作地点", "广州市花都区花城街道1号"),
        ("签订日期", "", "2025年2月20日"),
    )
    assert read(T.LABOR_CONTRACT, lines) == {
        "employer": "花都朝阳幼儿园", "name": "王芳", "id_number": ID, "term_start": "2025-03-01", "term_end": "2028-02-29",
        "position": "幼儿教师", "workplace": "广州市花都区花城街道1号", "sign_date": "2025-02-20",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("clause", "start", "end"),
    [
        ("固定期限:从2024年9月1日起到2027年8月31日止。", "2024-09-01", "2027-08-31"),
        ("合同期三年,自2024.09.01至2027.08.31。", "2024-09-01", "2027-08-31"),
        ("本合同于二〇二四年九月一日生效,于2027年8月31日终止。", "2024-09-01", "2027-08-31"),
        ("合同期限自二〇二四年九月一日起至二〇二七年八月三十一日止。", "2024-09-01", "2027-08-31"),
        ("1.固定期限:自/起至/止。2.无固定期限:自2024年9月1日起至法定终止条件出现时止。", "2024-09-01", "long_term"),
        ("(一)固定期限:自2024年9月1日起至2027年8月31日止。(二)无固定期限:自 / 年 / 月起。", "2024-09-01", "2027-08-31"),
        ("自2024年9月1日起订立无固定期限劳动合同。", "2024-09-01", "long_term"),
        ("试用期自2024年9月1日起至2024年11月30日止。", None, None),
        ("自2021年9月1日起至2024年8月31日止。续签期限自2024年9月1日起至2027年8月31日止。", "2021-09-01", "2027-08-31"),
        ("以完成一定工作任务为期限:自2024年9月1日起至工作完成时止。", None, None),
    ],
)
def test_contract_terms(clause: str, start: str | None, end: str | None) -> None:
    fields = read(T.LABOR_CONTRACT, [line(clause, 10, 10)])
    assert (fields.get("term_start"), fields.get("term_end")) == (start, end)


def test_contract_renewed_on_another_page_ends_later() -> None:
    first = [line("自2021年9月1日起至2024年8月31日止。", 10, 10)]
    renewal = [line("续订合同期限自2024年9月1日起至2027年8月31日止。", 10, 10)]
    assert read(T.LABOR_CONTRACT, first, renewal)["term_end"] == "2027-08-31"


@pytest.mark.parametrize(
    ("clause", "position"),
    [
        ("乙方同意根据甲方工作需要,担任英语科任教师岗位工作。", "英语科任教师"),
        ("甲方安排乙方从事幼儿保教工作。", "幼儿保教"),
        ("乙方的工作岗位为数学教师,执行标准工时。", "数学教师"),
        ("乙方不得从事有毒有害工作。", None),
    ],
)
def test_contract_positions(clause: str, position: str | None) -> None:
    assert read(T.LABOR_CONTRACT, [line(clause, 10, 10)]).get("position") == position


def test_contract_name_and_sex_without_colons() -> None:
    assert read(T.LABOR_CONTRACT, [line("姓名李梅性别女", 10, 10)])["name"] == "李梅"


def test_contract_clause_is_no_name() -> None:
    assert "name" not in read(T.LABOR_CONTRACT, [line("乙方同意根据甲方工作需要,担任教师岗位工作。", 10, 10)])


def test_contract_name_is_surer_than_its_signature() -> None:
    fields = read_fields(
        T.LABOR_CONTRACT,
        [page([line("姓名:李梅", 10, 10, score=0.95)]), page([line("乙方(签名):李悔", 10, 10)], index=1)],
    )
    assert fields["name"].value == "李梅"


def test_contract_dates_that_differ_are_settled_by_the_latest() -> None:
    lines = [line("甲方(盖章):", 10, 10), line("日期:2024年8月25日", 10, 80), line("日期:2024年8月28日", 700, 80)]
    assert read(T.LABOR_CONTRACT, lines)["sign_date"] == "2024-08-28"


# --- student papers ---


def test_status_report_in_two_columns_with_a_grouped_code() -> None:
    lines = [
        line("教育部学籍在线验证报告", 400, 10), line("更新日期:2026年10月08日", 800, 80),
        *grid(
            ("姓名", "王芳", "性别", "女"), ("出生日期", "2004年01月09日", "民族", "回族"),
            ("院校名称", "广东培正学院", "层次", "本科"), ("专业", "汉语言文学(师范)", "学制", "4 年"),
            ("学历类别", "普通高等教育", "学习形式", "全日制"), ("分院", "", "系所", "文学院"),
            ("入学日期", "2023年09月01日", "学籍状态", "在籍（注册学籍）"), ("预计毕业日期", "2027年06月30日"),
            top=160, step=330,
        ),
        line("在线验证码", 10, 1100), line("AB12 CD34 EF56 GH78", 300, 1100), line("验证码有效期至:2027年04月01日", 10, 1170),
    ]  # fmt: skip
    assert read(T.STUDENT_STATUS_REPORT, lines) == {
        "name": "王芳", "sex": "female", "birth_date": "2004-01-09", "ethnicity": "回", "school": "广东培正学院",
        "level": "本科", "major": "汉语言文学(师范)", "study_form": "全日制", "category": "普通高等教育",
        "enrolled_on": "2023-09-01", "status": "在籍(注册学籍)", "expected_graduation": "2027-06-30",
        "verify_code": "AB12CD34EF56GH78", "updated_on": "2026-10-08",
    }  # fmt: skip


@pytest.mark.parametrize(("text", "code"), [("DHKKETXDGRPQ", "DHKKETXDGRPQ"), ("2027-04-08", None), ("", None)])
def test_verify_codes(text: str, code: str | None) -> None:
    assert parse_verify_code(text) == code


def stamped(lines: list[Line], *seals: tuple[str, float, float]) -> ReadPage:
    """A page with seals of 120 by 60 pixels at the given places."""
    found = tuple(
        SealReading(text=text, confidence=0.9, page=0, box=((x, y), (x + 120, y), (x + 120, y + 60), (x, y + 60)))
        for text, x, y in seals
    )
    return ReadPage(
        index=0, image=np.full((64, 64, 3), 255, dtype=np.uint8), lines=tuple(lines), to_uploaded=np.eye(3), seals=found
    )


def test_student_card_with_its_school_as_a_heading() -> None:
    lines = [
        line("广州城市理工学院", 300, 10, height=60), line("学生证", 400, 100, height=60),
        line("姓名:王芳", 10, 250), line("性别:女", 400, 250), line("学号:202311040123", 10, 320),
        line("二级学院:外国语学院", 10, 390), line("专业:英语", 10, 460), line("入学时间:2023年9月", 10, 530),
        line("2026-2027学年第一学期", 900, 250), line("已注册", 900, 300),
    ]  # fmt: skip
    assert read(T.STUDENT_CARD, lines) == {
        "name": "王芳", "sex": "female", "school": "广州城市理工学院", "student_no": "202311040123", "major": "英语",
        "enrolled_on": "2023-09", "registered_term": "2026年秋季",
    }  # fmt: skip


def registered(card: ReadPage) -> ReadField | None:
    return read_fields(T.STUDENT_CARD, [card]).get("registered_term")


def test_student_card_s_latest_stamp_counts() -> None:
    field = registered(stamped([], ("2026年秋季注册", 10, 10), ("2026年春季注册", 200, 10), ("广州工商学院", 10, 300)))
    assert field is not None
    assert (field.value, field.raw) == ("2026年秋季", "2026年秋季注册")


def test_student_card_s_stamp_registers_the_term_it_stands_at() -> None:
    terms = [line("2026年春季", 10, 10), line("2026年秋季", 10, 300)]
    field = registered(stamped(terms, ("注册", 20, 60)))
    assert field is not None
    assert field.value == "2026年春季"


def test_student_card_s_printed_terms_register_nobody() -> None:
    assert (
        registered(stamped([line("注册登记", 10, 10), line("2026年秋季", 10, 90), line("2027年春季", 10, 400)])) is None
    )


def test_student_card_school_from_its_seal() -> None:
    assert read_fields(T.STUDENT_CARD, [stamped([], ("广州工商学院", 10, 10))])["school"].value == "广州工商学院"


@pytest.mark.parametrize(
    ("text", "term"),
    [("2026年秋季", "2026年秋季"), ("2027春", "2027年春季"), ("2026-2027学年第二学期", "2027年春季"),
     ("2026学年第1学期注册", "2026年秋季"), ("2026年秋季2027年春季", None), ("第一学期", None)],
)  # fmt: skip
def test_terms(text: str, term: str | None) -> None:
    assert parse_term(text) == term


@pytest.mark.parametrize(
    ("text", "number"), [("号20258287993", "20258287993"), ("B2023110401", "B2023110401"), ("2025", None)]
)
def test_student_numbers(text: str, number: str | None) -> None:
    assert parse_student_no(text) == number


@pytest.mark.parametrize(
    ("text", "school"),
    [("广州工商学院", "广州工商学院"), ("商学院", None), ("华南师范大学(南海校区)", "华南师范大学(南海校区)")],
)
def test_schools(text: str, school: str | None) -> None:
    assert parse_school(text) == school


# --- hospital report ---


def test_hospital_report_cover() -> None:
    lines = [
        line("广州市花都区人民医院", 300, 10, height=60), line("健康体检报告", 350, 110, height=60),
        line("姓名:李梅", 10, 300), line("性别:女", 400, 300), line("年龄:28", 700, 300),
        line("体检编号:2026090112", 10, 370), line("体检日期:2026-09-18", 10, 440), line("报告日期:2026-09-21", 500, 440),
    ]  # fmt: skip
    assert read(T.HOSPITAL_REPORT, lines) == {
        "name": "李梅", "sex": "female", "hospital": "广州市花都区人民医院", "exam_date": "2026-09-18",
    }  # fmt: skip


# --- what such pages are taken for ---


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (T.HOUSEHOLD_REGISTER, [item.text for item in FIRST_PAGE]),
        (T.HOUSEHOLD_REGISTER, [item.text for item in member("李梅", "长女")]),
        (
            T.HMT_RESIDENCE_PERMIT,
            ["姓名 陈大文", "性别 男", "出生 1990年1月1日", "住址 广州市", "公民身份号码 810000199001010019"],
        ),
        (T.HMT_RESIDENCE_PERMIT, ["签发机关", "有效期限", "通行证号码", "H12345678", "签发次数"]),
        (
            T.LABOR_CONTRACT,
            ["第五条 甲方为乙方参加社会保险", "第六条 乙方应当遵守甲方的规章制度", "用人单位(盖章)", "劳动者(签名)"],
        ),
        (T.LABOR_CONTRACT, ["事业单位聘用合同", "聘用单位(甲方)", "受聘人员(乙方)", "聘用期限"]),
        (T.STUDENT_CARD, ["姓名", "学号", "院系", "专业", "入学年月", "有效期至"]),
        (T.STUDENT_CARD, ["注册登记", "第一学期", "2026年秋季", "注册", "第二学期"]),
        (T.HOSPITAL_REPORT, ["广州市花都区人民医院", "健康体检报告", "姓名", "体检编号"]),
    ],
)
def test_type_of_such_pages(kind: DocumentType, texts: list[str]) -> None:
    assert classify_lines(texts).type is kind
