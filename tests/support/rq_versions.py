"""The queue's tests with the oldest and the newest rq and redis-py that pyproject.toml allows: `python -m tests.support.rq_versions`.

Each pair gets a virtual environment of its own that holds these two packages and finds everything else where this one has
it, so that it costs seconds and not a second gigabyte. Both versions and both results are printed; the exit code is 1 when
a run failed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRANSPORT = ("rq", "redis")
TESTS = ("tests/unit/workers", "tests/contract/test_queue.py", "tests/contract/test_unit.py")
RESOLUTIONS = {"lowest": "lowest-direct", "highest": "highest"}
"""How uv is asked for each end of the range."""


@dataclass(frozen=True)
class Result:
    end: str
    versions: str
    summary: str
    passed: bool


def allowed() -> list[str]:
    """What pyproject.toml asks of the transport."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [line for line in project["dependencies"] if re.split(r"[^A-Za-z0-9_.-]", line)[0] in TRANSPORT]
    if len(found) != len(TRANSPORT):
        raise SystemExit(f"pyproject.toml does not ask for {' and '.join(TRANSPORT)}")
    return found


def environment(folder: Path, resolution: str) -> Path:
    """An environment with one end of the range; its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv), "pip", "install", "--quiet", "--python", str(python), "--no-deps", "--resolution", resolution]
    subprocess.run([*command, *allowed()], check=True)
    (own,) = (folder / "lib").glob("python*/site-packages")
    # after its own packages, in the order of sys.path: what it holds itself wins
    (own / "everything-else.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def versions(python: Path) -> str:
    """As that interpreter finds them."""
    code = f"from importlib.metadata import version; print(*(n + ' ' + version(n) for n in {TRANSPORT!r}), sep=', ')"
    return subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def run(end: str, resolution: str) -> Result:
    with tempfile.TemporaryDirectory(prefix=f"rq-{end}-") as folder:
        python = environment(Path(folder), resolution)
        found = versions(python)
        print(f"{end}: {found}", flush=True)
        # children of the tests are started by the same interpreter; the checkout they find by its path
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [str(python), "-m", "pytest", "-q", *TESTS], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        lines = done.stdout.strip().splitlines()
        if done.returncode:
            print(done.stdout, done.stderr, sep="\n")
        return Result(end, found, lines[-1].strip("= ") if lines else "no output", done.returncode == 0)


def main() -> int:
    results = [run(end, resolution) for end, resolution in RESOLUTIONS.items()]
    for result in results:
        print(f"{result.end:<8} {result.versions:<24} {'passed' if result.passed else 'FAILED'}  {result.summary}")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
