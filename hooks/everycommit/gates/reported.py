"""Reads what ``inside/everycommit_pytest.py`` wrote while pytest ran."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, NamedTuple, Self

_POLL = 0.1


class Failure(NamedTuple):
    """One thing that went wrong in a test, its set-up, its tear-down or its collection."""

    id: str
    """pytest's node id, from its root folder; a file's for a collection error."""
    when: str
    """call, setup, teardown or collect."""
    path: str | None
    line: int | None
    message: str
    part: str | None
    """Which subtest, in pytest's words; None for a whole test."""


class Report:
    """What is known of a run of pytest, complete or not."""

    def __init__(self) -> None:
        self.root: str | None = None
        """pytest's root folder; None where it did not get as far as telling."""
        self.ids: tuple[str, ...] = ()
        """The tests that it selected."""
        self.deselected = 0
        self.left: tuple[str, ...] = ()
        """The tests that were there and that we left out."""
        self.elsewhere: tuple[str, ...] = ()
        """The tests that other shards have."""
        self.done: dict[str, str] = {}
        """``{id: outcome}`` of those that ended."""
        self.seconds: dict[str, float] = {}
        self.failures: list[Failure] = []
        self.status: int | None = None
        """pytest's exit code; None where it never came to an end."""

    @property
    def total(self) -> int:
        return len(self.ids) + len(self.elsewhere) + self.deselected

    def unreported(self) -> int:
        """Return how many of the selected tests have no outcome."""
        return sum(one not in self.done for one in self.ids)

    def count(self, outcome: str) -> int:
        return sum(ended == outcome for ended in self.done.values())

    def add(self, record: dict[str, Any]) -> None:
        kind = record["kind"]
        if kind == "start":
            self.root = record["root"]
        elif kind == "collected":
            self.ids = tuple(record["ids"])
        elif kind == "deselected":
            self.deselected += record["count"]
        elif kind == "left":
            self.left = tuple(record["ids"])
        elif kind == "elsewhere":
            self.elsewhere = tuple(record["ids"])
        elif kind == "done":
            self.done[record["id"]] = record["outcome"]
            self.seconds[record["id"]] = record.get("seconds", 0.0)
        elif kind == "failure":
            self.failures.append(
                Failure(*(record.get(name) for name in Failure._fields))  # type: ignore[arg-type]
            )
        elif kind == "finish":
            self.status = record["status"]


def report(lines: Iterable[bytes]) -> Report:
    """Return what *lines* tell; one that a dying process left half written is passed over."""
    told = Report()
    for record in filter(None, map(_record, lines)):
        told.add(record)
    return told


class Following:
    """Says how far pytest is while it runs: a context manager around the run."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self._path = path
        self._say = say
        self._stop = Event()
        self._thread = Thread(target=self._follow, name="tests-progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        told, rest, at = Report(), b"", 0
        while not self._stop.wait(_POLL):
            try:
                with self._path.open("rb") as file:
                    file.seek(at)
                    new = file.read()
            except OSError:
                continue
            at += len(new)
            *lines, rest = (rest + new).split(b"\n")
            last = None
            for record in filter(None, map(_record, lines)):
                told.add(record)
                last = record if record["kind"] == "done" else last
            if last:
                name = Path(last["id"].partition("::")[0]).name
                self._say(f"{len(told.done)}/{len(told.ids)}  {name}")


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "kind" in record else None
