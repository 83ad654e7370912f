"""Known weaknesses and licences of what the lock pins: `python -m tests.support.dependency_audit`.

pip-audit asks PyPI's and OSV's vulnerability services. Findings fail. Where neither can be reached (a closed network) it says
so in one line and fails nothing; a package that a service does not know counts as not audited, never as sound.
Licences are read from the installed packages: GPL and AGPL fail, LGPL and MPL pass (used as libraries, unchanged).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.support.lock_freshness import ROOT, pinned

SERVICES = ("pypi", "osv")
TIMEOUT_S = 180
LOCK = "requirements.lock"

_STRONG = re.compile(r"\bA?GPL|\bA?GNU (?:Affero )?General Public|\bGNU GPL", re.IGNORECASE)
_WEAK = re.compile(r"\bLGPL|Lesser General Public|Library General Public", re.IGNORECASE)
_CHOICE = re.compile(r"\bOR\b")


@dataclass(frozen=True)
class Audit:
    """`findings` are lines for people; `audited` packages were known to the service."""

    audited: int
    unknown: int
    findings: tuple[str, ...]


def read_report(report: Mapping[str, Any]) -> Audit:
    """pip-audit's JSON."""
    audited, unknown = 0, 0
    findings: list[str] = []
    for package in report["dependencies"]:
        if "skip_reason" in package:
            unknown += 1
            continue
        audited += 1
        for weakness in package["vulns"]:
            mended = ", ".join(weakness.get("fix_versions", ())) or "no version"
            findings.append(f"{package['name']} {package['version']}: {weakness['id']} (mended in {mended})")
    return Audit(audited, unknown, tuple(findings))


def ask(service: str, lock: Path) -> Audit | None:
    """What a service knows about the lock; None when it cannot be reached."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--require-hashes"),
        *("--vulnerability-service", service, "--format", "json", "--progress-spinner", "off", "--timeout", "15"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        audit = read_report(json.loads(done.stdout))
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        return None
    return audit if audit.audited else None


def strong_copyleft(licence: str, classifiers: Iterable[str]) -> bool:
    """Whether a package's own words put it under GPL or AGPL, with no other licence to choose."""
    named = [name for name in classifiers if name.startswith("License ::")]
    if named:
        return all(_is_strong(name) for name in named)
    parts = _CHOICE.split(licence[:300])
    return bool(licence) and all(_is_strong(part) for part in parts)


def _is_strong(text: str) -> bool:
    return bool(_STRONG.search(_WEAK.sub("", text))) and not _WEAK.search(text)


def licence_problems(names: Iterable[str]) -> list[str]:
    """Installed packages of the lock that are under GPL or AGPL."""
    problems: list[str] = []
    for name in sorted(names):
        try:
            said = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # pinned for another platform
        licence = said.get("License-Expression") or said.get("License") or ""
        if strong_copyleft(licence, said.get_all("Classifier") or ()):
            problems.append(
                f"{name} {said['Version']}: {licence.splitlines()[0] if licence else 'GPL by its classifiers'}"
            )
    return problems


def main() -> int:
    lock = ROOT / LOCK
    problems = licence_problems(pinned(lock))
    sys.stdout.write(f"licences: {len(pinned(lock))} pins, {len(problems)} under GPL or AGPL\n")
    problems += _weaknesses(lock)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


def _weaknesses(lock: Path) -> Sequence[str]:
    for service in SERVICES:
        audit = ask(service, lock)
        if audit is not None:
            sys.stdout.write(
                f"pip-audit: {audit.audited} packages known to {service}, {audit.unknown} not, {len(audit.findings)} findings\n"
            )
            return audit.findings
    sys.stdout.write("pip-audit: no vulnerability service answers from here; nothing was audited\n")
    return ()


if __name__ == "__main__":
    sys.exit(main())
