"""What providers say in their environments, in sets of variables as their documentation has them."""

import json
from pathlib import Path
from typing import Any

import pytest

from everycommit.cli.builds import Build, build
from everycommit.errors import UsageError

OLD, NEW, ZEROS = "a" * 40, "b" * 40, "0" * 40
MAIN = "refs/remotes/origin/main"
PULL = {"pull_request": {"number": 7, "base": {"sha": OLD, "ref": "main"}, "head": {"sha": NEW, "ref": "icons"}}}


def github(tmp_path: Path, event: Any, **env: str) -> Build:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    return build({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(path), **env})


def ends(found: Build) -> tuple[str | None, str]:
    return found.base and found.base.rev, found.head.rev


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_a_pull_request_on_github_is_its_own_commits_and_not_the_merge(tmp_path: Path, name: str) -> None:
    found = github(tmp_path, PULL, GITHUB_EVENT_NAME=name, GITHUB_SHA="c" * 40, GITHUB_BASE_REF="main")

    assert ends(found) == (OLD, NEW)
    assert found.head.ref == "refs/pull/7/head"


def test_a_merge_queue_on_github(tmp_path: Path) -> None:
    event = {"merge_group": {"base_sha": OLD, "head_sha": NEW, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7"}}

    assert ends(github(tmp_path, event, GITHUB_SHA=NEW)) == (OLD, NEW)


@pytest.mark.parametrize(
    ("name", "kind", "before", "base"),
    [
        ("main", "branch", OLD, OLD),
        ("main", "branch", ZEROS, None),
        # An earlier push of a branch may have been refused: the branch answers for all that it adds.
        ("icons", "branch", OLD, MAIN),
        ("icons", "branch", ZEROS, MAIN),
        ("main", "tag", ZEROS, MAIN),
    ],
)
def test_a_push_on_github(tmp_path: Path, name: str, kind: str, before: str, base: str | None) -> None:
    event = {"before": before, "after": NEW, "repository": {"default_branch": "main"}}

    found = github(tmp_path, event, GITHUB_REF_NAME=name, GITHUB_REF_TYPE=kind, GITHUB_SHA=NEW)

    assert ends(found) == (base, NEW)
    assert not found.why


def test_an_event_without_commits_and_one_that_cannot_be_read(tmp_path: Path) -> None:
    assert "'schedule'" in github(tmp_path, {"schedule": "0 4 * * *"}, GITHUB_EVENT_NAME="schedule").why
    assert "''" in github(tmp_path, [], GITHUB_EVENT_NAME="").why
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UsageError, match="--base and --head"):
            build({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(path)})
    (tmp_path / "event.json").write_text("{")
    with pytest.raises(UsageError, match="the event cannot be read"):
        build({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(tmp_path / "event.json")})


REQUEST = {"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_COMMIT_BEFORE_SHA": ZEROS}
BRANCH = {"CI_DEFAULT_BRANCH": "main", "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BEFORE_SHA": OLD}


@pytest.mark.parametrize(
    ("env", "base", "head"),
    [
        (REQUEST | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": OLD}, OLD, NEW),
        (REQUEST, MAIN, NEW),
        (
            REQUEST
            | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": ZEROS, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": OLD}
            | {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "d" * 40},
            OLD,
            "d" * 40,
        ),
        (BRANCH | {"CI_COMMIT_BRANCH": "main"}, OLD, NEW),
        (BRANCH | {"CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": ZEROS}, None, NEW),
        (BRANCH | {"CI_COMMIT_BRANCH": "icons"}, MAIN, NEW),
        (BRANCH | {"CI_COMMIT_TAG": "v1"}, MAIN, NEW),
    ],
)
def test_gitlab(env: dict[str, str], base: str | None, head: str) -> None:
    found = build({"GITLAB_CI": "true", "CI_COMMIT_SHA": NEW, **env})

    assert ends(found) == (base, head)
    assert not found.why


def test_a_pipeline_on_gitlab_that_nobody_pushed_brings_no_commits() -> None:
    env = BRANCH | {"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BEFORE_SHA": ZEROS}

    assert "'schedule'" in build({"GITLAB_CI": "true", **env}).why


KITE = {"BUILDKITE": "true", "BUILDKITE_COMMIT": NEW, "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main"}


@pytest.mark.parametrize(
    ("env", "base"),
    [
        ({"BUILDKITE_PULL_REQUEST": "7", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "next"}, "refs/remotes/origin/next"),
        ({"BUILDKITE_PULL_REQUEST": "false", "BUILDKITE_BRANCH": "icons"}, MAIN),
        ({"BUILDKITE_PULL_REQUEST": "false", "BUILDKITE_BRANCH": "main"}, None),
    ],
)
def test_buildkite(env: dict[str, str], base: str | None) -> None:
    found = build(KITE | env)

    assert ends(found) == (base, NEW)
    assert bool(found.why) == (base is None)


@pytest.mark.parametrize(
    ("env", "base"),
    [
        ({"CHANGE_ID": "7", "CHANGE_TARGET": "main"}, MAIN),
        ({"GIT_PREVIOUS_SUCCESSFUL_COMMIT": OLD, "GIT_PREVIOUS_COMMIT": "c" * 40}, OLD),
        ({"GIT_PREVIOUS_COMMIT": "c" * 40}, None),
    ],
)
def test_jenkins(env: dict[str, str], base: str | None) -> None:
    found = build({"JENKINS_URL": "https://ci.example.com/", "GIT_COMMIT": NEW, **env})

    assert ends(found) == (base, "HEAD")
    assert bool(found.why) == (base is None)


def test_where_no_provider_speaks_it_is_what_the_remote_has_not() -> None:
    assert ends(build({"CI": "true"})) == ("refs/remotes/origin/HEAD", "HEAD")
