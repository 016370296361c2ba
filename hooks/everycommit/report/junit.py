"""``--format junit``: a suite a gate, as Jenkins, GitLab and Buildkite read it.

Source: https://github.com/testmoapp/junitxml, which describes what readers have in common.
"""

from collections.abc import Iterator, Sequence

from ..result import ERROR, GateResult, Outcome, Verdict
from .entries import NOT_VERIFIED, Entry, clean, entries, line, message
from .words import label, said, why


def render(verdicts: Sequence[Verdict], *, exit: int) -> str:  # noqa: A002, ARG001 - every format takes it
    """Return the XML: an error of the gate fails its suite, a gate that could not be verified is an error in it."""
    found = entries(verdicts)
    suites = [
        _suite(verdict, gate, [one for one in found if one.verdict is verdict and one.gate is gate])
        for verdict in verdicts
        for gate in verdict.gates
    ]
    counts = [sum(suite[0][place] for suite in suites) for place in range(4)]
    seconds = sum(verdict.seconds for verdict in verdicts)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    body = "".join(text for _, text in suites)
    return f'{head}<testsuites name="everycommit" {_numbers(counts)} time="{seconds:.3f}">\n{body}</testsuites>\n'


def _suite(verdict: Verdict, gate: GateResult, found: Sequence[Entry]) -> tuple[list[int], str]:
    cases = list(_cases(gate, found))
    counts = [len(cases), *(sum(kind == word for kind, _ in cases) for word in ("failure", "error", "skipped"))]
    name = label(gate) if verdict.ref is None else f"{label(gate)} {verdict.ref}"
    body = "".join(f"    {text}\n" for _, text in cases)
    head = f'  <testsuite name="{_attribute(name)}" {_numbers(counts)} time="{gate.seconds:.3f}">\n'
    return counts, f"{head}{body}  </testsuite>\n"


def _cases(gate: GateResult, found: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """Yield kind and text of each case; the first is the gate itself."""
    if gate.outcome is Outcome.SKIPPED:
        yield "skipped", _case(gate, label(gate), f'<skipped message="{_attribute(why(gate))}"/>')
    elif not any(entry.finding.severity == ERROR for entry in found):
        yield "passed", _case(gate, label(gate), f"<system-out>{_text(said(gate))}</system-out>")
    for entry in found:
        finding = entry.finding
        kind = "passed"
        body = f"<system-out>{_text(f'{finding.severity}: {message(entry)}')}</system-out>"
        if finding.severity == ERROR:
            kind = "error" if finding.rule.endswith(f"/{NOT_VERIFIED}") else "failure"
            first = message(entry).split("\n", 1)[0]
            body = (
                f'<{kind} type="{_attribute(finding.rule)}" message="{_attribute(first)}">'
                f"{_text(message(entry))}</{kind}>"
            )
        where = f"{finding.path}:{line(entry)}" if finding.path is not None else ""
        place = f' file="{_attribute(finding.path)}" line="{line(entry)}"' if finding.path is not None else ""
        yield kind, _case(gate, f"{where} {finding.rule}".strip(), body, place)


def _case(gate: GateResult, name: str, body: str, place: str = "") -> str:
    return f'<testcase classname="{_attribute(label(gate))}" name="{_attribute(name)}"{place}>{body}</testcase>'


def _numbers(counts: Sequence[int]) -> str:
    names = ("tests", "failures", "errors", "skipped")
    return " ".join(f'{name}="{number}"' for name, number in zip(names, counts, strict=True))


def _text(text: str) -> str:
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    # A reader turns a bare newline in an attribute into a space.
    return _text(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")
