"""A project on each Python that it may have, with the newest pytest for it, judged by the real command.

In the suite the oldest and the newest Python of this machine; EVERYCOMMIT_TEST_PYTHONS=all asks for each.
"""

import ast
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from everycommit.environment import OLDEST, tool
from everycommit.errors import ToolError
from everycommit.gates.inside import FOLDER
from everycommit.record import replace
from interpreters import OWN, there
from judging import own_python
from support import Repo

SETTINGS = """\
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "shop"
version = "1"
description = "x"

[tool.everycommit]
commit = ["lint", "types", "tests"]
"""
SERVED = f"{SETTINGS}[tool.everycommit.tests]\nserver = true\n"
PRICE = '''\
"""Prices."""


def doubled(price: int) -> int:
    """Return twice the price."""
    return 2 * price


def halved(price: int) -> int:
    """Return half of the price."""
    return price // 2
'''
TAXED = PRICE.replace('Prices."""\n', 'Prices."""\n\nfrom shop.tax import TAX\n').replace("price // 2", "price // TAX")
TESTS = """\
from shop.price import doubled, halved


def test_doubled() -> None:
    assert doubled(2) == 4


def test_halved() -> None:
    assert halved(4) == 2
"""


def every() -> dict[tuple[int, int], Path]:
    """Return the Pythons of this machine, ours too."""
    return dict(sorted({**there(), OWN: Path(sys.executable)}.items()))


def asked_for() -> list[tuple[int, int]]:
    found = list(every())
    return found if os.environ.get("EVERYCOMMIT_TEST_PYTHONS") == "all" else sorted({found[0], found[-1]})


def named(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("on").resolve()


def shop(folder: Path, python: Path, *options: str) -> Repo:
    """Return a project in ``src/`` with an environment that *python* makes with *options*."""
    repo = Repo.make(folder / "repo", folder / "home")
    # The path of a socket may have 107 bytes.
    repo.environ["EVERYCOMMIT_CACHE_DIR"] = str(folder / "c")
    made = subprocess.run(
        [str(python), "-m", "venv", *options, str(repo.root / ".venv")],
        check=False,
        capture_output=True,
        text=True,
        env=repo.environ,
    )
    if made.returncode:
        pytest.skip(f"{python} makes no virtual environment: {made.stdout}{made.stderr}")
    repo.write(".git/info/exclude", ".venv\n")
    repo.stage("pyproject.toml", SETTINGS).stage("src/shop/__init__.py", '"""A shop."""\n')
    repo.stage("src/shop/price.py", PRICE).stage("tests/test_price.py", TESTS).commit("start")
    return repo


def pip(python: Path, environ: Mapping[str, str], *words: str) -> None:
    """Install *words* beside *python*, or skip where there is no registry."""
    argv = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environ, timeout=180)
    if done.returncode:
        pytest.skip(f"nothing to be had for {python}: {done.stderr.strip().splitlines()[-1:]}")


def said(repo: Repo, *argv: str, code: int = 0) -> str:
    done = repo.everycommit(*argv)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("version", asked_for(), ids=named)
def test_a_project_is_judged_on_each_python_that_it_may_have(folder: Path, version: tuple[int, int]) -> None:
    """One test, because the environment is dearer than all that is judged in it."""
    repo = shop(folder, every()[version])
    python = repo.root / ".venv/bin/python"
    pip(python, repo.environ, "pytest", "flit_core")
    pip(python, repo.environ, "--no-build-isolation", "--no-deps", "--editable", str(repo.root))

    assert said(repo, "tests", "map").startswith("2 tests recorded in ")
    repo.stage("src/shop/price.py", PRICE.replace("2 * price", "price + price"))
    assert re.search(r"lint types tests 1/2 +✓", said(repo, "run")), "a good change, and the test that it can affect"
    repo.stage("src/shop/price.py", PRICE.replace("price // 2", "price // 3"))
    assert "tests/test_price.py:9: error  tests/failed  test_halved: assert 1 == 2" in said(repo, "run", code=1)

    repo.stage("src/shop/price.py", TAXED).write("src/shop/tax.py", '"""Taxes."""\n\nTAX = 2\n')
    alone = subprocess.run([python, "-c", "import shop.tax"], cwd="/", check=False)
    assert alone.returncode == 0, "without us the file that was forgotten is imported"
    forgotten = said(repo, "run", code=1)
    assert "tests/collection  ModuleNotFoundError: No module named 'shop.tax'" in forgotten
    assert "src/shop/tax.py is in your working tree but not in this change: `git add src/shop/tax.py`" in forgotten
    repo.git("add", "src/shop/tax.py")
    assert re.search(r"lint types tests 1/2 +✓", said(repo, "run"))

    if sys.platform.startswith("linux"):
        # A setting of the change itself is not asked.
        repo.stage("pyproject.toml", SERVED).commit("taxes")
        repo.stage("tests/test_price.py", f"{TESTS}\n\ndef test_more() -> None:\n    assert halved(2) == 1\n")
        with server(repo):
            assert re.search(r"tests 3 +✓", said(repo, "run", "--fresh"))
            repo.stage("src/shop/price.py", TAXED.replace("2 * price", "3 * price"))
            assert "test_doubled: assert 6 == 4" in said(repo, "run", code=1)
            repo.stage("src/shop/price.py", TAXED).git("rm", "--quiet", "--cached", "src/shop/tax.py")
            assert "ModuleNotFoundError: No module named 'shop.tax'" in said(repo, "run", code=1)


@contextmanager
def server(repo: Repo) -> Iterator[None]:
    """Judge until a server of runs listens, and end it at the end."""
    said(repo, "run", "--fresh", "tests")
    (folder,) = Path(repo.environ["EVERYCOMMIT_CACHE_DIR"], "worktrees").glob("*/pytest")
    until = time.monotonic() + 60
    while not any(path.is_socket() for path in folder.iterdir()):
        assert not list(folder.glob("*.refused")), next(folder.glob("*.refused")).read_text()
        assert time.monotonic() < until, sorted(path.name for path in folder.iterdir())
        time.sleep(0.05)
    try:
        yield
        assert any(path.is_socket() for path in folder.iterdir()), "no change of it needs another server"
    finally:
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if place.joinpath("cwd").readlink() == folder:
                    os.kill(int(place.name), signal.SIGKILL)


@pytest.mark.parametrize("version", [(3, 6), (3, 7)], ids=named)
def test_a_python_that_is_too_old_is_told_in_one_sentence_and_is_no_pass(
    folder: Path, version: tuple[int, int]
) -> None:
    found = there((3, 6)).get(version)
    if found is None:
        pytest.skip(f"no Python {named(version)} here")
    repo = shop(folder, found, "--without-pip")
    repo.stage("src/shop/price.py", PRICE.replace("2 * price", "price + price"))

    judged = said(repo, "run", code=2)

    words = (
        f"pytest needs Python 3.8 or later here, but the one of .venv (Python {named(version)}) is older: "
        "make it with a newer one, or name one in [tool.everycommit].interpreter"
    )
    assert words in " ".join(judged.split())
    assert words in said(repo, "tests", "map", code=2)
    assert words in repo.everycommit("doctor").stdout
    assert ("✓ types" in judged) == (version == (3, 7))


@pytest.mark.parametrize("mypy", [{}, {"mypy": "0.910"}], ids=["ours", "the project's"])
def test_mypy_is_not_asked_about_a_python_that_cannot_answer(repo: Repo, mypy: Mapping[str, str]) -> None:
    python = replace(own_python(repo.root), version="3.6.15", origin=".venv", distributions=mypy)

    with pytest.raises(ToolError, match=r"mypy needs Python 3\.7 or later here, .* \.venv \(Python 3\.6\) is older"):
        tool("mypy", python)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.name)
def test_what_runs_in_the_projects_python_is_written_for_the_oldest(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=OLDEST["pytest"])

    lazy = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    assert lazy or not any(isinstance(node, ast.Subscript) for node in _evaluated(tree)), "list[str] is 3.9's"


def _evaluated(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the annotations, which without the future import are evaluated as the file is loaded."""
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if (found := getattr(node, name, None)) is not None:
                yield from ast.walk(found)
