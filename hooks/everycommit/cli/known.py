"""Which passes the hook may know again without Python, and all the files that stand for what they depend on.

A gate's ``inputs`` are the measure: what they are made of is either written down as text, or looked at by the hook, or
the pass is not written down. The git settings of the user are not among it: the change is read without them, and what
they do to the index is in the index.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..change import Candidate
from ..config.load import user_file
from ..config.trust import Accepted
from ..errors import EverycommitError
from ..ledger import repeatable
from ..record import replace
from ..repo import pairs
from ..repo.again import own_places
from ..repo.known import Pair, Said, Unfit, Witnesses, keep, looked, search_path, witnessed
from ..repo.known import folder as known
from ..result import GateResult, Outcome

if TYPE_CHECKING:
    from ..environment import Interpreter
    from ..gates.base import Gate, Job
    from .call import Call
    from .judge import Place, Ready, Wish

_POLICY, _REVIEW = "policy", "review"
_TOOLS = {"lint": "lint", "types": "mypy", "tests": "tests"}
"""The module that names a gate's settings files."""
# With one of these the hook's Python, which ignores them, might not find what this one found.
_BENDING = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONPLATLIBDIR")


def remember(
    here: "Place",
    candidate: Candidate,
    results: Sequence[GateResult],
    ready: "Ready",
    *,
    call: "Call",
    wish: "Wish",
    notes: Sequence[str],
    since: float,
    stayed: bool = True,
) -> str | None:
    """Write down that *candidate* passed, where the hook can know it again; return why not, None where it was.

    *notes* are those on settings and snapshot, *since* is when the run began (seconds since 1970). *stayed*: whether
    nobody else could pass in the meantime. Nothing raises: it is a help, no duty.
    """
    repository = here.repository
    try:
        _must_be_usual(call, wish, ready, notes)
        _must_be_a_pair(candidate)
        judged = _judged(ready, results)
        witnesses = _witnesses(here, judged, call, since)
        _still_so(judged)
        _never_there(user_file(call.environ), since)
        at, symbol = _judged_at(results), _passed(call)
        change = candidate.change
        pairs.keep(
            repository.git_dir,
            [(occasion, change.base, change.target) for occasion in _occasions(candidate, ready, judged)],
            files=change.files,
            judged_at=at,
            symbol=symbol,
            top=repository.top,
            common_dir=repository.common_dir,
            environ=call.environ,
            witnesses=witnesses,
        )
        if not wish.of_index:
            return "it is not the index that was judged"
        if not stayed:
            _must_be_newest(repository.git_dir, since)
        keep(
            repository.git_dir,
            _pair(here, candidate),
            _said(at, symbol),
            places=(*own_places(), str(repository.top), str(repository.common_dir)),
            environ=call.environ,
            witnesses=witnesses,
        )
    except (Unfit, EverycommitError, OSError, ValueError) as error:
        return str(error)
    return None


def _must_be_usual(call: "Call", wish: "Wish", ready: "Ready", notes: Sequence[str]) -> None:
    """Raise ``Unfit`` unless the hook's own run would have been the same one."""
    if notes or wish.gates or wish.skip or ready.config.scoped:
        raise Unfit("gates were chosen, a task has a scope, or settings or snapshot need words")
    import site

    user = site.USER_SITE if site.ENABLE_USER_SITE else None
    if not sys.flags.ignore_environment and any(call.environ.get(name) for name in _BENDING):
        raise Unfit("Python is told by the environment where packages are")
    if not sys.flags.no_user_site and user and Path(user).is_dir():
        raise Unfit("Python sees the user's own packages")


def _must_be_newest(git_dir: Path, since: float) -> None:
    """Raise ``Unfit`` where another pair passed *since*: it is the one that comes next."""
    try:
        written = (known(git_dir) / "facts").stat().st_mtime
    except FileNotFoundError:
        return
    if written > since:
        raise Unfit("a newer change has passed")


def _must_be_a_pair(candidate: Candidate) -> None:
    """Raise ``Unfit`` unless the change is what one commit, or a push, puts on top of another."""
    change = candidate.change
    if change.empty or change.whole or len(change.parents) != 1 or change.base != change.parents[0]:
        raise Unfit("no change on top of one commit")
    if candidate.base_commit is None or candidate.foreign or candidate.rules:
        raise Unfit("no commit of this working tree")


def _occasions(candidate: Candidate, ready: "Ready", judged: "Sequence[tuple[Gate, Job, GateResult]]") -> list[str]:
    """Return when the verdict holds: at a push as well, where the same gates then depend on the very same things."""
    settings = ready.config.settings
    if candidate.occasion != "commit" or set(settings.gates("push")) != set(settings.gates("commit")):
        return [candidate.occasion]
    same = all(dict(gate.inputs(replace(job, occasion="push"))) == _own(result) for gate, job, result in judged)
    # A project that a commit does not reach is not reached at its push, either.
    others = [step for step in ready.steps if step.ended is not None and step.job.member is None]
    quiet = all(step.gate.skip(replace(step.job, occasion="push")) for step in others)
    return ["commit", "push"] if same and quiet else ["commit"]


def _pair(here: "Place", candidate: Candidate) -> Pair:
    """Return what the index holds on top of one commit."""
    repository = here.repository
    usual = repository.index.parent == repository.git_dir and repository.index.name == "index"
    if not usual or (repository.git_dir / "MERGE_HEAD").exists() or candidate.base_commit is None:
        raise Unfit("a commit of a part, or a merge")
    return Pair(candidate.base_commit, candidate.change.target, here.quarantine.own_index)


def _judged(ready: "Ready", results: Sequence[GateResult]) -> "list[tuple[Gate, Job, GateResult]]":
    """Return what was looked at. All of it passed, the rest had nothing to judge in this change."""
    judged = []
    for step, result in zip(ready.steps, results, strict=True):
        quiet = result.valid_until is None and not any(finding.new for finding in result.findings)
        if result.outcome not in {Outcome.PASSED, Outcome.SKIPPED} or result.left_out or not quiet:
            raise Unfit(f"{result.gate} did not simply pass")
        if step.ended is None:
            judged.append((step.gate, step.job, result))
    if not judged:
        raise Unfit("nothing was judged")
    return judged


def _still_so(judged: "Iterable[tuple[Gate, Job, GateResult]]") -> None:
    """Raise ``Unfit`` unless all that the verdicts depend on is known for sure, and the same as it was before."""
    for gate, job, result in judged:
        own = _own(result)
        if not repeatable(own) or dict(gate.inputs(job)) != own:
            raise Unfit(f"what {gate.name} depends on has changed, or cannot be told")


def _own(result: GateResult) -> dict[str, str]:
    """Return what the gate itself said that its verdict depends on."""
    return {name: value for name, value in result.inputs.items() if name != "everycommit"}


def _never_there(path: Path, since: float) -> None:
    """Raise ``Unfit`` where *path* is not there and may yet have been when the run began: its folder would tell."""
    if not os.path.lexists(path):
        witnessed([str(next(folder for folder in path.parents if folder.is_dir()))], before=since)


def _witnesses(
    here: "Place", judged: "Sequence[tuple[Gate, Job, GateResult]]", call: "Call", since: float
) -> Witnesses:
    """Return the files to look at."""
    paths = [*_our_own(), user_file(call.environ), Accepted(here.repository.common_dir).path]
    paths.append(here.repository.git_dir / "everycommit" / "scope.json")
    if any(gate.name != _POLICY for gate, _, _ in judged):
        for job in {job.project: job for _, job, _ in judged}.values():
            paths += _of_project(here, job.interpreter(), job.project)
        paths += map(Path, search_path(call.environ))
    for gate, job, _ in judged:
        paths += _of_gate(gate, job)
    present: list[str] = []
    absent: list[str] = []
    for path in dict.fromkeys(map(str, paths)):
        (present if os.path.lexists(path) else absent).append(path)
    return looked(present, absent, before=since)


def _our_own() -> Iterator[Path]:
    """Yield what stands for everycommit, the Python that runs it and what is installed beside it."""
    home = Path(__file__).parent.parent
    yield from (Path(sys.executable), Path(sys.prefix, "pyvenv.cfg"), home)
    places = [Path(place) for place in sys.path if place.endswith(("site-packages", "dist-packages"))]
    for place in places:
        if place.is_dir():
            yield from _installed(place)
    if home.parent not in places:
        # A checkout: each file of it counts.
        yield from (path for path in home.rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__")


def _of_project(here: "Place", python: "Interpreter", project: str) -> Iterator[Path]:
    """Yield what stands for the Python of *project*, and for there being no other that would be taken first."""
    from ..distributions import site_packages

    if python.places:
        raise Unfit("the project's Python had to be asked what it is")
    yield from (python.python, python.prefix / "pyvenv.cfg", python.prefix / "lib")
    for root in dict.fromkeys((here.repository.top, here.repository.main_worktree)):
        yield from (root / name / "bin" / "python" for name in (".venv", "venv"))
        yield root / project / ".venv" / "bin" / "python"
    yield from python.looked
    for folder in site_packages(python.prefix):
        yield from _installed(folder)


def _installed(folder: Path) -> Iterator[Path]:
    """Yield the folder, which any install changes, and of what is in it that which is written anew in place."""
    yield folder
    for entry in os.scandir(folder):
        if entry.name.endswith((".dist-info", ".egg-info")):
            record = Path(entry.path, "RECORD")
            yield record if record.exists() else Path(entry.path)
        elif entry.name.endswith((".py", ".pth", ".egg-link")):
            yield Path(entry.path)


def _of_gate(gate: "Gate", job: "Job") -> Iterator[Path]:
    """Yield what lies outside tree and environment and yet counts for *gate*; its ``inputs`` name the same."""
    settings = job.config.settings
    # Beside its ruff the review depends on models: they are in the user's file, and what was answered does not change.
    name = "lint" if gate.name == _REVIEW else gate.name
    if name not in {_POLICY, *_TOOLS} or settings.snapshot.link or (name == "tests" and settings.tests.env):
        raise Unfit(f"{gate.name} depends on more than the tree and the installed tools")
    if settings.services_of(name):
        raise Unfit(f"{name} needs a service")
    if name == _POLICY:
        if settings.policy.secrets_also != "never":
            raise Unfit("another program looks for secrets")
        return
    from importlib import import_module

    from ..environment import tool
    from ..gates.keyed import named_places, paths_above

    # Each brings a lot: only that which has judged, and is loaded by now.
    files = import_module(f"..gates.{_TOOLS[name]}", __package__)
    if name == "lint":
        yield Path(tool("ruff", job.interpreter()).argv[0])
        yield from paths_above(job.environ, (*files.OWN, *files.SHARED), user="ruff")
    elif name == "tests":
        yield from paths_above(job.environ, (*files.OWN, *files.SHARED, "setup.py", "conftest.py"))
    yield from (Path(place) for _, place in named_places(job, files.OWN, files.SHARED))


def _judged_at(results: Iterable[GateResult]) -> float:
    """Return since when all of it is known, in seconds since 1970."""
    return min((result.judged_at for result in results if result.judged_at is not None), default=time.time())


def _passed(call: "Call") -> str:
    from ..report.style import style_for

    return style_for(call.stdout, call.environ).symbol("passed")


def _said(judged_at: float, symbol: str) -> Said:
    """Return what the hook says: since when it is known, of another day than today with the date."""
    at = time.localtime(judged_at)
    today = time.localtime(time.time())[:3] == at[:3]
    midnight = int(time.mktime((at.tm_year, at.tm_mon, at.tm_mday + 1, 0, 0, 0, 0, 0, -1))) if today else 0
    known = f"everycommit  {symbol} known, judged "
    return Said(midnight, known + time.strftime("at %H:%M", at), known + time.strftime("on %Y-%m-%d at %H:%M", at))
