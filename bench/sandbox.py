"""What opening a file behind walls costs: the same file in this process and in the sandbox, by turns in one run.

    python -m bench.sandbox FOLDER [--rounds 5]

FOLDER holds uploads, e.g. what `python -m fixtures generate --out FOLDER` wrote. `measure` is what an upload waits for,
`open` what a worker does before it reads.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from verifier.errors import InputError
from verifier.sandbox import IN_PROCESS, sandbox_of
from verifier.services.context import bounds_of, limits_of
from verifier.settings import load_settings

KINDS = (".jpg", ".png", ".webp", ".heic", ".pdf", ".ofd")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.sandbox", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    settings = load_settings()
    limits = limits_of(settings)
    started = time.perf_counter()
    sandbox = sandbox_of(bounds_of(settings))
    walls = sandbox.wait_ready(60)
    print(f"start {time.perf_counter() - started:.2f} s, {walls}")
    times: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for path in sorted(options.folder.rglob("*")):
        if path.suffix not in KINDS:
            continue
        data = path.read_bytes()
        for name in ("measure", "open"):
            calls = [partial(getattr(reader, name), data, limits) for reader in (IN_PROCESS, sandbox)]
            turns = [[timed(call) for call in (calls if turn % 2 else calls[::-1])] for turn in range(options.rounds)]
            pairs = [turn if at % 2 else turn[::-1] for at, turn in enumerate(turns)]
            times[path.suffix, name].append((median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)))
    print("| kind | what | files | in process ms | sandbox ms | added ms |\n|---|---|---|---|---|---|")
    for (kind, name), pairs_of in sorted(times.items()):
        inside, behind = median(a for a, _ in pairs_of), median(b for _, b in pairs_of)
        added = median(b - a for a, b in pairs_of)
        print(f"| {kind[1:]} | {name} | {len(pairs_of)} | {inside:.0f} | {behind:.0f} | {added:+.0f} |")


def timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    with contextlib.suppress(InputError):  # a refusal takes its time too
        call()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
