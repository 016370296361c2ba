"""Our own lint and types, by the settings in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "argv", [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)], ids=lambda argv: " ".join(argv[:2])
)
def test_clean(argv: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *argv], cwd=TOP, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
