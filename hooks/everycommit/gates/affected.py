"""Which tests of a job its change can affect: what was recorded, against what the target holds now.

The difference that counts is the one to the *recorded* tree, not to the parent: a test that nothing touches since then
does what it did when it was recorded.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..change import FileChange
from ..errors import EverycommitError
from ..ledger import doubted
from .base import Job
from .keyed import digest
from .services import running_code

if TYPE_CHECKING:
    from ..maps import Maps
    from ..selection.reach import Changed, Selected
    from ..testmap import TestMap

_OF_THE_CHANGE = frozenset({"target", "parents", "settings before", "select"})
_SHOWN = 2
_FEW = 100
"""Files that are named to pytest one by one."""


class Plan(NamedTuple):
    """Which tests to run, by ids with their files from the root of the tree."""

    all: str | None
    """Why all of them; None where some can be left out."""
    left_out: tuple[str, ...] = ()
    chosen: tuple[tuple[str, str], ...] = ()
    """Each recorded test that has to run, and how the change reaches it."""
    recorded: str = ""
    """The tree and the moment of the recording."""
    files: tuple[str, ...] = ()
    """Those that hold the tests to run, where it is enough to collect these; empty: all are collected."""

    @property
    def word(self) -> str:
        """What the ledger has to tell apart: a pass of some tests is none of all."""
        if self.all is not None or not self.left_out:
            return "all"
        return f"affected since {self.recorded}: {digest(sorted(self.left_out))}"

    @property
    def why(self) -> str:
        """How the change reaches the first tests, in a few words."""
        ways = list(dict.fromkeys(reason for _, reason in self.chosen))
        more = f" and {len(ways) - _SHOWN} more ways" if len(ways) > _SHOWN else ""
        return "; ".join(ways[:_SHOWN]) + more


def plan(job: Job, circumstances: Callable[[], Mapping[str, str]]) -> Plan:
    """Return which tests *job* has to run; *circumstances* are what the recording must have been made under."""
    if job.config.settings.tests.select(job.occasion) == "all":
        return Plan("the settings say so")
    return selection(job, circumstances)


def selection(job: Job, circumstances: Callable[[], Mapping[str, str]]) -> Plan:
    """Return which tests *job* would have to run where the settings select the affected ones."""
    if job.change.whole:
        return Plan("there is nothing to compare with")
    return since_recorded(job, circumstances)


def since_recorded(job: Job, circumstances: Callable[[], Mapping[str, str]]) -> Plan:
    """Return which tests what changed since they were recorded can affect."""
    if job.maps is None:
        return Plan("there is nothing to compare with")
    service = running_code(job)
    if service is not None:
        return Plan(f"the service '{service}' may run code of the tree, which no recording sees (runs_code)")
    try:
        recorded = job.maps.of(job.project)
    except EverycommitError as error:
        return Plan(str(error))
    try:
        return _planned(job, job.maps, recorded, conditions(circumstances()))
    except EverycommitError as error:
        return Plan(str(error))
    finally:
        recorded.close()


def conditions(inputs: Mapping[str, str]) -> str:
    """Return a word for all but the trees that *inputs* say; empty where it cannot be told."""
    kept = {name: value for name, value in inputs.items() if name not in _OF_THE_CHANGE}
    return "" if any(map(doubted, kept.values())) else digest(sorted(kept.items()))


def _planned(job: Job, maps: "Maps", recorded: "TestMap", now: str) -> Plan:
    from ..selection.reach import selected

    stale = _stale(recorded, now)
    if stale:
        return Plan(stale)
    files = maps.differ(recorded.meta.get("tree", ""), job.change.target)
    odd = next((file.path for file in files if not _ordinary(file)), None)
    if odd is not None:
        return Plan(f"{odd} is not an ordinary file, or its mode changed")
    found = selected([one for file in files for one in _changed(file, job, recorded)], recorded)
    return Plan(found.all) if found.all is not None else _divided(recorded, found)


def _stale(recorded: "TestMap", now: str) -> str | None:
    if not now:
        return "what the tests depend on besides the tree cannot be told"
    if now != recorded.meta.get("conditions"):
        return "the map was recorded under other settings, packages or variables; `everycommit tests map`"
    if recorded.meta.get("always"):
        return f"while the tests are collected {recorded.meta['always'].replace('it ', 'something ', 1)}"
    return None


def _divided(recorded: "TestMap", found: "Selected") -> Plan:
    from ..testmap import bits

    chosen, left = [], []
    reasons: dict[int, str] = {}
    for tests, way in found.reasons:
        for number in bits(tests):
            reasons.setdefault(number, way)
    for number, (node, _, always) in recorded.tests.items():
        why = reasons.get(number) or (f"always: {always}" if always else None)
        if why:
            chosen.append((node, why))
        else:
            left.append(node)
    files = sorted({node.partition("::")[0] for node, _ in chosen}) if found.at_rest else []
    every = {node.partition("::")[0] for node, _, _ in recorded.tests.values()}
    few = files if len(files) <= min(_FEW, len(every) / 2) else []
    return Plan(None, tuple(left), tuple(chosen), json.dumps([recorded.meta["tree"], recorded.meta["at"]]), tuple(few))


def _ordinary(file: FileChange) -> bool:
    sides = [mode for mode, there in ((file.old_mode, file.status != "A"), (file.mode, not file.deleted)) if there]
    return all(mode.startswith("100") for mode in sides) and len(set(sides)) == 1


def _changed(file: FileChange, job: Job, recorded: "TestMap") -> Iterator["Changed"]:
    from ..selection.reach import Changed
    from ..testmap import NoMapError

    old: bytes | None = None
    new: bytes | None = None
    if file.was_file:
        old = b""
        if file.source.endswith(".py"):
            there = recorded.source(file.source)
            if there is None or there[0] != file.old_id:
                raise NoMapError(f"{file.source} was recorded with another content")
            old = there[1]
    if file.is_file:
        new = job.blobs.read(file.id) if file.path.endswith(".py") else b""
    if file.source != file.path:
        yield Changed(file.source, old, None)
        yield Changed(file.path, None, new)
    else:
        yield Changed(file.path, old, new)
