"""Where a run takes place and by which settings: what it takes to judge anything, and nothing of the gates."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..change import Candidate
from ..config.load import load, user_settings
from ..config.schema import Config
from ..errors import UsageError
from ..record import dataclass, replace
from ..repo.cache import cache_folder, run_folder
from ..repo.quarantine import Quarantine
from ..repo.repository import Repository, discover
from ..rules.settings import FILE

if TYPE_CHECKING:
    from .call import Call
    from .judge import Wish


@dataclass(frozen=True, slots=True)
class Place:
    """The repository, isolated for reading."""

    repository: Repository
    quarantine: Quarantine
    cache: Path
    """The usual cache folder; settings may name another one for snapshots."""


@contextmanager
def place(call: "Call") -> Iterator[Place]:
    """Find the repository and make the folder of this run; both are given back whatever happens."""
    repository = discover(call.cwd, call.environ)
    with isolated(repository, call) as here:
        yield here


def nearby(call: "Call") -> Repository | None:
    """Return the repository of the call's folder; None where there is none to judge."""
    try:
        return discover(call.cwd, call.environ)
    except UsageError:
        return None


@contextmanager
def isolated(repository: Repository, call: "Call") -> Iterator[Place]:
    """Make the folder of this run for *repository*; it is given back whatever happens."""
    cache = cache_folder(None, call.environ)
    with run_folder(cache) as folder:
        quarantine = Quarantine(repository, folder)
        try:
            yield Place(repository, quarantine, cache)
        finally:
            quarantine.close()


def configured(
    here: Place,
    candidate: Candidate,
    call: "Call",
    wish: "Wish | None" = None,
    *,
    read: Callable[[bytes], Mapping[str, Any]] | None = None,
) -> Config:
    """Return the settings that judge *candidate*: base's, tightened by target's and the task's scope, and the user's.

    A merge's base is git's own merge of the parents; its settings are those of the branch that it lands on. *read*: see
    ``config.load``.
    """
    change = candidate.change
    base = candidate.rules or (change.parents[0] if change.parents else None)
    target = _settings_file(here, change.target)
    same = base is not None and not candidate.rules and all(file.path != FILE for file in change.landing)
    flags = {"timeout": wish.timeout, "budget": wish.budget} if wish else {}
    config = load(
        base=target if same else _settings_file(here, base),
        target=target,
        user=user_settings(call.environ),
        environ=call.environ,
        flags={name: value for name, value in flags.items() if value is not None},
        whole=change.whole,
        models_later=True,
        commands_from_base=candidate.occasion == "ci",
        read=read,
    )
    if wish and wish.refuse_loosening:
        config = replace(config, refuse_loosening=True)
    if not (here.repository.git_dir / "everycommit" / "scope.json").exists():
        return config
    from ..config.scope import scoped

    return scoped(config, here.repository, candidate)


def _settings_file(here: Place, tree: str | None) -> bytes | None:
    entry = here.quarantine.entries(tree, [FILE]).get(FILE) if tree else None
    return here.quarantine.read(entry[1]) if entry and entry[0].startswith("100") else None
