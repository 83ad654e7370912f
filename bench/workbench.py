"""A reviewer clears ten flagged cases by keyboard alone, on the real stack: `python -m bench.workbench [--cases 10] [--shots DIR]`.

Starts `verifier up` in a folder of its own, submits generated cases with planted defects, waits until the real engine has read
them, then decides each in headless Chromium with keys only. Prints the median seconds a case takes the script (waiting on the
system not counted) and the median milliseconds from the last key of a case to the next page.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from schemas.case import CaseState
from verifier.cli.demo import submit_case
from verifier.cli.folder import find_cases
from verifier.services import queries
from verifier.services.context import Services, open_services
from verifier.settings import load_settings

OFFICE = {"width": 1366, "height": 768}
READ_S = 900
"""How long the engine may take for all cases."""

FLAGGED = (CaseState.NEEDS_REVIEW, CaseState.NEEDS_CORRECTION)
WORKING = (CaseState.SUBMITTED, CaseState.READING, CaseState.RESUBMITTED)


def wait_read(services: Services) -> dict[CaseState, int]:
    """Until nothing is being read any more; how many cases are in each state."""
    until = time.monotonic() + READ_S
    while time.monotonic() < until:
        counts = queries.count_by_state(services)
        if counts and not any(counts.get(state) for state in WORKING):
            return counts
        time.sleep(2)
    raise TimeoutError("the cases were not read in time")


def clear(page: Page, shots: Path | None) -> tuple[list[float], list[float]]:
    """Decide cases until the queue is empty: seconds of work and milliseconds to the next page, one each a case.

    What a person must look at is dismissed and the case accepted; what the applicant can mend is confirmed and returned.
    """
    work: list[float] = []
    turns: list[float] = []
    page.goto("/review")
    if shots:
        page.screenshot(path=shots / "review-queue.png")
    page.keyboard.press("n")
    page.wait_for_url(re.compile("/review/\\w{4,}"))
    while match := re.search(r"/review/([A-Z]\w+)", page.url):
        waited = 0.0
        begun = time.perf_counter()
        grave = page.locator("[data-item] .badge.tone-look, [data-item] .badge.tone-bad").count() > 0
        if shots and not work:
            page.wait_for_load_state("networkidle")
            page.screenshot(path=shots / "review-bench.png")
        while page.locator("[data-item][data-open].current").count():
            seen = page.locator("input[name=seen]").first.get_attribute("value")
            for key in ("Enter", "2") if grave else ("x",):
                page.keyboard.press(key)
            pause = time.perf_counter()
            page.wait_for_function("old => document.querySelector('input[name=seen]')?.value !== old", arg=seen)
            waited += time.perf_counter() - pause
        if not grave:
            page.keyboard.press("r")
            pause = time.perf_counter()
            page.wait_for_url(re.compile("/notice"))
            waited += time.perf_counter() - pause
            if shots:
                page.screenshot(path=shots / "review-notice.png")
        page.keyboard.press("a" if grave else "r")
        work.append(time.perf_counter() - begun - waited)
        pause = time.perf_counter()
        page.wait_for_url(lambda url, old=match[1]: f"/review/{old}" not in url)
        turns.append((time.perf_counter() - pause) * 1000)
    return work, turns


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10, help="flagged cases to clear")
    parser.add_argument("--shots", type=Path, default=None, help="a folder for screenshots")
    given = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        cases = Path(folder) / "cases"
        # `up` brings ten of its own, drawn with seed 1; about two in three of each ten are flagged
        for seed in range(2, 2 + given.cases // 10):
            subprocess.run(
                [sys.executable, "-m", "fixtures", "demo", "--out", str(cases / str(seed)), "--seed", str(seed)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        command = [sys.executable, "-m", "verifier", "up", "--data", str(data), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as up:
            try:
                return _work(up, data, cases, given.cases, given.shots)
            finally:
                up.send_signal(signal.SIGTERM)
                up.wait(60)


def _work(up: subprocess.Popen[str], data: Path, cases: Path, wanted: int, shots: Path | None) -> int:
    assert up.stdout is not None
    address = next(line.split()[1] for line in up.stdout if line.startswith("ready "))
    services = open_services(load_settings(data=data))
    for folder in sorted(cases.iterdir()):
        for path in find_cases(folder):
            submit_case(services, path)
    begun = time.perf_counter()
    counts = wait_read(services)
    flagged = sum(counts.get(state, 0) for state in FLAGGED)
    print(
        f"read in {time.perf_counter() - begun:.0f} s: {flagged} flagged, {counts.get(CaseState.ADVISED_PASS, 0)} pass",
        flush=True,
    )
    if flagged < wanted:
        print(f"too few flagged cases: {flagged} of {wanted}")
        return 1
    name, password = "demo-reviewer", (data / "demo-logins.txt").read_text(encoding="ascii").strip()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        page = browser.new_context(base_url=address, viewport=OFFICE, locale="zh-CN").new_page()  # type: ignore[arg-type]
        page.goto("/sign-in")
        page.keyboard.insert_text(name)
        page.keyboard.press("Tab")
        page.keyboard.insert_text(password)
        page.keyboard.press("Enter")
        page.wait_for_url(address + "/")
        if shots:
            shots.mkdir(parents=True, exist_ok=True)
        work, turns = clear(page, shots)
        browser.close()
    left = sum(queries.count_by_state(services).get(state, 0) for state in FLAGGED)
    print(
        f"{len(work)} cases by keyboard alone, {left} left: median {statistics.median(work):.1f} s of work a case, "
        f"{statistics.median(turns):.0f} ms to the next page"
    )
    return 0 if len(work) >= wanted and left == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
