"""What managers of environments really leave: whether it is found, and what is said of three changes judged in it.

    .venv/bin/python bench/environments.py            # each
    .venv/bin/python bench/environments.py tox nox    # some

Each manager, installed once into the bench's folder, makes its environment for a small project with an editable
install; then everycommit judges a good change, a failing test and a file that was forgotten.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from common import OWN, PLAIN, WORK, environment, table, venv

PACKAGES = {name: name for name in ("tox", "nox", "hatch", "poetry", "pipenv", "uv")}
# The newest hishel breaks it.
PACKAGES["pdm"] = "pdm[locked]"
PROJECT = '[project]\nname = "shop"\nversion = "1"\ndescription = "x"\nrequires-python = ">=3.9"\n'
FLIT = '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n' + PROJECT
HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n' + PROJECT
SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n' + PROJECT
DEV = '[dependency-groups]\ndev = ["pytest"]\n'
CODE = "def one() -> int:\n    return 1\n"
TEST = "from shop import one\n\n\ndef test_one() -> None:\n    assert one() == 1\n"
TOX = "[tox]\nenv_list = py, lint\n[testenv]\npackage = editable\ndeps = pytest\ncommands = pytest\n"
TOX += "[testenv:lint]\nskip_install = true\ndeps = pyflakes\ncommands = pyflakes\n"
NOX = (
    "import nox\n\n\n@nox.session\ndef tests(session):\n    session.install('pytest')\n"
    "    session.install('-e', '.')\n    session.run('pytest')\n"
)
# Without the registry's pages of its own that poetry asks by default, pytest comes by pip.
POETRY = PROJECT + '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
DEFAULT = "[tool.hatch.envs.default]\ndependencies = ['pytest']\n"
PIPFILE = "[packages]\nshop = {path = '.', editable = true}\n[dev-packages]\npytest = '*'\n"


class Case(NamedTuple):
    """A project and the command that makes its environment."""

    name: str
    files: Mapping[str, str]
    makes: Sequence[str]
    origin: str
    """The words of doctor by which the environment was found."""


CASES = (
    Case("tox run --notest, flit", {"pyproject.toml": FLIT, "tox.ini": TOX}, ("tox", "run", "--notest"), "tox"),
    Case("the same, hatchling", {"pyproject.toml": HATCH, "tox.ini": TOX}, ("tox", "run", "--notest"), "tox"),
    Case("the same, setuptools", {"pyproject.toml": SETUPTOOLS, "tox.ini": TOX}, ("tox", "run", "--notest"), "tox"),
    Case("tox devenv", {"pyproject.toml": FLIT, "tox.ini": TOX}, ("tox", "devenv", "-e", "py", "venv"), "venv"),
    Case("nox --install-only", {"pyproject.toml": FLIT, "noxfile.py": NOX}, ("nox", "--install-only"), "nox"),
    Case("hatch env create", {"pyproject.toml": HATCH + DEFAULT}, ("hatch", "env", "create"), "hatch"),
    Case("hatch, path", {"pyproject.toml": f"{HATCH}{DEFAULT}path = '.own'\n"}, ("hatch", "env", "create"), "hatch"),
    Case("poetry install", {"pyproject.toml": POETRY}, ("poetry", "install"), "poetry"),
    Case(
        "poetry, virtualenvs.path",
        {"pyproject.toml": POETRY, "~/config/pypoetry/config.toml": "[virtualenvs]\npath = '~/own'\n"},
        ("poetry", "install"),
        "poetry",
    ),
    Case(
        "poetry, in-project",
        {"pyproject.toml": POETRY, "poetry.toml": "[virtualenvs]\nin-project = true\n"},
        ("poetry", "install"),
        ".venv",
    ),
    Case("pdm install", {"pyproject.toml": FLIT + DEV}, ("pdm", "install"), ".venv"),
    Case(
        "pipenv install --dev", {"pyproject.toml": FLIT, "Pipfile": PIPFILE}, ("pipenv", "install", "--dev"), "pipenv"
    ),
    Case("uv sync", {"pyproject.toml": FLIT + DEV}, ("uv", "sync"), ".venv"),
)


class Tried:
    """A case's project in a folder of its own, whose user has no settings."""

    def __init__(self, case: Case, managers: Sequence[Path]) -> None:
        self.case = case
        home = WORK / "environments" / re.sub(r"\W+", "-", case.name)
        shutil.rmtree(home, ignore_errors=True)
        self.root = home / "shop"
        self.root.mkdir(parents=True)
        self.pip = str(managers[0] / "pip")
        here = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_CACHE_HOME": str(home / "cache")}
        path = os.pathsep.join([*map(str, managers), os.environ.get("PATH", os.defpath)])
        null = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        self.environ = environment() | PLAIN | here | null | {"PATH": path}
        for name, text in case.files.items():
            place = home / name[2:] if name.startswith("~/") else self.root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    def run(self, *argv: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            argv, cwd=self.root, env=self.environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    def stage(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.run("git", "add", "--", name)

    def found(self, everycommit: str) -> str:
        """Return how doctor says that the environment was found."""
        said = re.search(r"interpreter (.*)", self.run(everycommit, "doctor").stdout)
        words = said[1] if said else "none"
        if "as .venv is here" in words:
            return "file `.venv`"
        origin = self.case.origin
        own = f"found by {origin}" in words or f"{origin}/bin/python" in words
        return f"`{origin}`" if own else f"NO: {words}"

    def row(self) -> list[str]:
        """Return the words of the table for this case."""
        self.run("git", "init", "--quiet")
        self.stage("src/shop/__init__.py", CODE)
        self.stage("tests/test_one.py", TEST)
        self.stage(".gitignore", ".venv\nvenv\n.own\n.tox\n.nox\n__pycache__\n.pdm-python\n*.egg-info\n")
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "-m", "start")
        made = self.run(*self.case.makes)
        if made.returncode:
            return [self.case.name, f"not made: {last(made.stdout + made.stderr)}", "", "", ""]
        if self.case.makes[0] == "poetry":
            place = self.run("poetry", "env", "info", "--path").stdout.strip()
            self.run(self.pip, "--python", place, "install", "--quiet", "pytest")
        everycommit = str(OWN / "everycommit")
        found = [self.found(everycommit)]
        if (self.root / ".venv").is_file():
            # tox and virtualenv leave a file that leads to it; without it the manager's own rule has to do.
            (self.root / ".venv").unlink()
            found.append(self.found(everycommit))
        self.stage("src/shop/__init__.py", CODE.replace("return 1", "return 2 - 1"))
        good = self.run(everycommit, "run", "tests")
        self.stage("src/shop/__init__.py", CODE.replace("return 1", "return 2"))
        bad = self.run(everycommit, "run", "tests")
        self.stage(
            "src/shop/__init__.py",
            CODE.replace("return 1", "return ONE").replace("def", "from shop.more import ONE\n\n\ndef"),
        )
        (self.root / "src/shop/more.py").write_text("ONE = 1\n")
        forgotten = self.run(everycommit, "run", "tests")
        return [
            self.case.name,
            " and ".join(dict.fromkeys(found)),
            verdict(good, 0, "tests 1"),
            verdict(bad, 1, "assert 2 == 1"),
            verdict(forgotten, 1, "No module named 'shop.more'"),
        ]


def verdict(done: "subprocess.CompletedProcess[str]", code: int, words: str) -> str:
    """Return whether a run ended with *code* and said *words*."""
    said = done.stdout + done.stderr
    return "as expected" if done.returncode == code and words in said else f"{done.returncode}: {last(said)}"


def last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:160].replace("|", "/") if lines else "nothing"


def main(wanted: Sequence[str]) -> int:
    """Print the table; return 1 where something was not as expected."""
    # One each: they want different versions of the same packages.
    managers = [
        venv(f"manager-{name}", package).parent for name, package in PACKAGES.items() if not wanted or name in wanted
    ]
    rows = [Tried(case, managers).row() for case in CASES if not wanted or case.makes[0] in wanted]
    print(table(["made by", "found by", "good change", "failing test", "forgotten file"], rows))
    return int(any("NO:" in row[1] or set(row[2:]) != {"as expected"} for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
