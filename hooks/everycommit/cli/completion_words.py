"""What can stand where on the command line, read off the parsers: for the scripts that complete it."""

import argparse
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .main import COMMANDS, parser_of

KINDS = {
    "GATE": "gates",
    "RULE": "rules",
    "KEY": "keys",
    "TOPIC": "topics",
    "REV": "refs",
    "A..B": "refs",
    "FILE": "files",
    "RESULT": "files",
    "GLOB": "files",
    "ROOT": "files",
    "DIR": "files",
    "KEYFILE": "files",
    "FORMAT=FILE": "outputs",
    "models NAME": "models",
}
"""What a value is, by its name in the help; where that is not enough, by the command and the name."""


class Option(NamedTuple):
    """One flag."""

    flag: str
    help: str
    takes: bool
    values: tuple[str, ...] = ()
    """Its choices."""
    kind: str = ""
    """gates, rules, keys, topics, refs, files, outputs or models: where its values come from; empty: nobody knows."""


class Words(NamedTuple):
    """What follows ``everycommit`` and *path*."""

    path: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    """Commands below this one, with their help."""
    options: tuple[Option, ...]
    values: tuple[str, ...]
    """What can be a word of its own."""
    kinds: tuple[str, ...]
    """Where more of them come from."""


def words() -> tuple[Words, ...]:
    """Return the words of every command, the list of commands first."""
    first = (Option("--version", "show the version", takes=False), Option("--help", "show the commands", takes=False))
    top = Words((), tuple(COMMANDS.items()), first, (), ())
    return (top, *(found for name in COMMANDS for found in _words((name,), parser_of(name)[1])))


def lists() -> dict[str, Sequence[str]]:
    """Return the values of each kind that are the same everywhere."""
    from ..config.fields import keys, tables
    from ..report.formats import FORMATS
    from ..rules.names import OWN
    from .help import topics

    return {
        "rules": (*OWN, *(f"policy/{name}" for name in OWN)),
        "keys": (*filter(None, tables()), *keys()),
        "topics": (*topics(), *COMMANDS),
        "outputs": tuple(f"{name}=" for name in FORMATS),
    }


def _words(path: tuple[str, ...], parser: argparse.ArgumentParser) -> Iterator[Words]:
    options: list[Option] = []
    values: list[str] = []
    kinds: list[str] = []
    parts: list[tuple[str, str]] = []
    below: list[Iterator[Words]] = []
    for action in parser._actions:  # noqa: SLF001 - argparse tells nobody otherwise
        if action.help == argparse.SUPPRESS:
            continue
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            parts = [(choice.dest, choice.help or "") for choice in action._choices_actions]  # noqa: SLF001
            below = [_words((*path, name), one) for name, one in action.choices.items()]
        elif action.option_strings:
            options.append(_option(path, action))
        else:
            values += map(str, action.choices or ())
            kinds.append("" if action.choices else kind(path, action))
    yield Words(path, tuple(parts), tuple(options), tuple(values), tuple(filter(None, kinds)))
    for one in below:
        yield from one


def _option(path: tuple[str, ...], action: argparse.Action) -> Option:
    takes = action.nargs != 0
    flag = max(action.option_strings, key=len)
    text = (action.help or "").replace("%%", "%")
    values = tuple(map(str, action.choices or ())) if takes else ()
    return Option(flag, text, takes, values, kind(path, action) if takes and not values else "")


def kind(path: tuple[str, ...], action: argparse.Action) -> str:
    """Return where the values of *action* come from; empty where nobody can list them."""
    name = str(action.metavar or action.dest).upper()
    return (KINDS.get(f"{path[0]} {name}", "") if action.metavar else "") or KINDS.get(name, "")
