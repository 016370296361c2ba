"""Which pieces go into which question: a model's context filled so far and no further, and nothing cut silently."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ...config.schema import ReviewSettings
from ...model.profile import Profile
from .parts import Piece

BYTES_A_TOKEN = 3.2
"""Of code and English, roughly; corrected by what servers count."""
WORTH = 1200
"""Tokens of hunks below which a question of their own costs more than it saves time."""
LARGEST = 8000
"""Tokens of hunks in one question, whatever the context: readers get worse with more. Source: arXiv 2603.26130."""
_LEAST, _MOST = 2.0, 5.0


class Tokens:
    """Estimates tokens; learns from what servers count. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = 0
        self._tokens = 0

    def of(self, text: str) -> int:
        """Return how many tokens *text* is expected to be."""
        return self.of_bytes(len(text.encode("utf-8", "surrogatepass")))

    def of_bytes(self, size: int) -> int:
        with self._lock:
            ratio = self._bytes / self._tokens if self._tokens else BYTES_A_TOKEN
        return int(size / min(_MOST, max(_LEAST, ratio))) + 1

    def learn(self, text: str, counted: int) -> None:
        """Take in that a server counted *text* as so many tokens."""
        with self._lock:
            self._bytes += len(text.encode("utf-8", "surrogatepass"))
            self._tokens += counted


class Chunk(NamedTuple):
    """Pieces that are asked about in one question."""

    pieces: tuple[Piece, ...]
    tokens: int
    """Of the whole question."""

    @property
    def risk(self) -> int:
        return max((piece.risk for piece in self.pieces), default=0)


class Plan(NamedTuple):
    """What is asked, and what does not fit."""

    chunks: tuple[Chunk, ...]
    """The riskiest first."""
    samples: int
    left: tuple[tuple[Piece, str], ...]
    """Pieces that are not asked about, each with the reason."""
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Of all questions together."""
        return self.samples * sum(chunk.tokens for chunk in self.chunks)


def planned(
    pieces: Sequence[Piece],
    profile: Profile,
    settings: ReviewSettings,
    *,
    samples: int,
    overhead: int,
    cost: Callable[[Piece], int],
) -> Plan:
    """Return how *pieces*, the riskiest first, are asked of *profile*.

    *overhead*: tokens of a question without its pieces; *cost*: tokens that a piece adds.
    """
    most = profile.context * min(settings.ceiling, 100) // 100 - overhead
    usual = min(most, profile.context * min(settings.fill, 100) // 100 - overhead)
    left: list[tuple[Piece, str]] = []
    fitting: list[tuple[Piece, int]] = []
    for piece in pieces:
        tokens = cost(piece)
        if tokens > most:
            why = f"too large for one question of '{profile.name}': about {tokens:,} of {max(0, most):,} tokens"
            left.append((piece, why))
        else:
            fitting.append((piece, tokens))
    total = sum(tokens for _, tokens in fitting)
    room = _room(total, min(usual, LARGEST), profile.slots, samples)
    chunks = [Chunk(tuple(own), tokens + overhead) for own, tokens in _filled(fitting, room)]
    chunks.sort(key=lambda chunk: -chunk.risk)
    return _within(chunks, samples, settings.max_tokens, left)


def _room(total: int, usual: int, slots: int, samples: int) -> int:
    """Return how many tokens of pieces a question gets: small enough that all slots have something to do."""
    at_once = max(1, slots // samples)
    return max(1, min(usual, max(WORTH, -(-total // at_once))))


def _filled(pieces: Iterable[tuple[Piece, int]], room: int) -> list[tuple[list[Piece], int]]:
    """Return groups of at most *room* tokens, or of one piece; what is of one file stays together where it can."""
    files: dict[str, list[tuple[Piece, int]]] = {}
    for piece, tokens in pieces:
        files.setdefault(piece.path, []).append((piece, tokens))
    groups: list[tuple[list[Piece], int]] = []
    for own in files.values():
        # In a file's own order: a reader follows it.
        own.sort(key=lambda one: (one[0].hunk, _first(one[0])))
        size = sum(tokens for _, tokens in own)
        if size <= room:
            _put(groups, [piece for piece, _ in own], size, room)
        else:
            for piece, tokens in own:
                _put(groups, [piece], tokens, room)
    return groups


def _first(piece: Piece) -> int:
    return next((row.number for row in piece.rows if row.number is not None), 0)


def _put(groups: list[tuple[list[Piece], int]], own: list[Piece], size: int, room: int) -> None:
    """Add *own* to the first group with room for it, else as a group of its own."""
    for place, (pieces, tokens) in enumerate(groups):
        if tokens + size <= room:
            groups[place] = (pieces + own, tokens + size)
            return
    groups.append((own, size))


def _within(chunks: Sequence[Chunk], samples: int, most: int | None, left: list[tuple[Piece, str]]) -> Plan:
    """Return the plan that keeps to *most* tokens: fewer samples first, then the least risky are not asked about."""
    once = sum(chunk.tokens for chunk in chunks)
    if most is None or once * samples <= most:
        return Plan(tuple(chunks), samples, tuple(left))
    fewer = max(1, most // max(1, once))
    notes = (f"each hunk is read {fewer} times instead of {samples}: review.max_tokens is {most:,}",)
    kept: list[Chunk] = []
    spent = 0
    for chunk in chunks:
        if spent + chunk.tokens <= most:
            kept.append(chunk)
            spent += chunk.tokens
        else:
            left += [(piece, f"beyond review.max_tokens = {most:,}") for piece in chunk.pieces]
    return Plan(tuple(kept), fewer, tuple(left), notes if fewer < samples and kept else ())
