"""The workflow files of docs/ci.md: their steps are run against a bare remote with a fork, their text is checked."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from building import EVERYTHING, Hosted, hosted, shell
from support import Repo, give_python

PAGE = (Path(__file__).parent.parent / "docs/ci.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
CODE, REVIEW, GITLAB = BLOCKS[:3]
LEAK = "from pathlib import Path\n\nPath({!r}).write_text('it ran')\n\n\ndef test_it() -> None:\n    assert {}\n"


def steps(workflow: str) -> list[dict[str, Any]]:
    (job,) = yaml.safe_load(workflow)["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


@pytest.fixture
def host(tmp_path: Path) -> Hosted:
    """A fork whose tests leave a trace when they run, and fail."""
    code = LEAK.format(str(tmp_path / "trace"), "False")
    return hosted(tmp_path, start={"a.py": "A = 1\n"}, main={"m.py": "M = 1\n"}, fork=[{"test_b.py": code}])


def played(host: Hosted, clone: Repo, workflow: str) -> tuple[int, str]:
    """Run the steps of *workflow* that are scripts, as the runner would; installing is done already."""
    context = {
        "github.event.pull_request.head.sha": host.head,
        "github.token": "t0ken",
        "vars.EVERYCOMMIT_MODEL_URL": "",
        "vars.EVERYCOMMIT_MODEL": "",
        "secrets.EVERYCOMMIT_MODEL_KEY": "",
    }
    told = ""
    for step in steps(workflow):
        if "run" not in step or step["run"].startswith("pip install"):
            continue
        env = {
            name: re.sub(r"\$\{\{ (.*?) }}", lambda it: context[it[1]], str(value))
            for name, value in step.get("env", {}).items()
        }
        code, said = shell(clone, step["run"], **env)
        told += said
        if code:
            return code, told
    return 0, told


def test_the_job_without_secrets_runs_the_forks_tests_and_refuses(host: Hosted, tmp_path: Path) -> None:
    clone = host.clone("clone", [*EVERYTHING, "+refs/pull/7/merge:refs/remotes/pull/7/merge"], host.merge)
    give_python(clone)
    clone.environ |= host.pull_request()

    code, said = played(host, clone, CODE)

    assert code == 1, said
    assert "::error title=everycommit tests/failed,file=test_b.py" in said
    assert (tmp_path / "trace").exists()
    assert "tests" in (tmp_path / "summary.md").read_text()


def test_the_job_with_the_key_reads_the_fork_and_runs_nothing_of_it(host: Hosted, tmp_path: Path) -> None:
    clone = host.clone("clone", EVERYTHING, "refs/remotes/origin/main")
    give_python(clone)
    clone.environ |= host.pull_request("pull_request_target")

    code, said = played(host, clone, REVIEW)

    assert code == 0, said
    assert "review" in said
    assert not (tmp_path / "trace").exists()
    assert not (clone.root / "test_b.py").exists()


def test_the_jobs_on_gitlab(host: Hosted, tmp_path: Path) -> None:
    jobs = yaml.safe_load(GITLAB)
    host.remote.git("update-ref", "refs/merge-requests/7/head", host.head)
    common = {"CI": "true", "GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main"}
    request = host.clone("request", ["+refs/merge-requests/7/head:refs/pipelines/1"], "refs/pipelines/1")
    request.environ |= common | {"CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": host.head}
    request.environ |= {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": host.left}
    reviewed = host.clone("reviewed", ["+refs/heads/main:refs/remotes/origin/main"], "refs/remotes/origin/main")
    reviewed.environ |= common | {"CI_COMMIT_SHA": host.base, "CI_COMMIT_BRANCH": "main", "REVIEW_MR": "7"}
    for clone in (request, reviewed):
        give_python(clone)

    code, said = shell(reviewed, "\n".join(jobs["everycommit-review"]["script"][1:]))
    assert code == 0, said
    assert not (tmp_path / "trace").exists()

    code, said = shell(request, "\n".join(jobs["everycommit"]["script"][1:]))
    assert code == 1, said
    (found,) = json.loads((request.root / "gl-code-quality-report.json").read_text())
    assert found["location"]["path"] == "test_b.py"
    assert 'name="tests"' in (request.root / "everycommit.xml").read_text()


def test_no_step_of_the_job_with_the_key_puts_the_change_into_the_working_tree() -> None:
    """Nor does any expression stand in a script, where its value would be code."""
    found = steps(REVIEW)

    assert all("ref" not in step.get("with", {}) for step in found)
    assert not any("-e ." in step.get("run", "") or "checkout" in step.get("run", "") for step in found)
    for workflow in (CODE, REVIEW):
        assert not any("${{" in step.get("run", "") for step in steps(workflow))


@pytest.mark.parametrize("workflow", [CODE, REVIEW])
def test_actions_are_pinned_by_commit(workflow: str) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]

    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", one) for one in used)


@pytest.mark.slow
def test_zizmor_finds_nothing_in_the_workflows(tmp_path: Path) -> None:
    """Where it can be installed; offline, as it would ask GitHub about the actions."""
    program = shutil.which("zizmor")
    if program is None:
        argv = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tmp_path / "z"), "zizmor"]
        if subprocess.run(argv, check=False, capture_output=True).returncode:
            pytest.skip("no zizmor here")
        program = str(tmp_path / "z/bin/zizmor")
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "everycommit.yml").write_text(CODE)
    (folder / "everycommit-review.yml").write_text(REVIEW)

    done = subprocess.run(
        [program, "--offline", "--persona=pedantic", str(folder)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
