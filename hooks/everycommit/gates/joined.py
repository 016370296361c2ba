"""One result of what the shards say of a gate: the same as if one run had done it all, or a doubt."""

from collections.abc import Mapping, Sequence

from ..record import replace
from ..result import Finding, GateResult, Outcome
from ..shards import Part, added
from .tool import counted

_WORST_FIRST = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.DEFERRED, Outcome.PASSED, Outcome.SKIPPED)
_IN_ALL = frozenset({"total"})
"""Counts that each shard has of the whole; the others add up."""

Results = Mapping[int, GateResult]
"""``{number of a shard: its result of one gate in one project}``."""


def joined(results: Results) -> GateResult:
    """Return the gate's word on the whole. Every shard has to be in *results*."""
    parts = list(results.values())
    homes = {result.part.by for result in parts if result.part is not None and result.part.by is not None}
    if homes:
        return _from_its_shard(results, homes)
    if all(result.outcome is Outcome.SKIPPED for result in parts):
        return parts[0]
    outcome = next(outcome for outcome in _WORST_FIRST if any(one.outcome is outcome for one in parts))
    reasons = [f"shard {number}: {one.reason}" for number, one in results.items() if one.reason]
    whole = replace(
        parts[0],
        outcome=outcome,
        reason="; ".join(reasons) or None,
        findings=_findings(parts),
        counts=_counts(parts),
        seconds=max(one.seconds for one in parts),
        blocks=any(one.blocks for one in parts),
        notes=tuple(dict.fromkeys(note for one in parts for note in one.notes)),
        repair=tuple(dict.fromkeys(line for one in parts for line in one.repair)),
        part=_part(parts),
    )
    doubt = _doubt(results)
    if doubt:
        return doubted(whole, doubt)
    return _in_words(whole, parts)


def doubted(result: GateResult, why: str) -> GateResult:
    """Return *result* as what could not be verified; what has failed has failed all the same."""
    if result.outcome is Outcome.FAILED:
        return replace(result, reason=f"{result.reason}; {why}" if result.reason else why)
    return replace(result, outcome=Outcome.INCONCLUSIVE, reason=why, blocks=True)


def _from_its_shard(results: Results, homes: set[int]) -> GateResult:
    home = min(homes)
    found = results[home]
    lost = [number for number, one in results.items() if number != home and (one.part is None or one.part.by != home)]
    if lost or found.part is not None:
        return doubted(found, f"shard {home} was to judge it, and shard {(lost or [home])[0]} knows nothing of that")
    return found


def _findings(parts: Sequence[GateResult]) -> tuple[Finding, ...]:
    """Return what all shards found, once what each of them sees: files that cannot be collected."""
    once = {(one.fingerprint, one.path, one.line): one for part in parts for one in part.findings}
    return tuple(sorted(once.values(), key=lambda one: (one.path or "", one.line or 0, one.column or 0)))


def _counts(parts: Sequence[GateResult]) -> dict[str, int]:
    names = dict.fromkeys(name for part in parts for name in part.counts)
    return {
        name: (max if name in _IN_ALL else sum)(part.counts[name] for part in parts if name in part.counts)
        for name in names
    }


def _part(parts: Sequence[GateResult]) -> Part | None:
    told = [one.part for one in parts if one.part is not None]
    if not told:
        return None
    return told[0]._replace(
        own=sum(one.own for one in told),
        own_sum=added(one.own_sum for one in told),
        seconds={name: seconds for one in told for name, seconds in one.seconds.items()},
    )


def _doubt(results: Results) -> str | None:
    """Return why the parts make no whole: they do not hold all there is, once, or were looked at by different tools."""
    ended = {number: one for number, one in results.items() if one.outcome is not Outcome.INCONCLUSIVE}
    if not ended:
        return None
    first = next(iter(ended.items()))
    for number, one in ended.items():
        if (one.outcome is Outcome.SKIPPED) != (first[1].outcome is Outcome.SKIPPED):
            here, there = (number, first[0]) if one.outcome is Outcome.SKIPPED else (first[0], number)
            return f"shard {here} left it out, shard {there} did not"
        if one.tool != first[1].tool:
            mine, theirs = one.tool or "nothing", first[1].tool or "nothing"
            return f"shard {number} judged with {mine}, shard {first[0]} with {theirs}"
    return _uneven(ended, whole=len(ended) == len(results))


def _uneven(ended: Results, *, whole: bool) -> str | None:
    """Return how the parts do not add up; to all there is where they are all of the *whole*."""
    first = next(iter(ended.items()))
    for number, one in ended.items():
        if one.part is None or first[1].part is None:
            return f"shard {number if one.part is None else first[0]} does not say which part it judged"
        if (one.part.all, one.part.all_sum) != (first[1].part.all, first[1].part.all_sum):
            return (
                f"shard {number} split another whole, {one.part.all} in all, "
                f"than shard {first[0]}, {first[1].part.all} in all"
            )
    part = _part(list(ended.values()))
    if part is not None and whole and (part.own, part.own_sum) != (part.all, part.all_sum):
        return f"together the shards judged {part.own} of {part.all}, or some of them twice"
    return None


def _in_words(whole: GateResult, parts: Sequence[GateResult]) -> GateResult:
    """Return *whole* with the words that the gate would have had for all of it."""
    if whole.counts.keys() >= {"selected", "total"}:
        from .tests import brief, skipped_note, summary

        why = next((one.part.why for one in parts if one.part is not None), "")
        own = {note for one in parts if "skipped" in one.counts for note in skipped_note(one.counts)}
        return replace(
            whole,
            summary=summary(whole.counts, whole.findings, why),
            brief=brief(whole.counts),
            notes=(*skipped_note(whole.counts), *(note for note in whole.notes if note not in own)),
        )
    if "files" in whole.counts:
        return replace(whole, summary=counted(whole.counts["files"], "file"))
    return whole
