"""The whole suite with branch coverage, in subprocesses too; in CI then the short form of what it costs.

What `make test` runs.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

FLOOR = 95


def main() -> int:
    """Return pytest's exit code, or 1 where coverage fell below the floor."""
    top = Path(__file__).resolve().parent.parent
    os.chdir(top)
    python = sys.executable
    subprocess.run([python, "-m", "coverage", "erase"], check=True)
    env = os.environ | {"COVERAGE_PROCESS_START": str(top / "pyproject.toml"), "COVERAGE_FILE": str(top / ".coverage")}
    tested = subprocess.run(
        [
            python,
            "-m",
            "coverage",
            "run",
            "-m",
            "pytest",
            "-n",
            str(os.cpu_count() or 2),
            "--durations=20",
            *sys.argv[1:],
        ],
        env=env,
        check=False,
    )
    subprocess.run([python, "-m", "coverage", "combine", "--quiet"], check=False)
    covered = subprocess.run([python, "-m", "coverage", "report", f"--fail-under={FLOOR}"], check=False)
    return tested.returncode or min(covered.returncode, 1) or _cost(python)


def _cost(python: str) -> int:
    """Return 1 where a bound of the benchmark is missed by half, on an otherwise idle machine such as CI's."""
    if not os.environ.get("CI"):
        return 0
    with tempfile.TemporaryDirectory(prefix="everycommit-bench-") as folder:
        env = os.environ | {"EVERYCOMMIT_BENCH": folder}
        measured = subprocess.run([python, "bench/compare.py", "--short"], env=env, check=False)
    return min(measured.returncode, 1)


if __name__ == "__main__":
    sys.exit(main())
