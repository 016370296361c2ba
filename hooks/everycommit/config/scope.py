"""What a task may touch, for one worktree: kept in its git folder, no commit needed, and it tightens the settings.

It ends by itself: with the next commit, the next push, or a day.
"""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RepositoryError, UsageError
from ..record import replace
from ..text import printable
from .schema import Config

if TYPE_CHECKING:
    from ..change import Candidate
    from ..repo.repository import Repository

VERSION = 1
SOURCE = "task scope"
_HELD = dict.fromkeys(("out-of-scope", "frozen-path", "frozen-symbol", "added-lines"), (("error", ()),))
COMMIT, PUSH = "commit", "push"


class Scope(NamedTuple):
    """The limits of a task."""

    only: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    max_added: int | None = None
    until: str | None = None
    """``commit``, ``push``, or the last day, ``2026-12-31``; None: until it is cleared."""
    goal: str = ""
    branch: str | None = None
    """The full name of the one branch that it is for; None: whatever the worktree has checked out."""
    head: str | None = None
    """The commit that was checked out when it was set; None where there was none yet."""
    pushing: str | None = None
    """The commit that was last about to be pushed: once a remote has it, ``until push`` is over."""

    @property
    def words(self) -> str:
        """Return ``only src/nav/**; frozen src/types.py; at most 120 lines added; until push``."""
        parts = [
            f"{name} {', '.join(globs)}" for name, globs in (("only", self.only), ("frozen", self.frozen)) if globs
        ]
        parts += [f"at most {self.max_added} lines added"] if self.max_added is not None else []
        parts += [f"on {self.branch.removeprefix('refs/heads/')}"] if self.branch else []
        parts += [f"until {self.until}"] if self.until else []
        return printable("; ".join(parts) + (f" ({self.goal})" if self.goal else ""))


def place(git_dir: Path) -> Path:
    """Return where the scope of a worktree is, whether or not there is one."""
    return git_dir / "everycommit" / "scope.json"


def read(git_dir: Path) -> Scope | None:
    """Return the scope that was set; None where none was.

    Raises:
        UsageError: The file is there and cannot be understood: no scope is not what somebody asked for.
    """
    path = place(git_dir)
    try:
        found = json.loads(path.read_bytes())
        return _scope(found)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise UsageError(f"{path}: this task scope cannot be read; `everycommit scope clear` removes it") from error


def _scope(found: Any) -> Scope:
    if found.pop("version") != VERSION:
        raise ValueError("another version")
    return Scope(**{name: _value(Scope.__annotations__[name], value) for name, value in found.items()})


def _value(kind: Any, value: object) -> Any:
    if kind == tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(glob, str) for glob in value):
            raise ValueError("no list of texts")
        return tuple(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError("another kind of value")  # noqa: TRY004 - what is in a file
    return value


def write(git_dir: Path, scope: Scope) -> None:
    """Keep *scope* in place of any other.

    Raises:
        RepositoryError: It cannot be written.
    """
    path = place(git_dir)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps({"version": VERSION, **scope._asdict()}) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise RepositoryError(f"{path}: cannot be written: {error.strerror}; no scope was set") from error


def clear(git_dir: Path) -> bool:
    """Remove the scope; tell whether there was one.

    Raises:
        RepositoryError: It cannot be removed.
    """
    try:
        place(git_dir).unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise RepositoryError(f"{place(git_dir)}: cannot be removed: {error.strerror}") from error
    return True


def over(scope: Scope, repository: "Repository", today: str) -> str | None:
    """Return why *scope* has ended; None while it holds."""
    if scope.until == COMMIT and repository.head != scope.head:
        return "the commit was made"
    if scope.until == PUSH and scope.pushing and _on_a_remote(repository, scope.pushing):
        return "it was pushed"
    if scope.until not in {COMMIT, PUSH, None} and str(scope.until) < today:
        return f"{scope.until} is over"
    return None


def _on_a_remote(repository: "Repository", commit: str) -> bool:
    # A commit that is gone from here is on no remote that we know of.
    done = repository.git.run("for-each-ref", "--count=1", f"--contains={commit}", "refs/remotes")
    return done.code == 0 and bool(done.out.strip())


def elsewhere(scope: Scope, repository: "Repository") -> bool:
    """Tell whether *scope* is for a branch that is not checked out here."""
    if scope.branch is None:
        return False
    return os.fsdecode(repository.git.run("symbolic-ref", "--quiet", "HEAD").out).strip() != scope.branch


def scoped(config: Config, repository: "Repository", candidate: "Candidate") -> Config:
    """Return *config* tightened by the scope of this worktree, which then says so; a scope that is over is removed.

    A push that holds commits from before the scope was set is not judged by it: they are not the task's.

    Raises:
        UsageError: There is a scope and it cannot be read.
    """
    scope = read(repository.git_dir)
    if scope is None or candidate.occasion == "ci" or elsewhere(scope, repository):
        return config
    ended = over(scope, repository, time.strftime("%Y-%m-%d"))
    if ended:
        clear(repository.git_dir)
        return replace(config, notes=(*config.notes, f"the task scope ended: {ended}"))
    if candidate.occasion == "push":
        if scope.until == PUSH and candidate.target_commit == repository.head is not None:
            write(repository.git_dir, scope._replace(pushing=repository.head))
        if not _all_since(scope, repository, candidate):
            note = f"scope: {scope.words}; not judged: the push holds commits from before it was set"
            return replace(config, notes=(*config.notes, note))
    return tightened(config, scope)


def _all_since(scope: Scope, repository: "Repository", candidate: "Candidate") -> bool:
    if scope.head is None or candidate.base_commit == scope.head:
        return True
    if candidate.base_commit is None:
        return False
    return repository.git.run("merge-base", "--is-ancestor", scope.head, candidate.base_commit).code == 0


def tightened(config: Config, scope: Scope) -> Config:
    """Return *config* with all that *scope* adds to it."""
    policy = config.settings.policy
    limits = [limit for limit in (policy.max_added_lines, scope.max_added) if limit is not None]
    changed: Mapping[str, Any] = {
        "only": (*policy.only, scope.only) if scope.only else policy.only,
        "frozen": tuple(dict.fromkeys((*policy.frozen, *scope.frozen))),
        "max_added_lines": min(limits, default=None),
        # What the settings say of these rules must not take the task's limits back.
        "rules": (*policy.rules, _HELD) if policy.rules else (),
    }
    sources = {f"policy.{name}": SOURCE for name, value in changed.items() if value != getattr(policy, name)}
    return replace(
        config,
        settings=replace(config.settings, policy=replace(policy, **changed)),
        sources={**config.sources, **sources},
        scoped=True,
        goal=scope.goal,
        notes=(*config.notes, f"scope: {scope.words}"),
    )
