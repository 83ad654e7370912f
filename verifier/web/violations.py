"""What is wrong with a request, field by field, in Chinese and without a value that was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.base import Model

SHOWN = 20
"""Of more problems than this the first are enough to begin with."""

PART_MAX = 60
"""Characters of one part of a path: keys that are not ours come from the caller."""

_WHY: Mapping[str, str] = {
    "missing": "缺少此项",
    "extra_forbidden": "没有此项",
    "json_invalid": "不是有效的 JSON",
    "enum": "须为 {expected} 之一",
    "literal_error": "须为 {expected} 之一",
    "string_type": "须为文字",
    "string_unicode": "含有无法表示的字符",
    "string_too_short": "不能为空",
    "string_too_long": "不超过 {max_length} 个字符",
    "string_pattern_mismatch": "格式须符合 {pattern}",
    "int_parsing": "须为整数",
    "int_type": "须为整数",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "too_long": "最多 {max_length} 项",
    "tuple_type": "须为列表",
    "list_type": "须为列表",
    "dict_type": "须为对象",
    "model_type": "须为对象",
    "model_attributes_type": "须为对象",
}
"""By pydantic's error type. Placeholders are of its context, which names what we expect, never what was sent."""


class Violation(Model):
    """`where` is the path of a field, such as `body.applicant.sex`."""

    where: str
    why: str


def violations(errors: Sequence[Mapping[str, Any]]) -> tuple[Violation, ...]:
    """The problems pydantic reports, at most 20."""
    return tuple(Violation(where=_where(error["loc"]), why=_why(error)) for error in errors[:SHOWN])


def _where(path: Sequence[str | int]) -> str:
    return ".".join(str(part)[:PART_MAX] for part in path)


def _why(error: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    if kind.startswith("date"):
        return "须为日期,如 2026-10-20"
    template = _WHY.get(kind)
    if template is None:
        return str(error["msg"]).removeprefix("Value error, ")
    return template.format_map(error.get("ctx") or {})
