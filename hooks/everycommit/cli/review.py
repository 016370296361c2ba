"""Have a model read a change: what `everycommit run review` does, and what lies behind it.

--dry-run shows every word that would be sent, where, and how much it is; nothing is sent. --all lists what was found
but not shown: with too few votes, taken down by the judge, of lines that were read before.

    everycommit review calibrate      how well it does on this project's own history, and how many votes to ask for
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import SystemRandom, token_hex
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UsageError
from ..record import replace
from ..report.words import counted
from ..result import NOTE
from ..text import printable
from . import outputs, run
from .call import Call
from .ending import signals
from .judge import Wish, place, prepared
from .show import Silent

if TYPE_CHECKING:
    import argparse

    from ..gates.base import Job
    from ..gates.review.parts import Voted
    from ..gates.review.reading import Reading
    from ..model.profile import Profile

GATE = "review"
_CONTEXT = 32_768
"""Tokens of the context of a model that nobody has set up yet."""
_RULE = "-" * 80
_OWN = frozenset({"dry_run", "all", "what", "cases", "commits", "yes"})


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.epilog = run.ENDS
    parser.add_argument(
        "what", nargs="?", choices=("calibrate",), help="read fixes of the past, taken back, and quiet commits"
    )
    run.of_change(parser)
    outputs.arguments(parser)
    parser.add_argument("--fresh", action="store_true", help="ask again what was answered before")
    more = parser.add_mutually_exclusive_group()
    more.add_argument("--dry-run", action="store_true", help="show what would be sent, and send nothing")
    more.add_argument("--all", action="store_true", help="then list all that was found, and all that was not read")
    past = parser.add_argument_group("calibrate")
    past.add_argument("--cases", type=_number, metavar="N", help="of each kind (default: 20)")
    past.add_argument("--commits", type=_number, metavar="N", help="how far to look back (default: 3000)")
    past.add_argument("--yes", action="store_true", help="send what it takes without asking first")


def main(args: "argparse.Namespace", call: Call) -> int:
    """Judge and show, or show what would be sent; return the exit code."""
    if args.what == "calibrate":
        return _calibrated(args, call)
    if args.cases or args.commits or args.yes:
        raise UsageError("--cases, --commits and --yes go with `everycommit review calibrate`")
    asked = run.Asked(gates=[GATE], **{name: value for name, value in vars(args).items() if name not in _OWN})
    if args.dry_run:
        with _opened(asked, call) as found:
            call.stdout.writelines(_sent(found))
        return 0
    code = run.answer(asked, call)
    if args.all:
        with _opened(asked, call) as found:
            call.stdout.writelines(_listed(found))
    return code


def _calibrated(args: "argparse.Namespace", call: Call) -> int:
    from . import calibrate

    if any((args.staged, args.worktree, args.range, args.commit, args.all_files, args.all, args.format, args.output)):
        raise UsageError("review calibrate reads commits of the past; it takes --cases, --commits, --yes and --dry-run")
    if args.fresh:
        raise UsageError("review calibrate --fresh: it asks again whatever other models or settings were asked before")
    asked = calibrate.Asked(
        cases=args.cases or calibrate.CASES,
        commits=args.commits or calibrate.COMMITS,
        yes=args.yes,
        dry_run=args.dry_run,
    )
    return calibrate.run(asked, call)


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 100_000:
        raise UsageError(f"'{text}' is no number from 1 to 99999")
    return int(text)


class _Opened(NamedTuple):
    """What there is to read; None where there is nothing, with the reason."""

    reading: "Reading | None"
    job: "Job"
    why: str = ""
    nobody: bool = False
    """Whether no model is set up."""


class _Nobody:
    """Stands for a model that is not set up."""

    def profile(self, role: str, *, tokens_in: int, tokens_out: int, seconds: float) -> "Profile | None":
        del role, tokens_in, tokens_out, seconds
        from ..model.profile import Profile

        return Profile(name="nobody", url="", model="", context=_CONTEXT)


@contextmanager
def _opened(asked: run.Asked, call: Call) -> Iterator[_Opened]:
    """Give what would be read, with the answers that are kept; nothing is started."""
    from contextlib import closing

    from ..gates.review.gate import nobody as why_nobody
    from ..gates.review.reading import reading
    from ..kept import Kept
    from ..ledger import Anew

    with signals(), place(call) as here, closing(Kept(here.repository.common_dir)) as kept:
        candidate = replace(run.candidate(asked, here), occasion=asked.at)
        book = Anew(kept) if asked.fresh else kept
        wish = Wish(gates=[GATE], run_code=True)
        with prepared(here, candidate, call, wish, watch=Silent(), gone=lambda: False, answers=book) as ready:
            (step,) = ready.steps
            nobody = not ready.config.settings.model
            why = "" if _is_read(step.job) else why_nobody(step.job) or (step.ended.reason if step.ended else "")
            if why or step.job.change.empty:
                yield _Opened(None, step.job, why or "nothing is staged")
                return
            about = reading(step.job, step.job.models or _Nobody(), SystemRandom())
            yield _Opened(about, step.job, "" if about else "no model reads the change", nobody=nobody)


def _is_read(job: "Job") -> bool:
    """Tell whether a model would read *job*'s change if there were one."""
    from ..gates.review.left_out import readable

    review = job.config.settings.review
    return (
        review.egress != "deny"
        and review.finder is not None
        and any(True for _ in readable(job.change, review, job.project))
    )


def _sent(found: _Opened) -> Iterator[str]:
    """Yield what would be sent, line by line."""
    from ..gates.review.prompt import INSTRUCTIONS, question

    about = found.reading
    if about is None:
        yield f"Nothing would be sent: {printable(found.why)}.\n"
        return
    plan, profile = about.plan, about.profile
    questions = [question(about.brief, chunk.pieces, fence=token_hex(16), sample=0) for chunk in plan.chunks]
    size = sum(len(json.dumps([*one.ask.messages, one.ask.shape])) for one in questions) * plan.samples
    if found.nobody:
        yield "No model is set up (everycommit models add); one would be sent this:\n"
    else:
        yield f"To {printable(profile.url)} ({printable(profile.name)}, {printable(profile.model)}):\n"
    yield (
        f"{counted(len(questions) * plan.samples, 'question')}, about {plan.tokens:,} tokens, {size:,} bytes: "
        f"{counted(len(plan.chunks), 'portion')}, each read {counted(plan.samples, 'time')}"
        f"{', once without comments and texts' if plan.samples > 1 else ''}.\n"
    )
    yield "Beside these each question holds a small made-up hunk with a defect, another one each time, to see whether\n"
    yield "it is read; and a question to the judge for each finding holds its hunk and the finding.\n"
    yield from _besides(about)
    yield f"{_RULE}\n{INSTRUCTIONS}"
    for one in questions:
        yield f"{_RULE}\n{one.ask.messages[1].content}"


def _besides(about: "Reading") -> Iterator[str]:
    from ..gates.review.telling import left_out

    if about.before:
        hunks = {piece.hunk for piece in about.pieces if piece.id in about.before}
        yield f"Answered before and not sent again: {counted(len(hunks), 'hunk')}.\n"
    for one in about.unread:
        if not one.chosen:
            yield f"Not sent and not reviewed: {printable(one.path)}, {counted(one.hunks, 'hunk')} ({one.why}).\n"
    yield from (f"{note[:1].upper()}{note[1:]}.\n" for note in (*left_out(about.unread), *about.notes))


def _listed(found: _Opened) -> Iterator[str]:
    """Yield all that was found, and all that was not read."""
    from ..gates.review.review import is_visible
    from ..gates.review.telling import line

    about = found.reading
    if about is None:
        return
    every = sorted((one for own in about.before.values() for one in own), key=lambda one: (one.path, one.line or 0))
    yield f"\nAll that was found, {counted(len(every), 'finding')}:\n"
    for one in every:
        place_ = printable(one.path) + (f":{one.line}" if one.line else "")
        votes = f"{one.votes} of {one.samples} votes"
        why = "shown" if is_visible(found.job, about, one) else _why_not(one)
        yield f"{place_}: {one.severity}  review/{one.category}  {one.title} ({votes}; {why})\n"
        yield f"    {one.scenario}\n" if one.scenario else ""
    open_ = [piece for piece in about.pieces if piece.id not in about.before]
    doubts = [one for one in about.unread if not one.chosen]
    if open_ or doubts:
        yield "Not read, or not by every reader:\n"
    yield from (f"{printable(piece.path)}:{line(piece) or 1}\n" for piece in open_)
    yield from (f"{printable(one.path)}: {one.why}\n" for one in doubts)


def _why_not(one: "Voted") -> str:
    if one.aside:
        return "its lines were read before without it"
    if one.demoted and one.severity == NOTE:
        return f"the judge: {one.demoted}"
    return "too few"
