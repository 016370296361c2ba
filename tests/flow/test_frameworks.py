"""Real pre-commit and real prek run the hooks of .pre-commit-hooks.yaml out of this very checkout."""

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from support import Repo, clean_environment

pytestmark = pytest.mark.slow

TOP = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TOOLS = ("pre-commit", "prek")
GATES = ("policy", "lint", "types", "tests")
CONFIG = """\
repos:
  - repo: {source}
    rev: {rev}
    hooks:
      - id: {ids}
"""
PYPROJECT = """\
[project]
name = "shop"
version = "1.0"

[tool.pytest.ini_options]
pythonpath = ["src"]

[tool.everycommit]
budget = 200                            # however busy the machine is
"""
GOOD = '"""Prices."""\n\n\ndef total(prices: list[int]) -> int:\n    """Return the sum."""\n    return sum(prices)\n'
BAD = GOOD.replace('"""Prices."""\n', '"""Prices."""\n\nimport os\n')
TEST = "from shop import total\n\n\ndef test_total() -> None:\n    assert total([1, 2]) == 3\n"


class Source(NamedTuple):
    """The repository that the hooks come from, and where the frameworks keep the environments they build of it."""

    path: Path
    rev: str
    environ: dict[str, str]


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """Let one worker at a time in; the folder is shared by all of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """This checkout's files as a repository with one commit, made once a run."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "frameworks"
    environ = clean_environment(shared / "home", **_package_index(), **_homes(shared))
    with alone(shared):
        repo = Repo(shared / "everycommit", environ)
        if not (repo.root / ".git").exists():
            repo = Repo.make(shared / "making", shared / "home")
            ignore = shutil.ignore_patterns("__pycache__")
            for name in ("hooks", "docs"):  # the wheel has both
                shutil.copytree(TOP / name, repo.root / name, ignore=ignore)
            for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
                shutil.copy(TOP / name, repo.root / name)
            repo.git("add", "--all")
            repo.commit("As it is")
            repo.root.rename(shared / "everycommit")
        made = Repo(shared / "everycommit", environ)
        return Source(made.root, made.text("rev-parse", "HEAD"), environ)


def _package_index() -> dict[str, str]:
    """Return what says where packages come from, beside the PIP_ variables that are kept: settings of the real home."""
    found = {name: value for name, value in os.environ.items() if name.startswith("UV_")}
    # uv, which prek builds with, knows its own certificates only unless told of the system's; newer and older name.
    found = {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true"} | found
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    for path in (home / ".config/pip/pip.conf", home / "Library/Application Support/pip/pip.conf"):
        if path.is_file() and "PIP_CONFIG_FILE" not in os.environ:
            found["PIP_CONFIG_FILE"] = str(path)
    # prek builds with uv and gets it with pip; uv has names of its own for where packages are.
    found["PREK_UV_SOURCE"] = "pip"
    for ours, theirs in (("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), ("PIP_EXTRA_INDEX_URL", "UV_INDEX")):
        if os.environ.get(ours):
            found.setdefault(theirs, os.environ[ours])
    return found


def _homes(shared: Path) -> dict[str, str]:
    return {"PRE_COMMIT_HOME": str(shared / "pre-commit"), "PREK_HOME": str(shared / "prek")}


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest) -> str:
    """The path of the framework's program."""
    path = BIN / str(request.param)
    if not path.exists():
        pytest.fail(f"{path} is not installed: make setup")
    return str(path)


@pytest.fixture
def shop(tool: str, source: Source, tmp_path: Path) -> Repo:
    """A project with a good commit, whose git hooks are the framework's."""
    repo = Repo.make(tmp_path / "shop", tmp_path / "home")
    keys = ("PIP_CONFIG_FILE", "PREK_UV_SOURCE", "PRE_COMMIT_HOME", "PREK_HOME")
    repo.environ |= {key: value for key, value in source.environ.items() if key in keys or key.startswith("UV_")}
    ids = "\n      - id: ".join(["everycommit", *(f"everycommit-{gate}" for gate in GATES)])
    repo.stage(".pre-commit-config.yaml", CONFIG.format(source=source.path, rev=source.rev, ids="everycommit"))
    repo.stage("pyproject.toml", PYPROJECT).stage(".gitignore", ".venv\n__pycache__/\n")
    repo.stage("src/shop/__init__.py", GOOD).stage("tests/test_shop.py", TEST).commit("Start")
    repo.path(".venv").symlink_to(sys.prefix)
    repo.write("../all-ids.yaml", CONFIG.format(source=source.path, rev=source.rev, ids=ids))
    with alone(source.path.parent / "building"):
        built = subprocess.run(
            [tool, "install-hooks"], cwd=repo.root, env=repo.environ, capture_output=True, text=True, check=False
        )
        assert built.returncode == 0, built.stdout + built.stderr
    done = run(repo, tool, "install", "--hook-type", "pre-commit", "--hook-type", "pre-push")
    assert done.returncode == 0, done.stdout + done.stderr
    return repo


def run(repo: Repo, tool: str, *argv: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [tool, *argv], cwd=repo.root, env=repo.environ, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_commit_is_refused_for_a_finding_and_passes_when_it_is_mended(shop: Repo) -> None:
    head = shop.text("rev-parse", "HEAD")
    shop.stage("src/shop/__init__.py", BAD)
    index = shop.text("write-tree")

    refused = shop.attempt("commit", "-m", "Import")

    said = refused.stdout + refused.stderr
    assert refused.returncode == 1, said
    assert "src/shop/__init__.py:3" in said
    assert "F401" in said
    assert (shop.text("rev-parse", "HEAD"), shop.text("write-tree")) == (head, index)

    shop.stage("src/shop/__init__.py", GOOD.replace("the sum", "the sum of them"))
    passed = shop.attempt("commit", "-m", "Word")

    said = passed.stdout + passed.stderr
    assert passed.returncode == 0, said
    assert shop.text("rev-list", "--count", "HEAD") == "2"
    # A pass says what was looked at, and says it once.
    assert said.count("policy") == 1, said


def test_run_all_files_judges_all_files_and_says_so(shop: Repo, tool: str) -> None:
    passed = run(shop, tool, "run", "--all-files")

    said = passed.stdout + passed.stderr
    assert passed.returncode == 0, said
    assert "all files" in said

    shop.stage("src/shop/__init__.py", BAD).commit("Bad, unseen")
    refused = run(shop, tool, "run", "--all-files")

    said = refused.stdout + refused.stderr
    assert refused.returncode == 1, said
    assert "F401" in said


def test_a_push_is_judged_from_what_is_pushed(shop: Repo, tmp_path: Path) -> None:
    """The working tree has the mended file; the pushed commit does not."""
    remote = Repo.make(tmp_path / "remote", tmp_path / "home", bare=True)
    shop.git("remote", "add", "origin", str(remote.root))
    shop.git("push", "--quiet", "--no-verify", "origin", "main")
    shop.stage("src/shop/__init__.py", BAD).commit("Bad, unseen")
    shop.write("src/shop/__init__.py", GOOD)

    done = shop.attempt("push", "origin", "main")

    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "F401" in said
    assert "refs/heads/main" in said
    assert remote.text("rev-list", "--count", "main") == "1"


def test_from_ref_and_to_ref_are_the_change_that_is_judged(shop: Repo, tool: str) -> None:
    """What CI asks a framework for; the checkout is on another branch."""
    shop.stage("src/shop/__init__.py", BAD).commit("Bad")
    shop.git("branch", "bad")
    shop.git("reset", "--quiet", "--hard", "HEAD~1")

    refused = run(shop, tool, "run", "--from-ref", "main", "--to-ref", "bad")
    passed = run(shop, tool, "run", "--from-ref", "main~0", "--to-ref", "main")

    said = refused.stdout + refused.stderr
    assert refused.returncode == 1, said
    assert "src/shop/__init__.py:3" in said
    assert "F401" in said
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_our_own_pre_push_beside_the_framework_judges_every_ref_once(shop: Repo, tmp_path: Path) -> None:
    """The framework's hook shows everycommit one ref; ours, which calls it first, judges both."""
    remote = Repo.make(tmp_path / "remote", tmp_path / "home", bare=True)
    shop.git("remote", "add", "origin", str(remote.root))
    shop.git("push", "--quiet", "--no-verify", "origin", "main")
    assert shop.everycommit("install", "--no-fill", "--hook", "pre-push").returncode == 0
    shop.git("branch", "good")
    shop.stage("src/shop/__init__.py", BAD).commit("Bad, unseen")
    shop.git("branch", "zzz-bad")
    shop.git("reset", "--quiet", "--hard", "HEAD~1")
    shop.stage("src/shop/__init__.py", GOOD.replace("the sum", "the sum of them")).commit("Word")

    done = shop.attempt("push", "origin", "main", "zzz-bad")

    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "left to everycommit's own git hook, which comes next" in said
    assert "only refs/heads" not in said
    assert "push zzz-bad" in said
    assert "F401" in said


def test_a_commit_that_only_deletes_is_judged(shop: Repo) -> None:
    shop.stage("data.txt", "1\n").commit()
    shop.git("rm", "--quiet", "data.txt")

    done = shop.attempt("commit", "-m", "Delete")

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "policy" in said


def test_the_project_has_its_own_python_and_tools_not_the_hooks(shop: Repo) -> None:
    """The environment that the framework built has no pytest, and no other prefix passes."""
    test = "import sys\nfrom pathlib import Path\n\n\ndef test_it() -> None:\n"
    test += f"    assert Path(sys.prefix).resolve() == Path({sys.prefix!r}).resolve()\n"
    shop.stage("tests/test_python.py", test)

    done = shop.attempt("commit", "-m", "Test", VIRTUAL_ENV="/nowhere/of/the/hook")

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "policy lint types tests 2" in said


def test_once_built_nothing_is_asked_of_the_network(shop: Repo) -> None:
    nowhere = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), nowhere)
    indexes = {"PIP_INDEX_URL": nowhere, "UV_DEFAULT_INDEX": nowhere, "UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    shop.stage("src/shop/__init__.py", GOOD.replace("the sum", "the sum of them"))

    done = shop.attempt("commit", "-m", "Word", **proxies, **indexes)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "policy lint types tests" in done.stdout + done.stderr


@pytest.mark.parametrize("gate", GATES)
def test_each_id_runs_its_gate_alone(shop: Repo, tool: str, gate: str) -> None:
    done = run(
        shop, tool, "run", "--config", str(shop.root.parent / "all-ids.yaml"), "--all-files", f"everycommit-{gate}"
    )

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    verdict = [line.strip() for line in said.splitlines() if line.strip().startswith("everycommit  ")]
    assert len(verdict) == 1, said
    assert [name for name in GATES if f" {name}" in verdict[0]] == [gate]


def test_nothing_moves_on_the_terminal_that_a_framework_pretends(shop: Repo, tool: str) -> None:
    """With colours both give their hooks a terminal that nobody looks at, and show what was written there later."""
    done = (
        run(shop, tool, "--color=always", "run", "--all-files")
        if tool.endswith("prek")
        else run(shop, tool, "run", "--color=always", "--all-files")
    )

    assert done.returncode == 0, done.stdout + done.stderr
    moves = re.findall(r"\x1b\[[0-9;?]*[A-Za-ln-z]", done.stdout)
    assert not moves
    assert "\r" not in done.stdout.replace("\r\n", "\n")


def test_beside_each_other_each_runs_once_whoever_was_installed_last(shop: Repo, tool: str) -> None:
    """The framework's own hook first, ours over it, the framework again over ours: nobody is lost, nobody loops."""
    config = "repos:\n  - repo: local\n    hooks:\n      - {id: own, name: own, entry: echo OWN, language: system, "
    config += "always_run: true, pass_filenames: false, verbose: true}\n"
    shop.stage(".pre-commit-config.yaml", config).commit("Own hook")

    for number, step in enumerate(("ours", "framework", "ours")):
        done = shop.everycommit("install", "--no-fill") if step == "ours" else run(shop, tool, "install")
        assert done.returncode == 0, done.stdout + done.stderr
        shop.stage("src/shop/__init__.py", GOOD + f"\n\nNUMBER = {number}\n")
        passed = shop.attempt("commit", "-m", "Good")
        said = passed.stdout + passed.stderr
        assert passed.returncode == 0, said
        assert (said.count("OWN"), said.count("policy")) == (1, 1), said

        shop.stage("src/shop/__init__.py", BAD)
        refused = shop.attempt("commit", "-m", "Bad")
        assert refused.returncode == 1, refused.stdout + refused.stderr
        assert "F401" in refused.stdout + refused.stderr

    assert shop.everycommit("uninstall").returncode == 0
    left = sorted(path.name for path in (shop.root / ".git/hooks").iterdir() if path.suffix != ".sample")
    assert left == ["pre-commit", "pre-push"]


def test_skip_takes_a_hook_id_as_everywhere_else(shop: Repo) -> None:
    shop.stage("src/shop/__init__.py", BAD)

    done = shop.attempt("commit", "-m", "Import", SKIP="everycommit-lint")

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "skipped by you (SKIP=everycommit-lint)" in said
