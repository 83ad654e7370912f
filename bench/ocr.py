"""Seconds per page of our engine beside PaddleOCR and RapidOCR as they come, all with the same weights.

    python -m bench.ocr [--pages N] [--folder DIR] [--threads N]

The three take turns page by page in one run, in changing order, so that whatever else the machine does hits all of them.
Ours is measured as workers use it, through the engine host: its seconds include sending the page. RapidOCR is
installed into an environment of its own, build/bench-venv, because it brings a second cv2.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil

from fixtures.cases import make_case
from schemas.application import Route
from verifier.intake import decode
from verifier.ocr import models
from verifier.ocr.engine import Image
from verifier.ocr.host import EngineHost

ROOT = Path(__file__).resolve().parents[1]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".pdf"}
RAPIDOCR = models.DEFAULT_SOURCE.requirement
START_TIMEOUT_S = 120.0
DEADLINE_S = 300.0


@dataclass(frozen=True)
class Answer:
    seconds: float
    texts: tuple[str, ...]
    rss_mb: float
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    """Left, top, right, bottom of each text, in pixels; of peers only."""


@dataclass
class Tally:
    """What one engine did over all pages."""

    answers: list[Answer] = field(default_factory=list)

    @property
    def median_s(self) -> float:
        return statistics.median(answer.seconds for answer in self.answers)

    @property
    def total_s(self) -> float:
        return sum(answer.seconds for answer in self.answers)

    @property
    def lines(self) -> int:
        return sum(len(answer.texts) for answer in self.answers)

    @property
    def peak_mb(self) -> float:
        return max(answer.rss_mb for answer in self.answers)


Reader = Callable[[Path, Image], Answer]


def main() -> None:
    options = _options()
    folder = options.folder
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        pages = _write_pages(_pages_of(folder) if folder else _generated(), options.pages, Path(scratch))
        engines: dict[str, Reader] = {
            "ours": stack.enter_context(_ours(options.models, options.threads, Path(scratch) / "run")),
            "paddleocr": stack.enter_context(
                peer("paddleocr", Path(sys.executable), options.models, options.threads, Path(scratch))
            ),
            "rapidocr": stack.enter_context(
                peer("rapidocr", _rapidocr_python(), options.models, options.threads, Path(scratch))
            ),
        }
        first = np.load(pages[0])
        for read in engines.values():  # each engine's first page pays for its warm-up
            read(pages[0], first)
        tallies = {name: Tally() for name in engines}
        for number, path in enumerate(pages):
            page = np.load(path)
            names = list(engines)
            for name in names[number % 3 :] + names[: number % 3]:
                tallies[name].answers.append(engines[name](path, page))
            if sys.stderr.isatty():
                print(f"\r{number + 1}/{len(pages)}", end="", file=sys.stderr)
    _print_report(tallies, options.threads, len(pages), idle_worker_mb())


@contextmanager
def _ours(models_dir: Path, threads: int, run: Path) -> Iterator[Reader]:
    with EngineHost(models_dir, threads=threads, socket_dir=run) as host:
        if not host.wait_ready(START_TIMEOUT_S):
            raise SystemExit("our engine did not start")
        client = host.client()

        def read(_path: Path, page: Image) -> Answer:
            began = time.perf_counter()
            lines = client.read(page, deadline_s=DEADLINE_S)
            seconds = time.perf_counter() - began
            pid = host.health().pid
            rss_mb = psutil.Process(pid).memory_info().rss / 1e6
            return Answer(seconds, tuple(line.text for line in lines), rss_mb)

        yield read


@contextmanager
def peer(name: str, python: Path, models_dir: Path, threads: int, scratch: Path) -> Iterator[Reader]:
    """An engine of bench/runner.py in a process of its own, run by `python`."""
    folder = stock_models(models_dir, scratch / name)
    command = [str(python), str(ROOT / "bench" / "runner.py"), name, str(threads), str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:

        def read(path: Path, _page: Image) -> Answer:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("no pipes")
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"{name} ended with {process.wait()}")
            answer = json.loads(line)
            boxes = tuple((box[0], box[1], box[2], box[3]) for box in answer["boxes"])
            return Answer(answer["seconds"], tuple(answer["texts"]), answer["rss_mb"], boxes)

        try:
            yield read
        finally:
            process.kill()


def stock_models(models_dir: Path, folder: Path) -> Path:
    """Our model folders with the narrowest strip set back to PaddleOCR's own 320 pixels."""
    found = models.check(models_dir)
    for source in (found.detector, found.recogniser):
        target = folder / source.name
        target.mkdir(parents=True)
        (target / models.WEIGHTS).symlink_to((source / models.WEIGHTS).resolve())
        config = (source / models.CONFIG).read_text(encoding="utf-8")
        ours = f"      - 3\n      - 48\n      - {models.MIN_STRIP_WIDTH}\n"
        if source == found.recogniser and ours not in config:
            raise SystemExit(f"{source.name}/{models.CONFIG} is not the one that `models fetch` writes")
        (target / models.CONFIG).write_text(
            config.replace(ours, "      - 3\n      - 48\n      - 320\n"), encoding="utf-8"
        )
    return folder


def idle_worker_mb() -> float:
    """Resident memory of a worker's parent process that waits for jobs: Python with what a worker imports."""
    code = (
        "import rq, redis, sqlalchemy, structlog, verifier.ocr.host, psutil; print(psutil.Process().memory_info().rss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return int(done.stdout) / 1e6


def _rapidocr_python() -> Path:
    """Python of an environment with RapidOCR and the ONNX Runtime we use; made on first use."""
    folder = ROOT / "build" / "bench-venv"
    python = folder / "bin" / "python"
    marker = folder / ".installed"
    wanted = [RAPIDOCR, f"onnxruntime=={version('onnxruntime')}"]
    if not marker.is_file() or marker.read_text(encoding="utf-8") != "\n".join(wanted):
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
        subprocess.run(command, check=True)
        marker.write_text("\n".join(wanted), encoding="utf-8")
    return python


def _generated() -> Iterator[Image]:
    """Pages of generated applications, in their captures as they come: photos, scans, screenshots, prints."""
    seed = 1
    while True:
        case = make_case(seed, Route.RESIDENCE_PERMIT)
        for data in case.files.values():
            for page in decode(data):
                yield page.image
        seed += 1


def _pages_of(folder: Path) -> Iterator[Image]:
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
        for page in decode(path.read_bytes()):
            yield page.image


def _write_pages(images: Iterator[Image], count: int, scratch: Path) -> list[Path]:
    paths: list[Path] = []
    for number, image in zip(range(count), images, strict=False):
        path = scratch / f"{number:04}.npy"
        np.save(path, image)
        paths.append(path)
    if not paths:
        raise SystemExit("no pages")
    return paths


def _print_report(tallies: dict[str, Tally], threads: int, pages: int, worker_mb: float) -> None:
    ours = tallies["ours"]
    print(
        f"\n{platform.machine()}, {os.cpu_count()} cores, {threads} threads, Python {platform.python_version()}, ",
        end="",
    )
    print(f"onnxruntime {version('onnxruntime')}, paddleocr {version('paddleocr')}, {RAPIDOCR}, {pages} pages")
    print("\n| engine | median s/page | mean s/page | median of ratios to ours | lines | peak RSS MB |")
    print("|---|---|---|---|---|---|")
    for name, tally in tallies.items():
        ratios = [other.seconds / own.seconds for other, own in zip(tally.answers, ours.answers, strict=True)]
        print(
            f"| {name} | {tally.median_s:.2f} | {tally.total_s / pages:.2f} | {statistics.median(ratios):.2f} "
            f"| {tally.lines} | {tally.peak_mb:.0f} |"
        )
    print(f"\nengine host {ours.peak_mb:.0f} MB + idle worker {worker_mb:.0f} MB = {ours.peak_mb + worker_mb:.0f} MB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.ocr", description=__doc__)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--folder", type=Path, help="read the pictures and PDFs under it instead of generated pages")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("VERIFIER_MODELS_DIR") or ROOT / "models"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
