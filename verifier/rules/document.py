"""Writes docs/rules.md from the catalogue: `python -m verifier.rules.document docs/rules.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from schemas.document import TITLES_ZH
from schemas.finding import Severity
from verifier.generated import write_document
from verifier.rules.catalogue import OUTSIDE, RULES, SUBJECTS
from verifier.rules.rule import Rule

SEVERITIES_ZH = {
    Severity.INFO: "提示",
    Severity.CORRECT: "补正",
    Severity.REVIEW: "人工核对",
    Severity.REFUSE_GROUND: "可能的不予认定理由",
}

_HEAD = """\
# 规则目录

本文件由 `python -m verifier.rules.document docs/rules.md` 从规则目录生成,请勿手工修改;测试会核对它是否过期。

- 共 {count} 条规则。规则编号为 `<subject>.<defect>`,一经发布不改变含义。
- 严重程度:`info` 提示 < `correct` 补正(申请人可以改正的客观缺陷)< `review` 人工核对 <
  `refuse_ground` 可能的不予认定理由。任何一条都不会自动作出不利决定,只由具名工作人员决定。
- 批次文件(`verifier/rules/batches/*.toml`)可以停用一条规则或改变其严重程度:
  `[rules."exam_date.too_old"]` 下写 `enabled = false` 或 `severity = "review"`。
- “今天”一律是申请的提交日期。
- 信息中的占位:`{{doc}}` 材料名称,`{{field}}` 字段名称,`{{a}}` 应有的值,`{{b}}` 读到的值,`{{tail}}` 末四位;其余由规则提供。
  任何信息都不含完整的证件号码。
"""


def render() -> str:
    """The whole document, ending with a newline."""
    return "\n".join((_HEAD.format(count=len(RULES)), *_overview(), *_details()))


def _overview() -> Iterator[str]:
    yield "## 一览\n"
    yield "| 编号 | 名称 | 严重程度 |"
    yield "|---|---|---|"
    for rule in RULES.values():
        yield f"| [`{rule.id}`](#{_anchor(rule)}) | {rule.title} | `{rule.severity.value}` {SEVERITIES_ZH[rule.severity]} |"
    yield ""


def _details() -> Iterator[str]:
    for heading, rules in SUBJECTS:
        yield f"## {heading}\n"
        for rule in rules:
            yield from _entry(rule)
    yield "## 规则之外的发现\n"
    yield from (f"- `{name}`:{meaning}" for name, meaning in OUTSIDE.items())


def _entry(rule: Rule) -> Iterator[str]:
    documents = "、".join(TITLES_ZH[slot] for slot in rule.documents) or "各种材料"
    yield f"### {rule.id}\n"
    yield f"{rule.title}\n"
    yield f"- 严重程度:`{rule.severity.value}` {SEVERITIES_ZH[rule.severity]}"
    yield f"- 材料:{documents}"
    yield f"- 依据:{rule.legal_basis}"
    yield f"- 输入:{'、'.join(f'`{name}`' for name in rule.inputs)}"
    yield f"- 给申请人:{rule.applicant_message}"
    yield f"- 给工作人员:{rule.reviewer_message}\n"


def _anchor(rule: Rule) -> str:
    """GitHub's anchor of a heading: punctuation but `_` and `-` is dropped."""
    return rule.id.replace(".", "")


def main(arguments: Sequence[str]) -> int:
    """Write the document to the file named by the one argument. Returns 2 when there is not exactly one."""
    return write_document(render(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
