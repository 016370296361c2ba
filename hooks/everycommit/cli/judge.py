"""Puts the parts together: from candidates to verdicts. Shared by `run` and `hook`."""

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..change import Candidate
from ..config.schema import Config, Settings
from ..config.trust import Accepted
from ..deadline import Deadline
from ..engine.plan import Step, planned
from ..engine.run import Heard, UnderWay, Watch
from ..errors import Interrupted, UsageError
from ..gates.base import Job
from ..gates.catalog import gates as catalog
from ..kept import Kept
from ..ledger import Anew, Answers, Book, Forgetful
from ..proc import Children, child_environment
from ..record import asdict, dataclass, replace
from ..repo.cache import cache_folder
from ..result import GateResult, Verdict
from . import asked
from .call import Call
from .ending import Gone
from .later import LaterInterpreter, LaterTrees
from .other_runs import after, before
from .place import Place, configured, place
from .project_python import project_python
from .roots import Roots

if TYPE_CHECKING:
    from ..environment import Interpreter
    from ..gates.services import Services
    from ..maps import Maps
    from ..model.models import Models
    from ..repo.snapshot import Snapshots
    from ..shards import Shard, Sharded
    from .attested import Trusted

__all__ = ["Place", "Ready", "Wish", "configured", "left_out", "place", "prepared", "verdict"]

RUN_NO_CODE = frozenset({"policy", "lint", "review"})
"""Gates that execute nothing of the change."""
_SOON_OVER = frozenset({"policy", "lint"})
"""Gates that are over before a person waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asks for besides the change itself."""

    gates: Sequence[str] = ()
    """Names; empty: those of the occasion."""
    skip: Collection[str] = ()
    timeout: float | None = None
    budget: float | None = None
    """Seconds in place of the setting's."""
    fresh: bool = False
    """Whether to judge anew what was judged before."""
    run_code: bool = False
    """Whether the code of commits that are on no local branch may run."""
    no_code: bool = False
    """Whether every gate that runs code of the change is left out."""
    refuse_loosening: bool = False
    """Whether loosening a setting is an error on every occasion."""
    trusted: "Trusted | None" = None
    """A signed verdict, whose passes stand for gates that it fits."""
    of_index: bool = False
    """Whether a commit of the index is judged, so that the hook may know it without Python when it comes."""
    records: bool = False
    """Whether a commit follows, whose tests may be recorded behind the scenes."""
    again: bool = False
    """Whether what hooks judge is judged, so that one may know the pair again; true as well where ``of_index`` is."""
    shard: "Shard | None" = None
    """Which part is to be judged; None: all."""
    explain: bool = False
    """Whether each result has to say how it came about."""
    project: str | None = None
    """The only project whose own gates are to run; None: all that the change reaches."""
    aside: bool = False
    """Whether work in the background over another change goes on: what is judged is no step of its own."""


def left_out(call: Call, wish: Wish, gates: Collection[str]) -> dict[str, str]:
    """Return ``{gate: by what word it is skipped}``; ``SKIP`` holds hook ids, as pre-commit has it."""
    out = {name: f"skipped by you (--skip {name})" for name in wish.skip}
    if wish.no_code:
        out |= {name: "it runs code of the change (--no-code)" for name in gates if name not in RUN_NO_CODE}
    for word in call.environ.get("SKIP", "").split(","):
        hook = word.strip()
        for name in gates:
            if hook in {"everycommit", f"everycommit-{name}"}:
                out[name] = f"skipped by you (SKIP={hook})"
    return out


def verdict(
    here: Place,
    candidate: Candidate,
    call: Call,
    wish: Wish,
    *,
    watch: Watch,
    gone: Callable[[], bool],
    show: Callable[[Verdict], int] | None = None,
) -> Verdict:
    """Judge one candidate.

    With *show* the commit's budget holds: what is not done by then goes on in the background, after *show* has shown
    the verdict and returned the exit code, with which the process that was called ends.

    Raises:
        EverycommitError: Wrong settings or use; what a gate cannot do is in the verdict instead.
        Interrupted: By a signal; all children are ended by then.
    """
    began, since = time.monotonic(), time.time()
    heard = Heard(watch)
    gone = Gone(gone)
    told = before(here, candidate, watch=heard, gone=gone)
    kept = Kept(here.repository.common_dir)
    book = _book(kept, candidate, call, wish)
    with closing(kept), prepared(here, candidate, call, wish, watch=heard, gone=gone, answers=book) as ready:
        steps, later, until = ready.steps, None, None
        if candidate.occasion == "commit" and _take_long(steps):
            from .background import Background

            budget = ready.config.settings.budget if show is not None else None
            later = Background(here.repository.git_dir, watch=heard, gone=gone.ask, show=show)
            if show is not None and budget is not None:
                until = began + budget
                later.fork(call, here)
            gone.ask = later.gone
            # A look back at a commit, `run --commit`, is no newer change.
            newest = not wish.aside and (show is not None or candidate.target_commit is None)
            steps = later.after_older(candidate, steps, until=until, fresh=wish.fresh, newest=newest)

        def said(results: tuple[GateResult, ...], more: Sequence[str] = ()) -> Verdict:
            return Verdict(
                occasion=candidate.occasion,
                change=candidate.change,
                gates=results,
                ref=candidate.ref,
                base_commit=candidate.base_commit,
                target_commit=candidate.target_commit,
                seconds=time.monotonic() - began,
                notes=(*told, *candidate.notes, *ready.config.notes, *ready.notes, *more),
                used=ready.models.used() if ready.models else (),
                shard=wish.shard and _sharded(wish.shard, ready),
            )

        try:
            under_way = UnderWay(steps, ledger=book, watch=heard, deadline=ready.deadline)
            done = under_way.wait(gone, until)
            results = under_way.results()
            if later is not None and not done:
                results = later.go_on(said(results), under_way, ready)
        except (Interrupted, KeyboardInterrupt):
            ready.children.stop()
            raise
        more = after(here, candidate, results, ready, call=call, wish=wish, told=told, since=since, stayed=done)
        if wish.explain:
            from .told import told as how

            results = how(ready, results)
        return said(results, more)


def _take_long(steps: Sequence[Step]) -> bool:
    return any(step.ended is None and step.gate.name not in _SOON_OVER for step in steps)


def _sharded(shard: "Shard", ready: "Ready") -> "Sharded":
    """Return of which shard the verdict is, with a word for all that has to be the same in the others."""
    from ..gates.keyed import digest
    from ..shards import Sharded

    # Where a machine keeps its caches, how long it may take, and which models it asks, is its own.
    said = {**asdict(replace(ready.config.settings, model={})), "cache_dir": None, "timeout": None}
    gates = [(step.gate.name, step.job.project, bool(step.ended and step.ended.left_out)) for step in ready.steps]
    word = digest([json.loads(json.dumps(said, sort_keys=True)), gates, ready.config.scoped])
    return Sharded(shard.number, shard.of, word, shard.durations.word)


class Ready(NamedTuple):
    """All that it takes to judge one candidate."""

    steps: tuple[Step, ...]
    config: Config
    deadline: Deadline
    children: Children
    trees: LaterTrees
    models: "Models | None" = None
    told: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said of the trees that were laid out and the models that were asked."""
        return (*self.told, *self.trees.notes(), *(self.models.notes() if self.models else ()))


@contextmanager
def prepared(
    here: Place,
    candidate: Candidate,
    call: Call,
    wish: Wish,
    *,
    watch: Watch,
    gone: Callable[[], bool],
    answers: Answers | None = None,
) -> Iterator[Ready]:
    """Plan the gates for *candidate*; what they took is given back at the end. Raises as ``verdict``."""
    config = configured(here, candidate, call, wish)
    settings = config.settings
    gates = catalog(settings, call.environ)
    names = _names(wish, settings, candidate, gates)
    skipped = left_out(call, wish, gates)
    deadline = Deadline.after(settings.timeout)
    cache = cache_folder(settings.cache_dir, call.environ) if settings.cache_dir else here.cache
    accepted = _accepted(here, candidate, call)
    no_code = wish.no_code or (candidate.foreign and not wish.run_code)

    def python(project: str = ".", own: str | None = None) -> "Interpreter":
        return project_python(
            *(here, candidate, config, call),
            accepted=accepted,
            cache=cache,
            no_code=no_code,
            project=project,
            own=own,
        )

    with ExitStack() as stack:
        children = stack.enter_context(Children(gone))
        trees = stack.enter_context(closing(LaterTrees(lambda: _snapshots(here, candidate, settings, cache, deadline))))
        job = Job(
            change=candidate.change,
            config=config,
            occasion=candidate.occasion,
            deadline=deadline,
            blobs=here.quarantine,
            trees=trees,
            children=children,
            interpreter=LaterInterpreter(python),
            environ=child_environment(call.environ, ceiling=cache),
            accepted=accepted,
            say=lambda _: None,
            maps=_maps(here),
            answers=answers,
            services=_services(stack, settings, children, call),
            shard=wish.shard
            and wish.shard.with_gates(name for name in names if not getattr(gates[name], "splits", False)),
        )
        roots = Roots(here.quarantine, candidate.change.target, settings, python)
        only = None if wish.project is None else roots.known(wish.project)
        steps = planned([gates[name] for name in names], job, skipped=skipped, apart=roots.jobs, only=only)
        told = ""
        if wish.trusted:
            from .attested import stood_for, unfit

            why = unfit(wish.trusted, candidate, config)
            told = f"the verdict signed by {wish.trusted.signer} is not used: {why}" if why else ""
            steps = steps if why else tuple(stood_for(step, wish.trusted) for step in steps)
        left = [step.gate.name for step in steps if step.ended is None]
        models = asked.models(
            left, settings, cache=here.cache, children=children, environ=call.environ, deadline=deadline
        )
        if models:
            stack.enter_context(closing(models))
        steps = tuple(
            replace(step, job=replace(step.job, say=_sayer(watch, step.label), models=models)) for step in steps
        )
        yield Ready(steps, config, deadline, children, trees, models, (told,) * bool(told))


def _book(kept: Kept, candidate: Candidate, call: Call, wish: Wish) -> Book:
    if wish.shard is not None or (candidate.occasion == "ci" and call.environ.get("CI")):
        # A part is not kept as if it were all.
        # Who can write files can write a ledger: where a verdict guards others, it is made there.
        return Forgetful()
    return Anew(kept) if wish.fresh else kept


def _names(wish: Wish, settings: Settings, candidate: Candidate, gates: Collection[str]) -> tuple[str, ...]:
    _known(wish.gates, gates)
    _known(wish.skip, gates)
    names = tuple(name for name in gates if name in wish.gates) if wish.gates else settings.gates(candidate.occasion)
    codes = [name for name in names if name not in RUN_NO_CODE and name not in wish.skip]
    if candidate.foreign and codes and not wish.run_code and not wish.no_code:
        raise UsageError(
            f"commit '{(candidate.target_commit or '')[:12]}' is on no local branch, and {', '.join(codes)} would run "
            "its code as you; add --run-code if you trust it, or judge without: everycommit run policy lint ..."
        )
    return names


def _known(names: Collection[str], gates: Collection[str]) -> None:
    for name in names:
        if name not in gates:
            from difflib import get_close_matches

            near = get_close_matches(name, gates, 1)
            raise UsageError(
                f"'{name}': no such gate; "
                + (f"did you mean '{near[0]}'?" if near else f"there are {', '.join(gates)}")
            )


def _accepted(here: Place, candidate: Candidate, call: Call) -> Callable[[str], bool]:
    if candidate.occasion == "ci" and call.environ.get("CI"):
        # Nobody is there to ask, and the settings hold base's commands alone. On a person's machine, where a base may
        # just have been pulled, `--at ci` asks as ever.
        return lambda _: True
    return Accepted(here.repository.common_dir).has


def _services(stack: ExitStack, settings: Settings, children: Children, call: Call) -> "Services | None":
    if not settings.services:
        return None
    from ..gates.services import Services

    # Entered behind the trees: they end before the folder in which they work is given back.
    return stack.enter_context(closing(Services(settings.services, children=children, environ=call.environ)))


def _maps(here: Place) -> "Maps":
    from ..maps import Maps

    return Maps(here.repository.common_dir, lambda base, target: here.quarantine.diff(base, target, patch=False))


def _snapshots(here: Place, candidate: Candidate, settings: Settings, cache: Path, deadline: Deadline) -> "Snapshots":
    from ..repo.snapshot import Snapshots

    return Snapshots(
        here.repository,
        here.quarantine,
        cache,
        settings.snapshot,
        target=candidate.change.target,
        deadline=deadline,
    )


def _sayer(watch: Watch, gate: str) -> Callable[[str], None]:
    return lambda text: watch.said(gate, text)
