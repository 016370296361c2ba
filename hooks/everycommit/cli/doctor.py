"""Say what is missing for a true verdict, and how to get it. Also outside a repository.

Exit 0 where nothing is wrong; a line that begins with `!` is only good to know.
"""

import argparse
from collections.abc import Iterator

from ..config.schema import Settings
from ..errors import EverycommitError
from ..repo.repository import discover
from ..report.style import Style, style_for
from . import checkup, checkup_files, checkup_hooks, checkup_models, checkup_projects
from .call import Call
from .checkup import BAD, GOOD, NOTE, Line
from .init import look, paths_here


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""
    del parser


def main(args: argparse.Namespace, call: Call) -> int:
    """Look at everything; return 0, or 2 where something is wrong."""
    del args
    style = style_for(call.stdout, call.environ)
    wrong = 0
    for line in _lines(call):
        wrong += line.mark == BAD
        call.stdout.write(f"{_mark(line.mark, style)} {style.line(line.text)}\n")
        call.stdout.flush()
    return 2 if wrong else 0


def _lines(call: Call) -> Iterator[Line]:
    yield from checkup.ourselves(call)
    try:
        repository = discover(call.cwd, call.environ)
    except EverycommitError as error:
        yield Line(NOTE, f"no repository to look at: {error}")
        yield from checkup.tools(None, has_tests=False)
        yield from checkup_models.models(call)
        yield from checkup_files.cache(Settings(), call)
        return
    yield from checkup.place(repository)
    lines, chosen = checkup.settings(repository, call)
    yield from lines
    try:
        project = look(repository)
    except EverycommitError as error:
        yield Line(BAD, str(error))
    else:
        yield from checkup.python(repository, project, chosen, call)
        yield from checkup_projects.projects(repository, paths_here(repository), chosen, call)
        yield from checkup_hooks.hooks(repository, project)
        yield from checkup_files.snapshot(repository, project, chosen)
    yield from checkup.commands(repository, call)
    yield from checkup_models.models(call)
    yield from checkup_files.cache(chosen, call)


def _mark(mark: str, style: Style) -> str:
    paint = {GOOD: style.good, NOTE: style.doubtful, BAD: style.bad}[mark]
    return paint(style.symbol(mark))
