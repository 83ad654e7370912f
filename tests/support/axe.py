"""axe-core, fetched from the npm registry at test time and kept in a cache outside the checkout: what its rules say of a page."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page

VERSION = "4.11.0"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zero-visit-verifier"
FETCH_S = 120

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def script() -> Path | str:
    """Where axe.min.js lies; else the reason why it is not there."""
    kept = CACHE / f"axe-{VERSION}.min.js"
    if kept.is_file():
        return kept
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not on this machine, so axe-core cannot be fetched"
    CACHE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        packed = subprocess.run(
            [npm, "pack", "--silent", f"axe-core@{VERSION}"],
            cwd=folder,
            capture_output=True,
            timeout=FETCH_S,
            check=False,
        )
        archives = list(Path(folder).glob("axe-core-*.tgz"))
        if packed.returncode or not archives:
            return "npm could not fetch axe-core"
        with tarfile.open(archives[0]) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member is not None
            kept.write_bytes(member.read())
    return kept


def violations(page: Page, source: Path) -> list[str]:
    """What axe-core finds on the page as it stands: rule, and the elements."""
    # evaluated through the debugger: the page's own policy allows no scripts but ours
    page.evaluate(source.read_text(encoding="utf-8") + "; undefined")
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(all => all.violations)", RULES
    )
    return [
        f"{item['id']}: {node['target']} {node.get('failureSummary', '')[:160]}"
        for item in found
        for node in item["nodes"]
    ]
