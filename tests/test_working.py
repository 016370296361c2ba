"""The verdict of the working tree, in process: what `run --worktree` says, without a word on any stream."""

import io
import json
import os
from pathlib import Path

import pytest

from everycommit.cli.call import Call
from everycommit.cli.judge import Wish
from everycommit.cli.working import judged
from everycommit.errors import UsageError
from everycommit.result import Outcome
from support import Repo, state


def call(repo: Repo, cwd: Path | None = None) -> Call:
    """Return a call whose streams are empty files."""
    streams = {name: io.StringIO() for name in ("stdin", "stdout", "stderr")}
    return Call(**streams, environ={**os.environ, **repo.environ}, cwd=cwd or repo.root)


def test_the_working_tree_is_judged_in_silence(repo: Repo) -> None:
    repo.stage("a.py", "A = 1\n").commit().write("a.py", "import os\n\nA = 1\n").write("new.py", "import sys\n")
    before, asked = state(repo), call(repo)

    found = judged(asked, Wish(gates=["policy", "lint"]))

    assert [gate.outcome for gate in found.gates] == [Outcome.PASSED, Outcome.FAILED]
    assert [one.path for one in found.gates[1].findings] == ["a.py", "new.py"]
    assert found.change.target != repo.tree()
    assert asked.stdout.getvalue() + asked.stderr.getvalue() == ""  # type: ignore[attr-defined]
    assert state(repo) == before


def test_it_says_what_the_command_line_says(repo: Repo) -> None:
    repo.stage("a.py", "A = 1\n").commit().write("a.py", "import os\n\nA = 1\n").write("new.py", "import sys\n")
    told = json.loads(repo.everycommit("run", "--worktree", "policy", "lint", "--format", "json").stdout)

    found = judged(call(repo), Wish(gates=["policy", "lint"]))

    (verdict,) = told["verdicts"]
    assert verdict["change"]["target"] == found.change.target
    assert [gate["outcome"] for gate in verdict["gates"]] == [str(gate.outcome) for gate in found.gates]
    prints = [one["fingerprint"] for gate in verdict["gates"] for one in gate["findings"]]
    assert prints == [one.fingerprint for gate in found.gates for one in gate.findings]
    assert len(prints) == 2


def test_some_files_of_it_can_be_judged_alone(repo: Repo) -> None:
    repo.stage("a.py", "A = 1\n").commit().write("a.py", "import os\n\nA = 1\n").write("new.py", "import sys\n")

    found = judged(call(repo), Wish(gates=["policy", "lint"]), paths=["new.py"])

    assert [file.path for file in found.change.files] == ["new.py"]
    assert [one.path for one in found.gates[1].findings] == ["new.py"]


def test_outside_of_a_repository_there_is_an_error(tmp_path: Path, repo: Repo) -> None:
    with pytest.raises(UsageError, match="not in a git repository"):
        judged(call(repo, tmp_path))
