"""Every family of rules, in order, imported only where a glance says that it could find something."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..change import Blobs, Change
from ..record import replace
from ..result import ERROR, WARNING, Finding
from .asked import Asked
from .globs import matches
from .look import Look
from .names import ACCEPTED, OFF
from .severity import Side, severity_at
from .size import Limits as Sizes
from .size import size

if TYPE_CHECKING:
    from .rule import Rule

DELETED = "policy/file-deleted"
_DELETIONS = {"forbid": ERROR, "warn": WARNING, "allow": OFF}
_NO_LIMIT = 1 << 60


class Limits(Sizes, Protocol):
    """What the rules ask of the settings; ``config.schema.PolicySettings`` describes each."""

    @property
    def deletions(self) -> str: ...
    @property
    def deletable(self) -> tuple[str, ...]: ...
    @property
    def max_deleted_files(self) -> int | None: ...
    @property
    def max_deleted_lines(self) -> int | None: ...
    @property
    def protected(self) -> tuple[str, ...]: ...
    @property
    def frozen(self) -> tuple[str, ...]: ...
    @property
    def only(self) -> tuple[tuple[str, ...], ...]: ...
    @property
    def denied(self) -> tuple[str, ...]: ...
    @property
    def allowed(self) -> tuple[str, ...]: ...
    @property
    def rules(self) -> tuple[Side, ...]: ...


class _Family(NamedTuple):
    module: str
    could: Callable[[Look, Limits], bool]
    find: Callable[[Any, Change, Blobs, Limits], Sequence[Finding]]


def _plain(module: Any, change: Change, blobs: Blobs, _: Limits) -> Sequence[Finding]:
    found: Sequence[Finding] = module.check(change, blobs)
    return found


def _deletion(module: Any, change: Change, blobs: Blobs, limits: Limits) -> Sequence[Finding]:
    most = [_NO_LIMIT if limit is None else limit for limit in (limits.max_deleted_files, limits.max_deleted_lines)]
    found: Sequence[Finding] = module.check(
        change, blobs, max_deleted_files=most[0], max_deleted_lines=most[1], uncounted=limits.uncounted
    )
    return [replace(one, severity=_deleted(one, limits)) if one.rule == DELETED else one for one in found]


def _deleted(finding: Finding, limits: Limits) -> str:
    return OFF if matches(finding.path or "", limits.deletable) else _DELETIONS[limits.deletions]


def _paths(module: Any, change: Change, blobs: Blobs, limits: Limits) -> Sequence[Finding]:
    found = list[Finding](module.check(change, blobs, protected=limits.protected, frozen=limits.frozen))
    outside: dict[str | None, Finding] = {}
    for globs in limits.only:
        for one in module.check(change, blobs, only=(*globs, ACCEPTED)):
            outside.setdefault(one.path, one)
    return [*found, *outside.values()]


def _secrets(module: Any, change: Change, blobs: Blobs, limits: Limits) -> Sequence[Finding]:
    found: Sequence[Finding] = module.check(
        change, blobs, denied=(*module.DENIED, *limits.denied), allowed=(*module.ALLOWED, *limits.allowed)
    )
    return found


def _over(lines: int, limit: int | None) -> bool:
    return limit is not None and lines > limit


_FAMILIES = (
    _Family(
        "deletion", lambda look, limits: look.shape or _over(look.net_removed, limits.max_deleted_lines), _deletion
    ),
    _Family("paths", lambda _, limits: bool(limits.protected or limits.frozen or limits.only), _paths),
    _Family("weakened", lambda look, _: look.python, _plain),
    _Family("suppressions", lambda look, _: look.suppression, _plain),
    _Family("tool_settings", lambda look, _: look.settings, _plain),
    _Family("leftovers", lambda look, _: look.code or look.marker, _plain),
    _Family("unfinished", lambda look, _: look.code, _plain),
    _Family("hidden", lambda look, _: look.hidden, _plain),
    _Family("secrets", lambda look, _: look.secret, _secrets),
    _Family("dependencies", lambda look, _: look.settings, _plain),
    _Family("files", lambda look, _: look.generated or look.binary, _plain),
)
_COMPARING = frozenset({"deletion", "paths", "weakened", "suppressions", "tool_settings", "dependencies"})
"""Families that judge what became of something: in a first commit, and over all files, there is nothing before."""
WORDS = ("size_rules", *(family.module for family in _FAMILIES))
"""The modules that hold ``RULES``, and ``EXAMPLES`` where a rule's examples need settings."""


def rules() -> Mapping[str, "Rule"]:
    """Return every rule by its id, in the order of the families."""
    return {rule.id: rule for name in WORDS for rule in _module(name).RULES}


def examples() -> Mapping[str, Mapping[str, Any]]:
    """Return the settings under which the examples of some rules are judged, by the rule's id."""
    found = {rule: said for name in WORDS for rule, said in getattr(_module(name), "EXAMPLES", {}).items()}
    return {
        rule: {key: (value,) if key == "only" else value for key, value in said.items()} for rule, said in found.items()
    }


def modes() -> Mapping[str, tuple[str, str, str]]:
    """Return path and the modes before and after, where an example is about a path that is no regular file."""
    found: Mapping[str, tuple[str, str, str]] = _module("deletion").MODES
    return found


def find(
    change: Change, blobs: Blobs, limits: Limits, *, sizes: bool = True, families: Collection[str] | None = None
) -> list[Finding]:
    """Return what all families find, each as severe as *limits* have it; what is off is left out.

    Without *sizes* the limits on size are not judged; *families*: only these, by their modules' names. Settings that
    are loosened are not the trees' to tell: see ``settings.loosening``.

    Raises:
        RepositoryError: An object that a rule has to read is not here.
    """
    found = size(change, limits, blobs) if sizes else []
    look, objects = Look(change), Asked(change, blobs)
    for family in _FAMILIES:
        if change.whole and family.module in _COMPARING:
            continue
        if families is not None and family.module not in families:
            continue
        if family.could(look, limits):
            found += family.find(_module(family.module), change, objects, limits)
    return list(_judged(found, limits.rules))


def _judged(found: Sequence[Finding], sides: Sequence[Side]) -> Iterator[Finding]:
    for one in found:
        severity = severity_at(sides, one.rule, one.path, one.severity) if sides else one.severity
        if severity != OFF:
            yield one if severity == one.severity else replace(one, severity=severity)


def _module(name: str) -> Any:
    return import_module(f".{name}", __package__)
