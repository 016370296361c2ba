"""Serve a coding agent or an editor over the Model Context Protocol: verify, explain, scope, status.

    everycommit mcp                     what the client starts; it speaks on standard input and output
    claude mcp add everycommit -- everycommit mcp

Nothing that it offers changes a file, a setting or the scope. See docs/mcp.md for other clients.
"""

import io
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from ..agent.mcp import Said, Server, Tool
from ..agent.rpc import Cancelled, Peer, Request
from ..errors import EverycommitError, Interrupted, UsageError
from ..record import replace
from ..result import GateResult
from .call import Call
from .ending import signals

if TYPE_CHECKING:
    import argparse

    from ..change import Candidate
    from .place import Place

_WHAT = ("worktree", "staged")
_VERDICTS: Mapping[str, Any] = {
    "type": "object",
    "description": "The verdict as `everycommit run --format json` writes it; docs/json.md describes every key.",
    "required": ["version", "tool", "exit", "verdicts"],
    "properties": {
        "version": {"type": "integer"},
        "tool": {"type": "string"},
        "exit": {"type": "integer", "description": "0 verified, 1 refused for findings, 2 could not be verified"},
        "verdicts": {"type": "array", "items": {"type": "object"}},
    },
}


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.add_argument("--folder", metavar="DIR", help="the repository, where the client starts us elsewhere")


def main(args: "argparse.Namespace", call: Call) -> int:
    """Serve until the client goes away; return 0."""
    if args.folder is not None:
        folder = call.cwd / args.folder
        if not folder.is_dir():
            raise UsageError(f"--folder '{args.folder}': no such folder")
        call = replace(call, cwd=folder.resolve())
    source, sink = _streams()
    try:
        with signals():
            Peer(source, sink, Server(tools(call)), bug=_bug).serve()
    except Interrupted:
        return 0  # a client that ends its server has its reasons
    return 0


def tools(call: Call) -> list[Tool]:
    """Return what is offered for the repository of ``call.cwd``."""
    gates = {"type": "array", "items": {"type": "string"}, "description": "Only these gates; default: all of a commit."}
    return [
        Tool(
            "verify",
            "Judge the change",
            "Judge what would be committed: policy on the diff, ruff, mypy, the tests that it can affect, review. "
            "Reuses every verdict that still holds, so calling it after each step is cheap. Changes nothing.",
            {
                "properties": {
                    "what": {
                        "type": "string",
                        "enum": list(_WHAT),
                        "description": "worktree (default): all of the working tree against HEAD, untracked files "
                        "included; staged: the index.",
                    },
                    "gates": gates,
                    "fresh": {"type": "boolean", "description": "Judge anew what was judged before."},
                }
            },
            lambda request, given: _verified(request, given, call),
            _VERDICTS,
            asks_others=True,
        ),
        Tool(
            "explain",
            "Explain a rule",
            "Say what a rule of the policy or the static reader finds, why, with a bad and a good example, and how the "
            "person can set or accept it. Without a rule: all rules with their severities.",
            {"properties": {"rule": {"type": "string", "description": "As in a finding: policy/added-lines"}}},
            lambda _, given: _by_command("explain", [given["rule"]] if given.get("rule") else [], call),
        ),
        Tool(
            "scope",
            "Show the task's scope",
            "Show what the task at hand may touch. Everything else is refused. Only the person can set or clear it.",
            {"properties": {}},
            lambda _, __: _by_command("scope", ["show"], call),
        ),
        Tool(
            "status",
            "Show background work",
            "Show what goes on in the background after a commit, how far each gate is, and how it ended.",
            {"properties": {}},
            lambda _, __: _by_command("status", [], call),
        ),
    ]


class _Telling:
    """Implements ``engine.run.Watch``: tells a client that asked for it how far the gates are."""

    def __init__(self, request: Request) -> None:
        meta = request.params.get("_meta")
        self._token = meta.get("progressToken") if isinstance(meta, dict) else None
        self._request = request
        self._of = self._done = 0

    def started(self, gates: "Any") -> None:
        self._of = len(gates)
        self._tell(f"{', '.join(gates)} begin")

    def said(self, gate: str, text: str) -> None:
        """Stay quiet: a client gets a line a gate, not one a test."""

    def ended(self, result: GateResult) -> None:
        self._done += 1
        self._tell(f"{result.gate}: {result.outcome}")

    def close(self) -> None:
        """Nothing is left to clear."""

    def _tell(self, message: str) -> None:
        if self._token is not None:
            told = {"progressToken": self._token, "progress": self._done, "total": self._of, "message": message}
            self._request.notify("notifications/progress", told)


def _verified(request: Request, given: Mapping[str, Any], call: Call) -> Said:
    from ..report import machine
    from ..report.formats import rendered
    from ..report.style import PLAIN
    from ..result import exit_code
    from . import working
    from .judge import Wish
    from .place import place

    staged = given.get("what", "worktree") == "staged"
    wish = Wish(gates=given.get("gates", ()), fresh=given.get("fresh", False))
    repeat = "everycommit run" if staged else working.REPEAT
    try:
        with place(call) as here:
            found = _staged(here) if staged else working.candidate(here)
            verdict = working.judged_in(here, found, call, wish, watch=_Telling(request), gone=request.gone.is_set)
    except Interrupted:
        raise Cancelled from None
    except EverycommitError as error:
        return Said(f"not verified: {error}", is_error=True)
    code = exit_code([verdict])
    text = rendered("text", [verdict], exit=code, style=PLAIN, repeat=repeat)
    return Said(text, machine.whole([verdict], exit=code))


def _staged(here: "Place") -> "Candidate":
    from ..repo import read

    return read.staged(here.repository, here.quarantine)


def _by_command(name: str, argv: list[str], call: Call) -> Said:
    """Return what a command that only shows says on standard output."""
    from .main import parser_of

    if any(word.startswith("-") for word in argv):
        return Said(f"{name}: '{argv[0]}' is no name", is_error=True)
    out = io.StringIO()
    module, parser = parser_of(name)
    try:
        module.main(parser.parse_args(argv), replace(call, stdin=io.StringIO(), stdout=out, stderr=io.StringIO()))
    except EverycommitError as error:
        return Said(str(error), is_error=True)
    return Said(out.getvalue())


def _streams() -> tuple[BinaryIO, BinaryIO]:
    """Return the client's streams; whatever else is written to standard output goes to standard error from here on."""
    sys.stdout.flush()
    ours = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(os.dup(0), "rb"), os.fdopen(ours, "wb")


def _bug(error: Exception) -> None:
    import traceback

    traceback.print_exception(error, file=sys.stderr)
