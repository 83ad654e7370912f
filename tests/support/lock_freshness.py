"""Fails when a dependency in pyproject.toml is not what the lock files hold: `python -m tests.support.lock_freshness`.

It asks no index: every requirement must be met by the version the lock pins.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]


def pinned(lock: Path) -> dict[str, Version]:
    """Name -> version of every pin in a lock file."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in found}


def unmet(requirements: list[str], pins: dict[str, Version]) -> list[str]:
    """Requirements that the pins do not meet."""
    bad: list[str] = []
    for text in requirements:
        requirement = Requirement(text)
        version = pins.get(canonicalize_name(requirement.name))
        if version is None or version not in requirement.specifier:
            bad.append(f"{text} (locked: {version})")
    return bad


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    problems: list[str] = []
    for name, wanted in (
        ("requirements.lock", project["dependencies"]),
        ("requirements-dev.lock", project["dependencies"] + project["optional-dependencies"]["dev"]),
    ):
        lock = ROOT / name
        problems += [f"{name}: {item}" for item in unmet(wanted, pinned(lock))]
        if re.search(r"^\s*--(?:index-url|extra-index-url|find-links)", lock.read_text(encoding="utf-8"), re.MULTILINE):
            problems.append(f"{name}: names an index")
    runtime, dev = pinned(ROOT / "requirements.lock"), pinned(ROOT / "requirements-dev.lock")
    problems += [f"{name} differs between the locks" for name in runtime if dev.get(name) != runtime[name]]
    for problem in problems:
        sys.stderr.write(f"stale lock: {problem}; run: make lock\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
