"""The last paragraph: what became of the change, and the way on."""

import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ..result import WARNING, GateResult, Outcome, Verdict
from .words import branch, counted, label, left_out, listed, why

_OWN_TABLES = {"policy", "lint", "types", "tests", "review", "tidy", "browser"}
_REASON_CHARS = 70
_THESE = {1: "it", 2: "these two", 3: "these three"}
_WHICH = ("--range", "--commit", "--worktree", "--all-files")
_OID = 12
_ON = "`everycommit status --wait` waits for the rest, then commit again."


class Sentence(NamedTuple):
    """A paragraph of its own; ``head`` carries the colour, ``kind`` names it as ``Style.of`` takes it."""

    head: str
    text: str
    kind: str
    commands: tuple[str, ...] = ()
    """Command lines, each on a line of its own below."""


def sentences(verdicts: Sequence[Verdict], *, repeat: str, told: bool) -> list[Sentence]:
    """Return what has to be said at the end, the gravest first; nothing where every gate passed without a word.

    *told* is whether the gates' lines, with their reasons, stand right above.
    """
    refused = _Chosen(verdicts, lambda gate: gate.blocks and gate.outcome is Outcome.FAILED)
    doubted = _Chosen(verdicts, lambda gate: gate.blocks and gate.outcome not in {Outcome.FAILED, Outcome.DEFERRED})
    unfinished = _Chosen(verdicts, lambda gate: gate.blocks and gate.outcome is Outcome.DEFERRED)
    out: list[Sentence] = []
    if refused.gates or doubted.gates:
        blocking = _Chosen(verdicts, lambda gate: gate.blocks and gate.outcome is not Outcome.DEFERRED)
        way, commands = _way_on(blocking, repeat)
        deed = _Deed.of((refused.verdicts or doubted.verdicts)[0])
        names = doubted.names(reasons=not told)
        if refused.gates:
            out.append(Sentence("Refused:", f"{refused.names()}. {deed.fix}{way}", "failed", commands))
        if refused.gates and doubted.gates:
            out.append(Sentence("NOT VERIFIED:", f"{names}; that refuses as well.", "warned"))
        elif doubted.gates:
            text = f"{names}. {deed.doubt} `everycommit doctor` helps to find the cause{way}"
            out.append(Sentence("NOT VERIFIED:", text, "warned", commands))
    if unfinished.gates:
        text = f'{unfinished.names()}. Refused by your settings (`deferred = "refuse"`); {_ON}'
        out.append(Sentence("Not finished:", text, "warned"))
    return [*out, *_allowed(verdicts, refusing=bool(out), told=told)]


class _Deed(NamedTuple):
    """What the verdict stops, in words."""

    fix: str
    doubt: str

    @classmethod
    def of(cls, verdict: Verdict) -> "_Deed":
        if verdict.occasion == "push":
            return cls("Nothing is pushed; fix and push again", "What could not be verified is not pushed.")
        if _before_push(verdict):
            return cls("Fix and commit again", "What could not be verified is not committed.")
        return cls("Fix it", "What could not be verified does not pass.")


class _Chosen:
    """The gates of several verdicts for which something holds."""

    def __init__(self, verdicts: Sequence[Verdict], holds: Callable[[GateResult], bool]) -> None:
        pairs = [(verdict, [gate for gate in verdict.gates if holds(gate)]) for verdict in verdicts]
        self.pairs = [(verdict, gates) for verdict, gates in pairs if gates]
        self.several = len(verdicts) > 1

    @property
    def verdicts(self) -> list[Verdict]:
        return [verdict for verdict, _ in self.pairs]

    @property
    def gates(self) -> list[GateResult]:
        return [gate for _, gates in self.pairs for gate in gates]

    def names(self, *, reasons: bool = False) -> str:
        """Return ``types, tests``; of several verdicts ``types, tests of main; lint of dev``."""
        parts = []
        for verdict, gates in self.pairs:
            text = ", ".join(_with_reason(gate) for gate in gates) if reasons else listed(gates)
            parts.append(f"{text} of {_name(verdict)}" if self.several else text)
        return "; ".join(parts)


def _name(verdict: Verdict) -> str:
    return branch(verdict.ref) if verdict.ref else (verdict.target_commit or verdict.change.target)[:_OID]


def _with_reason(gate: GateResult) -> str:
    reason = why(gate).split("\n", 1)[0]
    if not reason:
        return label(gate)
    short = reason if len(reason) <= _REASON_CHARS else reason[:_REASON_CHARS].rsplit(" ", 1)[0] + " ..."
    return f"{label(gate)} ({short})"


def _way_on(blocking: _Chosen, repeat: str) -> tuple[str, tuple[str, ...]]:
    """Return the end of a sentence that says how to judge again, and the command lines that follow it, if several."""
    commands = [
        f"{again} {shlex.join(_names(gates))}"
        for verdict, gates in blocking.pairs
        if (again := _again(verdict, repeat)) is not None
    ]
    if len(commands) < len(blocking.pairs):
        return ".", ()
    if len(commands) > 1:
        return "; these repeat it:", tuple(dict.fromkeys(commands))
    names = _names(blocking.gates)
    return f"; `{commands[0]}` repeats {_THESE.get(len(names), 'these')}.", ()


def _names(gates: Iterable[GateResult]) -> list[str]:
    return list(dict.fromkeys(gate.gate for gate in gates))


def _again(verdict: Verdict, repeat: str) -> str | None:
    """Return the command line, without gates, that judges *verdict*'s change again; None where a short one cannot."""
    if verdict.occasion != "push" or any(flag in repeat for flag in _WHICH):
        return repeat
    # What is pushed is not what is staged: it is named by its two commits.
    base, target = verdict.base_commit, verdict.target_commit
    return f"everycommit run --range {base[:_OID]}..{target[:_OID]} --at push" if base and target else None


def _allowed(verdicts: Sequence[Verdict], *, refusing: bool, told: bool) -> Iterable[Sentence]:
    """Say what stays open although nothing is refused for it."""
    open_ = _Chosen(verdicts, lambda gate: gate.outcome is Outcome.INCONCLUSIVE and not gate.blocks)
    asks = "; push will ask again" if all(_before_push(verdict) for verdict in verdicts) else ""
    if open_.gates:
        pairs = [(gate, verdict) for verdict, gates in open_.pairs for gate in gates]
        keys = ", ".join(dict.fromkeys(f'`{_key(gate, verdict)} = "warn"`' for gate, verdict in pairs))
        settings = f"by your settings ({keys})"
        names = open_.names(reasons=not told)
        text = f"{names}. That alone is allowed {settings}." if refusing else f"{names}. Allowed {settings}{asks}."
        yield Sentence("NOT VERIFIED:", text, "warned")
    deferred = _Chosen(verdicts, lambda gate: gate.outcome is Outcome.DEFERRED and not gate.blocks)
    if deferred.gates:
        rest = "`everycommit status` shows the rest"
        word = f"{rest}." if refusing else f"Allowed as judged so far; {rest}, push waits for it."
        yield Sentence("Not finished:", f"{deferred.names()}. {word}", "deferred")
    if refusing:
        return
    lenient = _Chosen(verdicts, lambda gate: gate.outcome is Outcome.FAILED and not gate.blocks)
    if lenient.gates:
        yield Sentence("Allowed", f"by your settings although {lenient.names()} failed.", "warned")
    partly = [verdict for verdict in verdicts if not all(map(left_out, verdict.gates))]
    skipped = _Chosen(partly, left_out)
    if skipped.gates:
        yield Sentence("Not judged:", f"{skipped.names()}{asks}.", "warned")
    warnings = sum(_warnings(gate) for verdict in verdicts for gate in verdict.gates)
    if warnings:
        yield Sentence("Allowed", f"with {counted(warnings, 'warning')}.", "warned")


def _before_push(verdict: Verdict) -> bool:
    return verdict.occasion == "commit" and verdict.target_commit is None


def _warnings(gate: GateResult) -> int:
    return sum(finding.new and finding.severity == WARNING for finding in gate.findings)


def _key(gate: GateResult, verdict: Verdict) -> str:
    table = gate.gate if gate.gate in _OWN_TABLES else f"command.{gate.gate}"
    return f"{table}.{gate.doubt}{'' if verdict.occasion == 'commit' else '_ci'}"
