"""Every rule, in the order people read about them. docs/rules.md is generated from here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from verifier.rules import (
    application,
    capture,
    codes,
    contract,
    employer,
    exam,
    exam_items,
    hmt_permit,
    household,
    id_card,
    insurance,
    permit,
    person,
    seals,
    signals,
    slots,
    student,
)
from verifier.rules.rule import Rule

SUBJECTS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("材料与文件", slots.RULES),
    ("图像与页面", capture.RULES),
    ("申请表自身", application.RULES),
    ("人员信息", person.RULES),
    ("身份证件", id_card.RULES),
    ("居住证", permit.RULES),
    ("户口簿", household.RULES),
    ("港澳台居民居住证", hmt_permit.RULES),
    ("学生材料", student.RULES),
    ("体格检查表", exam.RULES),
    ("体检项目", exam_items.RULES),
    ("印章", seals.RULES),
    ("在职证明与单位", employer.RULES),
    ("劳动合同", contract.RULES),
    ("社会保险", insurance.RULES),
    ("二维码与条码", codes.RULES),
    ("文件痕迹与重复材料", signals.RULES),
)
"""The rules by subject, each with its Chinese heading."""

RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for _, rules in SUBJECTS for rule in rules})
"""Every rule by its id."""

OUTSIDE: Mapping[str, str] = MappingProxyType(
    {
        "file.unusable": "文件无法打开(损坏、加密、不是图片或文档),在运行规则之前由读取阶段给出;补正。",
        "case.not_judged": "规则未能运行,由处理阶段给出,全部材料转人工核对。",
    }
)
"""Findings that stages around the rules give, with what they mean: no batch can switch them off."""
