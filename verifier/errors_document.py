"""Writes docs/errors.md from the error tree: `python -m verifier.errors_document docs/errors.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from verifier.errors import CODES
from verifier.generated import write_document

SUBJECTS: dict[str, str] = {
    "file": "文件",
    "page": "材料的页面图片",
    "case": "申请",
    "finding": "发现",
    "attempt": "读取",
    "request": "请求",
    "auth": "登录、令牌与角色",
    "account": "账户",
    "message": "短信",
    "engine": "识别引擎",
    "models": "识别模型",
    "fonts": "字体(生成样例,以及读取未嵌入字体的 OFD 时)",
    "config": "设置",
    "storage": "文件存储",
    "database": "数据库",
    "sandbox": "文件检查程序(隔离进程)",
    "queue": "任务队列",
    "worker": "处理进程",
    "internal": "内部",
}
"""The first word of a code, with its Chinese heading, in the order the document has them."""

_HEAD = """\
# 错误代码

本文件由 `python -m verifier.errors_document docs/errors.md` 从 `verifier/errors.py` 生成,请勿手工修改;测试会核对它是否过期。

- 共 {count} 个代码。代码一经发布不改变含义;程序应以 `code` 区分错误,不要解析中文。
- HTTP 接口以 `application/problem+json` 返回错误(字段见 [api.md](api.md#错误)),命令行把同一句话打印成一行。
- `{{…}}` 处填入限制、字段名或代码;任何信息都不含姓名、证件号码、电话、住址或所发送的内容。
- “可重试”:同一请求稍后可能成功,系统自己的任务会自动重试。
"""


def render() -> str:
    """The whole document, ending with a newline. Raises KeyError for a code whose first word has no heading."""
    by_subject: dict[str, list[str]] = {subject: [] for subject in SUBJECTS}
    for code in CODES:
        by_subject[code.partition(".")[0]].append(code)
    sections = ("\n".join(_section(subject, codes)) for subject, codes in by_subject.items() if codes)
    return "\n".join((_HEAD.format(count=len(CODES)), *sections))


def _section(subject: str, codes: Sequence[str]) -> Iterator[str]:
    yield f"## {SUBJECTS[subject]}\n"
    yield "| 代码 | HTTP | 信息 | 怎么办 | 可重试 |"
    yield "|---|---|---|---|---|"
    for code in codes:
        spec = CODES[code]
        yield f"| `{code}` | {spec.status} | {spec.message} | {spec.remedy} | {'是' if spec.transient else '否'} |"
    yield ""


def main(arguments: Sequence[str]) -> int:
    """Write the document to the file named by the one argument. Returns 2 when there is not exactly one."""
    return write_document(render(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
