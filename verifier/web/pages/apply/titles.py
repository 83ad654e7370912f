"""What the steps and questions of the form are called, with the hints beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.application import IdType, QualificationType, Route, Sex
from verifier.rules.titles import QUALIFICATIONS_ZH, VALUES_ZH
from verifier.web.pages.words import ID_TYPES


@dataclass(frozen=True)
class Title:
    """A heading or a question in Chinese and English. `hint` says what is meant or where it stands."""

    text: str
    english: str
    hint: str = ""
    kind: str = "text"
    autocomplete: str = "off"


@dataclass(frozen=True)
class Option:
    value: str
    text: str
    english: str
    hint: str = ""


STEP_TITLES: Mapping[str, Title] = {
    "route": Title("您凭什么在花都区申请?", "Your ground for applying in Huadu"),
    "name": Title("您的姓名", "Your name"),
    "identity": Title("您的身份证件", "Your identity document"),
    "person": Title("关于您", "About you"),
    "contact": Title("联系电话", "Phone"),
    "qualification": Title("申请的资格", "The qualification you apply for"),
    "household": Title("户籍地址", "Registered address"),
    "residence": Title("现居住地址", "Present address"),
    "employment": Title("工作单位", "Employer"),
    "student": Title("就读学校", "School"),
}

QUESTION_TITLES: Mapping[str, Title] = {
    "route": Title("认定依据", "Ground", kind="choice"),
    "name": Title(
        "姓名",
        "Name",
        "与身份证件完全一致。姓名中的“·”和生僻字照证件填写,不用改写。",
        autocomplete="name",
    ),
    "id_type": Title("证件种类", "Kind of document", kind="choice"),
    "id_number": Title("证件号码", "Number", "身份证为 18 位,最后一位可能是 X。"),
    "sex": Title("性别", "Sex", kind="choice"),
    "birth_date": Title("出生日期", "Date of birth", kind="date", autocomplete="bday"),
    "ethnicity": Title("民族", "Ethnicity", "身份证上的民族,例如“汉”;港澳台居民可以不填。", kind="list"),
    "phone": Title(
        "手机号码", "Mobile phone", "补正和结果会通知到这个号码。可以不填。", kind="tel", autocomplete="tel-national"
    ),
    "type": Title("资格种类", "Kind of qualification", kind="choice"),
    "subject": Title("任教学科", "Subject", "与考试合格证明一致;幼儿园可以不填。"),
    "hukou_address": Title(
        "户籍地址", "Registered address", "照户口簿或身份证填写,从省填起。", autocomplete="street-address"
    ),
    "district": Title("区", "District", "可以选择,也可以直接填写。", kind="list"),
    "town": Title("镇、街道", "Town or subdistrict", "可以选择,也可以直接填写。", kind="list"),
    "detail": Title("村、路、门牌号", "Street and number", "照居住证填写。", autocomplete="street-address"),
    "employer": Title(
        "单位名称",
        "Name of employer",
        "照单位公章填写。没有工作单位的,本页留空。",
        autocomplete="organization",
    ),
    "uscc": Title("统一社会信用代码", "Social credit code", "18 位,在营业执照或法人证书上。可以不填。"),
    "start_date": Title("入职日期", "Since", "可以不填。", kind="date"),
    "employer_address": Title("单位地址", "Address of employer", "可以不填。"),
    "school": Title("学校名称", "School", "可以选择,也可以直接填写。", kind="list"),
    "major": Title("专业", "Major", "可以不填。"),
    "level": Title("层次", "Level", "例如“本科”。可以不填。"),
    "enrolled_on": Title("入学日期", "Enrolled on", "照学籍报告填写,例如 2023-09。可以不填。"),
    "expected_graduation": Title("预计毕业日期", "Expected graduation", "照学籍报告填写,例如 2027-06。可以不填。"),
}

ROUTE_OPTIONS = (
    Option(Route.HOUSEHOLD, "户籍在花都区", "Registered in Huadu", "有花都区户口簿。"),
    Option(Route.RESIDENCE_PERMIT, "持有花都区居住证", "Residence permit", "《广东省居住证》上的现居住地址在花都区。"),
    Option(Route.STUDENT, "在花都区的高校就读", "Student in Huadu", "全日制在读,或应届毕业。"),
    Option(Route.HMT_RESIDENCE, "持有港澳台居民居住证", "Residence permit for Hong Kong, Macao, Taiwan residents"),
    Option(Route.HMT_PASS, "持有往来内地(大陆)通行证", "Mainland travel permit", "港澳居民或台湾居民。"),
    Option(Route.GARRISON, "驻穗部队现役", "In service with a garrison in Guangzhou", "现役军人、现役武警。"),
)

_SEXES = {Sex.FEMALE: "Female", Sex.MALE: "Male"}
_ID_TYPES = {
    IdType.RESIDENT_ID: "Resident identity card",
    IdType.HMT_RESIDENCE_PERMIT: "Residence permit for Hong Kong, Macao, Taiwan residents",
    IdType.HK_MACAO_PASS: "Mainland travel permit for Hong Kong and Macao residents",
    IdType.TAIWAN_PASS: "Mainland travel permit for Taiwan residents",
}
_TYPES = {
    QualificationType.KINDERGARTEN: "Kindergarten",
    QualificationType.PRIMARY: "Primary school",
    QualificationType.JUNIOR_MIDDLE: "Junior middle school",
    QualificationType.SENIOR_MIDDLE: "Senior middle school",
    QualificationType.SECONDARY_VOCATIONAL: "Secondary vocational school",
    QualificationType.VOCATIONAL_PRACTICE: "Vocational practice instructor",
}

SEX_OPTIONS = tuple(Option(code, VALUES_ZH["sex"][code], english) for code, english in _SEXES.items())
TYPE_OPTIONS = tuple(Option(code, QUALIFICATIONS_ZH[code], english) for code, english in _TYPES.items())


def id_type_options(allowed: tuple[IdType, ...]) -> tuple[Option, ...]:
    return tuple(Option(code, ID_TYPES[code], _ID_TYPES[code]) for code in allowed)


TOWNS_OF_HUADU = (
    "新华街道", "新雅街道", "秀全街道", "花城街道", "梯面镇", "花山镇", "花东镇", "炭步镇", "赤坭镇", "狮岭镇",
)  # fmt: skip
"""Four subdistricts and six towns. Only suggested: whatever is typed is taken."""
