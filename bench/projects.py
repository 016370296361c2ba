"""Real projects as repositories with an environment of their own, from the package index and public repositories."""

import shutil
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common import OWN, WORK, sh

HOST = "https://github.com"
"""Where a repository comes from that no folder of mirrors holds."""
EXCLUDED = ".venv/\n__pycache__/\n*.egg-info/\n"


@dataclass(frozen=True)
class Texts:
    """What is written into a project, in its language; ``{module}`` is the module that the tests import."""

    good: str
    good_test: str
    lint: str
    """A new file with a finding."""
    types: str
    """Put behind a module: a type error."""
    broken: str
    """Put behind a module, never staged."""
    extra: str
    """The name of a new module."""
    test: str
    """The name of a new file of tests."""
    failing_test: str
    """A whole file of tests that fails, for a project without any."""


PYTHON = Texts(
    good='\n\ndef everycommit_double(number: int) -> int:\n    """Return twice *number*."""\n    return number * 2\n',
    good_test=(
        "from {module} import everycommit_double\n\n\n"
        "def test_double() -> None:\n    assert everycommit_double(2) == 4\n"
    ),
    lint="import os\n",
    types='\n\ndef everycommit_wrong() -> int:\n    """Return the wrong type."""\n    return "one"\n',
    broken="\nimport everycommit_missing\nraise RuntimeError\n",
    extra="everycommit_extra.py",
    test="test_everycommit.py",
    failing_test="def test_of_nothing() -> None:\n    assert [] == [1]\n",
)
TYPESCRIPT = Texts(
    good="\nexport function everycommitDouble(count: number) {\n  return count * 2;\n}\n",
    good_test=(
        'import { expect, test } from "vitest";\nimport { everycommitDouble } from "{module}";\n\n'
        'test("doubles", () => {\n  expect(everycommitDouble(2)).toBe(4);\n});\n'
    ),
    lint="export const one = 1;\ndebugger;\n",
    types='\nexport const everycommitWrong: number = "one";\n',
    broken='\nimport { nothing } from "./everycommit_missing";\nthrow nothing;\n',
    extra="everycommit_extra.ts",
    test="everycommit.test.ts",
    failing_test="",
)


@dataclass(frozen=True)
class Project:
    """A real project and the places where the changes are made."""

    name: str
    what: str
    """What is odd about it, in a few words."""
    module: str
    """A source file that tests import."""
    tests: str
    """The folder of tests; empty: there are none."""
    breaking: tuple[str, str, str] | None
    """File, text, replacement: makes an existing test fail, in good style and types; None: there are no tests."""
    rename: tuple[str, str]
    delete: str
    version: str = ""
    """The release, or the tag or commit of the repository."""
    mirror: str = ""
    """Owner and name of the repository; empty: the source distribution of the release."""
    environment: tuple[tuple[str, ...], ...] = (("pip", "pytest", "-e", "."),)
    """The commands that make its environment: ``pip`` and its arguments, in ``.venv``, or a whole command."""
    docs: str = "README.md"
    header: str = ""
    """What its linter wants at the top of a new file of tests."""
    texts: Texts = PYTHON
    imported: str = ""
    """What tests import for the module, where its path does not tell."""
    expected: Mapping[str, str] = field(default_factory=dict)
    """The verdict on a change where it is not the usual one."""

    @property
    def module_name(self) -> str:
        path = self.module.rpartition("src/")[2] if self.module.startswith("src/") else self.module
        return self.imported or path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


PROJECTS = (
    Project(
        name="click",
        what="flit, `src`",
        version="8.5.1",
        module="src/click/utils.py",
        tests="tests",
        breaking=("src/click/utils.py", 'words = help.partition("\\n\\n")[0].split()', "words = help.split()[1:]"),
        rename=("tests/test_chain.py", "tests/test_chained.py"),
        delete="src/click/formatting.py",
    ),
    Project(
        name="boltons",
        what="flit, package at the top",
        version="26.2.0",
        module="boltons/mathutils.py",
        tests="tests",
        breaking=("boltons/mathutils.py", "return min(max(x, lower), upper)", "return min(max(x, lower), upper + 1)"),
        rename=("tests/test_mathutils.py", "tests/test_math_utils.py"),
        delete="boltons/mathutils.py",
        expected={"deleted module": "refused: tests"},
    ),
    Project(
        name="iniconfig",
        what="hatch-vcs: `_version.py` is built and ignored",
        mirror="pytest-dev/iniconfig",
        version="71901257f6cb",
        module="src/iniconfig/_parse.py",
        tests="testing",
        breaking=("src/iniconfig/_parse.py", "line = line.split(c)[0].rstrip()", "line = line.split(c)[-1].rstrip()"),
        docs="README.rst",
        rename=("testing/test_iniconfig.py", "testing/test_parsing.py"),
        delete="src/iniconfig/exceptions.py",
        # pytest itself cannot begin: it needs iniconfig.
        expected={"deleted module": "refused: types"},
    ),
    Project(
        name="markupsafe",
        what="setuptools, an extension in C",
        mirror="pallets/markupsafe",
        version="1251593f6b0e",
        module="src/markupsafe/_native.py",
        tests="tests",
        breaking=("src/markupsafe/_native.py", '.replace(">", "&gt;")', '.replace(">", "&lt;")'),
        rename=("tests/test_escape.py", "tests/test_escaping.py"),
        delete="src/markupsafe/_native.py",
        # mypy checks the tests, too.
        expected={"forgotten file": "refused: types, tests"},
    ),
    Project(
        name="zope.interface",
        what="namespace package, an extension in C, tests beside the code",
        mirror="zopefoundation/zope.interface",
        version="af320871c99c",
        module="src/zope/interface/advice.py",
        tests="src/zope/interface/tests",
        environment=(("pip", "pytest", "zope.event", "zope.testing", "-e", "."),),
        breaking=(
            "src/zope/interface/advice.py",
            "sameName = hasModule and hasName",
            "sameName = hasModule or hasName",
        ),
        docs="README.rst",
        rename=("src/zope/interface/tests/test_advice.py", "src/zope/interface/tests/test_advising.py"),
        delete="src/zope/interface/advice.py",
        # Its tests lie among what mypy checks.
        expected={"forgotten file": "refused: types, tests"},
    ),
    Project(
        name="structlog",
        what="hatch, pytest-randomly, `--import-mode=importlib`",
        mirror="hynek/structlog",
        version="025edaf799c6",
        module="src/structlog/_utils.py",
        tests="tests",
        environment=(("pip", "pytest-asyncio", "pytest-randomly", "pytest", "simplejson", "time-machine", "-e", "."),),
        breaking=("src/structlog/_utils.py", "processname = mp.current_process().name", "processname = str(mp)"),
        rename=("tests/test_utils.py", "tests/test_util.py"),
        delete="src/structlog/_utils.py",
        # Its ruff settings ask for a notice at the top, its mypy settings ignore what is missing.
        header="# Copyright 2026 its authors.\n\n",
        expected={"deleted module": "refused: tests"},
    ),
    Project(
        name="cookiecutter",
        what="setuptools, pytest-cov in addopts",
        mirror="cookiecutter/cookiecutter",
        version="c88fbe921c97",
        module="cookiecutter/find.py",
        tests="tests",
        environment=(("pip", "pytest", "pytest-cov", "pytest-mock", "freezegun", "-e", "."),),
        breaking=("cookiecutter/find.py", "'cookiecutter' in str_path", "'cookiecutters' in str_path"),
        rename=("tests/test_find.py", "tests/test_finding.py"),
        delete="cookiecutter/find.py",
        # mypy checks the tests, too.
        expected={"forgotten file": "refused: types, tests"},
    ),
    Project(
        name="rich",
        what="poetry; some tests fail before any change",
        mirror="Textualize/rich",
        version="42899d8a0a96",
        module="rich/_ratio.py",
        tests="tests",
        environment=(("pip", "pytest", "attrs", "-e", "."),),
        breaking=("rich/_ratio.py", "remaining = total - sum(size or 0 for size in sizes)", "remaining = total"),
        rename=("tests/test_ratio.py", "tests/test_ratios.py"),
        delete="rich/_ratio.py",
    ),
    Project(
        name="thefuck",
        what="`setup.py` alone",
        mirror="nvbn/thefuck",
        version="c7e7e1d884d3",
        module="thefuck/utils.py",
        tests="tests",
        environment=(
            ("pip", "setuptools<81", "wheel"),
            ("pip", "--no-build-isolation", "pytest", "mock", "pytest-mock", "-e", "."),
        ),
        breaking=("thefuck/utils.py", "return possibilities[0]", "return possibilities[-1]"),
        rename=("tests/test_utils.py", "tests/test_util.py"),
        delete="thefuck/utils.py",
    ),
    Project(
        name="kiota-python",
        what="eight packages in one repository, nothing at the root",
        mirror="microsoft/kiota-python",
        version="8c6d475fe951",
        module="packages/abstractions/kiota_abstractions/date_utils.py",
        imported="kiota_abstractions.date_utils",
        tests="packages/abstractions/tests",
        environment=(
            (
                "pip",
                "pytest",
                "pytest-asyncio",
                "pytest-mock",
                *(
                    word
                    for name in (
                        "abstractions",
                        "authentication/azure",
                        "http/httpx",
                        "serialization/form",
                        "serialization/json",
                        "serialization/multipart",
                        "serialization/text",
                        "bundle",
                    )
                    for word in ("-e", f"packages/{name}")
                ),
            ),
        ),
        breaking=(
            "packages/abstractions/kiota_abstractions/date_utils.py",
            "_total_days = (years * 365) + (months * 30) + days",
            "_total_days = (years * 365) + (months * 31) + days",
        ),
        rename=("packages/abstractions/tests/test_date_utils.py", "packages/abstractions/tests/test_dates.py"),
        delete="packages/abstractions/kiota_abstractions/date_utils.py",
    ),
    Project(
        name="toolong",
        what="poetry, no tests",
        mirror="Textualize/toolong",
        version="5aa22ee87802",
        module="src/toolong/format_parser.py",
        tests="",
        environment=(("pip", "-e", "."),),
        breaking=None,
        rename=("src/toolong/timestamps.py", "src/toolong/times.py"),
        delete="src/toolong/timestamps.py",
        expected={
            "failing test": "not verified (1)",
            "forgotten file": "refused: lint, types",
            "rename of a test file": "refused: types",
            "deleted module": "refused: types",
        },
    ),
    Project(
        name="ufo",
        what="no Python: TypeScript with eslint, prettier and vitest",
        mirror="unjs/ufo",
        version="11308c0bb5cb",
        module="src/utils.ts",
        imported="../src/utils",
        tests="test",
        texts=TYPESCRIPT,
        environment=(("npm", "install", "--no-audit", "--no-fund", "--silent"),),
        breaking=("src/utils.ts", '? input : "/" + input', '? input : "//" + input'),
        rename=("test/join.test.ts", "test/joined.test.ts"),
        delete="src/punycode.ts",
        expected={
            "lint finding": "refused: policy, eslint",
            "type error": "refused: tsc",
            "failing test": "refused: vitest",
            "forgotten file": "refused: vitest",
            "deleted module": "refused: tsc, vitest",
        },
    ),
)


class Checkout:
    """The project as a repository, with an environment of its own, ``everycommit init --yes`` and our hooks."""

    def __init__(self, project: Project, mirrors: Path | None = None) -> None:
        self.project = project
        self.root = WORK / "real" / project.name
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.parent.mkdir(parents=True, exist_ok=True)
        if project.mirror:
            self._clone(mirrors)
        else:
            self._unpack()
        for command in project.environment:
            self._environment(command)

    def _clone(self, mirrors: Path | None) -> None:
        folder = (mirrors or WORK / "mirrors").absolute() / self.project.mirror.replace("/", "+")
        places = [one for one in (folder / "repo", folder) if (one / "HEAD").exists()]
        source = str(places[0]) if places else f"{HOST}/{self.project.mirror}"
        sh(["git", "clone", "--quiet", source, str(self.root)], self.root.parent)
        self.git("checkout", "--quiet", "-B", "main", self.project.version or "HEAD")
        self.git("remote", "remove", "origin")
        (self.root / ".git/info/exclude").write_text(EXCLUDED)

    def _unpack(self) -> None:
        with tarfile.open(self._download()) as tar:
            top = tar.getnames()[0].split("/")[0]
            tar.extractall(self.root.parent, filter="data")
        (self.root.parent / top).rename(self.root)
        self.git("init", "--quiet", "--initial-branch=main")
        (self.root / ".gitignore").write_text(EXCLUDED)
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", f"{self.project.name} {self.project.version}")

    def _download(self) -> Path:
        name, version = self.project.name, self.project.version
        folder = WORK / "sdists"
        folder.mkdir(parents=True, exist_ok=True)
        if not (found := list(folder.glob(f"{name}-{version}.tar.gz"))):
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
            sh([*pip, f"{name}=={version}"], folder)
            found = list(folder.glob(f"{name}-{version}.tar.gz"))
        return found[0]

    def _environment(self, command: tuple[str, ...]) -> None:
        program, *words = command
        if program != "pip":
            sh(command, self.root)
            return
        if not (self.root / ".venv").exists():
            sh([sys.executable, "-m", "venv", ".venv"], self.root)
        sh([".venv/bin/python", "-m", "pip", "install", "--quiet", *words], self.root)

    def git(self, *argv: str, check: bool = True) -> str:
        done = sh(["git", *argv], self.root, check=check)
        return done.stdout + done.stderr

    def everycommit(self, *argv: str) -> str:
        done = sh([str(OWN / "everycommit"), *argv], self.root, check=False)
        return done.stdout + done.stderr

    def write(self, path: str, text: str, *, stage: bool = True) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if stage:
            self.git("add", "--", path)

    def append(self, path: str, text: str, *, stage: bool = True) -> None:
        file = self.root / path
        self.write(path, (file.read_text() if file.exists() else "") + text, stage=stage)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        if old not in text:
            raise SystemExit(f"{self.project.name}: {path} holds no {old!r}; choose another place to break")
        self.write(path, text.replace(old, new, 1))

    def reset(self) -> None:
        self.git("reset", "--quiet", "--hard", "start")
        self.git("clean", "--quiet", "-fd")
