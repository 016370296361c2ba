"""What was judged before: the key of a verdict, what makes a verdict unfit to be kept, and where verdicts are kept."""

from collections.abc import Mapping
from functools import cache
from typing import Protocol

from . import __version__
from .digest import sha256
from .result import GateResult

KEY_VERSION = 1
ALL, PASSES, NOTHING = "all", "passes", "nothing"
"""Which verdicts of a gate are worth keeping (``Gate.keeps``)."""
_DOUBT = "\0doubt: "


def key(gate: str, project: str, inputs: Mapping[str, str]) -> str:
    """Return the SHA-256 (hex) over all that a verdict depends on.

    *inputs* are the gate's own (``Gate.inputs``): a part left out there is a false hit here.
    """
    import json

    parts = json.dumps([KEY_VERSION, gate, project, sorted(inputs.items())], ensure_ascii=True)
    return sha256(parts.encode()).hexdigest()


@cache
def itself() -> str:
    """Return the word for this everycommit and the Python that runs it; any change of its code is another word."""
    import sys
    from pathlib import Path

    own = Path(__file__).parent
    found = [sys.version]
    records = [*own.parent.glob(f"everycommit-{__version__}.dist-info/RECORD")]
    # An installer writes RECORD last; a checkout has none, and its files change one by one.
    # Python's own temporary files in __pycache__ come and go.
    for path in records or sorted(own.rglob("*.py")):
        there = path.stat()
        found.append(f"{path} {there.st_size} {there.st_mtime_ns}")
    return f"{__version__} {sha256(repr(found).encode()).hexdigest()[:16]}"


def doubt(reason: str) -> str:
    """Return the value of an input that nobody can tell for sure: a verdict that has it is neither kept nor reused."""
    return _DOUBT + reason


def doubted(value: str) -> str | None:
    """Return the reason where *value* was made by ``doubt``."""
    return value.removeprefix(_DOUBT) if value.startswith(_DOUBT) else None


def repeatable(inputs: Mapping[str, str]) -> bool:
    """Tell whether a verdict under *inputs* holds whenever they are the same again."""
    return not any(value.startswith(_DOUBT) for value in inputs.values())


class Ledger(Protocol):
    """Verdicts by key. Any doubt is a miss; a doubt is never kept; nothing raises and nobody waits."""

    def get(self, key: str) -> GateResult | None:
        """Return the verdict with ``judged_at``, None where there is none that can be trusted."""
        ...

    def put(self, key: str, result: GateResult) -> None:
        """Keep *result*; its ``inputs`` say later what changed."""
        ...

    def forget(self, key: str) -> None:
        """Drop what is kept under *key*: it was judged again and did not come out so."""
        ...


class Answers(Protocol):
    """Answers that a gate had of somebody outside, as texts by key, on the terms of the ledger."""

    def answer(self, key: str) -> str | None:
        """Return the text, None where there is none that can be trusted."""
        ...

    def keep_answer(self, key: str, text: str) -> None:
        """Keep *text*, which is ASCII."""
        ...


class Book(Ledger, Answers, Protocol):
    """Keeps both."""


class Forgetful:
    """Keeps nothing: every change is judged anew."""

    def get(self, key: str) -> GateResult | None:  # noqa: ARG002
        return None

    def put(self, key: str, result: GateResult) -> None:
        """Forget it."""

    def forget(self, key: str) -> None:
        """Nothing is there."""

    def answer(self, key: str) -> str | None:  # noqa: ARG002
        return None

    def keep_answer(self, key: str, text: str) -> None:
        """Forget it."""


class Anew:
    """Looks nothing up and keeps what comes out, in place of what was there."""

    def __init__(self, ledger: Book) -> None:
        self._ledger = ledger

    def get(self, key: str) -> GateResult | None:  # noqa: ARG002
        return None

    def put(self, key: str, result: GateResult) -> None:
        self._ledger.put(key, result)

    def forget(self, key: str) -> None:
        self._ledger.forget(key)

    def answer(self, key: str) -> str | None:  # noqa: ARG002
        return None

    def keep_answer(self, key: str, text: str) -> None:
        self._ledger.keep_answer(key, text)
