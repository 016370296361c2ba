"""Real packages as repositories with a recorded map: what the measurements of selection are made on."""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import made_project
from common import OWN, WORK, environment, sh, venv
from everycommit.testmap import place

LIMIT = 300.0
"""Seconds of one full run."""
IGNORED = ".venv/\n*.egg-info/\n__pycache__/\n.ready\n.pytest_cache/\n"


@dataclass(frozen=True)
class Package:
    """A real package: where its source lies, and what its tests need."""

    name: str
    source: str
    version: str = ""
    """The release whose source distribution holds the tests."""
    mirror: str = ""
    """Owner and name of the repository with its history."""
    build: tuple[str, ...] = ("setuptools", "flit-core")
    needs: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    tests: str = "tests/"
    one_file: bool = False
    """Its ``__init__`` is all of its source."""
    made: bool = False
    """It is no real one, see ``made_project``."""


PACKAGES = {
    one.name: one
    for one in (
        Package("boltons", "boltons", "26.2.0", "mahmoud/boltons"),
        Package("click", "src/click", "8.5.1", "pallets/click"),
        Package("jinja2", "src/jinja2", "3.1.6", "pallets/jinja", needs=("trio",)),
        Package("tabulate", "tabulate", "0.9.0", build=("setuptools", "setuptools-scm"), tests="test/", one_file=True),
        Package("shelf", "shelf", made=True),
    )
}


class Checkout:
    """The package as a repository with a map.

    Its newest commit where *mirrors* holds its repository (a folder ``OWNER+NAME`` each, as git directory or with one
    named ``repo`` inside), else its release, which has no history.
    """

    def __init__(self, package: Package, mirrors: Path | None = None) -> None:
        self.package = package
        self.root = WORK / "selection" / package.name
        if not (self.root / ".ready").exists():
            shutil.rmtree(self.root, ignore_errors=True)
            self.root.parent.mkdir(parents=True, exist_ok=True)
            mirror = _mirror(package, mirrors)
            if package.made:
                self.root.mkdir()
                made_project.fill(self.root)
                self._begin()
            elif mirror is None:
                self._release()
            else:
                sh(["git", "clone", "--quiet", "--shared", "--no-tags", str(mirror), str(self.root)], WORK)
                (self.root / ".git/info/exclude").write_text(IGNORED)
            self._fill()
        self.map = place(self.root / ".git", ".")

    def _release(self) -> None:
        archive = self._archive()
        with tarfile.open(archive) as tar:
            top = tar.getnames()[0].split("/")[0]
            tar.extractall(self.root.parent, filter="data")
        (self.root.parent / top).rename(self.root)
        self._begin()

    def _begin(self) -> None:
        (self.root / ".gitignore").write_text(IGNORED)
        sh(["git", "init", "--quiet", "--initial-branch=main"], self.root)
        sh(["git", "add", "."], self.root)
        sh(["git", "commit", "--quiet", "-m", "start"], self.root)

    def _fill(self) -> None:
        sh([sys.executable, "-m", "venv", ".venv"], self.root)
        needs = ["pytest", *self.package.needs]
        sh([".venv/bin/python", "-m", "pip", "install", "--quiet", *needs, "-e", "."], self.root)
        self.record()
        (self.root / ".ready").touch()

    def record(self) -> str:
        """Record the map anew; return what it says."""
        return sh([str(OWN / "everycommit"), "tests", "map"], self.root).stdout

    def _archive(self) -> Path:
        folder = WORK / "sdists"
        folder.mkdir(parents=True, exist_ok=True)
        pattern = f"{self.package.name}-{self.package.version}.tar.gz"
        if not list(folder.glob(pattern)):
            pip = [str(venv("tools", "pip", *self.package.build)), "-m", "pip", "download", "--no-deps"]
            wanted = f"{self.package.name}=={self.package.version}"
            sh([*pip, "--no-binary=:all:", "--no-build-isolation", wanted], folder)
        return next(folder.glob(pattern))

    def git(self, *argv: str, check: bool = True) -> str:
        return sh(["git", *argv], self.root, check=check).stdout

    @property
    def copy(self) -> Path:
        """A copy of the tree, to mutate: nothing else looks at it."""
        folder = self.root.parent / f"{self.package.name}-copy"
        if not folder.exists():
            self.git("checkout-index", "--all", f"--prefix={folder}/")
        return folder

    def failing(self, only: Sequence[str] = ()) -> set[str] | None:
        """Return the ids that a full run of the copy does not pass, the files that cannot be collected; None: late."""
        argv = [
            *("nice", "-n", "15", str(self.root / ".venv/bin/python"), "-m", "pytest", "-q", "--tb=no"),
            *("-p", "no:cacheprovider", "-p", "failing", "--continue-on-collection-errors", *self.package.args, *only),
        ]
        told = self.copy.parent / f"{self.package.name}.failing"
        told.write_text("")
        # The installed package is the checkout's; the copy's comes first.
        ways = [str(self.copy / Path(self.package.source).parent), str(Path(__file__).parent)]
        words = environment(PYTHONPATH=os.pathsep.join(ways), BENCH_FAILING=str(told))
        try:
            done = subprocess.run(
                argv,
                cwd=self.copy,
                env=words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        # Where the conftest cannot be imported, every run says so, whatever is selected.
        return set(told.read_text().splitlines()) or ({"*"} if done.returncode not in {0, 5} else set())


def _mirror(package: Package, mirrors: Path | None) -> Path | None:
    if mirrors is None or not package.mirror:
        return None
    folder = mirrors.absolute() / package.mirror.replace("/", "+")
    return next((one for one in (folder / "repo", folder) if (one / "HEAD").exists()), None)


def common_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which packages, and where their histories lie."""
    parser.add_argument("packages", nargs="*", choices=[*PACKAGES, []])
    parser.add_argument("--mirrors", type=Path, metavar="DIR", help="git mirrors, a folder OWNER+NAME each")
