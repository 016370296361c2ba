"""What a person reads: one line where nothing needs words, else a block that ends with the way on."""

from collections.abc import Sequence

from ..result import GateResult, Outcome, Verdict
from . import closing, findings
from .style import Style, cells, wrapped
from .words import as_before, branch, counted, did, judged_at, kind, label, lasted, left_out, reasons, said, why

_NAME = "everycommit"
_INDENT = "    "
_LEAST_LABEL, _MOST_LABEL = 8, 28
_LEAST_ROW = 60
"""Where the seconds stand at least, so that they do not jump from run to run."""


def render(verdicts: Sequence[Verdict], *, style: Style, repeat: str = "everycommit run") -> str:
    """Return the report on *verdicts*, every line ended with a newline; empty where there is no verdict.

    *repeat* is the command line that judges the same change again, without the gates.
    """
    details = [findings.lines(verdict, style=style, repeat=repeat) for verdict in verdicts]
    blocks = [
        _block(verdict, style, detail) if _needs_words(verdict) else _one_line(verdict, style)
        for verdict, detail in zip(verdicts, details, strict=True)
    ]
    last = closing.sentences(verdicts, repeat=repeat, told=not any(details))
    blocks += [[line for sentence in last for line in sentence_lines(sentence, style)]] if last else []
    lines: list[str] = []
    for before, block in zip([[], *blocks], blocks, strict=False):
        # One-line verdicts stand together; anything longer gets air.
        lines += [""] if before and max(len(before), len(block)) > 1 else []
        lines += block
    return "".join(f"{line}\n" for line in lines)


def _needs_words(verdict: Verdict) -> bool:
    """Tell whether more than a line is needed: something failed, is in doubt, warns, or was left out by somebody."""
    quiet = {Outcome.PASSED, Outcome.SKIPPED}
    if all(left_out(gate) for gate in verdict.gates):
        return False
    return any(
        gate.outcome not in quiet or gate.blocks or left_out(gate) or any(it.new for it in gate.findings)
        for gate in verdict.gates
    )


def _one_line(verdict: Verdict, style: Style) -> list[str]:
    judged = [gate for gate in verdict.gates if gate.outcome is not Outcome.SKIPPED]
    skipped = [gate for gate in verdict.gates if gate.outcome is Outcome.SKIPPED]
    if not judged:
        return [*_fitting(_title(verdict, style), _nothing(verdict), style), *_notes(verdict, style)]
    words = " ".join(style.line(f"{label(gate)} {gate.brief}".rstrip()) for gate in judged)
    done = style.good(style.symbol("passed")) + style.quiet(_known(judged, verdict.seconds))
    older = sum(gate.older for gate in judged if not as_before(gate))
    asides = [f"{counted(older, 'older finding')}, not shown"] if older else []
    asides += [f"not run: {reasons(skipped)}"] if skipped else []
    rest = "; ".join(asides)
    title = f"{_title(verdict, style)}  {words}  {done}"
    if style.terminal and cells(_bare(title)) > style.width:
        first = f"{_title(verdict, style)}  {done}"
        return [first, *_below(words, style), *_below(style.line(rest), style), *_notes(verdict, style)]
    return [*_fitting(title, rest, style), *_notes(verdict, style)]


def _fitting(title: str, rest: str, style: Style) -> list[str]:
    """Return *title* and *rest* on one line where they fit, else *rest* below."""
    rest = style.line(rest)
    if not rest:
        return [title]
    if not style.terminal or cells(_bare(title)) + 2 + cells(rest) <= style.width:
        return [f"{title}  {style.quiet(rest)}"]
    return [title, *_below(rest, style)]


def _below(text: str, style: Style) -> list[str]:
    return [style.quiet(f"  {line}") for line in wrapped(text, max(20, style.width - 2))] if text else []


def _bare(text: str) -> str:
    """Return *text* without our own colours; others' escapes never get this far."""
    if "\x1b" not in text:
        return text
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.split("m", 1)[1] for part in parts[1:])


def _nothing(verdict: Verdict) -> str:
    if any(left_out(gate) for gate in verdict.gates):
        return f"NOT JUDGED: {_reasons_or_one(verdict.gates)}"
    reason = _reasons_or_one(verdict.gates)
    return f"nothing to judge: {reason}" if reason not in {"", "nothing to judge"} else "nothing to judge"


def _reasons_or_one(gates: Sequence[GateResult]) -> str:
    clauses = {why(gate) for gate in gates}
    return clauses.pop() if len(clauses) == 1 else reasons(gates) if clauses else ""


def _known(judged: Sequence[GateResult], seconds: float) -> str:
    """Return how long it took, and what was known from before."""
    reused = [gate for gate in judged if gate.reused]
    if reused and all(gate.reused or gate.each_time for gate in judged):
        return f" known{judged_at(reused)}"
    known = f", {' '.join(label(gate) for gate in reused)} known" if reused else ""
    return f" {lasted(seconds)}".rstrip() + known


def _title(verdict: Verdict, style: Style) -> str:
    words = [style.strong(_NAME)]
    if verdict.occasion != "commit":
        words.append(style.line(" ".join([verdict.occasion, *([branch(verdict.ref)] if verdict.ref else [])])))
    size = _size(verdict)
    if size:
        words.append(size)
    return "  ".join(words)


def _size(verdict: Verdict) -> str:
    """Return ``2 files +14 -3``; of a merge what came by hand too; of all files how many there are."""
    change = verdict.change
    lines = f" +{change.added:,} -{change.removed:,}" if change.added or change.removed else ""
    if len(change.files) != len(change.landing) or change.files != change.landing:
        by_hand = f"{len(change.files):,} by hand{lines}" if change.files else "none by hand"
        return f"merge of {counted(len(change.landing), 'file')}, {by_hand}"
    if change.empty:
        return ""
    if change.whole and not lines and verdict.target_commit:
        return f"all {counted(len(change.files), 'file')}"
    return counted(len(change.files), "file") + lines


def _block(verdict: Verdict, style: Style, details: list[str]) -> list[str]:
    title = _title(verdict, style)
    if verdict.occasion == "commit" and verdict.ref:
        title += style.line(f" on {branch(verdict.ref)}")
    parts = [
        [title],
        [*rows(verdict, style), *_models(verdict, style)],
        details,
        _repairs(verdict, style),
        _notes(verdict, style),
    ]
    out: list[str] = []
    for part in parts:
        out += [""] if out and part else []
        out += part
    return out


def rows(verdict: Verdict, style: Style) -> list[str]:
    """Return a line a gate, its text wrapped below itself, its seconds at the right."""
    # Of one project there is nothing to fold.
    gates: Sequence[GateResult] = verdict.gates
    if any(gate.project not in {"", "."} for gate in gates):
        from .folded import folded

        gates = folded(gates)
    labels = [style.middle(style.line(label(gate)), _MOST_LABEL) for gate in gates]
    room = min(max([_LEAST_LABEL, *map(cells, labels)]), _MOST_LABEL)
    start = 2 + style.symbol_width + 1 + room + 1
    rights = ["known" if gate.reused else lasted(gate.seconds) for gate in gates]
    right = max([0, *map(len, rights)])
    width = style.width - start - (right + 2) if style.terminal else 10**6
    texts = [_wrapped_lines(style.text(said(gate)), max(20, width)) for gate in gates]
    # Through a pipe a text may be longer than the screen would be; the seconds of the others do not follow it there.
    longest = min(max(cells(text[0]) for text in texts), max(0, style.width - start - right - 2))
    edge = max(min(_LEAST_ROW, style.width) - start, longest + 2 + right)
    out = []
    for gate, name, text, time in zip(gates, labels, texts, rights, strict=True):
        mark = style.symbol(kind(gate))
        symbol = style.of(kind(gate))(mark) + " " * (style.symbol_width - len(mark))
        head = f"  {symbol} {name}{' ' * (room - cells(name))} "
        gap = " " * max(2, edge - cells(text[0]) - len(time)) if time else ""
        out.append(f"{head}{text[0]}{gap}{style.quiet(time)}".rstrip())
        out += [(" " * start + more).rstrip() for more in text[1:]]
    return out


def _models(verdict: Verdict, style: Style) -> list[str]:
    """Return a quiet line for each model that was asked, below the gates'."""
    width = style.width - len(_INDENT) if style.terminal else 10**6
    lines = [line for used in verdict.used for line in wrapped(style.line(did(used)), max(20, width))]
    return [style.quiet(f"{_INDENT}{line}") for line in lines]


def _wrapped_lines(text: str, width: int) -> list[str]:
    return [line for part in text.split("\n") for line in wrapped(part, width)]


def _repairs(verdict: Verdict, style: Style) -> list[str]:
    commands = dict.fromkeys(command for gate in verdict.gates for command in gate.repair)
    if not commands:
        return []
    after = "staging" if verdict.occasion == "commit" else "committing"
    title = f"These repair what a tool can, in your working tree; {after} is left to you:"
    return [
        *(wrapped(title, style.width) if style.terminal else [title]),
        *(_INDENT + style.line(command) for command in commands),
    ]


def _notes(verdict: Verdict, style: Style) -> list[str]:
    # What a gate that passed has to say besides would be there at every commit: `--format json` has it.
    words = _needs_words(verdict)
    asides = [f"{label(gate)}: {note}" for gate in verdict.gates for note in gate.notes] if words else []
    before = [] if words else [f"{label(gate)}: {said(gate)}" for gate in verdict.gates if as_before(gate)]
    notes = [*verdict.notes, *asides, *before]
    out: list[str] = []
    for note in dict.fromkeys(notes):
        text = f"note: {style.text(note).strip()}"
        first, *rest = text.split("\n")
        if style.terminal:
            rest = [line for part in rest for line in wrapped(part, max(20, style.width - 4))]
            first, *rest = [*wrapped(first, max(20, style.width - 4), first=max(20, style.width - 2)), *rest]
        out += [f"  {first}".rstrip(), *(f"    {line}".rstrip() for line in rest)]
    return out


def sentence_lines(sentence: closing.Sentence, style: Style) -> list[str]:
    text = style.line(f"{sentence.head} {sentence.text}")
    lines = wrapped(text, max(20, style.width)) if style.terminal else [text]
    lines += [_INDENT + style.line(command) for command in sentence.commands]
    head = style.line(sentence.head)
    lines[0] = style.of(sentence.kind)(head) + lines[0].removeprefix(head)
    return lines
