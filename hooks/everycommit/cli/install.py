"""Write the git hooks pre-commit, pre-merge-commit and pre-push, accept commands, and fill the snapshot.

A hook that is there already is kept and called first; `everycommit uninstall` takes back exactly what was written.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import UsageError
from ..repo.fastpath import Fast
from ..repo.githooks import HOOKS, hooks_folder
from ..repo.install import Step, install
from ..repo.repository import Repository, discover
from ..report.style import Style, style_for
from .ask import can_ask
from .call import Call

# Without the variables, the folder and the user's packages of whoever commits; with those where everycommit is there.
_WAYS_TO_START = (("-I",), ("-E", "-P"))
_WHERE = "import everycommit.cli.main as main, sys; sys.stdout.write(main.__file__.rsplit('/', 2)[0])"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--yes", action="store_true", help="accept the commands that the settings name, without asking")
    parser.add_argument(
        "--post-commit", action="store_true", help="also a hook that says when a commit went past the others"
    )
    parser.add_argument(
        "--hook",
        action="append",
        choices=HOOKS,
        help="write this hook only; can be given again. With pre-push: beside a hook manager that runs the others",
    )
    parser.add_argument("--no-fill", action="store_true", help="leave the snapshot to the first commit")


def main(args: argparse.Namespace, call: Call) -> int:
    """Write, accept, fill; return 0, or 2 where a hook could not be written."""
    style = style_for(call.stdout, call.environ)
    repository = discover(call.cwd, call.environ)
    folder = hooks_folder(repository)
    start, home = _start(call)
    more = ["post-commit"] * args.post_commit
    steps = install(folder, start, fast=_fast(home, call), names=args.hook, more=more)
    for line in (*_written(steps, style), *_said(steps, folder, repository, style)):
        _tell(call, line)
    _accept(repository, call, is_yes=args.yes)
    if not args.no_fill and repository.head_tree is not None:
        _fill(repository.head_tree, call, style)
    return 2 if any(step.did == "left" for step in steps) else 0


def _shown(path: Path, top: Path) -> str:
    """Return *path* from the working tree's root where it is in there, else whole."""
    return str(path.relative_to(top)) if path.is_relative_to(top) else str(path)


def _tell(call: Call, line: str) -> None:
    call.stdout.write(line + "\n")
    call.stdout.flush()


def _start(call: Call) -> tuple[tuple[str, ...], str]:
    """Return the interpreter and options with which everycommit loads, whatever the environment of the commit.

    And the folder of the package that is found so.

    Raises:
        UsageError: It does not, because it is found through a variable or the current folder only.
    """
    from ..deadline import Deadline
    from ..proc import Children, child_environment

    if not sys.executable:
        raise UsageError("the Python that runs everycommit has no path; install everycommit in a virtual environment")
    with Children() as children:
        for options in _WAYS_TO_START:
            start = (sys.executable, *options)
            done = children.run(
                (*start, "-c", _WHERE),
                cwd=Path("/"),
                env=child_environment(call.environ, ceiling=Path("/")),
                deadline=Deadline.after(30),
            )
            if done.code == 0:
                return start, os.fsdecode(done.out)
    raise UsageError(
        f"everycommit is not installed in '{sys.executable}', a hook could not load it: "
        f"{sys.executable} -m pip install everycommit"
    )


def _fast(home: str, call: Call) -> Fast | None:
    """Return how the hooks answer without Python; None where this machine cannot tell files exactly."""
    import tempfile

    from ..repo.fastpath import found

    try:
        with tempfile.TemporaryDirectory() as scratch:
            return found(home, call.environ, Path(scratch).resolve())
    except OSError:
        return None


def _written(steps: Sequence[Step], style: Style) -> Iterable[str]:
    there = [step.hook.name for step in steps if step.did != "left"]
    if there:
        news = "" if any(step.did in {"written", "renewed"} for step in steps) else " (nothing had to change)"
        yield f"{style.good(style.symbol('passed'))} hooks: {', '.join(there)}{news}"
    for step in steps:
        if step.did == "left":
            yield f"{style.bad(style.symbol('failed'))} {style.text(step.why)}"


def _said(steps: Sequence[Step], folder: Path, repository: Repository, style: Style) -> Iterable[str]:
    mark = style.doubtful(style.symbol("warned"))
    for step in steps:
        hook = step.hook
        if step.did != "left" and os.path.lexists(hook.before):
            runs = (
                "runs first" if os.access(hook.before, os.X_OK) else "is not executable, so it does not run, as before"
            )
            yield style.text(f"  {hook.name}: the hook that was there is kept as {hook.before.name} and {runs}")
    there = sorted({step.hook.manager for step in steps if step.hook.manager})
    for manager in there:
        yield f"{mark} {manager} manages hooks here and may write its own over these; `everycommit install` mends that"
    if there:
        from .init import look

        managed = look(repository).managed
        if managed is None:
            yield "  or name everycommit in its configuration instead: `everycommit init` shows the lines"
        else:
            yield style.text(f"  {managed.file} names everycommit: called by our own hook it leaves the change to that")
    place = style.text(_shown(folder, repository.top))
    if folder.is_relative_to(repository.common_dir):
        return
    if folder.is_relative_to(repository.top):
        yield (
            f"{mark} core.hooksPath: {place} lies in the working tree; these hooks name this machine's Python, "
            "so leave them out of commits"
        )
    else:
        yield f"{mark} core.hooksPath: every repository that uses {place} is judged from now on"


def _accept(repository: Repository, call: Call, *, is_yes: bool) -> None:
    """Ask about the commands that wait; without a terminal say that they do."""
    from ..config.commands import requests
    from ..config.load import user_settings
    from ..config.trust import Accepted
    from . import trust
    from .staged import settings_files

    head, index = settings_files(repository)
    accepted = Accepted(repository.common_dir)
    wanted = requests(head=head, index=index, user=user_settings(call.environ), environ=call.environ)
    waiting = [request for request in wanted if not accepted.has(request.digest)]
    if not waiting:
        return
    is_open = not is_yes and not can_ask(call)
    trust.main(argparse.Namespace(yes=is_yes, list=is_open), call)
    if is_open:
        _tell(call, f"{len(waiting)} of these wait: read them, then `everycommit trust`")


def _fill(tree: str, call: Call, style: Style) -> None:
    """Lay out *tree* where the first commit will look for it."""
    from ..config.load import load, user_settings
    from ..deadline import Deadline
    from ..repo.cache import cache_folder
    from ..repo.snapshot import Snapshots
    from .ending import signals
    from .judge import place
    from .staged import settings_files

    began = time.monotonic()
    if style.terminal:
        call.stdout.write("  filling the snapshot, so that the first commit does not have to ...")
        call.stdout.flush()
    try:
        with signals(), place(call) as here:
            head, _ = settings_files(here.repository)
            user = user_settings(call.environ)
            settings = load(base=head, target=head, user=user, environ=call.environ, flags={}).settings
            with Snapshots(
                here.repository,
                here.quarantine,
                cache_folder(settings.cache_dir, call.environ),
                settings.snapshot,
                target=tree,
                deadline=Deadline.after(settings.timeout),
            ) as snapshots:
                snapshots.target()
    finally:
        if style.terminal:
            call.stdout.write("\r\x1b[K")
            call.stdout.flush()
    took = time.monotonic() - began
    _tell(call, f"{style.good(style.symbol('passed'))} snapshot filled" + (f" in {took:.1f}s" if took >= 0.1 else ""))
