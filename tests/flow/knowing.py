"""A project whose commits the hook knows, with a Python of its own and a hook that notes each start of ours."""

import re
import time
from pathlib import Path

from support import give_python

from .conftest import PRICES, PYPROJECT, Shop

MORE = "\n\ndef cheapest(prices: list[int]) -> int:\n    return min(prices)\n"
STARTS = 'echo "$0" >>"${0%/*}/started"\n    exec "$python"'


class Fast(Shop):
    """The project; ``said`` is what the last commit said."""

    said = ""

    @property
    def site(self) -> Path:
        (site,) = (self.root / ".venv/lib").glob("python*/site-packages")
        return site

    @property
    def known(self) -> Path:
        return self.root / ".git/everycommit/known/facts"

    def starts(self, *argv: str, code: int | None = 0, **env: str) -> bool:
        """Commit; tell whether Python was started for it, which the words must agree with."""
        log = self.root / ".git/hooks/started"
        log.unlink(missing_ok=True)
        done = self.attempt("commit", "-m", "change", *argv, **env)
        said = self.said = done.stdout + done.stderr
        assert code is None or done.returncode == code, said
        if not log.exists():
            assert self.answered
        return log.exists()

    @property
    def answered(self) -> bool:
        """Whether the last commit, or push, was told to be known before anything that judges was loaded."""
        return re.search(r"^everycommit  (push \w+  )?✓ known, judged ", self.said, re.MULTILINE) is not None

    def back(self) -> "Fast":
        """Take the last commit back; what was staged is staged again."""
        self.git("reset", "--quiet", "--soft", "HEAD^")
        return self

    def passed(self) -> "Fast":
        """Stage a change of code, and have it judged."""
        self.stage("src/shop/prices.py", PRICES + MORE)
        return self.judged()

    def judged(self) -> "Fast":
        """Judge what is staged until nothing that counts has just changed: a first run makes folders."""
        for _ in range(4):
            done = self.everycommit("run")
            assert done.returncode == 0, done.stdout + done.stderr
            if self.known.exists():
                return self
            time.sleep(1.1)
        raise AssertionError("it was not written down")


LINTED = PYPROJECT.replace('"lint", "tests"', '"lint"')


def made(tmp_path: Path, pyproject: str) -> Fast:
    shop = Fast.make(tmp_path / "shop", tmp_path / "home")
    fast = Fast(shop.root, shop.environ)
    config = Path(fast.environ["XDG_CONFIG_HOME"])
    (config / "everycommit").mkdir(parents=True)
    give_python(fast)
    fast.stage("pyproject.toml", pyproject).stage("src/shop/__init__.py", "").stage("src/shop/prices.py", PRICES)
    fast.stage(
        "tests/test_prices.py",
        "from shop.prices import total\n\n\ndef test_total() -> None:\n    assert total([1]) == 1\n",
    )
    fast.stage("README.md", "# Shop\n").commit("Start")
    done = fast.everycommit("install", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    hook = fast.root / ".git/hooks/pre-commit"
    text = hook.read_text()
    assert 'exec "$python"' in text
    hook.write_text(text.replace('exec "$python"', STARTS))
    return fast
