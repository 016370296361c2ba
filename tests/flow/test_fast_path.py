"""A commit that was judged is known by the installed hook without Python; whatever its verdict depends on starts it."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flow.conftest import PRICES, PYPROJECT
from flow.knowing import LINTED, MORE, Fast, made


@pytest.fixture
def fast(tmp_path: Path) -> Fast:
    """Without tests, which begin with a start of pytest."""
    return made(tmp_path, LINTED)


@pytest.fixture
def tested(tmp_path: Path) -> Fast:
    return made(tmp_path, PYPROJECT)


def test_a_run_before_the_commit_is_known_at_the_commit(tested: Fast) -> None:
    tested.passed()

    assert not tested.starts()
    assert tested.text("show", "HEAD:src/shop/prices.py") == (PRICES + MORE).strip()


def test_without_a_locale_the_one_that_python_makes_up_is_none(tmp_path: Path) -> None:
    """A container often has neither LANG nor LC_ALL."""
    fast = made(tmp_path, LINTED)
    for name in ("LANG", "LC_ALL", "LC_CTYPE"):
        fast.environ.pop(name, None)
    fast.passed()

    assert not fast.starts()
    assert fast.back().starts(code=None, LC_CTYPE="C.UTF-8")
    assert not fast.answered


def test_a_commit_that_its_message_refused_is_known_the_next_time(tested: Fast) -> None:
    hook = tested.root / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    tested.passed().stage("src/shop/more.py", "X = 1\n")
    assert tested.starts(code=1)
    hook.unlink()

    assert not tested.starts()


def test_a_commit_amended_with_another_message_is_known(tested: Fast) -> None:
    tested.passed()
    assert not tested.starts()

    assert not tested.starts("--amend", "-m", "Another")
    assert not tested.starts("--amend", "-m", "And another")


def test_the_known_commit_of_a_linked_worktree_is_its_own(fast: Fast) -> None:
    fast.passed()
    fast.git("worktree", "add", "--quiet", "../other")
    other = Fast(fast.root.parent / "other", fast.environ).stage("src/shop/prices.py", PRICES + MORE)
    log = fast.root / ".git/hooks/started"

    for started in (True, False):
        done = other.attempt("commit", "-m", "change")
        assert done.returncode == 0, done.stderr
        assert log.exists() is started, done.stderr
        assert "known, judged at" in done.stderr
        log.unlink(missing_ok=True)
        other.git("reset", "--quiet", "--soft", "HEAD^")
        time.sleep(1.1)
        if started:
            assert other.everycommit("run").returncode == 0


def test_what_is_not_staged_does_not_matter(fast: Fast) -> None:
    fast.passed().write("src/shop/prices.py", "broken(\n").write("tests/test_new.py", "broken(\n")

    assert not fast.starts()


def test_commits_of_a_part_start_python(fast: Fast) -> None:
    fast.passed()

    assert fast.starts("-a")
    assert fast.back().starts("--only", "src/shop/prices.py")
    assert not fast.back().starts()


def test_a_change_that_would_be_refused_is_refused(fast: Fast) -> None:
    fast.passed().stage("src/shop/prices.py", "import os\n" + PRICES + MORE)

    assert fast.starts(code=1)


def test_a_pair_that_fails_when_it_is_judged_again_is_not_known_any_more(tested: Fast) -> None:
    """Tests may fail by the weather: the later word counts."""
    flag = tested.root.parent / "flag"
    flag.touch()
    tested.stage(
        "tests/test_flag.py", f"import os\n\n\ndef test_flag() -> None:\n    assert os.path.exists({str(flag)!r})\n"
    )
    tested.passed()
    flag.unlink()

    assert tested.everycommit("run", "tests", "--fresh").returncode == 1

    assert not tested.known.exists()


def test_a_ledger_that_is_cleared_is_cleared_for_the_hook_too(fast: Fast) -> None:
    fast.passed()
    assert fast.everycommit("ledger", "clear").returncode == 0

    assert fast.starts()


# --- dependencies --------------------------------------------------------------------------------------------------


def _reinstalled(fast: Fast) -> None:
    """Another mypy of the same version, where its distribution was a link."""
    (record,) = fast.site.glob("pytest-*.dist-info")
    real = record.resolve()
    record.unlink()
    shutil.copytree(real, record)


def _touched(fast: Fast) -> None:
    """A record that is written anew in place."""
    record = fast.site / "extra-1.0.dist-info/RECORD"
    record.write_text(record.read_text())


def _add(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def _interpreter(fast: Fast) -> None:
    python = fast.root / ".venv/bin/python"
    target = python.resolve()
    python.unlink()
    python.write_text(f'#!/bin/sh\nexec {target} "$@"\n')
    python.chmod(0o755)


def _user_settings(fast: Fast, text: str = "[policy]\nmax_added_lines = 1\n") -> None:
    (Path(fast.environ["XDG_CONFIG_HOME"]) / "everycommit/settings.toml").write_text(text)


def _trusted(fast: Fast) -> None:
    path = fast.root / ".git/everycommit/accepted.json"
    path.write_text('{"version": 1, "accepted": {}}')


def _scope(fast: Fast) -> None:
    assert fast.everycommit("scope", "set", "--only", "docs/**").returncode == 0


def _gates(fast: Fast) -> None:
    fast.stage("pyproject.toml", LINTED.replace(', "lint"', ""))


def _settings_above(fast: Fast) -> None:
    """Where a tool that runs in the snapshot would look up to."""
    (Path(fast.environ["XDG_CACHE_HOME"]) / "ruff.toml").write_text("")


def _program_on_path(fast: Fast) -> None:
    (fast.root.parent / "bin/new").touch()


CHANGES: dict[str, Callable[[Fast], object]] = {
    "a package is installed": lambda fast: (fast.site / "new-1.0.dist-info").mkdir(),
    "a package is taken away": lambda fast: shutil.rmtree(fast.site / "extra-1.0.dist-info"),
    "a package is installed again": _reinstalled,
    "a record is written anew": _touched,
    "a module of the environment is edited": lambda fast: (fast.site / "extra.py").write_text("X = 2\n"),
    "a .pth file comes": lambda fast: (fast.site / "a.pth").write_text(""),
    "the interpreter is another": _interpreter,
    "pyvenv.cfg is another": lambda fast: _add(fast.root / ".venv/pyvenv.cfg", "x = 1\n"),
    "the environment is moved away": lambda fast: (fast.root / ".venv").rename(fast.root.parent / "gone"),
    "another environment comes": lambda fast: (fast.root / "venv").symlink_to(".venv"),
    "the user's settings come": _user_settings,
    "commands are accepted": _trusted,
    "a task has a scope": _scope,
    "the settings file is another": _gates,
    "settings above the snapshot": _settings_above,
    "a program comes on the PATH": _program_on_path,
}


def test_a_managers_environment_is_known_until_another_could_be_chosen(fast: Fast) -> None:
    kept = fast.root.parent / "venvs/shop"
    kept.parent.mkdir()
    (fast.root / ".venv").rename(kept)
    (fast.root / ".pdm-python").write_text(f"{kept}/bin/python")
    fast.passed()

    assert not fast.starts()
    (fast.root / "poetry.lock").touch()
    assert fast.back().starts()
    fast.back().judged()
    (fast.root / ".pdm-python").write_text("/elsewhere/bin/python")
    assert fast.starts(code=None)


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_the_verdict_depends_on_starts_python(fast: Fast, change: str) -> None:
    (fast.root.parent / "bin").mkdir()
    fast.environ["PATH"] += f":{fast.root.parent}/bin"
    (fast.site / "extra-1.0.dist-info").mkdir()
    (fast.site / "extra-1.0.dist-info/RECORD").write_text("extra\n")
    (fast.site / "extra.py").write_text("X = 1\n")
    fast.passed()
    assert not fast.starts()
    fast.back()

    CHANGES[change](fast)

    assert fast.starts(code=None)
    assert not fast.answered


@pytest.mark.parametrize("change", ["edited", "removed"])
def test_the_users_settings_start_python_when_they_are(fast: Fast, change: str) -> None:
    _user_settings(fast, "timeout = 200\n")
    fast.passed()
    assert not fast.starts()
    fast.back()

    if change == "edited":
        _user_settings(fast)
    else:
        (Path(fast.environ["XDG_CONFIG_HOME"]) / "everycommit/settings.toml").unlink()

    assert fast.starts(code=None)


@pytest.mark.parametrize(
    "env",
    [
        {"SKIP": "everycommit-tests"},
        {"EVERYCOMMIT_TIMEOUT": "100"},
        {"EVERYCOMMIT_POLICY_MAX_ADDED_LINES": "1"},
        {"VIRTUAL_ENV": "/somewhere"},
        {"LC_ALL": "C"},
        {"HOME": "/"},
    ],
    ids=str,
)
def test_the_environment_starts_python(fast: Fast, env: dict[str, str]) -> None:
    fast.passed()

    assert fast.starts(code=None, **env)
    assert not fast.answered


def test_a_merge_starts_python(fast: Fast) -> None:
    fast.git("branch", "side")
    fast.passed()
    assert not fast.starts()
    fast.git("checkout", "--quiet", "side")
    fast.stage("README.md", "# Side\n").commit().git("checkout", "--quiet", "main")
    fast.git("merge", "--quiet", "--no-commit", "side")

    assert fast.starts()


# --- what is never written down ------------------------------------------------------------------------------------


def _chosen(fast: Fast) -> tuple[list[str], dict[str, str]]:
    return ["lint"], {}


def _skipped(fast: Fast) -> tuple[list[str], dict[str, str]]:
    return ["--skip", "tests"], {}


def _skipped_by_variable(fast: Fast) -> tuple[list[str], dict[str, str]]:
    return [], {"SKIP": "everycommit-tests"}


def _other_change(fast: Fast) -> tuple[list[str], dict[str, str]]:
    return ["--worktree"], {}


def _other_occasion(fast: Fast) -> tuple[list[str], dict[str, str]]:
    return ["--at", "push", "--skip", "types"], {}


def _by_environment(fast: Fast) -> tuple[list[str], dict[str, str]]:
    return [], {"EVERYCOMMIT_TIMEOUT": "100"}


def _by_python(fast: Fast) -> tuple[list[str], dict[str, str]]:
    return [], {"PYTHONPATH": "/nowhere"}


def _warned(fast: Fast) -> tuple[list[str], dict[str, str]]:
    fast.git("rm", "--quiet", "README.md")
    return [], {}


UNFIT: dict[str, Callable[[Fast], tuple[list[str], dict[str, str]]]] = {
    "gates were chosen": _chosen,
    "a gate was left out": _skipped,
    "a gate was left out by SKIP": _skipped_by_variable,
    "another change was judged": _other_change,
    "another occasion": _other_occasion,
    "settings of the environment": _by_environment,
    "packages by a variable": _by_python,
    "a warning": _warned,
}


@pytest.mark.parametrize("unfit", UNFIT)
def test_a_verdict_that_needs_words_or_doubts_is_not_written_down(fast: Fast, unfit: str) -> None:
    fast.passed()
    shutil.rmtree(fast.known.parent)
    argv, env = UNFIT[unfit](fast)

    done = Fast(fast.root, fast.environ | env).everycommit("run", *argv)

    assert done.returncode == 0, done.stdout + done.stderr
    assert not fast.known.exists()


def test_an_editable_install_outside_is_not_written_down(tested: Fast) -> None:
    """Nobody tells when its code changes."""
    tested.passed()
    shutil.rmtree(tested.known.parent)
    (tested.root.parent / "lib").mkdir()
    (tested.site / "__editable__.x.pth").write_text(f"{tested.root.parent}/lib\n")
    time.sleep(1.1)

    assert tested.everycommit("run").returncode == 0

    assert not tested.known.exists()


@pytest.mark.parametrize(
    "settings",
    [
        '[tool.everycommit.tests]\nenv = ["WORD"]\n',
        'secrets_also = "auto"\n',
        '[tool.everycommit.snapshot]\nlink = ["data"]\n',
        '[tool.everycommit.command.yes]\nrun = ["true"]\n',
    ],
)
def test_settings_by_which_more_counts_are_not_written_down(tested: Fast, settings: str) -> None:
    (tested.root / "data").mkdir()
    tested.stage("pyproject.toml", PYPROJECT + settings).commit()
    assert tested.everycommit("trust", "--yes").returncode == 0
    tested.stage("src/shop/prices.py", PRICES + MORE)

    for _ in range(2):
        time.sleep(1.1)
        done = tested.everycommit("run", WORD="x")
        assert done.returncode == 0, done.stdout + done.stderr

    assert not tested.known.exists()


def test_where_nothing_can_be_written_down_all_is_as_ever(fast: Fast) -> None:
    fast.passed()
    shutil.rmtree(fast.known.parent)
    fast.known.parent.write_text("in the way")

    assert fast.everycommit("run").returncode == 0
    assert fast.starts()
