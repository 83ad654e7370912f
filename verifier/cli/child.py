"""Run a program that cannot ask for it itself so that it ends with its parent and never runs twice:
`python -m verifier.cli.child PARENT LOCK PROGRAM …`.
"""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

from verifier.lifetime import die_with_parent


def main() -> None:
    parent, lock, program = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    die_with_parent(parent)
    # The lock goes on to the program with its descriptor and ends with it. One that was left by a killed parent may
    # still be ending: two Valkeys on one append-only file would ruin it, and the first one's end takes away the
    # socket of the second.
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.set_inheritable(descriptor, True)
    # The parent-death signal survives execve of a program without set-uid bits (prctl(2)).
    os.execv(program, sys.argv[3:])


if __name__ == "__main__":
    main()
