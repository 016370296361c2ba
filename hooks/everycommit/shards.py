"""A shard of a run: which part one of several machines judges, and how it is told that the parts make a whole."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .errors import UsageError
from .inside.everycommit_shards import shares

MOST = 1000
_BITS = 1 << 256


class Durations(NamedTuple):
    """What an earlier run took, in milliseconds; the same on all machines."""

    gates: Mapping[str, int] = {}
    tests: Mapping[str, int] = {}
    """By id, its file from the root of the tree."""
    word: str = ""
    """Tells one set of durations from another; empty where there are none."""


class Part(NamedTuple):
    """What of a gate's work one shard has done."""

    by: int | None = None
    """The shard that does all of it, where it cannot be split."""
    all: int = 0
    """How many tests or files there are for all shards together."""
    own: int = 0
    all_sum: str = ""
    """A sum over the names of all of them, see ``summed``."""
    own_sum: str = ""
    why: str = ""
    """How the change reaches the tests, as the summary says it."""
    seconds: Mapping[str, float] = {}
    """By test id, its file from the root of the tree."""


class Sharded(NamedTuple):
    """Of which shard a verdict is, and what has to be equal in all of them."""

    number: int
    of: int
    settings: str
    """A digest of all that the command line and the settings say."""
    durations: str

    def __str__(self) -> str:
        return f"shard {self.number} of {self.of}"


class Shard(NamedTuple):
    """One shard and the rule by which gates and their parts belong to it."""

    number: int
    """From 1."""
    of: int
    durations: Durations = Durations()
    homes: Mapping[str, int] = {}
    """``{gate: the shard that judges all of it}`` for gates that cannot be split."""
    loads: tuple[int, ...] = ()
    """Milliseconds that these gates cost each shard."""

    def with_gates(self, names: Iterable[str]) -> "Shard":
        """Return it with a home for each gate of *names*: the costliest first, to the shard that has the least."""
        loads, held = [0] * self.of, [0] * self.of
        homes = {}
        for name in sorted(names, key=lambda name: -self.durations.gates.get(name, 0)):
            home = min(range(self.of), key=lambda number: (loads[number], held[number], number))
            homes[name] = home + 1
            loads[home] += self.durations.gates.get(name, 0)
            held[home] += 1
        # Without seconds of the tests the two could not be compared.
        return self._replace(homes=homes, loads=tuple(loads) if self.durations.tests else (0,) * self.of)

    def elsewhere(self, gate: str) -> int | None:
        """Return the number of the shard that judges *gate*, where that is another one."""
        home = self.homes.get(gate, self.number)
        return None if home == self.number else home

    def own(self, paths: Sequence[str]) -> tuple[list[str], Part]:
        """Return those of *paths* that this shard judges, in order, and what they are of all."""
        share = shares(paths, {}, [0] * self.of)
        own = [path for path in paths if share[path] == self.number - 1]
        return own, Part(all=len(paths), own=len(own), all_sum=summed(paths), own_sum=summed(own))


def parsed(text: str, flag: str = "--shard") -> Shard:
    """Return the shard that *text*, ``2/3``, names.

    Raises:
        UsageError: It names none.
    """
    number, slash, of = text.partition("/")
    if not (slash and number.isascii() and number.isdigit() and of.isascii() and of.isdigit() and len(text) < 12):
        raise UsageError(f"{flag} '{text}': not a shard; write i/n, such as {flag} 1/3")
    if not 1 <= int(number) <= int(of) <= MOST:
        most = f"from 1/{int(of)} to {int(of)}/{int(of)}" if 1 <= int(of) <= MOST else f"with n from 1 to {MOST}"
        raise UsageError(f"{flag} '{text}': there is no such shard; they go {most}")
    return Shard(int(number), int(of))


def summed(names: Iterable[str]) -> str:
    """Return a word for *names*, each as often as it is there, in any order; words of parts add up, see ``added``."""
    return _hex(
        sum(int.from_bytes(hashlib.sha256(name.encode(errors="surrogateescape")).digest(), "big") for name in names)
    )


def added(sums: Iterable[str]) -> str:
    """Return the word for all names together that *sums* stand for."""
    return _hex(sum(int(word, 16) for word in sums))


def _hex(number: int) -> str:
    return f"{number % _BITS:064x}"
