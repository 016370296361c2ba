"""How verdicts reach the streams: shared by `run` and `hook`."""

from collections.abc import Sequence

from ..engine.run import Watch
from ..result import GateResult, Verdict, exit_code
from .call import Call


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


def watcher(call: Call, format_: str) -> Watch:
    """Return the live view where standard error is a terminal and a person reads; else nobody."""
    # pre-commit gives its hooks a terminal that nobody watches and prints what came out at the end.
    if format_ != "text" or not call.stderr.isatty() or "PRE_COMMIT" in call.environ:
        return Silent()
    from ..report.live import Live
    from ..report.style import style_for

    return Live(call.stderr, style_for(call.stderr, call.environ))


def show(
    verdicts: Sequence[Verdict],
    call: Call,
    format_: str,
    *,
    notes: Sequence[str] = (),
    repeat: str,
    explain: bool = False,
) -> int:
    """Write the report to standard output, with *explain* how it came about below; return the exit code."""
    code = exit_code(verdicts)
    if format_ == "json":
        from ..report import machine

        call.stdout.write(machine.render(verdicts, exit=code))
    else:
        from ..report import terminal
        from ..report.style import style_for

        style = style_for(call.stdout, call.environ)
        call.stdout.write("".join(f"everycommit: {note}\n" for note in notes))
        call.stdout.write(terminal.render(verdicts, style=style, repeat=repeat))
        if explain:
            from ..report.explain import render

            call.stdout.write(render(verdicts, style))
    call.stdout.flush()
    return code
