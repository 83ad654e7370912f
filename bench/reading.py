"""Fields read right: ours beside stock PaddleOCR and Tesseract with "the value stands right of its label".

    python -m bench.reading SET [--cases N] [--threads N]

SET is a folder of cases with truth. The peers get what a first version of such a program would have: all the lines of the
page as it was uploaded, a list of usual labels per field, the rest of the label's line or the nearest text to its right as
the value, and our own normalisers (dates, ID numbers, numbers, closed lists), so that the difference is reading alone.
Tesseract needs the program `tesseract` with the language `chi_sim` (Debian: tesseract-ocr, tesseract-ocr-chi-sim).
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from bench.ocr import peer
from schemas.document import DocumentType
from schemas.truth import Truth
from verifier.cli.folder import CaseFolder, find_cases, open_case, open_truth
from verifier.cli.reading import open_engine, read_case
from verifier.cli.scoring import Key, Tally, add_case, same_value
from verifier.compare.dates import read_date, read_date_range
from verifier.compare.ids import Repaired, read_id
from verifier.compare.text import squeeze
from verifier.compare.uscc import read_uscc
from verifier.compare.values import (
    read_blood_pressure,
    read_conclusion,
    read_decimal,
    read_ethnicity,
    read_phone,
    read_qualification,
    read_sex,
    read_vision,
)
from verifier.errors import InputError
from verifier.extract.fields import parse_address, parse_name, parse_organisation, parse_text
from verifier.intake import Image, decode
from verifier.settings import Settings, load_settings

Box = tuple[float, float, float, float]
Parse = Callable[[str], str | Repaired | None]

LABELS: Mapping[str, tuple[str, ...]] = {
    "name": ("姓名", "劳动者", "乙方"),
    "head_name": ("户主姓名",),
    "sex": ("性别",),
    "ethnicity": ("民族",),
    "birth_date": ("出生日期", "出生年月", "出生"),
    "id_number": ("公民身份号码", "公民身份证件编号", "身份证号码", "身份证号", "证件号码"),
    "issuing_authority": ("签发机关",),
    "valid_from": ("有效期限",),
    "valid_to": ("有效期限", "有效期至"),
    "address": ("住址", "地址"),
    "hukou_address": ("户籍地址", "户籍所在地", "常住户口所在地"),
    "current_address": ("现居住地址", "居住地址", "住址"),
    "issue_date": ("签发日期", "出具日期", "日期"),
    "phone": ("联系电话", "手机"),
    "qualification_type": ("申请资格种类", "申报学段"),
    "naked_vision_right": ("裸眼视力右",),
    "naked_vision_left": ("裸眼视力左",),
    "corrected_vision_right": ("矫正视力右",),
    "corrected_vision_left": ("矫正视力左",),
    "color_vision": ("辨色力", "色觉"),
    "blood_pressure": ("血压",),
    "heart_rate": ("心率", "脉搏"),
    "height_cm": ("身高",),
    "weight_kg": ("体重",),
    "hearing_right": ("听力右",),
    "hearing_left": ("听力左",),
    "chest_xray": ("胸部X线", "胸部X光片", "胸片"),
    "alt": ("谷丙转氨酶", "ALT"),
    "conclusion": ("体检结论", "主检医师意见"),
    "chief_physician": ("主检医师签名", "主检医师"),
    "hospital": ("体检医院", "体检单位"),
    "exam_date": ("体检日期",),
    "trichomonas": ("滴虫",),
    "candida": ("念珠菌", "假丝酵母菌"),
    "gonococcus": ("淋球菌",),
    "syphilis": ("梅毒螺旋体", "梅毒"),
    "household_type": ("户别",),
    "household_no": ("户号",),
    "relation": ("户主或与户主关系", "与户主关系"),
    "pass_number": ("通行证号码",),
    "employer": ("单位名称", "用人单位", "甲方", "单位"),
    "uscc": ("统一社会信用代码",),
    "position": ("职务", "岗位"),
    "start_date": ("入职日期", "入职时间"),
    "employer_address": ("单位地址", "地址"),
    "employer_phone": ("联系电话", "电话"),
    "term_start": ("合同期限", "自"),
    "term_end": ("合同期限", "至"),
    "workplace": ("工作地点",),
    "sign_date": ("签订日期", "日期"),
    "city": ("参保地",),
    "months_paid": ("养老保险", "累计月数"),
    "printed_on": ("打印日期", "证明时间"),
    "school": ("学校名称", "学校"),
    "level": ("层次",),
    "major": ("专业",),
    "study_form": ("学习形式",),
    "category": ("学历类别",),
    "enrolled_on": ("入学日期", "入学时间"),
    "status": ("学籍状态",),
    "expected_graduation": ("预计毕业日期",),
    "verify_code": ("在线验证码",),
    "updated_on": ("更新日期",),
    "student_no": ("学号",),
    "registered_term": ("注册",),
}


def _first(text: str) -> str | None:
    both = read_date_range(text)
    return both[0] if both else None


def _last(text: str) -> str | None:
    both = read_date_range(text)
    return both[1] if both else read_date(text)


_DATES = (
    "birth_date",
    "issue_date",
    "exam_date",
    "start_date",
    "sign_date",
    "printed_on",
    "enrolled_on",
    "updated_on",
    "expected_graduation",
)
_ORGANISATIONS = ("employer", "hospital", "school", "issuing_authority")
_ADDRESSES = ("address", "hukou_address", "current_address", "employer_address")
PARSERS: Mapping[str, Parse] = {
    "name": parse_name, "head_name": parse_name, "chief_physician": parse_name, "sex": read_sex, "ethnicity": read_ethnicity,
    "id_number": read_id, "uscc": read_uscc, "phone": read_phone, "qualification_type": read_qualification,
    "blood_pressure": read_blood_pressure, "conclusion": read_conclusion, "valid_from": _first, "term_start": _first,
    "valid_to": _last, "term_end": _last, "heart_rate": partial(read_decimal, low=30, high=220),
    "height_cm": partial(read_decimal, low=100, high=230), "weight_kg": partial(read_decimal, low=25, high=250),
    "alt": partial(read_decimal, low=0.5, high=3000), "hearing_right": partial(read_decimal, low=0, high=6),
    "hearing_left": partial(read_decimal, low=0, high=6), "months_paid": partial(read_decimal, low=0, high=600),
    **dict.fromkeys(_DATES, read_date), **dict.fromkeys(_ORGANISATIONS, parse_organisation),
    **dict.fromkeys(_ADDRESSES, parse_address),
    **{f"{kind}_vision_{side}": read_vision for kind in ("naked", "corrected") for side in ("right", "left")},
}  # fmt: skip
"""Our own normalisers, lent to the peers; `parse_text` for every other field."""


@dataclass(frozen=True)
class Piece:
    """A text on a page and its left, top, right and bottom in pixels."""

    text: str
    box: Box


Lines = Callable[[Path, Image], Sequence[Piece]]


def main() -> None:
    options = _options()
    settings = load_settings()
    cases = [(open_case(path), open_truth(path)) for path in find_cases(options.folder)][: options.cases]
    with tempfile.TemporaryDirectory() as scratch:
        ours, ours_s = _read_ours(cases, settings)
        rows = {"ours": (ours.right, ours_s)}
        with peer("paddleocr", Path(sys.executable), settings.models_dir, options.threads, Path(scratch)) as read:

            def stock(path: Path, page: Image) -> Sequence[Piece]:
                answer = read(path, page)
                return [Piece(text, box) for text, box in zip(answer.texts, answer.boxes, strict=True)]

            rows["PaddleOCR + right of label"] = _read_peer(cases, stock, Path(scratch))
        if shutil.which("tesseract"):
            tesseract = partial(_tesseract, threads=options.threads)
            rows["Tesseract chi_sim + right of label"] = _read_peer(cases, tesseract, Path(scratch))
        else:
            print("no program `tesseract`: its rows are missing", file=sys.stderr)
    _print_table("capture", ours.total, rows, lambda key: key[2])
    _print_table("document", ours.total, rows, lambda key: key[0].value)
    print("\n| | median s a document |\n|---|---|")
    for name, (_, seconds) in rows.items():
        print(f"| {name} | {statistics.median(seconds):.2f} |")


def _read_ours(cases: Sequence[tuple[CaseFolder, Truth]], settings: Settings) -> tuple[Tally, list[float]]:
    engine, tally, seconds = open_engine(settings), Tally(), list[float]()
    for case, truth in cases:
        result = read_case(case, engine, settings, lambda _: None)
        add_case(tally, case.path.name, result, truth)
        documents = max(1, len(case.application.documents))
        seconds += [result.timings_ms.total / 1000 / documents] * documents
    return tally, seconds


def _read_peer(
    cases: Sequence[tuple[CaseFolder, Truth]], lines: Lines, scratch: Path
) -> tuple[Counter[Key], list[float]]:
    right: Counter[Key] = Counter()
    seconds: list[float] = []
    for case, truth in cases:
        for slot in case.application.documents:
            expected = truth.documents.get(slot.slot, {})
            began = time.perf_counter()
            pages = [lines(path, page) for path, page in _pages(case, slot.files, scratch)]
            seconds.append(time.perf_counter() - began)
            capture = truth.capture.get(slot.slot, "print")
            for name, value in expected.items():
                found = value_right_of_label(pages, name, PARSERS.get(name, parse_text))
                right[slot.slot, name, capture] += same_value(name, value, found)
    return right, seconds


def value_right_of_label(pages: Iterable[Sequence[Piece]], name: str, parse: Parse) -> str | None:
    """The first value that parses: the rest of a label's own text, else the nearest text to the label's right."""
    for pieces in pages:
        for label in LABELS.get(name, ()):
            for piece in pieces:
                before, found, after = squeeze(piece.text).partition(label)
                if not found or len(before) > 2:
                    continue
                right = sorted(
                    (other for other in pieces if _is_right_of(other.box, piece.box)), key=lambda p: p.box[0]
                )
                for text in (re.sub(r"^[:：]", "", after), *(other.text for other in right[:1])):
                    value = parse(text) if text else None
                    if value is not None:
                        return value.value if isinstance(value, Repaired) else value
    return None


def _is_right_of(box: Box, label: Box) -> bool:
    shared = min(box[3], label[3]) - max(box[1], label[1])
    return box[0] >= label[2] - 0.3 * (label[3] - label[1]) and shared > 0.5 * min(box[3] - box[1], label[3] - label[1])


def _tesseract(path: Path, page: Image, *, threads: int) -> Sequence[Piece]:
    """Words joined to pieces wherever the gap is narrower than one and a half characters.

    Segmentation mode 11 (sparse text) finds the cells of ruled forms; with the usual mode 3 hardly any is found.
    """
    picture = path.with_suffix(".png")
    cv2.imwrite(str(picture), page)
    command = ["tesseract", str(picture), "-", "-l", "chi_sim", "--psm", "11", "tsv"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_THREAD_LIMIT": str(threads)}
    )
    rows: dict[tuple[str, ...], list[Piece]] = defaultdict(list)
    for row in csv.DictReader(done.stdout.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5" and row["text"].strip():
            left, top, width, height = (float(row[key]) for key in ("left", "top", "width", "height"))
            place = (row["block_num"], row["par_num"], row["line_num"])
            rows[place].append(Piece(row["text"], (left, top, left + width, top + height)))
    return [piece for words in rows.values() for piece in _joined(words)]


def _joined(words: Sequence[Piece]) -> Iterator[Piece]:
    text, box = "", (0.0, 0.0, 0.0, 0.0)
    for word in sorted(words, key=lambda w: w.box[0]):
        if text and word.box[0] - box[2] < 1.5 * (box[3] - box[1]):
            text += word.text
            box = (box[0], min(box[1], word.box[1]), word.box[2], max(box[3], word.box[3]))
            continue
        if text:
            yield Piece(text, box)
        text, box = word.text, word.box
    if text:
        yield Piece(text, box)


def _pages(case: CaseFolder, files: Sequence[str], scratch: Path) -> Iterator[tuple[Path, Image]]:
    for name in files:
        try:
            pages = decode((case.path / name).read_bytes())
        except InputError:
            continue  # a file nobody can open has no truth either
        for page in pages:
            path = scratch / "page.npy"
            np.save(path, page.image)
            yield path, page.image


def _print_table(
    head: str,
    total: Counter[Key],
    rows: Mapping[str, tuple[Counter[Key], list[float]]],
    of: Callable[[tuple[DocumentType, str, str]], str],
) -> None:
    groups = sorted({of(key) for key in total})
    print(f"\n| {head} | fields | " + " | ".join(rows) + " |")
    print("|---" * (len(rows) + 2) + "|")
    for group in (*groups, "all"):
        keys = [key for key in total if group in (of(key), "all")]
        count = sum(total[key] for key in keys)
        cells = []
        for right, _ in rows.values():
            got = sum(right[key] for key in keys)
            cells.append(f"{got} ({100 * got / count:.1f} %)")
        print(f"| {group} | {count} | " + " | ".join(cells) + " |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reading", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="SET")
    parser.add_argument("--cases", type=int, default=None)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
