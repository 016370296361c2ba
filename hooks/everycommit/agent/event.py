"""What a coding agent is about to do, did, or says it is done with: the same for every client."""

from typing import NamedTuple

WRITE, REPLACE, DELETE, TOUCH = "write", "replace", "delete", "touch"


class Swap(NamedTuple):
    """A piece of text and what takes its place."""

    old: str
    new: str
    everywhere: bool = False


class Edit(NamedTuple):
    """One file that changes."""

    path: str
    """As the client writes it: absolute, or from the event's folder."""
    kind: str
    """``write`` all of it, ``replace`` pieces, ``delete`` it, or ``touch``: nobody knows what will be in it."""
    content: str = ""
    """All that will be in it where it is written; where it is touched, what is known to come into it."""
    swaps: tuple[Swap, ...] = ()

    def after(self, before: bytes | None) -> bytes | None:
        """Return what the file will hold; *before*: what it holds now, None where it is not there.

        A piece that is not in the file changes nothing: the client will refuse the edit by itself.
        """
        if self.kind == DELETE:
            return None
        if self.kind == WRITE:
            return self.content.encode(errors="replace")
        found = before or b""
        if self.kind == TOUCH:
            return found + b"\n" + self.content.encode(errors="replace") + b"\n"
        for swap in self.swaps:
            old, new = (text.encode(errors="replace") for text in (swap.old, swap.new))
            # In an empty or missing file an empty piece stands for all of it.
            found = found.replace(old, new, -1 if swap.everywhere else 1) if old else found or new
        return found


class Begin(NamedTuple):
    """A person asks for something."""

    cwd: str
    session: str


class Before(NamedTuple):
    """A tool is about to run."""

    cwd: str
    edits: tuple[Edit, ...] = ()
    command: str = ""
    """A shell's command line; empty where the tool is none."""


class After(NamedTuple):
    """A tool has changed files."""

    cwd: str
    paths: tuple[str, ...] = ()


class Stop(NamedTuple):
    """The agent says that it is done."""

    cwd: str
    session: str
    again: bool | None = False
    """Whether it stops once more after it was told to go on; None where the client does not say."""


class Refusal(NamedTuple):
    """Why something is not left to an agent."""

    what: str
    way: str


NOT_DONE = "everycommit: not done yet"
"""How every text begins that makes an agent go on."""


def begun(cwd: str, session: str, prompt: str) -> Begin | None:
    """Return that a person asks; None where it is our own text, which Gemini CLI gives out as a person's."""
    return None if prompt.lstrip().startswith(NOT_DONE) else Begin(cwd, session)


Event = Begin | Before | After | Stop


class Answer(NamedTuple):
    """What the client is told."""

    out: str = ""
    """For standard output: the client's JSON, or nothing."""
    err: str = ""
    code: int = 0
