"""Show and accept what this repository wants to run: commands, services, an interpreter or a prefix that it names.

A command runs only when exactly it was accepted on this machine: its name, its program with the arguments, and the
names of the variables that it may see. What was accepted is kept in the git folder and holds for all its worktrees.
"""

import argparse
from collections.abc import Sequence

from ..config.commands import Request, requests
from ..config.load import user_settings
from ..config.trust import SHOWN, Accepted
from ..repo.repository import discover
from ..text import printable
from .call import Call
from .staged import settings_files


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--yes", action="store_true", help="accept all without asking")
    which.add_argument("--list", action="store_true", help="show them and accept nothing")


def main(args: argparse.Namespace, call: Call) -> int:
    """Show, ask, accept; return 0, or 2 where something is open and there is nobody to ask."""
    repository = discover(call.cwd, call.environ)
    head, index = settings_files(repository)
    accepted = Accepted(repository.common_dir)
    found = requests(head=head, index=index, user=user_settings(call.environ), environ=call.environ)
    if accepted.note:
        call.stderr.write(f"everycommit: {printable(accepted.note)}\n")
    call.stdout.write("".join(_line(request, accepted=accepted.has(request.digest)) for request in found))
    waiting = [request for request in found if not accepted.has(request.digest)]
    if not found:
        call.stdout.write("This repository names no command, no service and no interpreter.\n")
    if args.list or not waiting:
        return 0
    if not args.yes and not call.stdin.isatty():
        call.stdout.write("There is no terminal to ask on; read them, then: everycommit trust --yes\n")
        return 2
    chosen = waiting if args.yes else [request for request in waiting if _agreed(request, call)]
    if chosen:
        accepted.add({request.digest: f"{request.name}: {request.line}" for request in chosen})
    call.stdout.write(_closing(chosen, waiting))
    return 0


def _line(request: Request, *, accepted: bool) -> str:
    word = "accepted" if accepted else "not accepted"
    seen = f"  sees {', '.join(request.env)}" if request.env else ""
    return printable(f"{request.digest[:SHOWN]}  {word:12}  {request.name} ({request.where}): {request.line}{seen}\n")


def _agreed(request: Request, call: Call) -> bool:
    call.stdout.write(printable(f"Let {request.name} run `{request.line}` here? [y/N] "))
    call.stdout.flush()
    return call.stdin.readline().strip().lower() in {"y", "yes"}


def _closing(chosen: Sequence[Request], waiting: Sequence[Request]) -> str:
    left = len(waiting) - len(chosen)
    rest = f", {left} not: their gates stay inconclusive" if left else ""
    return f"Accepted {len(chosen)}{rest}.\n"
