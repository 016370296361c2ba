"""What an adapter says of its client: where its hooks are written, what its events mean, how it is answered.

An adapter is a module with the names of ``Client``. It never raises on what it does not know: it returns None.
"""

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from .event import After, Answer, Before, Edit, Event
from .tools import SHELL, command_of, edits_of

NAMES = ("claude", "codex", "cursor", "gemini", "copilot")
EMPTY: Mapping[str, Any] = {}
CALL = r"everycommit'? agent "
"""How every call of ours reads in a hook file, the program's path in quotes or not."""
GUARD_SECONDS, EDIT_SECONDS, STOP_SECONDS = 30, 60, 600
"""How long the client waits for each."""


if TYPE_CHECKING:
    # Making a protocol takes a hundredth of a Python start, and somebody waits.
    from typing import Protocol

    class Client(Protocol):
        """One coding agent."""

        TITLE: str
        PROJECT: str
        """Its hook file, from the repository's root."""
        USER: str
        """The user's own, from home."""
        HOME: str
        """The variable that names another place for the first folder of ``USER``; empty where there is none."""
        HOLLOW: Mapping[str, Any]
        """What a hook file needs besides hooks; one that holds no more is not worth keeping."""
        MOST_ROUNDS: int
        """How often the client lets itself be told to go on."""
        NEXT: str
        """What the person has to do once for the hooks to run; empty where nothing."""

        def hooks(self, call: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
            """Return what is written under ``hooks``: entries by event, each starting *call*."""
            ...

        def read(self, given: Mapping[str, Any]) -> Event | None:
            """Return what the event *given* means; None where it is not for us."""
            ...

        def denied(self, given: Mapping[str, Any], why: str) -> Answer:
            """Return the answer that keeps the tool from running."""
            ...

        def told(self, given: Mapping[str, Any], text: str) -> Answer:
            """Return the answer that tells the agent something about what its tool did."""
            ...

        def insisted(self, given: Mapping[str, Any], text: str) -> Answer:
            """Return the answer that makes the agent go on."""
            ...

        def said(self, given: Mapping[str, Any], text: str) -> Answer:
            """Return the answer that lets the agent stop, with a word for the person."""
            ...

        def silent(self) -> Answer:
            """Return the answer that has nothing to say."""
            ...


def client(name: str) -> "Client":
    """Return the adapter of *name*, one of ``NAMES``."""
    return cast("Client", import_module(f".{name}", __package__))


def answered(**document: Any) -> Answer:
    """Return a client's JSON."""
    return Answer(json.dumps(document) + "\n")


def word(given: Mapping[str, Any], *names: str) -> str:
    """Return the first text of *given* under one of *names*; empty where there is none."""
    return next((given[name] for name in names if isinstance(given.get(name), str)), "")


def before(cwd: str, kind: str, args: object) -> Before:
    """Return a tool of *kind* (``tools``) that is about to run."""
    if kind == SHELL:
        return Before(cwd, command=command_of(args))
    return Before(cwd, edits=edits_of(kind, args))


def after(cwd: str, edits: Sequence[Edit]) -> After | None:
    """Return a tool that has changed the files of *edits*."""
    paths = tuple(dict.fromkeys(edit.path for edit in edits))
    return After(cwd, paths) if paths else None
