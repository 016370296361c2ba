"""Hold a coding agent to what a commit is held to: before a tool, after an edit, and when it says it is done.

    everycommit agent install claude        write the project's hook file of that client; --remove takes it out
    everycommit agent install codex --user  the same in your own hook file, for all projects
    everycommit agent claude                what the client calls: its JSON on standard input and output

Clients: claude, codex, cursor, gemini, copilot. See docs/agents.md for what each lets its hooks see.
"""

import os
import sys
from typing import TYPE_CHECKING

from ..agent.client import NAMES, client
from ..agent.event import Answer
from ..errors import UsageError
from .call import Call

if TYPE_CHECKING:
    import argparse


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.add_argument("what", choices=("install", *NAMES), help="install, or the client that calls")
    parser.add_argument("client", nargs="?", choices=NAMES, help="behind install: for which client")
    parser.add_argument("--remove", action="store_true", help="take our entries out again; nothing else is touched")
    parser.add_argument("--user", action="store_true", help="your own hook file, for all projects")
    parser.add_argument(
        "--print", action="store_true", dest="show", help="show what would be written, and write nothing"
    )


def main(args: "argparse.Namespace", call: Call) -> int:
    """Install or remove; return 0."""
    if args.what != "install":
        if args.client or args.remove or args.user or args.show:
            raise UsageError("agent: flags go with install: everycommit agent install claude --remove")
        return answer(args.what, call)
    if args.client is None:
        raise UsageError(f"agent install: name the client: {', '.join(NAMES)}")
    from .agent_install import run

    return run(args.client, call, remove=args.remove, user=args.user, show=args.show)


def answer(name: str, call: Call) -> int:
    """Answer the event on standard input as client *name* wants it; a session is never broken by us.

    Raises:
        UsageError: There is no such client.
    """
    adapter = client(_known(name))
    try:
        from .agent_events import answered

        found = answered(adapter, call.stdin.read(), call)
    except Exception as error:  # noqa: BLE001 - whatever it is, the session goes on, and it is written down
        found = adapter.silent()._replace(err=_logged(name, error, call))
    code = _given(found, call)
    if call.stdout is sys.__stdout__:
        # Everything is given back. Taking a Python apart costs half of what it takes to start one, and somebody waits.
        os._exit(code)
    return code


def _given(found: Answer, call: Call) -> int:
    try:
        call.stdout.write(found.out)
        call.stdout.flush()
        call.stderr.write(found.err)
        call.stderr.flush()
    except (OSError, ValueError):
        # The client is gone, or reads nothing.
        sys.stdout = sys.stderr = None
    return found.code


def _logged(name: str, error: Exception, call: Call) -> str:
    from .agent_log import logged

    return f"everycommit: nothing was judged here: {logged(name, error, call.environ)}\n"


def _known(name: str) -> str:
    if name in NAMES:
        return name
    from difflib import get_close_matches

    near = get_close_matches(name, NAMES, 1)
    mean = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(NAMES)}"
    raise UsageError(f"agent '{name}': no such client; {mean}")
