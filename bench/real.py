"""Judges ten changes on each of two real projects through the installed hook; every verdict must be as it should.

    .venv/bin/python bench/real.py            # all
    .venv/bin/python bench/real.py click      # one project

The source distributions come from the package index by pip. Exit code 0 when all verdicts agree.
"""

import shutil
import sys
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common import OWN, WORK, sh, table, venv


@dataclass(frozen=True)
class Project:
    """A real project and the places where the changes are made."""

    name: str
    version: str
    module: str
    """A source file that tests import."""
    package: str
    tests: str
    """The folder of tests."""
    breaking: tuple[str, str, str]
    """File, text, replacement: makes an existing test fail, in good style and types."""
    docs: str
    rename: tuple[str, str]
    delete: str
    deleted: str
    """The verdict on that."""


PROJECTS = (
    Project(
        name="click",
        version="8.5.1",
        module="src/click/utils.py",
        package="click",
        tests="tests",
        breaking=("src/click/utils.py", 'words = help.partition("\\n\\n")[0].split()', "words = help.split()[1:]"),
        docs="README.md",
        rename=("tests/test_chain.py", "tests/test_chained.py"),
        delete="src/click/formatting.py",
        deleted="refused: types",  # and tests not verified: the conftest cannot be imported
    ),
    Project(
        name="boltons",
        version="26.2.0",
        module="boltons/mathutils.py",
        package="boltons",
        tests="tests",
        breaking=("boltons/mathutils.py", "return min(max(x, lower), upper)", "return min(max(x, lower), upper + 1)"),
        docs="README.md",
        rename=("tests/test_mathutils.py", "tests/test_math_utils.py"),
        delete="boltons/mathutils.py",
        deleted="refused: tests",
    ),
)
GOOD = '\n\ndef everycommit_double(number: int) -> int:\n    """Return twice *number*."""\n    return number * 2\n'
GOOD_TEST = "from {module} import everycommit_double\n\n\ndef test_double():\n    assert everycommit_double(2) == 4\n"


class Checkout:
    """A repository made of a source distribution, with an environment of its own and our hooks installed."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.root = WORK / "real" / project.name
        self._fill()

    def _fill(self) -> None:
        archive = self._download()
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as tar:
            top = tar.getnames()[0].split("/")[0]
            tar.extractall(self.root.parent, filter="data")
        (self.root.parent / top).rename(self.root)
        self.git("init", "--quiet", "--initial-branch=main")
        (self.root / ".gitignore").write_text(".venv/\n*.egg-info/\n__pycache__/\n")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", f"{self.project.name} {self.project.version}")
        sh([sys.executable, "-m", "venv", ".venv"], self.root)
        sh([".venv/bin/python", "-m", "pip", "install", "--quiet", "pytest", "-e", "."], self.root)
        print(self.everycommit("install", "--yes"))

    def _download(self) -> Path:
        name, version = self.project.name, self.project.version
        folder = WORK / "sdists"
        folder.mkdir(parents=True, exist_ok=True)
        found = list(folder.glob(f"{name}-{version}.tar.gz"))
        if not found:
            pip = [str(venv("tools", "pip", "setuptools", "flit-core")), "-m", "pip"]
            sh(
                [*pip, "download", "--no-deps", "--no-binary=:all:", "--no-build-isolation", f"{name}=={version}"],
                folder,
            )
            found = list(folder.glob(f"{name}-{version}.tar.gz"))
        return found[0]

    def git(self, *argv: str, check: bool = True) -> str:
        done = sh(["git", *argv], self.root, check=check)
        return done.stdout + done.stderr

    def everycommit(self, *argv: str) -> str:
        done = sh([str(OWN / "everycommit"), *argv], self.root, check=False)
        return done.stdout + done.stderr

    def append(self, path: str, text: str, *, stage: bool = True) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text() if file.exists() else "") + text)
        if stage:
            self.git("add", "--", path)

    def replace(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text = file.read_text()
        if old not in text:
            raise SystemExit(f"{self.project.name}: {path} holds no {old!r}; choose another place to break")
        file.write_text(text.replace(old, new, 1))
        self.git("add", "--", path)

    def reset(self) -> None:
        self.git("reset", "--quiet", "--hard", "start")
        self.git("clean", "--quiet", "-fd")

    @property
    def module(self) -> str:
        return self.project.module.removeprefix("src/").removesuffix(".py").replace("/", ".")


def good(here: Checkout) -> None:
    here.append(here.project.module, GOOD)
    here.append(f"{here.project.tests}/test_everycommit.py", GOOD_TEST.format(module=here.module))


def lint(here: Checkout) -> None:
    here.append(f"{Path(here.project.module).parent}/everycommit_extra.py", "import os\n")


def types(here: Checkout) -> None:
    here.append(
        here.project.module, '\n\ndef everycommit_wrong() -> int:\n    """Return the wrong type."""\n    return "one"\n'
    )


def failing(here: Checkout) -> None:
    here.replace(*here.project.breaking)


def forgotten(here: Checkout) -> None:
    here.append(f"{Path(here.project.module).parent}/everycommit_new.py", GOOD.lstrip(), stage=False)
    name = f"{here.module.rpartition('.')[0]}.everycommit_new"
    here.append(f"{here.project.tests}/test_everycommit.py", GOOD_TEST.format(module=name))


def partial(here: Checkout) -> None:
    good(here)
    here.append(here.project.module, "\nimport everycommit_missing\nraise RuntimeError\n", stage=False)


def rename(here: Checkout) -> None:
    here.git("mv", *here.project.rename)


def delete(here: Checkout) -> None:
    here.git("rm", "--quiet", here.project.delete)


def data(here: Checkout) -> None:
    here.append(f"{here.project.tests}/everycommit_data.json", '{"a": 1}\n')


def docs(here: Checkout) -> None:
    here.append(here.project.docs, "\nOne more sentence.\n")


CHANGES: tuple[tuple[str, Callable[[Checkout], None], str], ...] = (
    ("good", good, "passed"),
    ("lint finding", lint, "refused: lint"),
    ("type error", types, "refused: types"),
    ("failing test", failing, "refused: tests"),
    ("forgotten file", forgotten, "refused: tests"),
    ("partially staged, the rest broken", partial, "passed"),
    ("rename of a test file", rename, "passed"),
    ("deleted module", delete, ""),
    ("data file", data, "passed"),
    ("docs only", docs, "passed"),
)


def said(output: str, code: int) -> str:
    """Return ``passed``, ``refused: lint, types`` or ``not verified`` from what the hook printed."""
    if code == 0:
        return "passed" if "NOT VERIFIED" not in output else "not verified"
    line = next((line for line in output.splitlines() if line.startswith("Refused: ")), None)
    return line.split(".")[0].replace("Refused", "refused") if line else f"not verified ({code})"


def judged(project: Project) -> tuple[list[list[str]], bool]:
    here = Checkout(project)
    here.git("tag", "start")
    rows, right = [], True
    for name, change, usual in CHANGES:
        here.reset()
        change(here)
        began = time.perf_counter()
        done = sh(["git", "commit", "-m", name], here.root, check=False)
        seconds = time.perf_counter() - began
        verdict = said(done.stdout + done.stderr, done.returncode)
        expected = usual or project.deleted
        agrees = verdict == expected
        right &= agrees
        rows.append(
            [f"{project.name} {project.version}", name, verdict, expected, "yes" if agrees else "NO", f"{seconds:.1f}"]
        )
        print("  ".join(rows[-1]), flush=True)
        if not agrees:
            print(done.stdout + done.stderr)
    return rows, right


def main() -> int:
    chosen = [project for project in PROJECTS if not sys.argv[1:] or project.name in sys.argv[1:]]
    rows, right = [], True
    for project in chosen:
        found, agreed = judged(project)
        rows += found
        right &= agreed
    print("\n" + table(["project", "change", "verdict", "expected", "agrees", "seconds"], rows))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
