"""What a CI provider says in its environment: which commit is built, and since which one it is new."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UsageError

_TRACKED = "refs/remotes/origin/"


class Side(NamedTuple):
    """One end of what is to be judged."""

    rev: str
    told_by: str
    """Where the provider says so, for messages: ``pull_request.base.sha``."""
    ref: str = ""
    """The remote's ref that holds it, by which it can be fetched; empty where only the commit is known."""


class Build(NamedTuple):
    """What is built."""

    provider: str
    head: Side
    base: Side | None = None
    """None: everything is new, or nobody knows; see ``why``."""
    why: str = ""
    """Why no base is known; empty with ``base`` None: this is the first commit that the remote has."""
    deeper: str = ""
    """How the provider is told to fetch the whole history."""
    empty: str = ""
    """Why a base that has seen all of head is no answer; empty where it is one: nothing is new."""


def build(environ: Mapping[str, str]) -> Build:
    """Return what the environment says is built; outside of CI what lies on HEAD and not on the remote's branch.

    Raises:
        UsageError: GitHub's description of the event cannot be read.
    """
    for told, read in _PROVIDERS:
        if environ.get(told):
            return read(environ)
    return _plain(environ)


def _github(environ: Mapping[str, str]) -> Build:
    """Source: docs.github.com, "Variables reference", "Webhook events and payloads"."""
    event = _event(environ)
    found = Build("GitHub", Side(environ.get("GITHUB_SHA") or "HEAD", "GITHUB_SHA"), deeper=_GITHUB_DEEPER)
    pull = event.get("pull_request")
    if isinstance(pull, dict):
        # GITHUB_SHA is a merge that GitHub made of the two; in pull_request_target it is the base.
        ref = f"refs/pull/{pull.get('number')}/head"
        base = _of_event(event, "pull_request", "base", "sha", ref=_branch(environ.get("GITHUB_BASE_REF")))
        return found._replace(base=base, head=_of_event(event, "pull_request", "head", "sha", ref=ref))
    if "merge_group" in event:
        head = _of_event(event, "merge_group", "head_sha", ref=str(event["merge_group"].get("head_ref") or ""))
        return found._replace(base=_of_event(event, "merge_group", "base_sha"), head=head)
    if "before" not in event:
        name = environ.get("GITHUB_EVENT_NAME", "")
        return found._replace(why=f"the event '{name}' brings no commits")
    default = str((event.get("repository") or {}).get("default_branch") or "")
    if environ.get("GITHUB_REF_TYPE") == "branch" and environ.get("GITHUB_REF_NAME") == default:
        return _since(found, str(event["before"]), "before of the event")
    return found._replace(base=_tracked(default, "repository.default_branch"))


def _gitlab(environ: Mapping[str, str]) -> Build:
    """Source: docs.gitlab.com, "Predefined CI/CD variables reference"."""
    head = Side(environ.get("CI_COMMIT_SHA") or "HEAD", "CI_COMMIT_SHA")
    found = Build("GitLab", head, deeper='set the variable GIT_DEPTH: "0"')
    number, source = environ.get("CI_MERGE_REQUEST_IID"), environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
    if number:
        if source:  # of a pipeline over the merged result only; there CI_COMMIT_SHA is the merge
            ref = f"refs/merge-requests/{number}/head"
            found = found._replace(head=Side(source, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", ref))
        target = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
        told = [Side(environ[name], name, _branch(target)) for name in _GITLAB_BASES if environ.get(name)]
        return found._replace(base=[*told, _tracked(target, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")][0])
    default = environ.get("CI_DEFAULT_BRANCH", "")
    if environ.get("CI_COMMIT_BRANCH") != default:
        return found._replace(base=_tracked(default, "CI_DEFAULT_BRANCH"))
    if environ.get("CI_PIPELINE_SOURCE") != "push":
        return found._replace(why=f"a pipeline started by '{environ.get('CI_PIPELINE_SOURCE', '')}' brings no commits")
    return _since(found, environ.get("CI_COMMIT_BEFORE_SHA", ""), "CI_COMMIT_BEFORE_SHA")


def _buildkite(environ: Mapping[str, str]) -> Build:
    """Source: buildkite.com/docs, "Environment variables"."""
    head = Side(environ.get("BUILDKITE_COMMIT") or "HEAD", "BUILDKITE_COMMIT")
    found = Build("Buildkite", head, deeper="leave --depth out of BUILDKITE_GIT_CLONE_FLAGS")
    default = environ.get("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "")
    if environ.get("BUILDKITE_PULL_REQUEST", "false") not in {"", "false"}:
        name = "BUILDKITE_PULL_REQUEST_BASE_BRANCH"
        return found._replace(base=_tracked(environ.get(name, ""), name))
    if environ.get("BUILDKITE_BRANCH") == default:
        return found._replace(why=f"a build of '{default}' is not told what the push brought")
    return found._replace(base=_tracked(default, "BUILDKITE_PIPELINE_DEFAULT_BRANCH"))


def _jenkins(environ: Mapping[str, str]) -> Build:
    """Source: Jenkins' list of environment variables; README of its git plugin, "Commit Variables"."""
    found = Build("Jenkins", Side("HEAD", "HEAD"), deeper="take shallow clone out of the job's git settings")
    if environ.get("CHANGE_TARGET"):
        return found._replace(base=_tracked(environ["CHANGE_TARGET"], "CHANGE_TARGET"))
    name = "GIT_PREVIOUS_SUCCESSFUL_COMMIT"
    if environ.get(name):
        return found._replace(base=Side(environ[name], name))
    return found._replace(why=f"{name} is not set, so no build of this branch has passed")


def _plain(environ: Mapping[str, str]) -> Build:  # noqa: ARG001 - as every provider
    return Build(
        "git",
        Side("HEAD", "HEAD"),
        Side(f"{_TRACKED}HEAD", "the remote's default branch"),
        empty="HEAD is on the remote's default branch already, and nobody says what the last push brought",
    )


_GITHUB_DEEPER = "give actions/checkout fetch-depth: 0"
_GITLAB_BASES = ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA")
_PROVIDERS: tuple[tuple[str, Callable[[Mapping[str, str]], Build]], ...] = (
    ("GITHUB_ACTIONS", _github),
    ("GITLAB_CI", _gitlab),
    ("BUILDKITE", _buildkite),
    ("JENKINS_URL", _jenkins),
)


def _since(found: Build, before: str, told_by: str) -> Build:
    """Return *found* with the commit that the branch had before this push; zeros: the branch is new."""
    return found if before and not before.strip("0") else found._replace(base=Side(before, told_by))


def _branch(name: str | None) -> str:
    return f"refs/heads/{name}" if name else ""


def _tracked(branch: str, told_by: str) -> Side:
    """Return *branch* of the remote as the last fetch saw it."""
    return Side(_TRACKED + branch, told_by, _branch(branch))


def _of_event(event: Mapping[str, Any], *way: str, ref: str = "") -> Side:
    found: Any = event
    for name in way:
        found = found.get(name) if isinstance(found, dict) else None
    return Side(str(found or ""), f"{'.'.join(way)} of the event", ref)


def _event(environ: Mapping[str, str]) -> dict[str, Any]:
    path = environ.get("GITHUB_EVENT_PATH", "")
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise UsageError(
            f"GITHUB_EVENT_PATH '{path}': the event cannot be read ({what}); name the commits: --base and --head"
        ) from error
    return found if isinstance(found, dict) else {}
