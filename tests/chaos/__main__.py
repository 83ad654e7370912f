"""`python -m tests.chaos`: put cases through while killing everything, and see that nothing is lost. See README.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.chaos import report
from tests.chaos.run import run

DATABASES = ("sqlite", "postgresql")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--database", choices=(*DATABASES, "both"), default="both")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("build/chaos"))
    options = parser.parse_args()
    databases = DATABASES if options.database == "both" else (options.database,)
    outcomes = []
    for database in databases:
        for seed in options.seed:
            folder = options.out / f"{database}-{seed}"
            outcome = run(database, seed, options.cases, folder)
            said = report.text(outcome)
            (folder / "run.txt").write_text(said + "\n", encoding="utf-8")
            report.write_json(outcome, folder)
            print(f"{said}\n", flush=True)
            outcomes.append(outcome)
    print(report.summary(outcomes))
    return 0 if all(outcome.holds for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
