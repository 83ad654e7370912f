"""The Chinese names of fields and of coded values, as messages and the rule catalogue print them."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.application import QualificationType, Sex

FIELD_TITLES_ZH: Mapping[str, str] = {
    "name": "姓名",
    "sex": "性别",
    "ethnicity": "民族",
    "birth_date": "出生日期",
    "address": "住址",
    "id_number": "证件号码",
    "issuing_authority": "签发机关",
    "valid_from": "有效期起始日期",
    "valid_to": "有效期截止日期",
    "phone": "联系电话",
    "qualification_type": "申请资格种类",
    "naked_vision_right": "裸眼视力(右)",
    "naked_vision_left": "裸眼视力(左)",
    "corrected_vision_right": "矫正视力(右)",
    "corrected_vision_left": "矫正视力(左)",
    "color_vision": "色觉",
    "blood_pressure": "血压",
    "heart_rate": "心率",
    "height_cm": "身高",
    "weight_kg": "体重",
    "hearing_right": "听力(右)",
    "hearing_left": "听力(左)",
    "chest_xray": "胸部X光检查",
    "alt": "谷丙转氨酶",
    "conclusion": "体检结论",
    "chief_physician": "主检医师签名",
    "hospital": "体检医院",
    "exam_date": "体检日期",
    "trichomonas": "滴虫",
    "candida": "外阴阴道假丝酵母菌(念珠菌)",
    "gonococcus": "淋球菌",
    "syphilis": "梅毒螺旋体",
    "hukou_address": "户籍地址",
    "current_address": "现居住地址",
    "issue_date": "签发日期",
    "pass_number": "通行证号码",
    "household_type": "户别",
    "head_name": "户主姓名",
    "household_no": "户号",
    "relation": "与户主关系",
    "employer": "单位名称",
    "uscc": "统一社会信用代码",
    "position": "岗位",
    "start_date": "入职日期",
    "employer_address": "单位地址",
    "employer_phone": "单位电话",
    "term_start": "合同起始日期",
    "term_end": "合同终止日期",
    "workplace": "工作地点",
    "sign_date": "签订日期",
    "city": "参保城市",
    "months_paid": "累计缴费月数",
    "printed_on": "打印日期",
    "rows": "参保起止记录",
    "school": "学校名称",
    "level": "层次",
    "major": "专业",
    "study_form": "学习形式",
    "category": "学历类别",
    "enrolled_on": "入学日期",
    "status": "学籍状态",
    "expected_graduation": "预计毕业日期",
    "verify_code": "在线验证码",
    "updated_on": "更新日期",
    "student_no": "学号",
    "registered_term": "注册学期",
    "seal": "印章",
    "quality": "图像质量",
    "type": "材料种类",
    "pages": "页面",
    "file": "文件",
}
"""One name per field of any type, and for what else a finding may name."""

QUALIFICATIONS_ZH: Mapping[str, str] = {
    QualificationType.KINDERGARTEN: "幼儿园",
    QualificationType.PRIMARY: "小学",
    QualificationType.JUNIOR_MIDDLE: "初级中学",
    QualificationType.SENIOR_MIDDLE: "高级中学",
    QualificationType.SECONDARY_VOCATIONAL: "中等职业学校",
    QualificationType.VOCATIONAL_PRACTICE: "中等职业学校实习指导",
}

VALUES_ZH: Mapping[str, Mapping[str, str]] = {
    "sex": {Sex.MALE: "男", Sex.FEMALE: "女"},
    "qualification_type": QUALIFICATIONS_ZH,
    "conclusion": {"qualified": "合格", "unqualified": "不合格", "other": "其他结论"},
    "valid_to": {"long_term": "长期"},
    "term_end": {"long_term": "无固定期限"},
}


def show(field: str, value: str) -> str:
    """A value as a person writes it: codes become words, everything else stays."""
    return VALUES_ZH.get(field, {}).get(value, value)
