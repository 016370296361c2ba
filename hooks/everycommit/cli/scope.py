"""Say what the task at hand may touch: everything else is refused until the scope ends.

    everycommit scope --only 'src/nav/**' --frozen src/types.py 'src/api.py::signatures' --max-added 120 --until push
    everycommit scope show
    everycommit scope clear

It holds for this worktree, needs no commit, and tightens the settings; every verdict shows it. `--until commit` ends
when HEAD moves, `--until push` when a remote has what was pushed.
"""

import argparse
import re
import time

from ..config import scope as scopes
from ..errors import UsageError
from ..repo.repository import Repository, discover
from .call import Call

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "action", nargs="?", choices=("set", "show", "clear"), help="default: set with flags, else show"
    )
    _globs(parser, "--only", "paths that may change; all others are out of scope")
    _globs(parser, "--frozen", "paths, and PATH::SYMBOL or PATH::signatures, that stay as they are")
    parser.add_argument("--max-added", type=_number, metavar="N", help="most lines that a change may add")
    parser.add_argument("--until", type=until, metavar="WHEN", help="commit, push, or the last day as YYYY-MM-DD")
    parser.add_argument(
        "--goal",
        default="",
        metavar="TEXT",
        help="what the task is; shown with the scope, and told to the model that reviews",
    )
    parser.add_argument("--branch", action="store_true", help="only while the branch that is checked out now is")


def _globs(parser: argparse.ArgumentParser, flag: str, text: str) -> None:
    parser.add_argument(flag, action="extend", nargs="+", default=[], metavar="GLOB", help=text)


def main(args: argparse.Namespace, call: Call) -> int:
    """Set, show or clear; return 0."""
    repository = discover(call.cwd, call.environ)
    limits = bool(args.only or args.frozen or args.max_added is not None)
    action = args.action or ("set" if limits or args.until or args.goal or args.branch else "show")
    if action != "set" and limits:
        raise UsageError(f"scope {action} takes no limits; `everycommit scope --only ...` sets them")
    if action == "clear":
        there = scopes.clear(repository.git_dir)
        call.stdout.write("The task scope is cleared.\n" if there else "There was no task scope.\n")
    elif action == "show":
        call.stdout.write(_shown(repository))
    else:
        if not limits:
            raise UsageError("scope: nothing to hold the task to; name --only, --frozen or --max-added")
        scopes.write(repository.git_dir, _asked(args, repository))
        call.stdout.write(_shown(repository))
    return 0


def _asked(args: argparse.Namespace, repository: Repository) -> scopes.Scope:
    for glob in (*args.only, *args.frozen):
        if not glob or "\0" in glob or glob.startswith(("/", "./", "../")):
            raise UsageError(f"scope: '{glob}' is no glob from the repository's root, as src/nav/** is")
    branch = None
    if args.branch:
        branch = repository.git.run("symbolic-ref", "--quiet", "HEAD").out.decode(errors="surrogateescape").strip()
        if not branch:
            raise UsageError("scope --branch: no branch is checked out here; leave it out for the worktree")
    return scopes.Scope(
        tuple(args.only), tuple(args.frozen), args.max_added, args.until, args.goal, branch, repository.head
    )


def _shown(repository: Repository) -> str:
    scope = scopes.read(repository.git_dir)
    if scope is None:
        return "There is no task scope here. Set one: everycommit scope --only 'src/nav/**' --until commit\n"
    ended = scopes.over(scope, repository, time.strftime("%Y-%m-%d"))
    rest = f"  (ended: {ended})" if ended else ""
    rest = rest or ("  (another branch is checked out)" if scopes.elsewhere(scope, repository) else "")
    return f"scope: {scope.words}{rest}\n"


def _number(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 9:
        raise UsageError(f"--max-added '{text}': not a whole number of 0 or more")
    return int(text)


def until(text: str) -> str:
    """Return *text* where it says an end; also used for days alone.

    Raises:
        UsageError: It is neither ``commit`` nor ``push`` nor a day that is still to come.
    """
    return text if text in {scopes.COMMIT, scopes.PUSH} else day(text)


def day(text: str) -> str:
    """Return *text*, a day that is not over yet, as ``2026-12-31``.

    Raises:
        UsageError: It is none.
    """
    try:
        known = bool(_DATE.fullmatch(text)) and bool(time.strptime(text, "%Y-%m-%d"))
    except ValueError:
        known = False
    if not known:
        raise UsageError(f"--until '{text}': not a day as 2026-12-31")
    if text < time.strftime("%Y-%m-%d"):
        raise UsageError(f"--until '{text}': that day is over")
    return text
