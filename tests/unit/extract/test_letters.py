"""Letters of employment in many wordings, typed: none of these is a form, all say the same things."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.document import DocumentType
from tests.support.typed_pages import typed_page
from verifier.extract import read_fields

LETTERS: dict[str, tuple[str, dict[str, str]]] = {
    "entered_our_school": (
        """
        工作证明
    兹有李思源同志,性别女,身份证号440114199203057328,于2019年9月1日入职我校,现任初中数学教师,至今在岗。
    特此证明。
        广州市花都区狮岭中学(公章)
        2026年9月28日
    学校地址:广州市花都区狮岭镇阳光南路12号
    联系电话:020-86912345
""",
        {
            "name": "李思源",
            "sex": "female",
            "id_number": "440114199203057328",
            "start_date": "2019-09-01",
            "position": "初中数学教师",
            "employer": "广州市花都区狮岭中学",
            "issue_date": "2026-09-28",
            "employer_address": "广州市花都区狮岭镇阳光南路12号",
            "employer_phone": "020-86912345",
        },
    ),
    "name_opens_the_sentence": (
        """
        在 职 证 明
    王芳(身份证号码:440114199203057328),女,自2021年3月起在广州市花都区星光幼儿园担任主班教师一职,工作认真负责。
    以上情况属实,特此证明!
    单位(盖章):广州市花都区星光幼儿园
    日期:二〇二六年十月八日
""",
        {
            "name": "王芳",
            "sex": "female",
            "id_number": "440114199203057328",
            "start_date": "2021-03",
            "position": "主班教师",
            "employer": "广州市花都区星光幼儿园",
            "issue_date": "2026-10-08",
        },
    ),
    "to_the_bureau": (
        """
        证    明
广州市花都区教育局:
    我校教师陈建国(男,1990年5月3日出生,身份证号440114199203057328)自2015年8月15日到我校任教至今,任教学科为物理。
    特此证明
        广州市花都区秀全外国语学校
        2026.10.12
""",
        {
            "name": "陈建国",
            "sex": "male",
            "id_number": "440114199203057328",
            "start_date": "2015-08-15",
            "position": "物理",
            "employer": "广州市花都区秀全外国语学校",
            "issue_date": "2026-10-12",
        },
    ),
    "filled_blanks": (
        """
        任职证明
    兹证明 赵雨桐 ,身份证号码 440114199203057328 ,系我园在职员工,任 配班教师 岗位,入职时间: 2022年02月14日 。
    此证明仅用于办理教师资格认定,不作他用。
    证明单位:花都区新雅街小太阳幼儿园有限公司
    统一社会信用代码:91440114MA59ABCD0X
    单位地址:广州市花都区新雅街镜湖大道8号
    电话:13800138000
    开具时间:2026年10月15日
""",
        {
            "name": "赵雨桐",
            "id_number": "440114199203057328",
            "start_date": "2022-02-14",
            "position": "配班教师",
            "employer": "花都区新雅街小太阳幼儿园有限公司",
            "issue_date": "2026-10-15",
            "employer_address": "广州市花都区新雅街镜湖大道8号",
            "employer_phone": "13800138000",
        },
    ),
    "table": (
        """
        广州智慧教育科技有限公司
        员工在职证明
致有关部门:
    现证明下列人员为本公司在职员工:
姓名	周子轩
性别	男
证件号码	440114199203057328
所在部门	教学部
职务	讲师
入职日期	2023-07-10
    本公司对上述内容的真实性负责。
        广州智慧教育科技有限公司(人事专用章)
        2026年11月2日
""",
        {
            "name": "周子轩",
            "sex": "male",
            "id_number": "440114199203057328",
            "position": "讲师",
            "start_date": "2023-07-10",
            "employer": "广州智慧教育科技有限公司",
            "issue_date": "2026-11-02",
        },
    ),
    "since_until_now": (
        """
        聘用证明
    吴梦洁同志自2020年9月至今受聘于广州市花都区花东镇大塘小学,担任语文教师工作。身份证号:440114199203057328。
    特此证明。
    单位名称(盖章):广州市花都区花东镇大塘小学
    负责人:张三
    联系人:李四  联系电话:020-36812345
    2026年10月9日
""",
        {
            "name": "吴梦洁",
            "id_number": "440114199203057328",
            "start_date": "2020-09",
            "position": "语文教师",
            "employer": "广州市花都区花东镇大塘小学",
            "issue_date": "2026-10-09",
            "employer_phone": "020-36812345",
        },
    ),
    "spaced_out": (
        """
        在职证明
    兹证明我单位员工 郑 浩 (身份证号 440114199203057328 )自 2018 年 9 月 1 日起至今在我单位工作,岗位:体育教师。
    特此证明。
    出具单位:广州市花都区职业技术学校
    出具日期:2026 年 9 月 30 日
""",
        {
            "name": "郑浩",
            "id_number": "440114199203057328",
            "start_date": "2018-09-01",
            "position": "体育教师",
            "employer": "广州市花都区职业技术学校",
            "issue_date": "2026-09-30",
        },
    ),
    "name_first": (
        """
        工作单位证明
    孙晓彤,女,汉族,公民身份号码440114199203057328,2024年2月26日到广州市花都区邝维煜纪念中学工作,现从事英语教学工作。
    特此证明。
        (单位公章)
        广州市花都区邝维煜纪念中学
        二〇二六年十一月三日
""",
        {
            "name": "孙晓彤",
            "sex": "female",
            "id_number": "440114199203057328",
            "start_date": "2024-02-26",
            "employer": "广州市花都区邝维煜纪念中学",
            "issue_date": "2026-11-03",
        },
    ),
    "dotted_name": (
        """
        在职在岗证明
    兹证明阿依古丽·买买提同志为我单位正式在编教师,性别:女,身份证号码:440114199203057328。该同志于2017年8月参加工作,2021年9月1日调入我校,现任教科目:道德与法治。
    用人单位:广州市花都区圆玄中学(盖章)
    法定代表人:黄某
    地址:广州市花都区公益路35号
    2026年10月20日
""",
        {
            "name": "阿依古丽·买买提",
            "sex": "female",
            "id_number": "440114199203057328",
            "employer": "广州市花都区圆玄中学",
            "issue_date": "2026-10-20",
            "employer_address": "广州市花都区公益路35号",
        },
    ),
    "verified": (
        """
        教师在岗证明
    经核实,罗嘉欣(女,身份证号:440114199203057328)现为我园保教人员,于2023年9月1日入园工作,职务:班主任。
    特此证明。
    园所名称:广州市花都区炭步镇中心幼儿园
    园长签名:
    日期:2026-10-11
""",
        {
            "name": "罗嘉欣",
            "sex": "female",
            "id_number": "440114199203057328",
            "start_date": "2023-09-01",
            "position": "班主任",
            "employer": "广州市花都区炭步镇中心幼儿园",
            "issue_date": "2026-10-11",
        },
    ),
    "our_company_in_brackets": (
        """
        收入及在职证明
    兹证明马腾飞先生,身份证号码为440114199203057328,自2019年7月1日起,在我司(广东博文教育发展有限公司)担任教研主管职务。
    特此证明。
    公司名称:广东博文教育发展有限公司
    公司地址:广州市花都区迎宾大道95号交通大厦6楼
    公司电话:020-86801234
    日    期:2026年10月18日
""",
        {
            "name": "马腾飞",
            "id_number": "440114199203057328",
            "start_date": "2019-07-01",
            "position": "教研主管",
            "employer": "广东博文教育发展有限公司",
            "issue_date": "2026-10-18",
            "employer_address": "广州市花都区迎宾大道95号交通大厦6楼",
            "employer_phone": "020-86801234",
        },
    ),
    "term_of_employment": (
        """
        证 明
    兹证明黎晓晴,性别女,1992年03月05日出生,身份证:440114199203057328,是我单位聘任的音乐教师,聘期从2022年9月1日至2028年8月31日。
    单位:广州市花都区赤坭镇培正学校
    2026年9月25日
""",
        {
            "name": "黎晓晴",
            "sex": "female",
            "id_number": "440114199203057328",
            "start_date": "2022-09-01",
            "position": "音乐教师",
            "employer": "广州市花都区赤坭镇培正学校",
            "issue_date": "2026-09-25",
        },
    ),
    "time_of_joining": (
        """
        在职证明书
    姓名罗静怡,性别女,身份证号码440114199203057328,系广州市花都区新雅第三中学在职人员,职务(岗位)为英语教师,参加本单位工作时间为2025年3月1日。
    单位名称(盖章):广州市花都区新雅第三中学
    开具日期:2026年9月6日
""",
        {"name": "罗静怡", "position": "英语教师", "start_date": "2025-03-01", "issue_date": "2026-09-06"},
    ),
}


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_of_employment_is_read_by_its_sentences_labels_and_formats(letter: str) -> None:
    text, expected = LETTERS[letter]
    fields = read_fields(DocumentType.EMPLOYMENT_CERTIFICATE, [typed_page(text)])
    assert {name: fields[name].value if name in fields else None for name in expected} == expected


def test_a_field_points_at_its_own_characters() -> None:
    text, _ = LETTERS["entered_our_school"]
    fields = read_fields(DocumentType.EMPLOYMENT_CERTIFICATE, [typed_page(text)])
    left, right = fields["name"].box[0][0], fields["name"].box[1][0]
    assert 2 * 24 < right - left < 5 * 24


LICENCE = """
9:41
电子居住证
持证人
张晓雯
公民身份号码
440114199203057328
性别
女
民族
汉族
出生日期
1992-03-05
户籍地址
湖南省长沙市岳麓区麓山南路932号
现居住地址
广东省广州市花都区新华街道公益大道12号3栋502房
签发机关
广州市公安局花都区分局
有效期限
2025-11-03至2026-11-02
"""
RUNNING_ON = """
居住证信息
姓名:张晓雯    性别:女    民族:汉
身份证号:440114199203057328
    现居住地址:广东省广州市花都区新华街道公益大道十二号三栋五
零二房
签发单位:广州市公安局花都区分局
"""


def test_an_electronic_licence_prints_values_under_their_labels() -> None:
    fields = read_fields(DocumentType.RESIDENCE_PERMIT, [typed_page(LICENCE)])
    assert {name: field.value for name, field in fields.items()} == {
        "name": "张晓雯",
        "sex": "female",
        "ethnicity": "汉",
        "birth_date": "1992-03-05",
        "id_number": "440114199203057328",
        "hukou_address": "湖南省长沙市岳麓区麓山南路932号",
        "current_address": "广东省广州市花都区新华街道公益大道12号3栋502房",
        "issuing_authority": "广州市公安局花都区分局",
        "valid_to": "2026-11-02",
    }


def test_a_full_line_runs_on_at_the_margin() -> None:
    fields = read_fields(DocumentType.RESIDENCE_PERMIT, [typed_page(RUNNING_ON, width=31)])
    assert fields["current_address"].value == "广东省广州市花都区新华街道公益大道十二号三栋五零二房"


TILES = """
教师资格认定体检表
R眼裸视\tL眼裸视\tR眼矫正\tL眼矫正
4.5\t4.1\t5.1\t5.2
"""


def test_a_side_that_opens_the_next_label_says_nothing_of_the_one_before() -> None:
    page = typed_page(TILES)
    # photographed at a slant: the second label stands a little higher than the first
    lines = [
        line.model_copy(update={"box": tuple((x, y - (2.0 if line.text == "L眼裸视" else 0.0)) for x, y in line.box)})
        for line in page.lines
    ]
    fields = read_fields(DocumentType.MEDICAL_EXAM_FORM, [replace(page, lines=tuple(lines))])
    assert {name: field.value for name, field in fields.items() if "vision" in name} == {
        "naked_vision_right": "4.5",
        "naked_vision_left": "4.1",
        "corrected_vision_right": "5.1",
        "corrected_vision_left": "5.2",
    }
