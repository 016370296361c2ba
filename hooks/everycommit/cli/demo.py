"""Build a small repository in a temporary folder, and show a commit that is refused and the mended one that passes.

Nothing outside that folder is touched, and it is gone at the end; with --keep it stays, so that you can go on playing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..errors import ToolError
from .call import Call

PYPROJECT = """\
[project]
name = "shop"
version = "1.0"

[tool.mypy]
strict = true

[tool.pytest.ini_options]
pythonpath = ["src"]

[tool.everycommit]
budget = false                      # a demonstration waits to the end

[tool.everycommit.policy]
max_added_lines = 60                # a change that nobody can read is refused
"""
PRICES = '''\
"""Prices of the shop, in cents."""


def total(prices: list[int], discount: int = 0) -> int:
    """Return the sum of *prices* less *discount* percent, rounded half up."""
    return (sum(prices) * (100 - discount) + 50) // 100
'''
TESTS = """\
from shop.prices import total


def test_total_adds_up() -> None:
    assert total([100, 250]) == 350


def test_discount_is_rounded_half_up() -> None:
    assert total([99], discount=50) == 50
"""
BROKEN = (
    PRICES.replace("+ 50) // 100", ") // 100").replace('cents."""\n', 'cents."""\n\nimport os\n')
    + '''

def label(cents: int) -> str:
    """Return *cents* as a price to read."""
    return cents / 100
'''
)
TABLE = (
    '"""Countries that the shop sends to."""\n\nCOUNTRIES = [\n'
    + "".join(f'    "{first}{second}",\n' for first in "ABCDEFGH" for second in "ABCDEFGH")
    + "]\n"
)
MENDED = (
    PRICES
    + '''

def label(cents: int) -> str:
    """Return *cents* as a price to read."""
    return f"{cents / 100:.2f}"
'''
)
MENDED_TESTS = (
    TESTS.replace("import total", "import label, total")
    + """

def test_label_has_two_decimals() -> None:
    assert label(350) == "3.50"
"""
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--keep", action="store_true", help="leave the repository where it is, to play in it")


def main(args: argparse.Namespace, call: Call) -> int:
    """Show it; return 0 when every commit ended as it should, else 1."""
    _needs_pytest()
    folder = Path(tempfile.mkdtemp(prefix="everycommit-demo-"))
    try:
        return _shown(_Demo(folder / "shop", call), keep=args.keep)
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _shown(demo: "_Demo", *, keep: bool) -> int:
    demo.begin()
    demo.tell("A change with an unused import, a wrong type, a broken rounding and a table nobody will read:")
    demo.write({"src/shop/prices.py": BROKEN, "src/shop/countries.py": TABLE})
    refused = demo.commit("Add labels and countries")
    demo.tell("Mended, with a test, and without the table:")
    demo.write({"src/shop/prices.py": MENDED, "tests/test_prices.py": MENDED_TESTS})
    demo.git("rm", "--cached", "--quiet", "src/shop/countries.py")
    passed = demo.commit("Add labels")
    demo.tell(f"The repository is in {demo.root}" if keep else "The repository is gone; with --keep it stays.")
    if (refused, passed) == (1, 0):
        return 0
    demo.tell(f"That was not what should have happened: exit codes {refused} and {passed} instead of 1 and 0.")
    return 1


def _needs_pytest() -> None:
    from importlib.util import find_spec

    if find_spec("pytest") is None:
        raise ToolError(
            "the demo runs a test, and pytest is not installed beside everycommit: "
            f"{sys.executable} -m pip install pytest (pipx: pipx inject everycommit pytest)"
        )


class _Demo:
    """A repository that commits through the installed hook."""

    def __init__(self, root: Path, call: Call) -> None:
        self.root = root
        self._call = call
        self._environ = {
            **{name: value for name, value in call.environ.items() if not name.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            # Snapshots, too, lie in the folder that goes.
            "EVERYCOMMIT_CACHE_DIR": str(root.parent / "cache"),
            **{f"GIT_{who}_NAME": "You" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "you@example.com" for who in ("AUTHOR", "COMMITTER")},
            # The demo's project has no environment of its own; ours has pytest.
            "VIRTUAL_ENV": sys.prefix,
        }

    def begin(self) -> None:
        self.tell("A small project with a test, strict types and a limit on the size of a change:")
        self.root.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(
            {
                "pyproject.toml": PYPROJECT,
                "src/shop/__init__.py": "",
                "src/shop/prices.py": PRICES,
                "tests/test_prices.py": TESTS,
            }
        )
        self.commit("Start the shop", "--no-verify")
        self.tell("")
        self.tell("$ everycommit install --yes")
        subprocess.run(
            [sys.executable, "-m", "everycommit", "install", "--yes"], cwd=self.root, env=self._environ, check=True
        )
        self.tell("")

    def tell(self, text: str) -> None:
        self._call.stdout.write(f"{text}\n")
        self._call.stdout.flush()

    def git(self, *argv: str) -> int:
        return subprocess.run(["git", *argv], cwd=self.root, env=self._environ, check=False).returncode

    def write(self, files: dict[str, str]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", ".")

    def commit(self, message: str, *more: str) -> int:
        self.tell(f'\n$ git commit -m "{message}"' + "".join(f" {word}" for word in more))
        code = self.git("commit", "-m", message, *more)
        self.tell("")
        return code
