"""Looks for secrets in the files git tracks, as gitleaks does: `python -m tests.support.secret_scan [FOLDER]`.

A hit is named by file, line and rule; the value is never printed. A line that must look like a secret says why it is none:
`secret-scan: <reason>`.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

LARGEST = 2_000_000
"""Bytes: what is larger is no text that somebody wrote."""

PARDON = re.compile(r"secret-scan: \w")

RULES: dict[str, re.Pattern[str]] = {
    "private-key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "aws-access-key": re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    "github-token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
    "gitlab-token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "slack-token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "google-key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "alibaba-key": re.compile(r"\bLTAI[A-Za-z0-9]{12,24}\b"),
    "tencent-key": re.compile(r"\bAKID[A-Za-z0-9]{32,}\b"),
    "pypi-token": re.compile(r"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    "stripe-key": re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}"),
    "jwt": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "password-in-address": re.compile(r"\b[a-z][a-z0-9+.-]{2,}://[^\s/:@'\"<>{}]+:(?P<value>[^\s/:@'\"<>{}]{6,})@"),
}
"""What looks like a secret wherever it stands."""

ASSIGNED = re.compile(
    r"""(?ix) (?:secret|token|passw(?:or)?d|passwd|api_?key|access_?key|private_?key|master_?key|credential)s?
        ["']? \s* (?:=|:|=>) \s* ["']? (?P<value>[A-Za-z0-9+/_=.~-]{20,})"""
)
"""A value given to something that is called a secret; one only when it looks random."""

RANDOM_BITS = 3.5
"""Shannon entropy a character: names and words lie below, random base64 of 20 characters and more above."""

HARMLESS = frozenset({"password", "secret", "s3cret", "changeme", "example", "placeholder"})
"""Of addresses in documents and tests."""


@dataclass(frozen=True)
class Hit:
    file: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}"


def scan_text(name: str, text: str) -> Iterator[Hit]:
    """Every line that holds a secret, once."""
    for number, line in enumerate(text.splitlines(), start=1):
        rule = _rule_of(line)
        if rule is not None and not PARDON.search(line):
            yield Hit(name, number, rule)


def _rule_of(line: str) -> str | None:
    for rule, pattern in RULES.items():
        for found in pattern.finditer(line):
            if found.groupdict().get("value", "").lower() not in HARMLESS:
                return rule
    for found in ASSIGNED.finditer(line):
        if looks_random(found["value"]):
            return "assigned-secret"
    return None


def looks_random(value: str) -> bool:
    """Digits and letters of both cases or a hexadecimal string, as evenly mixed as chance mixes them."""
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    is_hexadecimal = re.fullmatch(r"[0-9a-f]{32,}|[0-9A-F]{32,}", value) is not None
    if not is_hexadecimal and kinds < 3:
        return False
    return entropy(value) >= (3.0 if is_hexadecimal else RANDOM_BITS)


def entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    counts = Counter(value)
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())


def tracked(folder: Path) -> Sequence[Path]:
    """The files git tracks under a folder. Raises CalledProcessError where there is no repository."""
    listed = subprocess.run(["git", "-C", str(folder), "ls-files", "-z"], capture_output=True, check=True).stdout
    return [folder / name for name in listed.decode().split("\0") if name]


def scan(folder: Path) -> tuple[list[Hit], int]:
    """Hits in the tracked files of a folder, and how many files were read."""
    hits: list[Hit] = []
    read = 0
    for path in tracked(folder):
        if not path.is_file() or path.is_symlink() or path.stat().st_size > LARGEST:
            continue
        data = path.read_bytes()
        if b"\0" in data[:8192]:
            continue
        read += 1
        hits += scan_text(str(path.relative_to(folder)), data.decode("utf-8", errors="replace"))
    return hits, read


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    try:
        hits, read = scan(folder)
    except (OSError, subprocess.CalledProcessError):
        sys.stdout.write("secret scan: no git repository here, nothing was read\n")
        return 0
    for hit in hits:
        sys.stderr.write(f"{hit}\n")
    sys.stdout.write(f"secret scan: {read} files, {len(hits)} secrets\n")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
