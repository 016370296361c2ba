"""The entry point: finds the command, imports only that one, turns errors into a line and an exit code."""

import sys

from .. import __version__
from ..errors import EverycommitError, Interrupted, UsageError

TYPE_CHECKING = False  # typing's own takes a third of a Python start, and a known verdict has no use for it
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any, TextIO

    from .call import Call

COMMANDS = {
    "init": "look at the repository and write a short [tool.everycommit]",
    "install": "write the git hooks and fill the snapshot",
    "uninstall": "take back exactly what install wrote",
    "run": "judge a change: staged, the working tree, a commit, a range, all files",
    "ci": "judge what a build is about; base and head are found in the provider's environment",
    "agent": "hold a coding agent to it: install the client's hooks; what the client calls",
    "mcp": "serve a coding agent or an editor over the Model Context Protocol",
    "skill": "give coding agents a skill that says how to work under everycommit",
    "watch": "judge the working tree whenever it rests, on the whole terminal",
    "status": "show what goes on in the background, and how it ended",
    "hook": "what git calls: everycommit hook pre-commit",
    "review": "have a model read a change; show what is sent, and all that was found",
    "settings": "show each setting that judges, where it comes from and how it merges",
    "models": "set up, list, test, measure and remove the models that review",
    "scope": "say what the task at hand may touch; everything else is refused",
    "accept": "record why a finding of the policy is right here",
    "explain": "say what a rule of the policy finds, why, and what to do",
    "doctor": "say what is missing and how to get it",
    "tests": "record which test depends on what; show which tests a change can affect",
    "attest": "put a signed verdict on a commit into a git note; show and verify it",
    "audit": "say which commits nothing judged: cherry-picked, rebased, --no-verify",
    "ledger": "show what was judged before, and why a verdict is or is not used again",
    "trust": "show and accept the commands that this repository wants to run",
    "config": "print the JSON Schema of the settings, for editors",
    "help": "read a page of the documentation: everycommit help settings",
    "completion": "print what completes commands, flags and values in bash, zsh or fish",
    "demo": "build a small repository and show a refused and a passing commit",
}
BUG = """\
everycommit: this is a bug of everycommit, not of your change; nothing of yours was touched.
Please send the lines above and the output of `everycommit doctor` to the project's issues.
"""


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run one command; return its exit code: 0 verified, 1 findings, 2 not verified or wrong use, 3 our bug, 130 ^C."""
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        return _dispatch(argv)
    except EverycommitError as error:
        for line in str(error).splitlines():
            print(f"everycommit: {line}", file=sys.stderr)
        return 2
    except Interrupted as stop:
        return stop.code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read us went away (`| head`): nothing is left to tell, and flushing at exit must not raise again.
        sys.stdout = None
        return 2
    except Exception:  # noqa: BLE001 - the last stop: whatever is not expected is ours
        import traceback

        traceback.print_exc()
        sys.stderr.write(BUG)
        return 3


def _dispatch(argv: "Sequence[str]") -> int:
    name = argv[0] if argv else ""
    if not any(word.startswith("-") for word in argv):
        # Somebody is waiting: no parser, which takes half a Python start, for words that have no flags.
        if name == "hook" and len(argv) > 1:
            return _hook(argv[1], argv[2:])
        if name == "run":
            from . import run

            return run.answer(run.Asked(gates=argv[1:]), _call())
        if name == "agent" and len(argv) == 2:
            import gc

            # The process is over before there is garbage worth the search.
            gc.disable()
            from .agent import answer as to_client

            return to_client(argv[1], _call())
        if name == "completion" and len(argv) == 2:
            from . import completion

            return completion.answer(argv[1], _call())
    if name not in COMMANDS:
        return _without_command(argv)
    module, parser = parser_of(name)
    code: int = module.main(parser.parse_args(argv[1:]), _call())
    return code


def _hook(name: str, words: "Sequence[str]") -> int:
    import os

    from ..repo.surroundings import started_with
    from .again import answered

    # git tells its refs once.
    refs = sys.stdin.read() if name == "pre-push" and "PRE_COMMIT" not in os.environ else None
    if answered(name, words, (refs or "").splitlines(), started_with(os.environ)):
        return 0
    from io import StringIO

    from .hook import answer

    return answer(name, words, _call(None if refs is None else StringIO(refs)))


def parser_of(name: str) -> "tuple[Any, argparse.ArgumentParser]":
    """Return the module of a command and the parser of its words."""
    import argparse
    from importlib import import_module

    module = import_module(f".{name}", __package__)
    parser = argparse.ArgumentParser(
        prog=f"everycommit {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.arguments(parser)
    return module, parser


def _without_command(argv: "Sequence[str]") -> int:
    import argparse

    parser = argparse.ArgumentParser(
        prog="everycommit",
        usage="everycommit COMMAND [...]",
        description="Judges every change before it lands, over exactly the tree that would be committed.",
        epilog=_overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"everycommit {__version__}")
    parser.add_argument("command", metavar="COMMAND", help="one of those below")
    if argv and not argv[0].startswith("-"):
        from difflib import get_close_matches

        near = get_close_matches(argv[0], COMMANDS, 1)
        mean = f"did you mean '{near[0]}'?" if near else "`everycommit --help` lists them"
        raise UsageError(f"'{argv[0]}': no such command; {mean}")
    if argv:
        parser.parse_args(argv[:1])
    parser.print_help()
    return 2


def _call(stdin: "TextIO | None" = None) -> "Call":
    import os
    from pathlib import Path

    from ..repo.surroundings import started_with
    from .call import Call

    try:
        cwd = Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current folder is gone; go into one that is there") from None
    return Call(
        stdin=stdin or sys.stdin, stdout=sys.stdout, stderr=sys.stderr, environ=started_with(os.environ), cwd=cwd
    )


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {text}" for name, text in COMMANDS.items()]
    return "commands:\n" + "\n".join(lines) + "\n\n`everycommit COMMAND --help` says more of one."
