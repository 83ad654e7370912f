"""Each document type read from made-up pages: other layouts and wordings than any data set's."""

from dataclasses import replace

import pytest

from schemas.document import FIELDS, DocumentType
from schemas.reading import InsuredRow, Line
from tests.support.pages import line, page
from verifier.extract import READERS, read_fields
from verifier.ocr.engine import Recognition

ID = "440114199803051239"
T = DocumentType


def read(kind: DocumentType, *lines: Line) -> dict[str, object]:
    return {name: field.value for name, field in read_fields(kind, [page(lines)]).items()}


def test_id_card_front_and_back_on_one_page() -> None:
    fields = read(
        T.RESIDENT_ID_CARD,
        line("姓名 张伟", 10, 10),
        line("性别男民族汉", 10, 80),
        line("出生 1998年3月5日", 10, 150),
        line("住址", 10, 220), line("广东省广州市花都区新华", 120, 220), line("街道1号", 120, 265),
        line("公民身份号码", 10, 380), line(ID, 300, 380),
        line("中华人民共和国", 200, 700), line("居民身份证", 200, 800),
        line("签发机关", 10, 950), line("广州市公安局花都区分局", 220, 950),
        line("有效期限", 10, 1020), line("2020.06.07-2040.06.07", 220, 1020),
    )  # fmt: skip
    assert fields == {
        "name": "张伟", "sex": "male", "ethnicity": "汉", "birth_date": "1998-03-05",
        "address": "广东省广州市花都区新华街道1号", "id_number": ID,
        "issuing_authority": "广州市公安局花都区分局", "valid_from": "2020-06-07", "valid_to": "2040-06-07",
    }  # fmt: skip


def test_id_card_validity_without_its_label() -> None:
    """The label lies under glare: on this card a range of dates is its validity and nothing else."""
    back = [line("居民身份证", 200, 10), line("签发机关", 10, 150), line("广州市公安局花都区分局", 220, 150)]
    fields = read(T.RESIDENT_ID_CARD, *back, line("期限2022.03.02-2032.03.02", 60, 220))
    assert (fields["valid_from"], fields["valid_to"]) == ("2022-03-02", "2032-03-02")
    two = read(
        T.RESIDENT_ID_CARD, *back, line("2022.03.02-2032.03.02", 60, 220), line("2012.03.02-2022.03.02", 60, 290)
    )
    assert "valid_to" not in two


def test_id_card_address_without_its_label() -> None:
    fields = read(
        T.RESIDENT_ID_CARD,
        line("姓名 韩志远", 10, 10), line("性别男民族土家", 10, 80), line("出生 1977年10月24日", 10, 150),
        line("安徽省合肥市庐阳区逍遥津", 120, 220), line("街道寿春路174号", 120, 265),
        line("公民身份号码", 10, 380), line("340103197710247150", 300, 380),
    )  # fmt: skip
    assert fields["address"] == "安徽省合肥市庐阳区逍遥津街道寿春路174号"


def test_household_whose_head_is_a_body_over_two_lines() -> None:
    fields = read(
        T.HOUSEHOLD_REGISTER,
        line("居民户口簿", 400, 10),
        line("户别 集体户", 10, 100), line("户主姓名", 600, 80), line("广州市花都区人才交流管理中", 780, 80), line("心", 780, 125),
        line("户号 512707838", 10, 200), line("住址 广东省广州市花都区花山镇平山大街39号", 10, 300),
    )  # fmt: skip
    assert fields["head_name"] == "广州市花都区人才交流管理中心"


def test_id_card_valid_for_ever() -> None:
    fields = read(T.RESIDENT_ID_CARD, line("有效期限", 10, 10), line("2016.01.02-长期", 200, 10))
    assert fields == {"valid_from": "2016-01-02", "valid_to": "long_term"}


def test_permit_from_a_screenshot() -> None:
    fields = read(
        T.RESIDENCE_PERMIT,
        line("电子居住证", 300, 10),
        line("姓名", 10, 100), line("阿依古丽·买买提", 300, 100),
        line("身份证号码", 10, 180), line(ID, 300, 180),
        line("户籍地址", 10, 260), line("湖南省长沙市岳麓区麓山路", 300, 260), line("12号", 300, 305),
        line("居住地址", 10, 400), line("广东省广州市花都区花东镇", 300, 400), line("大道3号", 300, 445),
        line("有效期至", 10, 540), line("2027年05月14日", 300, 540),
    )  # fmt: skip
    assert fields["name"] == "阿依古丽·买买提"
    assert fields["hukou_address"] == "湖南省长沙市岳麓区麓山路12号"
    assert fields["current_address"] == "广东省广州市花都区花东镇大道3号"
    assert fields["valid_to"] == "2027-05-14"


def test_employment_letter() -> None:
    fields = read(
        T.EMPLOYMENT_CERTIFICATE,
        line("聘用证明", 500, 10),
        line("兹证明李梅同志(身份证号:" + ID + "),性别:女,", 80, 120),
        line("自2021年9月1日起至今在我单位工作,现担任数学教师一职。", 10, 180),
        line("特此证明。", 80, 240),
        line("单位地址:广州市花都区新华街道学府路8号", 10, 320),
        line("联系电话:020-36888888", 10, 380),
        line("统一社会信用代码:91350100M000100Y43", 10, 440),
        line("单位名称(盖章):广州市花都区向阳小学", 400, 560),
        line("2026年9月20日", 600, 620),
    )
    assert fields == {
        "name": "李梅", "sex": "female", "id_number": ID, "employer": "广州市花都区向阳小学",
        "uscc": "91350100M000100Y43", "position": "数学教师", "start_date": "2021-09-01", "issue_date": "2026-09-20",
        "employer_address": "广州市花都区新华街道学府路8号", "employer_phone": "020-36888888",
    }  # fmt: skip


def test_employment_letter_with_employer_in_the_sentence_and_chinese_date() -> None:
    fields = read(
        T.EMPLOYMENT_CERTIFICATE,
        line("在职证明", 500, 10),
        line("兹证明王芳,女,系广州市花都区朝阳幼儿园正式员工,从事幼儿教师工作。", 80, 120),
        line("特此证明", 80, 180),
        line("二〇二六年十月八日", 600, 500),
    )
    assert fields["name"] == "王芳"
    assert fields["employer"] == "广州市花都区朝阳幼儿园"
    assert fields["issue_date"] == "2026-10-08"


def test_insurance_with_periods_and_wrapped_employer() -> None:
    fields = read(
        T.SOCIAL_INSURANCE_CERTIFICATE,
        line("该参保人在广州市参加社会保险情况如下:", 10, 10),
        line("姓名", 10, 80), line("李梅", 200, 80), line("证件号码", 500, 80), line(ID, 760, 80),
        line("参保起止时间", 10, 180), line("单位", 500, 180), line("养老", 900, 180), line("工伤", 1100, 180),
        line("202301 - 202406", 10, 280), line("广州市花都区向阳", 400, 258), line("小学", 480, 303),
        line("18", 910, 280), line("18", 1110, 280),
        line("202407 - 202609", 10, 400), line("广州市:花都朝阳学校", 380, 400), line("27", 910, 400), line("27", 1110, 400),
        line("实际缴费45个月,缓缴0个月", 800, 500),
        line("证明时间", 10, 700), line("2026-10-06 08:24", 220, 700),
    )  # fmt: skip
    assert fields["rows"] == (
        InsuredRow(employer="广州市花都区向阳小学", start_month="2023-01", end_month="2024-06"),
        InsuredRow(employer="花都朝阳学校", start_month="2024-07", end_month="2026-09"),
    )
    assert (fields["city"], fields["months_paid"], fields["printed_on"]) == ("广州市", "45", "2026-10-06")


def test_insurance_with_start_and_end_columns_and_letter_o() -> None:
    fields = read(
        T.SOCIAL_INSURANCE_CERTIFICATE,
        line("姓名:李梅", 10, 10), line("参保地:广州市", 10, 80), line("打印日期:2026年10月20日", 800, 80),
        line("单位名称", 10, 180), line("开始年月", 500, 180), line("终止年月", 700, 180), line("养老保险", 900, 180),
        line("花都向阳小学", 10, 260), line("202601", 500, 260), line("202609", 700, 260), line("O9个月", 900, 260),
        line("合计", 10, 340), line("O9个月", 900, 340),
    )  # fmt: skip
    assert fields["rows"] == (InsuredRow(employer="花都向阳小学", start_month="2026-01", end_month="2026-09"),)
    assert fields["months_paid"] == "9"


def test_form_with_sides_in_the_cells() -> None:
    fields = read(
        T.MEDICAL_EXAM_FORM,
        line("姓名", 10, 10), line("李梅", 150, 10), line("性别", 400, 10), line("女", 520, 10),
        line("裸眼视力", 10, 100), line("右 4.9", 250, 100), line("左 5.0", 420, 100),
        line("矫正视力", 600, 100), line("右5.1", 820, 100), line("左 52", 960, 100),
        line("听力", 10, 180), line("右耳5米", 250, 180), line("左耳 4 米", 520, 180),
        line("血压", 10, 260), line("118/76mmHg", 250, 260), line("心率", 600, 260), line("72次/分", 800, 260),
        line("体检结论", 10, 340), line("合格", 250, 340),
    )  # fmt: skip
    assert fields == {
        "name": "李梅", "sex": "female",
        "naked_vision_right": "4.9", "naked_vision_left": "5.0",
        "corrected_vision_right": "5.1", "corrected_vision_left": "5.2",
        "hearing_right": "5", "hearing_left": "4", "blood_pressure": "118/76", "heart_rate": "72",
        "conclusion": "qualified",
    }  # fmt: skip


def test_form_with_sides_as_column_heads_in_the_other_order() -> None:
    fields = read(
        T.MEDICAL_EXAM_FORM,
        line("左眼", 300, 10), line("右眼", 600, 10),
        line("裸眼", 10, 90), line("4.6", 310, 90), line("5.1", 610, 90),
    )  # fmt: skip
    assert fields == {"naked_vision_left": "4.6", "naked_vision_right": "5.1"}


@pytest.mark.parametrize(
    ("written", "expected"), [("不合格", "unqualified"), ("体检合格", "qualified"), ("建议复查", "other")]
)
def test_conclusion_never_loses_its_no(written: str, expected: str) -> None:
    assert read(T.MEDICAL_EXAM_FORM, line("体检结论", 10, 10), line(written, 300, 10))["conclusion"] == expected


def test_hepatitis_rows_are_never_fields() -> None:
    fields = read(T.MEDICAL_EXAM_FORM, line("乙肝表面抗原", 10, 10), line("阳性(+)", 400, 10))
    assert fields == {}


def test_second_look_where_a_label_has_nothing_beside_it() -> None:
    empty = page([line("民族", 10, 10), line("姓名", 10, 80), line("张伟", 150, 80)])
    seen = replace(empty, look=lambda _: Recognition(text="汉", score=0.9))
    unsure = replace(empty, look=lambda _: Recognition(text="汉", score=0.3))
    assert read_fields(T.RESIDENT_ID_CARD, [seen])["ethnicity"].value == "汉"
    assert "ethnicity" not in read_fields(T.RESIDENT_ID_CARD, [unsure])


def test_of_two_pages_the_surer_reading_stays() -> None:
    hand = page([line("姓名", 10, 10), line("李悔", 200, 10, score=0.6)])
    print_ = page([line("姓名:李梅", 10, 10)], index=1)
    field = read_fields(T.MEDICAL_EXAM_FORM, [hand, print_])["name"]
    assert (field.value, field.page) == ("李梅", 1)


@pytest.mark.parametrize("kind", sorted(READERS))
def test_an_empty_page_gives_no_fields(kind: DocumentType) -> None:
    assert read_fields(kind, [page([])]) == {}


def test_readers_give_only_the_contract_s_fields() -> None:
    assert set(READERS) <= set(FIELDS)


def test_a_unit_names_the_row_when_its_label_was_misread() -> None:
    fields = read(T.MEDICAL_EXAM_FORM, line("压", 10, 10), line("123/79 mmHg", 300, 10), line("165 厘米", 300, 90))
    assert fields == {"blood_pressure": "123/79", "height_cm": "165"}


def test_two_candidates_by_unit_name_nothing() -> None:
    assert read(T.MEDICAL_EXAM_FORM, line("165 cm", 300, 10), line("170 cm", 300, 90)) == {}


def test_streets_named_like_a_label_stay_in_the_address() -> None:
    fields = read(
        T.RESIDENT_ID_CARD,
        line("住址", 10, 10), line("广西壮族自治区南宁市青秀区", 200, 10), line("民族大道72号1402室", 200, 55),
    )  # fmt: skip
    assert fields == {"address": "广西壮族自治区南宁市青秀区民族大道72号1402室"}


def test_letter_that_begins_with_the_name() -> None:
    fields = read(
        T.EMPLOYMENT_CERTIFICATE,
        line("任职证明", 500, 10),
        line("林伟(男,公民身份号码" + ID + ")系我校在职在编教职工,于", 80, 120),
        line("2025年3月1日入职,任教岗位为教师,现仍在岗。", 10, 180),
        line("单位(公章):花都向阳小学", 400, 500),
    )
    assert (fields["name"], fields["sex"], fields["start_date"]) == ("林伟", "male", "2025-03-01")
    assert fields["employer"] == "花都向阳小学"


def test_sides_in_brackets_behind_the_label() -> None:
    fields = read(
        T.MEDICAL_EXAM_FORM,
        line("裸眼视力(右)", 10, 10), line("5.1", 400, 10),
        line("裸眼视力(左)", 10, 90), line("4.9", 400, 90),
        line("胸部正位DR片", 10, 170), line("两肺未见明显异常", 400, 170),
    )  # fmt: skip
    assert fields == {"naked_vision_right": "5.1", "naked_vision_left": "4.9", "chest_xray": "两肺未见明显异常"}
