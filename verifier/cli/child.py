"""Run a program that cannot ask for it itself so that it ends with its parent: `python -m verifier.cli.child PID PROGRAM …`."""

from __future__ import annotations

import os
import sys

from verifier.lifetime import die_with_parent


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2]
    die_with_parent(parent)
    # The parent-death signal survives execve of a program without set-uid bits (prctl(2)).
    os.execv(program, sys.argv[2:])


if __name__ == "__main__":
    main()
