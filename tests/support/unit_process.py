"""A unit of reading with the held engine, as a process: `python -m tests.support.unit_process QUEUE …`."""

from __future__ import annotations

import os
import sys

from tests.support.held_engine import FACTORY
from verifier import logs
from verifier.settings import load_settings
from verifier.supervise import stop_on_signals
from workers import unit


def main() -> None:
    settings = load_settings()
    logs.configure(settings, part="unit")
    unit.run(settings, sys.argv[1:], unit=f"test-{os.getpid()}", units=1, stop=stop_on_signals(), factory=FACTORY)


if __name__ == "__main__":
    main()
