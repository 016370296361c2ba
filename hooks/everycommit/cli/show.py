"""How verdicts reach the streams: shared by `run` and `hook`."""

from collections.abc import Callable, Sequence

from ..engine.run import Watch
from ..result import GateResult, Verdict, exit_code
from .call import Call
from .outputs import Outputs, add, harmless, write


class Silent:
    """Looks away: for pipes and machine formats."""

    def started(self, gates: Sequence[str]) -> None:
        """Show nothing of what begins."""

    def said(self, gate: str, text: str) -> None:
        """Show nothing of what goes on."""

    def ended(self, result: GateResult) -> None:
        """Show nothing of what is over; the report will."""

    def close(self) -> None:
        """Nothing is shown, so nothing is left to clear."""


def watcher(call: Call, outputs: Outputs) -> Watch:
    """Return the live view where standard error is a terminal and a person reads; else nobody."""
    # pre-commit gives its hooks a terminal that nobody watches and prints what came out at the end.
    if outputs.screen != "text" or not call.stderr.isatty() or "PRE_COMMIT" in call.environ:
        return Silent()
    from ..report.live import Live
    from ..report.style import style_for

    return Live(call.stderr, style_for(call.stderr, call.environ))


class Once:
    """Shows verdicts once: what is asked for again has been shown by then, and only its exit code is given."""

    def __init__(self, show: Callable[[Sequence[Verdict], Sequence[str]], int]) -> None:
        self._show = show
        self._code: int | None = None

    def __call__(self, verdicts: Sequence[Verdict], notes: Sequence[str] = ()) -> int:
        if self._code is None:
            self._code = self._show(verdicts, notes)
        return self._code


def show(
    verdicts: Sequence[Verdict],
    call: Call,
    outputs: Outputs,
    *,
    notes: Sequence[str] = (),
    repeat: str,
    explain: bool = False,
) -> int:
    """Write the report to standard output, *explain* how it came about, and to the files; return the exit code."""
    from ..report.formats import rendered
    from ..report.style import PLAIN, carried, style_for

    code = exit_code(verdicts)
    style = style_for(call.stdout, call.environ)
    text = rendered(outputs.screen, verdicts, exit=code, style=style, repeat=repeat)
    if outputs.screen == "text":
        text = "".join(f"everycommit: {note}\n" for note in notes) + text
        if explain:
            from ..report.explain import render

            text += render(verdicts, style)
    call.stdout.write(carried(harmless(text, outputs.screen, call.environ), call.stdout))
    for name in outputs.after:
        call.stdout.write(carried(rendered(name, verdicts, exit=code, style=PLAIN, repeat=repeat), call.stdout))
    call.stdout.flush()
    for name, place in outputs.files:
        write(rendered(name, verdicts, exit=code, style=PLAIN, repeat=repeat), place)
    for name, place in outputs.added:
        add(rendered(name, verdicts, exit=code, style=PLAIN, repeat=repeat), place)
    return code
