"""Measures a model: first token, tokens a second, questions side by side, the best way to ask, its context."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from ..deadline import Deadline
from ..errors import EverycommitError, ModelError
from ..record import dataclass, replace
from .client import Ask, Message, Reply
from .measured import PARTS, Known
from .profile import Profile, Speed
from .servers import PAGES, context

_FORM = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
_LONG = 1500
"""Words of the long question: some two thousand tokens."""
_TOKENS_A_WORD = 1.2
_TEN_WORDS = "The letter from the market reached the garden before winter. "
_WRITTEN = 256
"""Tokens of the long answer."""
_LEAST_BESIDE, _BESIDE = 96, 192
"""Fewest and most tokens of each of those that are written side by side."""
_BESIDE_SECONDS = 0.15
"""How long these should take at least: questions that are sent together begin a little apart."""
_ROUNDS = (2, 4, 8)
_CERTAIN = 5
"""How many calls one bench counts for, when later calls correct it."""
_INSTANT = 0.001
_CUT = 0.6
"""A server that counts less than this part of a question did not read it all."""


class Endpoint(Protocol):
    """Who carries questions and looks at pages: ``worker.Worker``."""

    def ask(
        self, profile: Profile, ask: Ask, *, deadline: Deadline, on_text: Callable[[str], None] | None = None
    ) -> Reply: ...

    def get(self, profile: Profile, path: str, *, deadline: Deadline) -> tuple[int, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a bench may take."""

    seconds: float = 90.0
    tokens: int = 10_000
    """Of questions and answers together; a part that would not fit is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benched:
    """What a bench found."""

    known: Known
    tokens_in: int
    tokens_out: int
    notes: tuple[str, ...] = ()
    """What could not be measured, and why."""


def expected() -> tuple[int, int]:
    """Return about how many tokens of questions and of answers a whole bench uses."""
    beside = sum(_ROUNDS)
    return int(2 * _LONG * _TOKENS_A_WORD) + 30 * (5 + beside), 40 + 4 * 8 + _WRITTEN + beside * _BESIDE


def small_question() -> Ask:
    """Return a question that costs next to nothing, whose answer has a form."""
    text = "Which city is the capital of France? Answer in JSON with the key city."
    return Ask(messages=(Message("user", text),), shape=_FORM, max_tokens=200, temperature=0.0)


def measure(
    profile: Profile, endpoint: Endpoint, *, limits: Limits, say: Callable[[str], None], salt: Callable[[], str]
) -> Benched:
    """Return what the model can; *say* gets a word for each part, *salt* makes texts that no cache has seen.

    Raises:
        EverycommitError: Not even the first question was answered.
    """
    return _Bench(replace(profile, rung=None), endpoint, limits, say, salt).run()


class _Bench:
    """One bench on its way."""

    def __init__(
        self,
        profile: Profile,
        endpoint: Endpoint,
        limits: Limits,
        say: Callable[[str], None],
        salt: Callable[[], str],
    ) -> None:
        self._profile = profile
        self._endpoint = endpoint
        self._limits = limits
        self._deadline = Deadline.after(limits.seconds)
        self._say = say
        self._salt = salt
        self._lock = threading.Lock()
        self._in = self._out = 0
        self._notes: list[str] = []

    def run(self) -> Benched:
        self._say("the first question, and how an answer can be given a form")
        known = Known(rung=self._form())
        first = self._part("the time to a first token", 200, self._first) or 0.0
        reading = self._part("reading", int(2 * _LONG * _TOKENS_A_WORD) + 40, lambda: self._reading(first))
        writing = self._part("writing", _WRITTEN + 40, self._writing)
        if writing:
            speed = Speed(first_seconds=first, tokens_in=reading or writing, tokens_out=writing)
            known = replace(known, speed=speed, counts=dict.fromkeys(PARTS, _CERTAIN))
        beside = self._beside(min(_BESIDE, max(_LEAST_BESIDE, int((writing or 0) * _BESIDE_SECONDS))))
        self._say("what the server tells of itself")
        told, slots = self._told()
        if told is None:
            self._notes.append(
                "the server does not tell its context: give the profile `context`, else "
                f"{self._profile.context:,} tokens count"
            )
        known = replace(known, slots=min(filter(None, (beside, slots)), default=None), context=told)
        return Benched(known=known, tokens_in=self._in, tokens_out=self._out, notes=tuple(self._notes))

    def _part(self, name: str, tokens: int, work: Callable[[], float | None]) -> float | None:
        """Return what *work* measures; None, and a note, where it may not or cannot."""
        if self._in + self._out + tokens > self._limits.tokens:
            self._notes.append(f"{name}: not measured, it would take more than {self._limits.tokens:,} tokens")
            return None
        self._say(name)
        try:
            found = work()
        except EverycommitError as error:
            self._notes.append(f"{name}: not measured, {error}")
            return None
        if found is None:
            self._notes.append(f"{name}: not measured, the server counts no tokens or answers in one piece")
        return found

    def _form(self) -> str:
        reply = self._ask(small_question())
        import json

        try:
            answer = json.loads(reply.text)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or not isinstance(answer.get("city"), str):
            self._notes.append(f"asked by {reply.rung} it did not keep to the form: its answers may be unreadable")
        return reply.rung

    def _first(self) -> float | None:
        found = [self._ask(_short(f"Say ok. {self._salt()}", 8)).first_seconds for _ in range(3)]
        seconds = [one for one in found if one is not None]
        return statistics.median(seconds) if seconds else None

    def _reading(self, first: float) -> float | None:
        speeds = []
        for _ in range(2):
            reply = self._ask(_short(_long(self._salt()), 8))
            if reply.first_seconds is None or not reply.prompt_tokens:
                return None
            if reply.prompt_tokens < _CUT * _LONG:
                self._notes.append(
                    f"it counted {reply.prompt_tokens:,} tokens of a question of {_LONG:,} words: the server cuts "
                    "questions without a word; give it a larger context"
                )
            read = reply.prompt_tokens - (reply.cached_tokens or 0)
            speeds.append(read / max(reply.first_seconds - first, _INSTANT))
        return statistics.median(speeds)

    def _writing(self) -> float | None:
        return written_a_second(self._ask(_counting(self._salt(), _WRITTEN)))

    def _beside(self, tokens: int) -> int | None:
        """Return how many answers of *tokens* were being written at the same moment."""
        most = 0
        for number in _ROUNDS:
            spans: list[tuple[float, float]] = []
            name = f"{number} questions at once"
            if self._part(name, number * (tokens + 40), partial(self._round, number, tokens, spans)) is None:
                break
            together = overlapping(spans)
            most = max(most, together)
            if together < number:
                break
        return most or None

    def _round(self, number: int, tokens: int, spans: list[tuple[float, float]]) -> float | None:
        """Ask *number* questions at once; *spans* gets when each answer was being written."""
        errors: list[EverycommitError] = []

        def one() -> None:
            try:
                reply = self._ask(_counting(self._salt(), tokens))
            except EverycommitError as error:
                errors.append(error)
                return
            ended = time.monotonic()
            if reply.first_seconds is not None:
                spans.append((ended - (reply.seconds - reply.first_seconds), ended))

        threads = [threading.Thread(target=one, daemon=True) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return float(number) if spans else None

    def _told(self) -> tuple[int | None, int | None]:
        pages = {}
        for path in PAGES:
            try:
                status, page = self._endpoint.get(self._profile, path, deadline=self._deadline.within(5))
            except EverycommitError:
                continue
            if status == 200:
                pages[path] = page
        return context(self._profile.model, pages)

    def _ask(self, ask: Ask) -> Reply:
        # Without somebody who listens an answer may come in one piece, and its first token be unseen.
        reply = self._endpoint.ask(self._profile, ask, deadline=self._deadline, on_text=_heard)
        with self._lock:
            self._in += reply.prompt_tokens or 0
            self._out += reply.completion_tokens or 0
        if reply.refusal is not None:
            raise ModelError(f"the model declined: {reply.refusal}")
        return reply


def overlapping(spans: Sequence[tuple[float, float]]) -> int:
    """Return the most of *spans*, start and end each, that share a moment."""
    return max((sum(start <= moment <= end for start, end in spans) for moment, _ in spans), default=0)


def written_a_second(reply: Reply) -> float | None:
    """Return tokens a second of an answer that came in pieces; None where they cannot be told."""
    if reply.first_seconds is None or not reply.completion_tokens or reply.completion_tokens < 2:
        return None
    # The first token ends the wait; the others were written in the rest of the time.
    return (reply.completion_tokens - 1) / max(reply.seconds - reply.first_seconds, _INSTANT)


def _short(text: str, tokens: int) -> Ask:
    return Ask(messages=(Message("user", text),), max_tokens=tokens, temperature=0.0)


def _long(salt: str) -> str:
    """Return a text of ``_LONG`` words that begins like no other: caches compare beginnings."""
    return f"{salt} {_TEN_WORDS * (_LONG // 10)}\nSay ok."


def _counting(salt: str, tokens: int) -> Ask:
    text = f"{salt}\nCount from 1 to 500, the numbers alone, one a line. Do not stop before."
    return Ask(messages=(Message("user", text),), max_tokens=tokens, temperature=0.0)


def _heard(_: str) -> None:
    pass
