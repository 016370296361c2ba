"""A small Python project that commits through the installed hooks, with a guard on everything of the user's."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support import Repo, state

PYPROJECT = """\
[project]
name = "shop"
version = "1.0"

[tool.mypy]
strict = true

[tool.pytest.ini_options]
pythonpath = ["src"]

[tool.everycommit]
commit = ["policy", "lint", "tests"]
budget = 200                            # however busy the machine is

[tool.everycommit.policy]
max_added_lines = 60
"""
PRICES = '''\
"""Prices of the shop, in cents."""


def total(prices: list[int], discount: int = 0) -> int:
    """Return the sum of *prices* less *discount* percent, rounded half up."""
    return (sum(prices) * (100 - discount) + 50) // 100
'''
PRICES_TEST = """\
from shop.prices import total


def test_total_adds_up() -> None:
    assert total([100, 250]) == 350
"""
RECORDER = """\
#!/bin/sh
exec env -u GIT_DIR {python} {recorder} {out} "$GIT_INDEX_FILE"
"""


class Shop(Repo):
    """The project; ``entry`` and ``exit`` hold the state as its hooks began and ended."""

    @property
    def log(self) -> Path:
        return self.root.parent / "states"

    def recorded(self, name: str) -> Mapping[str, str]:
        """Return the state as it was at hook *name*; fails where that hook did not run."""
        found: Mapping[str, str] = json.loads((self.log / name).read_text())
        return found

    def record(self, *hooks: str) -> "Shop":
        """Make *hooks* (before everycommit's are installed) note the state at their entry."""
        self.log.mkdir(exist_ok=True)
        recorder = Path(__file__).with_name("recorder.py")
        for hook in hooks:
            path = self.root / ".git/hooks" / hook
            path.parent.mkdir(exist_ok=True)
            path.write_text(RECORDER.format(python=sys.executable, recorder=recorder, out=self.log / hook))
            path.chmod(0o755)
        return self

    def install(self) -> "Shop":
        done = self.everycommit("install", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def refused(self, *argv: str, **env: str) -> str:
        """Commit, expect a refusal, hold everything of the user's equal; return what was said."""
        before = state(self)
        done = self.attempt("commit", "-m", "change", *argv, **env)
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        self.untouched(before)
        assert self.recorded("pre-commit")["index"] == _index(self, argv), "the index changed between entry and end"
        return said

    def accepted(self, *argv: str, **env: str) -> str:
        """Commit, expect it to pass, hold the index and the working tree equal over the hook; return what was said."""
        files = {name: digest for name, digest in state(self).items() if name.startswith("tree ")}
        done = self.attempt("commit", "-m", "change", *argv, **env)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        entry, after = dict(self.recorded("pre-commit")), dict(self.recorded("commit-msg"))
        # git itself writes trees between the two hooks of `commit -- path`.
        grown = set(after.pop("objects").split("\n")) - set(entry.pop("objects").split("\n"))
        assert {self.text("cat-file", "-t", name[8:].replace("/", "")) for name in grown} <= {"tree"}
        assert after == entry
        assert {name: digest for name, digest in state(self).items() if name.startswith("tree ")} == files
        return said

    def untouched(self, before: Mapping[str, str]) -> None:
        """Assert that nothing changed but the index's stat data, which git itself refreshes before the hook."""
        after = state(self)
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert changed <= {"git index", "objects"}, changed


def _index(repo: Repo, argv: tuple[str, ...]) -> str:
    # git made a lock file of its own for these and has thrown it away again.
    import hashlib

    if {"-a", "-p", "-i"} & set(argv) or "--" in argv:
        return json.loads((repo.root.parent / "states/pre-commit").read_text())["index"]  # type: ignore[no-any-return]
    return hashlib.sha256((repo.root / ".git/index").read_bytes()).hexdigest()


def _made(tmp_path: Path, pyproject: str) -> Shop:
    made = Repo.make(tmp_path / "shop", tmp_path / "home")
    shop = Shop(made.root, made.environ | {"VIRTUAL_ENV": sys.prefix, "PATH": os.environ["PATH"]})
    shop.stage("pyproject.toml", pyproject).stage("src/shop/__init__.py", "").stage("src/shop/prices.py", PRICES)
    shop.stage("tests/test_prices.py", PRICES_TEST).stage("README.md", "# Shop\n").commit("Start")
    return shop.record("pre-commit", "commit-msg").install()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The project with one commit, hooks recorded and installed; without types, which begin with seconds of mypy."""
    return _made(tmp_path, PYPROJECT)


@pytest.fixture
def typed_shop(tmp_path: Path) -> Shop:
    """The same with every gate."""
    return _made(tmp_path, PYPROJECT.replace('"lint", ', '"lint", "types", '))
