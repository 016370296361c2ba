"""What the review does on this project's own history: fixes taken back, and commits that stayed quiet.

Each case is read as a commit would be, by the models that you set up, once, and its findings are kept in a file of your
cache: a run that was broken off goes on where it was. How many votes a finding should need is worked out from that.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import SystemRandom
from typing import TYPE_CHECKING, Any, NamedTuple

from ..change import Candidate
from ..digest import sha256
from ..errors import EverycommitError, UsageError
from ..gates.review.history import BUG, Labelled, chosen, labelled
from ..record import replace
from ..repo.past import Past, past, taken_over
from ..repo.revisions import candidate
from ..report.words import counted
from ..result import NOTE, Finding
from .ask import agreed, can_ask
from .call import Call
from .ending import signals
from .judge import Place, Ready, Wish, place, prepared
from .show import Silent

if TYPE_CHECKING:
    from ..gates.base import Job
    from ..gates.review.parts import Voted
    from ..gates.review.reading import Reading

GATE = "review"
COMMITS = 3000
CASES = 20


class Asked(NamedTuple):
    """What the command line says."""

    cases: int = CASES
    """Of each kind."""
    commits: int = COMMITS
    yes: bool = False
    dry_run: bool = False


class Estimate(NamedTuple):
    """What the cases that have yet to be read will take, roughly."""

    questions: int
    tokens: int
    cost: float | None
    profile: str


def run(asked: Asked, call: Call) -> int:
    """Read the cases, show what came of it and what it proposes; return 0, 2 where nothing was read."""
    from . import calibrate_report as report

    with signals(), place(call) as here:
        cases = _cases(here, asked)
        with _prepared(here, cases[0][0], call) as ready:
            job = ready.steps[0].job
            why = _nobody(job)
            setup = _setup(job, why)
        where = sha256(os.fsencode(here.repository.common_dir)).hexdigest()[:16]
        known = Results(here.cache / "calibrate" / where, setup)
        left = [one for one in cases if one[1] not in known.read]
        call.stdout.write(report.head(cases, len(cases) - len(left), why))
        if left and why is None:
            about = _estimated(here, left, call)
            call.stdout.write(report.price(about, len(left)))
            if asked.dry_run:
                return 0
            if not asked.yes and not (can_ask(call) and agreed(call, "Ask?")):
                raise UsageError("nothing was sent; --yes says that it may be")
        elif asked.dry_run:
            return 0
        for number, (change, one) in enumerate(left, 1):
            _progress(call, number, len(left))
            known.keep(one, _read(here, change, one, call))
        _progress(call, 0, 0)
    call.stdout.write(report.report([known.read[one] for _, one in cases], models=why is None))
    return 0


class Results:
    """What was read so far, a line a case; another set-up begins anew."""

    def __init__(self, path: Path, setup: str) -> None:
        self._path = path.with_name(f"{path.name}-{setup}.jsonl")
        self.read: dict[Labelled, Mapping[str, Any]] = {}
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return
        for line in lines:
            try:
                one = json.loads(line)
            except ValueError:
                break  # where the run was broken off
            if not one["open"]:
                self.read[Labelled(*one["case"])] = one

    def keep(self, case: Labelled, read: Mapping[str, Any]) -> None:
        """Write down what was read of *case*; what was not read to the end is read again the next time."""
        whole = {"case": list(case), **read}
        self.read[case] = whole
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(whole) + "\n")


def _cases(here: Place, asked: Asked) -> list[tuple[Candidate, Labelled]]:
    commits = past(here.repository, asked.commits)
    by_oid: dict[str, Past] = {commit.oid: commit for commit in commits}
    found = chosen(list(labelled(commits)), asked.cases)
    cases = []
    for one in found:
        try:
            cases.append((_change(here, by_oid[one.oid], one), one))
        except EverycommitError:
            continue  # a file that came or went, an object that a partial clone lacks
    kinds = {one.kind for _, one in cases}
    if len(kinds) < 2:
        raise UsageError(
            f"the last {counted(len(commits), 'commit')} hold too little to go by: it takes commits that change one "
            "Python file by a few lines, some with a subject that speaks of a fix; --commits looks further back"
        )
    return cases


def _change(here: Place, commit: Past, one: Labelled) -> Candidate:
    """Return the change of the one file alone; of a fix what takes it back."""
    quarantine = here.quarantine
    old, new = quarantine.tree_of(commit.parent), quarantine.tree_of(commit.oid)
    base, other = (new, old) if one.kind == BUG else (old, new)
    target = taken_over(quarantine, base, one.path, other)
    made = candidate(quarantine, base, target, occasion="commit", base_commit=commit.parent)
    # Today's settings judge, not those of the time.
    return replace(made, rules=here.repository.head_tree)


def _prepared(here: Place, change: Candidate, call: Call) -> "Any":
    wish = Wish(gates=[GATE], run_code=True)
    return prepared(here, change, call, wish, watch=Silent(), gone=lambda: False)


def _nobody(job: "Job") -> str | None:
    from ..gates.review.gate import nobody

    return nobody(job)


def _setup(job: "Job", why: str | None) -> str:
    """Return a word for all that another answer could come from: models, settings and this everycommit."""
    from ..ledger import itself
    from ..record import asdict

    settings = job.config.settings
    models = {name: asdict(one) for name, one in settings.model.items()}
    words = [itself(), why is None, asdict(settings.review), models if why is None else None]
    return sha256(json.dumps(words, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _estimated(here: Place, cases: Sequence[tuple[Candidate, Labelled]], call: Call) -> Estimate:
    from ..model.models import cost

    questions = tokens = 0
    price: float | None = 0.0
    name = ""
    for change, _ in cases:
        with _prepared(here, change, call) as ready:
            about = _reading(ready)
            if about is None:
                continue
            name = about.profile.name
            questions += len(about.plan.chunks) * about.plan.samples
            tokens += about.plan.tokens
            more = cost(about.profile, about.plan.tokens, 0)
            price = None if more is None or price is None else price + more
    return Estimate(questions, tokens, price, name)


def _reading(ready: Ready) -> "Reading | None":
    from ..gates.review.reading import reading

    job = ready.steps[0].job
    return reading(job, job.models, SystemRandom(), fresh=True) if job.models else None


def _read(here: Place, change: Candidate, one: Labelled, call: Call) -> Mapping[str, Any]:
    """Return what both readers say of a case, in what JSON can hold."""
    from ..gates.review.review import outcomes
    from ..gates.review.static import static
    from ..gates.review.telling import seen

    with _prepared(here, change, call) as ready:
        job = ready.steps[0].job
        open_, models, by_rules = "", [], []
        try:
            by_rules = [_place(found) for found in static(job)]
            about = _reading(ready)
            if about is not None and job.models is not None:
                came = outcomes(job, job.models, about, SystemRandom())
                models = [_vote(vote, about) for vote in came.found]
                open_ = seen(about, came.answers).reason or ""
        except EverycommitError as error:
            open_ = str(error)
        used = ready.models.used() if ready.models else ()
        return {
            "path": one.path,
            "lines": [list(span) for span in _lines(change, one.path)],
            "rules": by_rules,
            "models": models,
            "open": open_,
            "questions": sum(each.questions for each in used),
            "tokens_in": sum(each.tokens_in for each in used),
            "tokens_out": sum(each.tokens_out for each in used),
            "cost": sum(each.cost for each in used if each.cost is not None),
        }


def _place(found: Finding) -> list[Any]:
    return [found.path, found.line, found.rule]


def _vote(one: "Voted", about: "Reading") -> list[Any]:
    """Return place, votes, samples, and whether it is shown with few votes or never."""
    never = one.aside or bool(one.demoted and one.severity == NOTE)
    always = one.only_stripped and one.piece in about.neutralised and one.severity != NOTE
    return [one.path, one.line, one.votes, one.samples, "never" if never else "always" if always else "votes"]


def _lines(change: Candidate, path: str) -> Iterator[tuple[int, int]]:
    """Yield first and last line of each place that the change touches, in the new file."""
    for file in change.change.files:
        if file.path != path:
            continue
        for hunk in file.hunks:
            at = hunk.new_start
            for line in hunk.lines:
                if line.kind == "+" and line.new is not None:
                    yield line.new, line.new
                elif line.kind == "-":
                    yield max(1, at), max(1, at)
                at = (line.new or at - 1) + 1 if line.kind != "-" else at


def _progress(call: Call, number: int, of: int) -> None:
    if not call.stderr.isatty():
        return
    call.stderr.write(f"\r  {number}/{of} read" if of else "\r\x1b[K")
    call.stderr.flush()
