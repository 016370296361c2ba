"""What `review calibrate` says: what was counted, how sure it is, and what it proposes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..change import Candidate
from ..gates.review.history import BUG, Labelled
from ..gates.review.scores import Score, Spoken, near, score
from ..report.words import counted
from ..text import printable

if TYPE_CHECKING:
    from .calibrate import Estimate

USUAL = 2
"""Votes that a finding needs where nothing is set."""
_HEAD = ("read by", "taken back: found", "quiet: with a finding", "precision", "F1")


def head(cases: Sequence[tuple[Candidate, Labelled]], known: int, why: str | None) -> str:
    """Return what is read, by whom, and what the labels are worth."""
    bugs = sum(one.kind == BUG for _, one in cases)
    before = f"; {known} of them were read before" if known else ""
    fixes = f"{bugs} {'fix' if bugs == 1 else 'fixes'} taken back"
    lines = [
        f"{fixes} and {counted(len(cases) - bugs, 'quiet commit')} of this project's history{before}",
        "Both are guesses by subject lines: a fix may mend what no reader could see, a quiet commit may hold a defect.",
    ]
    if why is not None:
        lines.append(f"No model reads them: {printable(why)}. The static reader alone is measured.")
    return "".join(f"{line}\n" for line in lines)


def price(about: "Estimate", cases: int) -> str:
    """Return what asking takes, before anything is sent."""
    money = "no price is set" if about.cost is None else f"about {about.cost:.4g} at its price, without the answers"
    return (
        f"{counted(cases, 'case')} to read: {counted(about.questions, 'question')} to '{printable(about.profile)}', "
        f"about {about.tokens:,} tokens ({money}); the judge's come on top. The lines that these commits changed, and "
        "what stands around them, would be sent.\n"
    )


def report(read: Sequence[Mapping[str, Any]], *, models: bool) -> str:
    """Return the table and the proposal."""
    whole = [one for one in read if not one["open"]]
    parts = [""]
    if len(whole) < len(read):
        first = next(one["open"] for one in read if one["open"])
        parts.append(
            f"{counted(len(read) - len(whole), 'case')} not read to the end, in no row below ({printable(first)}); "
            "the next run reads them again"
        )
    most = max((vote[3] for one in whole for vote in one["models"]), default=0)
    rows = [("the rules", _score(whole, votes=None))]
    by_votes = {votes: _score(whole, votes=votes, rules=False) for votes in range(1, most + 1)}
    rows += [(f"models, {counted(votes, 'vote')} of {most}", found) for votes, found in by_votes.items()]
    if models and most:
        rows.append((f"both, {counted(min(USUAL, most), 'vote')}", _score(whole, votes=min(USUAL, most))))
    parts += _table([_HEAD, *(_cells(name, found) for name, found in rows)])
    if models and most:
        parts += ["", *_proposal(by_votes)]
        asked, tokens = sum(one["questions"] for one in read), sum(one["tokens_in"] + one["tokens_out"] for one in read)
        parts.append(f"Asked: {counted(asked, 'question')}, {tokens:,} tokens.")
    elif models:
        parts += ["", "The models said nothing of any case: there is nothing to choose between."]
    return "".join(f"{line}\n" for line in parts)


def _score(read: Sequence[Mapping[str, Any]], *, votes: int | None, rules: bool = True) -> Score:
    return score(_spoken(one, votes=votes, rules=rules) for one in read)


def _spoken(one: Mapping[str, Any], *, votes: int | None, rules: bool) -> Spoken:
    places = [(path, line) for path, line, _ in one["rules"]] if rules else []
    if votes is not None:
        places += [
            (path, line)
            for path, line, had, of, how in one["models"]
            if how == "always" or (how == "votes" and had >= min(votes, of))
        ]
    bug = one["case"][0] == BUG
    close = sum(bug and path == one["path"] and near(one["lines"], line) for path, line in places)
    return Spoken(bug, 1.0 if close else 0.0, len(places) - close)


def _cells(name: str, found: Score) -> tuple[str, ...]:
    f1 = f"{found.f1:.2f}" if found.recall.of and found.precision.of else "-"
    return name, str(found.recall), str(found.alarms), str(found.precision), f1


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _proposal(by_votes: Mapping[int, Score]) -> list[str]:
    """Return the setting that did best, and whether so few cases can tell it from the usual one."""
    usual = min(USUAL, max(by_votes))
    best = max(by_votes, key=lambda votes: (by_votes[votes].f1, votes == usual, votes))
    if best == usual:
        return [f"Nothing to change: {counted(usual, 'vote')}, as it is, did best here."]
    apart = _apart(by_votes[best], by_votes[usual])
    sure = "" if apart else "So few cases cannot tell it for sure (the intervals overlap): --cases takes more.\n"
    word = "more" if best > usual else "fewer"
    return [
        f"{counted(best, 'vote')} did best here ({word} than the usual {usual}). In your settings file:",
        "",
        "    [review]",
        *(f"    votes_{severity} = {best}" for severity in ("error", "warning", "note")),
        "",
        *sure.splitlines(),
    ]


def _apart(one: Score, other: Score) -> bool:
    """Tell whether what was found, or what was said of quiet commits, differs by more than chance would have it."""
    return any(
        left.interval[1] < right.interval[0] or right.interval[1] < left.interval[0]
        for left, right in ((one.recall, other.recall), (one.alarms, other.alarms))
    )
