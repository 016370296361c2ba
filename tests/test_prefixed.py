"""The project's Python behind a command: it is asked there, sees the snapshot there, and what it says is of here."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from everycommit.config.schema import RunSettings
from everycommit.config.trust import prefix_digest
from everycommit.environment import Interpreter, tool
from everycommit.errors import ToolError
from everycommit.gates.tests import Tests as Gate
from everycommit.gates.typecheck import Types
from everycommit.ledger import doubted
from everycommit.prefixed import Behind, asked, behind
from everycommit.record import replace
from everycommit.result import Outcome
from judging import judging, lines
from support import Repo, give_python

WORKS = lines(
    "import os",
    "",
    "import shop",
    "",
    "",
    "def test_it() -> None:",
    "    assert shop.ONE == 1",
    "    assert os.environ['WHO'] == 'the prefix'",
)


class Box:
    """Stands for a container: the snapshots' folder and the working tree are at other paths there, and only there."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self.repo = repo
        self.cache = folder / "cache"
        self.cache.mkdir()
        self.inside, self.app = folder / "box/everycommit", folder / "box/app"
        self.inside.mkdir(parents=True)
        self.app.mkdir()
        script = lines(
            f"mount --bind {self.cache} {self.inside} && mount --bind {repo.root} {self.app}",
            # Nobody sees what only this side has.
            f"mount -t tmpfs none {self.cache} || exit 9",
            'WHO="the prefix" exec "$@"',
        )
        self.prefix: tuple[str, ...] = ("unshare", "-Urm", "sh", "-c", script, "box")

    def settings(self) -> RunSettings:
        return RunSettings(prefix=self.prefix, python=sys.executable, folder=f"{self.inside}/", worktree=str(self.app))

    def made(self, **more: object) -> Behind:
        settings = replace(self.settings(), **more)  # type: ignore[arg-type]
        return behind(settings, top=self.repo.root, cache=self.cache, environ=self.repo.environ | PATH)


PATH = {"PATH": os.environ["PATH"]}


@pytest.fixture
def box(repo: Repo, tmp_path: Path) -> Box:
    made = Box(repo, tmp_path)
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    tried = subprocess.run([*made.prefix, "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"no mounts of one's own here: {tried.stderr.decode(errors='replace').strip()}")
    return made


@pytest.fixture
def plain(repo: Repo, tmp_path: Path) -> Callable[..., Behind]:
    """Make a prefix that changes no path."""

    def made(*argv: str, **more: object) -> Behind:
        settings = RunSettings(prefix=argv, python=sys.executable, **more)  # type: ignore[arg-type]
        return behind(settings, top=repo.root, cache=tmp_path / "cache", environ=repo.environ | PATH | {"TOKEN": "x"})

    return made


def test_the_python_behind_a_prefix_says_what_it_is(plain: Callable[..., Behind]) -> None:
    found = asked(plain("env", "WHO=me"))

    assert found.version == ".".join(map(str, sys.version_info[:3]))
    assert found.prefix == Path(sys.prefix)
    assert "pytest" in found.distributions
    assert found.shown == f"env WHO=me (Python {found.version.rpartition('.')[0]})"
    assert tool("pytest", found).argv == (str(found.python), "-m", "pytest")


def test_what_it_says_before_and_after_is_passed_over(plain: Callable[..., Behind]) -> None:
    assert (
        "pytest"
        in asked(plain("sh", "-c", 'echo "Creating environment"; "$@"; echo "congratulations :)"', "sh")).distributions
    )


@pytest.mark.parametrize("argv", [("env", "sh", "-c", "echo no such service >&2; exit 1", "sh"), ("false",)])
def test_one_without_an_answer_is_said(plain: Callable[..., Behind], argv: tuple[str, ...]) -> None:
    with pytest.raises(ToolError, match=r"no Python behind run\.prefix .* said: (no such service|nothing); start what"):
        asked(plain(*argv))


def test_what_lies_behind_it_counts_for_the_ledger(plain: Callable[..., Behind], repo: Repo) -> None:
    """Also what nobody can see from here: the variables that it sets; their values do not come out."""
    give_python(repo)

    def word(*argv: str, **more: object) -> str:
        prefix = replace(plain("env", *argv, **more), python=str(repo.root / ".venv/bin/python"))
        return asked(prefix).fingerprint

    first = word("A=some-word")

    assert not doubted(first)
    assert "some-word" not in first
    assert word("A=some-word") == first
    assert word("A=other-word") != first
    assert word("A=some-word", folder="/x") != first


def test_it_sees_the_variables_that_are_named_for_it(plain: Callable[..., Behind]) -> None:
    assert "TOKEN" not in plain("env").environ
    assert plain("env", env=("TOKEN",)).environ["TOKEN"] == "x"


def test_an_editable_install_outside_the_working_tree_is_a_doubt(
    plain: Callable[..., Behind], repo: Repo, tmp_path: Path
) -> None:
    give_python(repo)
    [site] = (repo.root / ".venv/lib").glob("python*/site-packages")
    own = replace(plain("env"), python=str(repo.root / ".venv/bin/python"))
    (site / "own.pth").write_text(f"{repo.root}\n")
    assert not doubted(asked(own).fingerprint)

    (tmp_path / "elsewhere").mkdir()
    (site / "other.pth").write_text(f"{tmp_path / 'elsewhere'}\n")

    assert doubted(asked(own).fingerprint)


def test_our_mypy_and_a_ruff_of_the_same_path_here_do_not_stand_for_those_behind_it(box: Box) -> None:
    found = asked(box.made())
    bare = replace(found, distributions={})

    assert tool("ruff", found).ours
    with pytest.raises(ToolError, match="mypy is not installed in unshare"):
        tool("mypy", bare)


def test_paths_are_turned_to_there_and_back() -> None:
    made = Behind(
        argv=("docker",),
        python="python",
        top=Path("/home/me/app"),
        cache=Path("/home/me/.cache/everycommit"),
        folder="/everycommit",
        worktree="/app",
        environ={},
    )

    told = made.told(
        ["python", "-o", "cache_dir=/home/me/.cache/everycommit/w/x"],
        cwd=Path("/home/me/.cache/everycommit/w/tree"),
        env={"PYTHONPATH": "/home/me/.cache/everycommit/w/inside", "A": "{1}"},
    )

    line = made.started(made.cache / "start.py", made.cache / "start")
    assert line == ["docker", "python", "-I", "-S", "/everycommit/start.py", "/everycommit/start"]
    assert json.loads(told) == {
        "argv": ["python", "-o", "cache_dir=/everycommit/w/x"],
        "cwd": "/everycommit/w/tree",
        "path": "/everycommit/w/inside",
        "env": {"A": "{1}", "EVERYCOMMIT_WORKTREE": "/app"},
    }
    said = b"/everycommit/w/tree/a.py /app/src/b.py /srv/app/c.py file:///app/d /application/e"
    assert made.back(said) == (
        b"/home/me/.cache/everycommit/w/tree/a.py /home/me/app/src/b.py /srv/app/c.py file:///app/d /application/e"
    )


def given(box: Box) -> Interpreter:
    return asked(box.made())


@pytest.fixture
def shop(box: Box) -> Iterator[Box]:
    """An editable install would give the working tree, as PYTHONPATH does here."""
    box.prefix = (*box.prefix, "env", f"PYTHONPATH={box.app}/src")
    box.repo.stage("src/shop.py", "ONE = 1\n").stage("test_it.py", WORKS).commit()
    return box  # type: ignore[return-value]


def test_tests_run_behind_it_over_the_snapshot(shop: Box) -> None:
    shop.repo.stage("src/shop.py", "ONE = 2\n").write("src/shop.py", "ONE = 1\n")

    with judging(shop.repo, interpreter=lambda: given(shop)) as job:
        [finding] = job.findings(Gate())
    assert (finding.path, finding.line, finding.rule, finding.new) == ("test_it.py", 7, "tests/failed", True)

    shop.repo.stage("src/shop.py", "ONE = 1  # again\n").write("src/shop.py", "ONE = 2\n")
    with judging(shop.repo, interpreter=lambda: given(shop)) as job:
        result = job.check(Gate())

    assert (result.outcome, result.reason, result.counts["selected"]) == (Outcome.PASSED, None, 1)


def test_what_a_prefix_says_and_how_it_ends_is_not_the_tool_s(plain: Callable[..., Behind], repo: Repo) -> None:
    """One mixes the streams, adds words, and ends with 1 whatever ended with 5."""
    repo.stage("src/shop.py", 'ONE: int = "1"\n').stage("test_it.py", "")
    python = asked(plain("sh", "-c", 'echo "a.py:1: error: Not yours  [x]"; "$@" 2>&1 || exit 1', "sh"))

    with judging(repo, interpreter=lambda: python) as job:
        types, tests = job.check(Types()), job.check(Gate())

    assert [(found.path, found.rule) for found in types.findings] == [("src/shop.py", "types/assignment")]
    assert types.counts == {"files": 1}
    assert (tests.outcome, tests.reason) == (Outcome.INCONCLUSIVE, "pytest selected no test")


def test_a_prefix_that_no_longer_works_is_no_verdict(plain: Callable[..., Behind], repo: Repo, tmp_path: Path) -> None:
    repo.stage("test_it.py", "def test_it(): pass\n")
    script = f'[ ! -e {tmp_path}/gone ] || {{ echo "no container" >&2; exit 1; }}; exec "$@"'
    python = asked(plain("sh", "-c", script, "sh"))
    (tmp_path / "gone").touch()

    with judging(repo, interpreter=lambda: python) as job, pytest.raises(ToolError, match="ended with 1: no container"):
        job.check(Gate())


def test_time_that_runs_out_behind_it_is_said(plain: Callable[..., Behind], repo: Repo) -> None:
    repo.stage("test_it.py", "import time\ndef test_it():\n    time.sleep(600)\n")
    python = asked(plain("env"))

    with judging(repo, interpreter=lambda: python, seconds=4) as job:
        result = job.check(Gate())

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "time ran out" in (result.reason or "")


def test_types_are_checked_behind_it(shop: Box) -> None:
    shop.repo.stage("src/shop2.py", 'TWO: int = "2"\n')

    with judging(shop.repo, interpreter=lambda: given(shop)) as job:
        found = job.told(Types())

    assert found == [("src/shop2.py", 1, "types/assignment", True)]


def test_where_the_snapshot_is_not_mounted_that_is_said(box: Box) -> None:
    box.repo.stage("test_it.py", WORKS)
    python = asked(box.made(folder="/nowhere"))

    with judging(box.repo, interpreter=lambda: python) as job, pytest.raises(ToolError) as told:
        job.check(Gate())

    assert "/nowhere/worktrees/" in str(told.value)
    assert f"is not there behind run.prefix; mount '{box.cache}' there" in str(told.value)
    assert python.behind is not None
    assert python.behind.unseen() is not None
    assert box.made().unseen() is None


def test_uv_run_is_a_prefix(repo: Repo, tmp_path: Path) -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("no uv here")
    give_python(repo)
    repo.stage("pyproject.toml", '[project]\nname = "shop"\nversion = "1"\n').commit()
    settings = RunSettings(prefix=(uv, "run", "--no-sync", "--offline"))

    found = asked(behind(settings, top=repo.root, cache=tmp_path / "cache", environ=repo.environ | PATH))

    assert found.prefix == repo.root / ".venv"


PYPROJECT = """
[tool.everycommit]
commit = ["tests"]
[tool.everycommit.run]
prefix = ["env", "WHO=the prefix"]
python = "{python}"
"""


def test_a_repository_s_prefix_runs_once_it_is_accepted(repo: Repo) -> None:
    repo.stage("shop.py", "ONE = 1\n").stage("test_it.py", WORKS)
    repo.stage("pyproject.toml", PYPROJECT.format(python=sys.executable))

    refused = repo.everycommit("run", PATH=os.environ["PATH"])
    doctor = repo.everycommit("doctor", PATH=os.environ["PATH"])
    listed = repo.everycommit("trust", "--yes", PATH=os.environ["PATH"])
    run = repo.everycommit("run", PATH=os.environ["PATH"])
    bare = repo.everycommit("run", "--no-code", PATH=os.environ["PATH"])
    again = repo.everycommit("doctor", PATH=os.environ["PATH"])

    settings = RunSettings(prefix=("env", "WHO=the prefix"), python=sys.executable)
    assert refused.returncode == 2
    assert prefix_digest(settings)[:12] in refused.stdout
    assert "run.prefix was not accepted" in doctor.stdout
    assert f"run.prefix (index): env 'WHO=the prefix' {sys.executable}" in listed.stdout
    assert run.returncode == 0, run.stdout + run.stderr
    assert "tests 1" in run.stdout
    assert "behind run.prefix: env WHO=the prefix" in again.stdout
    assert "snapshots are seen behind run.prefix" in again.stdout
    assert bare.returncode != 1, bare.stdout
