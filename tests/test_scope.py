"""The scope of a task: set for a worktree without a commit, shown in every verdict, over by itself."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from everycommit.change import Candidate, Change
from everycommit.config.load import load
from everycommit.config.schema import Config, PolicySettings, Settings
from everycommit.config.scope import PUSH, Scope, clear, over, place, read, scoped, tightened, write
from everycommit.errors import RepositoryError, UsageError
from everycommit.repo.repository import Repository, discover
from support import EVERYCOMMIT, Repo

FAR = "2999-12-31"


@pytest.fixture
def task(repo: Repo) -> Repo:
    repo.stage("src/nav/a.py", "A = 1\n").stage("src/types.py", "def f(x: int) -> int:\n    return x\n")
    return repo.stage("README.md", "# One\n").commit()


def scope(repo: Repo, *argv: str) -> str:
    done = repo.everycommit("scope", *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout


def verdict(repo: Repo) -> dict[str, Any]:
    done = repo.everycommit("run", "policy", "--format", "json")
    found: dict[str, Any] = json.loads(done.stdout)["verdicts"][0]
    return found


def rules(repo: Repo) -> list[str]:
    return [one["rule"] for one in verdict(repo)["gates"][0]["findings"] if one["severity"] == "error"]


def test_it_is_set_shown_and_cleared(task: Repo) -> None:
    said = scope(
        task,
        *("--only", "src/nav/**", "docs/**", "--frozen", "src/types.py::signatures", "--max-added", "120"),
        *("--until", "push", "--goal", "rounder icons"),
    )

    words = (
        "scope: only src/nav/**, docs/**; frozen src/types.py::signatures; at most 120 lines added; until push "
        "(rounder icons)\n"
    )
    assert said == words
    assert scope(task, "show") == words == scope(task)
    assert scope(task, "clear") == "The task scope is cleared.\n"
    assert scope(task, "clear") == "There was no task scope.\n"
    assert scope(task, "show").startswith("There is no task scope here.")


def test_what_is_outside_is_refused_and_the_verdict_names_the_scope(task: Repo) -> None:
    scope(task, "--only", "src/nav/**", "--until", FAR)
    task.stage("README.md", "# Two\n").stage("src/nav/a.py", "A = 2\n")

    done = task.everycommit("run", "policy")

    assert done.returncode == 1
    assert "README.md:1: error  policy/out-of-scope" in done.stdout
    assert f"note: scope: only src/nav/**; until {FAR}" in done.stdout
    assert rules(task) == ["policy/out-of-scope"]


def test_a_verdict_that_passes_names_it_too(task: Repo) -> None:
    scope(task, "--only", "src/nav/**")
    task.stage("src/nav/a.py", "A = 2\n")

    assert "note: scope: only src/nav/**" in task.everycommit("run", "policy").stdout


def test_frozen_signatures_leave_bodies_free(task: Repo) -> None:
    scope(task, "--frozen", "src/types.py::signatures", "--max-added", "2")

    task.stage("src/types.py", "def f(x: int) -> int:\n    return x + 1\n")
    assert rules(task) == []
    task.stage("src/types.py", "def f(x: str) -> int:\n    return 1\n")
    assert rules(task) == ["policy/frozen-symbol"]
    task.stage("src/nav/a.py", "A = 1\nB = 2\nC = 3\n").stage("src/types.py", "def f(x: int) -> int:\n    return 2\n")
    assert rules(task) == ["policy/added-lines"]


def test_it_tightens_settings_and_never_loosens_them(task: Repo) -> None:
    settings = '[tool.everycommit.policy]\nmax_added_lines = 1\nonly = ["src/**"]\nrules.out-of-scope = "off"\n'
    task.stage("pyproject.toml", settings).commit()
    scope(task, "--only", "src/nav/**", "--max-added", "50")

    task.stage("src/nav/a.py", "A = 2\nB = 3\nC = 3\n")
    assert rules(task) == ["policy/added-lines"]
    task.stage("src/nav/a.py", "A = 1\n").stage("src/types.py", "")
    assert "policy/out-of-scope" in rules(task)


def test_the_settings_file_is_in_the_scope_or_it_is_not(task: Repo) -> None:
    """Alone it passes limits that it could take back; a scope can be cleared instead."""
    task.stage("pyproject.toml", "[tool.everycommit.policy]\nmax_files = 3\n").commit()
    task.stage("pyproject.toml", "[tool.everycommit.policy]\nmax_files = 2\n")
    assert rules(task) == []

    scope(task, "--only", "src/nav/**")

    assert rules(task) == ["policy/out-of-scope"]


def test_until_commit_ends_with_the_commit(task: Repo) -> None:
    scope(task, "--only", "src/nav/**", "--until", "commit")
    task.stage("README.md", "# Two\n")
    assert rules(task) == ["policy/out-of-scope"]

    task.commit().stage("README.md", "# Three\n")

    assert "(ended: the commit was made)" in scope(task, "show")
    found = verdict(task)
    assert found["outcome"] == "passed"
    assert "the task scope ended: the commit was made" in found["notes"]
    assert scope(task).startswith("There is no task scope")


def test_until_a_day_ends_with_the_day(task: Repo) -> None:
    repository = discover(task.root, task.environ)

    assert over(Scope(until="2026-03-01"), repository, "2026-03-01") is None
    assert over(Scope(until="2026-03-01"), repository, "2026-03-02") == "2026-03-01 is over"
    assert over(Scope(), repository, "2026-03-02") is None


def test_until_push_ends_when_a_remote_has_it(task: Repo, tmp_path: Path) -> None:
    remote = Repo.make(tmp_path / "remote", tmp_path / "home", bare=True)
    task.git("remote", "add", "origin", str(remote.root))
    task.git("push", "--quiet", "origin", "main")
    scope(task, "--only", "src/nav/**", "--until", "push")
    task.stage("src/nav/a.py", "A = 2\n").commit()
    head = discover(task.root, task.environ).head
    line = f"refs/heads/main {head} refs/heads/main {task.text('rev-parse', 'HEAD^')}\n"

    pushing = pushed(task, line)

    assert "scope: only src/nav/**; until push" in pushing
    task.stage("README.md", "# Two\n")
    assert rules(task) == ["policy/out-of-scope"], "nothing is on the remote yet"
    task.git("push", "--quiet", "--no-verify", "origin", "main")
    assert rules(task) == []
    assert read(task.root / ".git") is None


def pushed(repo: Repo, line: str) -> str:
    """Return what the pre-push hook says of *line* while the remote has the parent of HEAD."""
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD^")
    done = subprocess.run(
        [*EVERYCOMMIT, "hook", "pre-push", "origin", "url"],
        cwd=repo.root,
        env=repo.environ | {"EVERYCOMMIT_PUSH": "policy"},
        input=line,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def candidate(repository: Repository, occasion: str, base: str | None = None) -> Candidate:
    change = Change(base="b" * 40, target="c" * 40, parents=("b" * 40,), files=(), landing=())
    return Candidate(change=change, occasion=occasion, base_commit=base, target_commit=repository.head)


def test_a_push_with_older_commits_is_not_judged_by_it_and_it_is_said(task: Repo) -> None:
    task.stage("README.md", "# Two\n").commit()
    repository = discover(task.root, task.environ)
    older = task.text("rev-parse", "HEAD^")
    write(repository.git_dir, Scope(only=("x",), head=repository.head))

    found = scoped(Config(settings=Settings()), repository, candidate(repository, "push", older))
    since = scoped(Config(settings=Settings()), repository, candidate(repository, "push", repository.head))
    root = scoped(Config(settings=Settings()), repository, candidate(repository, "push"))
    ci = scoped(Config(settings=Settings()), repository, candidate(repository, "ci"))

    assert found.settings.policy.only == () == root.settings.policy.only == ci.settings.policy.only
    assert found.notes == ("scope: only x; not judged: the push holds commits from before it was set",)
    assert since.settings.policy.only == (("x",),)
    assert ci.notes == ()


def test_a_scope_of_a_branch_holds_on_it_alone(task: Repo) -> None:
    said = scope(task, "--only", "src/nav/**", "--branch")
    task.stage("README.md", "# Two\n")

    assert said == "scope: only src/nav/**; on main\n"
    assert rules(task) == ["policy/out-of-scope"]
    task.git("switch", "--quiet", "-c", "other")
    assert rules(task) == []
    assert scope(task).endswith("(another branch is checked out)\n")
    task.git("switch", "--quiet", "--detach")
    done = task.everycommit("scope", "--only", "a", "--branch")
    assert done.returncode == 2
    assert "no branch is checked out here" in done.stderr


def test_each_worktree_has_its_own(task: Repo, tmp_path: Path) -> None:
    task.git("worktree", "add", "--quiet", str(tmp_path / "other"))

    scope(task, "--only", "src/nav/**")

    assert task.everycommit("scope", cwd=tmp_path / "other").stdout.startswith("There is no task scope here.")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--until", "push"), "nothing to hold the task to"),
        (("--only", "/etc"), "'/etc' is no glob from the repository's root"),
        (("--only", "../x"), "'../x' is no glob"),
        (("--frozen", ""), "'' is no glob"),
        (("--max-added", "-1"), "--max-added '-1': not a whole number"),
        (("--max-added", "many"), "--max-added 'many': not a whole number"),
        (("--only", "a", "--until", "soon"), "--until 'soon': not a day"),
        (("show", "--only", "a"), "scope show takes no limits"),
        (("clear", "--max-added", "3"), "scope clear takes no limits"),
        (("set",), "nothing to hold the task to"),
    ],
)
def test_wrong_use_is_a_clear_line(task: Repo, argv: tuple[str, ...], said: str) -> None:
    done = task.everycommit("scope", *argv)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version": 2}',
        b'{"version": 1, "only": "a"}',
        b'{"version": 1, "max_added": true}',
        b'{"version": 1, "what": 1}',
        b"\xff",
    ],
)
def test_a_scope_that_cannot_be_read_stops_and_can_be_cleared(task: Repo, content: bytes) -> None:
    place(task.root / ".git").parent.mkdir(exist_ok=True)
    place(task.root / ".git").write_bytes(content)
    task.stage("README.md", "# Two\n")

    done = task.everycommit("run", "policy")

    assert done.returncode == 2
    assert "this task scope cannot be read; `everycommit scope clear` removes it" in done.stderr
    assert scope(task, "clear") == "The task scope is cleared.\n"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    one = Scope(("a",), ("b", "c::d"), 0, PUSH, "goal", "refs/heads/x", "1" * 40, "2" * 40)

    for each in (one, Scope()):
        write(tmp_path, each)
        assert read(tmp_path) == each
    assert clear(tmp_path)
    assert read(tmp_path) is None


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "everycommit").write_text("")

    with pytest.raises(RepositoryError, match="no scope was set"):
        write(tmp_path, Scope())
    assert not clear(tmp_path)
    place(tmp_path).parent.unlink()
    place(tmp_path).mkdir(parents=True)
    with pytest.raises(RepositoryError, match="cannot be removed"):
        clear(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path)


def test_no_limit_stays_none_and_the_smaller_one_holds() -> None:
    config = load(base=None, target=None, user=None, environ={}, flags={})
    unlimited = Config(settings=Settings(policy=PolicySettings(max_added_lines=None)))

    assert tightened(config, Scope(max_added=9000)).settings.policy.max_added_lines == 600
    assert tightened(config, Scope(max_added=3)).settings.policy.max_added_lines == 3
    assert tightened(config, Scope(max_added=3)).sources == {"policy.max_added_lines": "task scope"}
    assert tightened(unlimited, Scope()).settings.policy.max_added_lines is None
