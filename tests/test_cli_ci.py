"""`everycommit ci` in clones of a bare remote, made as the providers make them."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from building import EVERYTHING, Hosted, hosted, shell
from support import Repo, state

QUICK = ("policy", "lint")
PULL = "+refs/pull/7/head:refs/remotes/pull/7/head"
TABLE = "[tool.everycommit.policy]\nmax_added_lines = {}\n"


@pytest.fixture
def host(tmp_path: Path) -> Hosted:
    """A fork that adds an unused import and takes it back: the range is clean, its first commit is not."""
    return hosted(
        tmp_path,
        start={"a.py": "A = 1\n", "pyproject.toml": TABLE.format(50)},
        main={"main.py": "import sys\n"},
        fork=[{"b.py": "import os\n"}, {"b.py": "B = 1\n"}],
    )


@pytest.fixture
def checkout(host: Hosted) -> Repo:
    """What actions/checkout leaves with ``fetch-depth: 0``."""
    clone = host.clone("clone", [*EVERYTHING, "+refs/pull/7/merge:refs/remotes/pull/7/merge"], host.merge)
    clone.environ |= host.pull_request()
    return clone


def ci(repo: Repo, *argv: str, code: int, **env: str) -> list[dict[str, Any]]:
    """Run with ``--format json``; return the verdicts."""
    before = state(repo)
    done = Repo(repo.root, repo.environ | env).everycommit("ci", *argv, "--format", "json")
    assert done.returncode == code, done.stdout + done.stderr
    assert state(repo) == before
    verdicts = json.loads(done.stdout)["verdicts"]
    assert isinstance(verdicts, list)
    return verdicts


def refused(repo: Repo, *argv: str, **env: str) -> str:
    """Return what is said where nothing could be judged."""
    done = Repo(repo.root, repo.environ | env).everycommit("ci", *QUICK, *argv)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
    return done.stderr


def test_a_pull_request_is_judged_from_where_it_left_main(host: Hosted, checkout: Repo) -> None:
    (verdict,) = ci(checkout, *QUICK, code=0)

    assert (verdict["occasion"], verdict["base_commit"], verdict["target_commit"]) == ("ci", host.left, host.head)
    assert [file["path"] for file in verdict["change"]["files"]] == ["b.py"]


def test_each_commit_on_the_way_is_judged_and_refuses(host: Hosted, checkout: Repo) -> None:
    verdicts = ci(checkout, *QUICK, "--each", code=1)

    assert [verdict["outcome"] for verdict in verdicts] == ["passed", "failed", "passed"]
    assert verdicts[1]["base_commit"] == host.left
    assert verdicts[2]["target_commit"] == host.head


def test_commits_on_the_way_are_judged_by_the_settings_of_the_base(tmp_path: Path) -> None:
    """A commit that loosens a limit does not do so for the next one."""
    many = "".join(f"x{number} = 1\n" for number in range(8))
    host = hosted(
        tmp_path,
        start={"pyproject.toml": TABLE.format(5)},
        main={"main.py": "A = 1\n"},
        fork=[{"pyproject.toml": TABLE.format(90)}, {"b.py": many}],
    )
    clone = host.clone("clone", [*EVERYTHING, PULL], "refs/remotes/pull/7/head")
    clone.environ |= host.pull_request()

    whole, loosens, adds = ci(clone, "policy", "--each", code=1)

    assert [one["outcome"] for one in (whole, loosens, adds)] == ["failed", "passed", "failed"]
    rules = [finding["rule"] for finding in adds["gates"][0]["findings"]]
    assert "policy/added-lines" in rules
    assert {finding["rule"] for finding in loosens["gates"][0]["findings"]} == {"policy/settings-loosened"}


def test_loosening_is_listed_and_refused_on_request(tmp_path: Path) -> None:
    host = hosted(
        tmp_path,
        start={"pyproject.toml": TABLE.format(5)},
        main={"main.py": "A = 1\n"},
        fork=[{"pyproject.toml": TABLE.format(90)}],
    )
    clone = host.clone("clone", [*EVERYTHING, PULL], "refs/remotes/pull/7/head")
    clone.environ |= host.pull_request()

    (listed,) = ci(clone, "policy", code=0)
    (stopped,) = ci(clone, "policy", "--refuse-loosening", code=1)

    assert [finding["severity"] for finding in listed["gates"][0]["findings"]] == ["warning"]
    assert [finding["severity"] for finding in stopped["gates"][0]["findings"]] == ["error"]


@pytest.mark.parametrize("depth", [1, 2])
def test_too_little_history_on_github_is_said_with_the_command_that_mends_it(host: Hosted, depth: int) -> None:
    clone = host.clone("clone", ["+refs/pull/7/merge:refs/remotes/pull/7/merge"], host.merge, depth=depth)
    clone.environ |= host.pull_request()

    said = refused(clone)

    assert "fetch-depth: 0" in said
    mended(clone, said)
    (verdict,) = ci(clone, *QUICK, code=0)
    assert verdict["base_commit"] == host.left


def mended(clone: Repo, said: str) -> None:
    """Run the command that *said* names, word by word."""
    (command,) = re.findall(r"`(git fetch [^`]*)`", said)
    assert shell(clone, command) == (0, "")


@pytest.mark.parametrize(
    ("env", "fetch", "checkout"),
    [
        (
            {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
            | {"CI_COMMIT_SHA": "HEAD", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "LEFT"},
            "+refs/pull/7/head:refs/pipelines/1",
            "refs/pipelines/1",
        ),
        (
            {"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "7", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main"}
            | {"BUILDKITE_COMMIT": "HEAD"},
            "refs/pull/7/head",
            "FETCH_HEAD",
        ),
        (
            {"JENKINS_URL": "http://127.0.0.1/", "CHANGE_TARGET": "main", "CHANGE_ID": "7"},
            "+refs/pull/7/head:refs/remotes/origin/PR-7",
            "refs/remotes/origin/PR-7",
        ),
    ],
)
def test_other_providers_find_the_same_change_and_mend_a_shallow_clone(
    host: Hosted, env: dict[str, str], fetch: str, checkout: str
) -> None:
    clone = host.clone("clone", [fetch], checkout, depth=1)
    clone.environ |= {"CI": "true"} | {name: value.replace("LEFT", host.left) for name, value in env.items()}

    mended(clone, refused(clone))

    (verdict,) = ci(clone, *QUICK, code=0)
    assert (verdict["base_commit"], verdict["target_commit"]) == (host.left, host.head)


def test_a_branch_is_compared_with_the_default_branch_where_nobody_says(host: Hosted) -> None:
    clone = host.clone("clone", [*EVERYTHING, PULL], "refs/remotes/pull/7/head")
    clone.git("remote", "set-head", "origin", "main")

    (verdict,) = ci(clone, *QUICK, code=0)
    clone.git("checkout", "--quiet", "--detach", "origin/main")

    assert verdict["base_commit"] == host.left
    assert "already" in refused(clone)
    assert "--base" in refused(clone)
    (named,) = ci(clone, *QUICK, "--base", "HEAD^", code=1)
    assert named["target_commit"] == host.base


def test_the_first_push_is_judged_as_a_whole(host: Hosted, checkout: Repo, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"before": "0" * 40, "repository": {"default_branch": "main"}}))

    (verdict,) = ci(checkout, "lint", code=1, GITHUB_REF_TYPE="branch", GITHUB_REF_NAME="main", GITHUB_SHA=host.base)

    assert [finding["path"] for finding in verdict["gates"][0]["findings"]] == ["main.py"]
    assert verdict["base_commit"] is None


@pytest.mark.parametrize(
    ("argv", "env", "words"),
    [
        ((), {"GITHUB_EVENT_PATH": "/nowhere"}, "GITHUB_EVENT_PATH '/nowhere'"),
        (("--base", "nothing"), {}, "there is no commit 'nothing'"),
        (("--no-code", "--run-code"), {}, "contradict"),
        (("--head", ""), {}, "--head is empty"),
    ],
)
def test_wrong_use_is_one_sentence(checkout: Repo, argv: tuple[str, ...], env: dict[str, str], words: str) -> None:
    said = refused(checkout, *argv, **env)

    assert words in said
    assert len(said.splitlines()) == 1


def test_a_build_without_commits_says_what_to_give(checkout: Repo) -> None:
    path = Path(checkout.environ["GITHUB_EVENT_PATH"])
    path.write_text("{}")

    assert "--base REV" in refused(checkout, GITHUB_EVENT_NAME="schedule")


def test_both_ends_named_ask_no_provider(host: Hosted, checkout: Repo) -> None:
    (verdict,) = ci(checkout, *QUICK, "--base", host.left, "--head", host.base, code=1, GITHUB_EVENT_PATH="/nowhere")

    assert verdict["target_commit"] == host.base


def test_histories_that_never_met_are_said(checkout: Repo) -> None:
    apart = checkout.text("commit-tree", "-m", "apart", "HEAD^{tree}")

    assert "no common ancestor" in refused(checkout, "--base", apart)


def test_github_gets_annotations_and_a_summary_by_itself(host: Hosted, checkout: Repo, tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("before\n")

    done = checkout.everycommit("ci", "lint", "--base", host.left, "--head", host.base)

    assert done.returncode == 1
    text, _, annotations = done.stdout.rpartition("::stop-commands::")
    assert not text
    fence = annotations.partition("\n")[0]
    shown, _, behind = annotations.partition(f"::{fence}::\n")
    assert "Refused: lint" in shown
    assert behind.startswith("::error title=everycommit lint/F401,file=main.py,line=1")
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("before\n## everycommit")
    assert "main.py" in summary


def test_a_format_that_is_asked_for_has_standard_output_to_itself(checkout: Repo, tmp_path: Path) -> None:
    sarif = tmp_path / "out.sarif"

    ci(checkout, *QUICK, "--output", f"sarif={sarif}", code=0)

    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert (tmp_path / "summary.md").read_text().startswith("## everycommit")


def test_a_summary_that_cannot_be_written_is_no_pass(checkout: Repo, tmp_path: Path) -> None:
    done = Repo(checkout.root, checkout.environ | {"GITHUB_STEP_SUMMARY": str(tmp_path)}).everycommit("ci", *QUICK)

    assert done.returncode == 2
    assert f"the verdict cannot be written to '{tmp_path}'" in done.stderr


def test_the_job_that_holds_a_secret_runs_nothing_of_the_change(host: Hosted, tmp_path: Path) -> None:
    """As in pull_request_target: the base is checked out, the change is there as objects only."""
    clone = host.clone("clone", [*EVERYTHING, PULL], "refs/remotes/origin/main")
    clone.environ |= host.pull_request("pull_request_target") | {"VIRTUAL_ENV": sys.prefix}

    (verdict,) = ci(clone, "--no-code", code=0)

    reasons = {gate["gate"]: gate["reason"] for gate in verdict["gates"]}
    assert reasons["types"] == reasons["tests"] == "it runs code of the change (--no-code)"
    assert reasons["policy"] is None
    assert "--run-code" in clone.everycommit("ci").stderr
