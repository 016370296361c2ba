"""Real lefthook, real husky and lint-staged of the npm registry start everycommit by the entry that `init` writes."""

import fcntl
import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import Repo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npm") is None, reason="no npm here"),
]

BIN = Path(sys.executable).parent
PACKAGES = ("husky@9", "lefthook@2", "lint-staged@16")
PYPROJECT = """\
[project]
name = "shop"
version = "1.0"

[tool.everycommit]
commit = ["policy", "lint"]
push = ["policy", "lint"]
budget = 200                            # however busy the machine is
"""
GOOD = '"""Prices."""\n\n\ndef total(prices: list[int]) -> int:\n    """Return the sum."""\n    return sum(prices)\n'
BAD = GOOD.replace('"""Prices."""\n', '"""Prices."""\n\nimport os\n')


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages, installed once a run; what they do at installation, which they need not, is left out."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "npm"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "node_modules/.bin/husky").exists():
            (shared / "package.json").write_text("{}")
            argv = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES]
            home = os.environ | {"HOME": pwd.getpwuid(os.getuid()).pw_dir}  # where npm's settings are
            done = subprocess.run(argv, cwd=shared, env=home, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"no npm registry here: {done.stderr[-300:]}")
    return shared / "node_modules"


@pytest.fixture
def shop(repo: Repo, modules: Path) -> Repo:
    """A project with a good commit and the packages, everycommit on the PATH."""
    repo.environ["PATH"] = os.pathsep.join([str(modules / ".bin"), str(BIN), repo.environ["PATH"]])
    repo.environ["VIRTUAL_ENV"] = sys.prefix
    repo.stage("pyproject.toml", PYPROJECT).stage(".gitignore", "node_modules\n__pycache__/\n")
    repo.stage("package.json", '{"name": "shop", "version": "1.0.0"}\n').stage("shop.py", GOOD).commit("Start")
    repo.path("node_modules").symlink_to(modules)
    return repo


def run(repo: Repo, *argv: str) -> str:
    done = subprocess.run(
        argv, cwd=repo.root, env=repo.environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def named(repo: Repo, name: str) -> str:
    """Let `init --write` add the entry, and commit it; return what it said."""
    assert f"{name} is configured" in repo.everycommit("doctor").stdout
    done = repo.everycommit("init", "--write")
    assert done.returncode == 0, done.stderr
    repo.git("add", "--all")
    repo.commit("Name everycommit")
    return done.stdout


def judged(repo: Repo) -> None:
    """A commit with a finding is refused, the mended one passes, one that only deletes is judged too."""
    head = repo.text("rev-parse", "HEAD")
    repo.stage("shop.py", BAD)
    refused = repo.attempt("commit", "-m", "Import")
    said = refused.stdout + refused.stderr
    assert refused.returncode == 1, said
    assert "F401" in said
    assert repo.text("rev-parse", "HEAD") == head

    repo.stage("shop.py", GOOD.replace("the sum", "the sum of them")).stage("more.txt", "1\n")
    passed = repo.attempt("commit", "-m", "Word")
    said = passed.stdout + passed.stderr
    assert passed.returncode == 0, said
    assert said.count("policy lint") == 1, said

    repo.git("rm", "--quiet", "more.txt")
    deleted = repo.attempt("commit", "-m", "Delete")
    said = deleted.stdout + deleted.stderr
    assert deleted.returncode == 0, said
    assert said.count("policy/file-deleted") == 1, said


def pushed_bad(repo: Repo, tmp_path: Path) -> str:
    """Push a good and a bad branch, the checkout being good; return what was said of the refusal."""
    remote = Repo.make(tmp_path / "remote", tmp_path / "home", bare=True)
    repo.git("remote", "add", "origin", str(remote.root))
    repo.git("push", "--quiet", "--no-verify", "origin", "main")
    repo.stage("shop.py", BAD).commit("Bad, unseen")
    repo.git("branch", "zzz-bad")
    repo.git("reset", "--quiet", "--hard", "HEAD~1")

    done = repo.attempt("push", "origin", "main", "zzz-bad")

    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "F401" in said
    return said


@pytest.mark.parametrize("config", ["its own", "jobs", "commands"])
def test_lefthook(shop: Repo, tmp_path: Path, config: str) -> None:
    if config == "jobs":
        shop.write("lefthook.yml", "pre-commit:\n    jobs:\n    -   name: own\n        run: echo OWN\n")
    elif config == "commands":
        shop.write("lefthook.yml", "pre-commit:\n  commands:\n    own:\n      run: echo OWN\n")
    run(shop, "lefthook", "install")
    text = shop.path("lefthook.yml").read_text()
    said = named(shop, "lefthook")
    run(shop, "lefthook", "validate")
    run(shop, "lefthook", "install")
    assert "Next: `git add lefthook.yml`; `lefthook install`; `everycommit install --hook pre-push`" in said
    assert set(text.splitlines()) <= set(shop.path("lefthook.yml").read_text().splitlines())

    judged(shop)

    assert shop.everycommit("install", "--no-fill", "--hook", "pre-push").returncode == 0
    assert "push zzz-bad" in pushed_bad(shop, tmp_path)
    told = shop.everycommit("doctor").stdout
    assert "pre-commit: lefthook calls everycommit (lefthook.yml)" in told
    assert "hooks: pre-push in .git/hooks" in told


def test_lefthook_calls_no_hook_that_it_has_moved_and_doctor_and_uninstall_know(shop: Repo) -> None:
    shop.everycommit("install", "--no-fill")
    shop.write("lefthook.yml", "pre-commit:\n  jobs:\n  - run: echo OWN\n")
    run(shop, "lefthook", "install")
    told = shop.everycommit("doctor").stdout

    done = shop.everycommit("uninstall")

    assert "pre-commit: ours was moved to pre-commit.old, where nobody calls it" in told
    assert done.returncode == 0, done.stdout
    assert not shop.path(".git/hooks/pre-commit.old").exists()


def test_husky_with_lint_staged(shop: Repo, tmp_path: Path) -> None:
    """What lint-staged mends and adds to the index is what is judged."""
    run(shop, "husky", "init")
    package = json.loads(shop.path("package.json").read_text())
    shop.write("package.json", json.dumps({**package, "lint-staged": {"*.txt": "sed -i s/wrong/right/"}}))
    shop.write(".husky/pre-commit", "lint-staged\n")
    said = named(shop, "husky")
    assert "husky with lint-staged is here" in said
    assert shop.path(".husky/pre-commit").read_text() == "lint-staged\neverycommit hook pre-commit\n"

    judged(shop)

    shop.stage("note.txt", "wrong\n")
    done = shop.attempt("commit", "-m", "Note")
    assert done.returncode == 0, done.stdout + done.stderr
    assert shop.text("show", "HEAD:note.txt") == "right"
    assert "push zzz-bad" in pushed_bad(shop, tmp_path)
    told = shop.everycommit("doctor").stdout
    for hook in ("pre-commit", "pre-merge-commit", "pre-push"):
        assert f"{hook}: husky calls everycommit (.husky/{hook})" in told


def test_husky_alone_is_known_by_what_its_init_makes(shop: Repo) -> None:
    run(shop, "husky", "init")
    shop.write(".husky/pre-commit", "echo OWN\n")
    told = shop.everycommit("doctor").stdout

    named(shop, "husky")
    judged(shop)

    assert "pre-commit: the hook is husky's, everycommit is not called" in told
