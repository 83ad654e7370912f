"""What is wrong with data somebody sent, in Chinese, from pydantic's own account of it; never the value itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_WORDS: Mapping[str, str] = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这个项目,请检查拼写",
    "enum": "应为 {expected} 之一",
    "literal_error": "应为 {expected} 之一",
    "string_type": "应为文字",
    "string_too_short": "不能为空",
    "string_too_long": "过长,最多 {max_length} 个字符",
    "string_pattern_mismatch": "格式不符合要求",
    "too_short": "至少需要 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "date_type": "应为日期,如 2026-10-20",
    "date_parsing": "不是有效日期,应如 2026-10-20",
    "date_from_datetime_parsing": "不是有效日期,应如 2026-10-20",
    "date_from_datetime_inexact": "只写日期,不写时间",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "不应小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "不应大于 {le}",
    "model_type": "应为一组项目",
    "model_attributes_type": "应为一组项目",
    "dict_type": "应为一组项目",
    "tuple_type": "应为列表",
    "list_type": "应为列表",
    "json_invalid": "不是有效的 JSON",
    "bool_parsing": "应为 true 或 false",
}


def explain(error: Mapping[str, Any]) -> tuple[str, str]:
    """Where (`applicant.sex`; empty for the whole) and why, of one entry of `ValidationError.errors()`."""
    where = ".".join(str(part) for part in error["loc"])
    words = _WORDS.get(str(error["type"]))
    if words is None:
        own = str(error.get("msg", "")).removeprefix("Value error, ")
        return where, own if error["type"] == "value_error" else "取值不正确"
    return where, words.format_map(_Known(error.get("ctx") or {}))


def first_problem(errors: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """`explain` for the first entry."""
    return explain(errors[0])


class _Known(dict[str, Any]):
    """Placeholders pydantic gave no value for stay visible as a dash."""

    def __missing__(self, key: str) -> str:
        return "-"
