"""Asks: all samples of the riskiest question first, as many at once as the model has slots, until the time is over."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from random import Random
from secrets import token_hex
from typing import NamedTuple

from ...deadline import Deadline
from ...errors import EndpointError, ModelError, TimeRanOut
from ...model.client import Reply
from ...record import replace
from ..base import Models
from .answer import read, unread
from .at_once import at_once
from .canary import Canary, canary
from .chunks import Chunk, Tokens
from .parts import Answer, Piece, Question
from .prompt import question
from .reading import Reading
from .strip import without_name, without_words

log = logging.getLogger(__name__)

MISSED = "the answer misses a plain defect that was put there to see whether it is read"
LATE = "time ran out before it was read"
SPENT = "beyond review.max_tokens"
TRIES = 2
"""How often a question is put whose answer cannot be believed."""
_MARGIN = 64


class Task(NamedTuple):
    """One portion, to be read once."""

    chunk: Chunk
    sample: int
    stripped: bool


class Asking:
    """Puts the questions of a reading, and collects what comes back."""

    def __init__(
        self,
        reading: Reading,
        models: Models,
        deadline: Deadline,
        *,
        random: Random,
        max_tokens: int | None,
        closed: Callable[[Sequence[Answer], Sequence[Piece]], None],
    ) -> None:
        """Take what is to be asked; *closed* is told the answers so far, and the pieces that are read to the end."""
        self._reading = reading
        self._models = models
        self._deadline = deadline
        self._random = random
        self._left = max_tokens
        self._closed = closed
        self._tokens = Tokens()
        self._lock = threading.Lock()
        self._answers: list[Answer] = []

    def answers(self) -> tuple[Answer, ...]:
        """Return an answer to each question; what could not be had is unseen, with the reason.

        Raises:
            Interrupted: By a signal; and any bug of ours, whichever thread met it.
        """
        at_once(_tasks(self._reading), self._work, many=self._reading.profile.slots)
        return tuple(self._answers)

    def _work(self, task: Task) -> None:
        answer = self._asked(task)
        with self._lock:
            self._answers.append(answer)
            self._report(task)

    def _report(self, task: Task) -> None:
        """Say so when every sample of a portion is back."""
        own = {piece.id for piece in task.chunk.pieces}
        back = [answer for answer in self._answers if own & (answer.seen | answer.unseen.keys())]
        if len(back) == self._reading.plan.samples:
            self._closed(tuple(self._answers), task.chunk.pieces)

    def _asked(self, task: Task) -> Answer:
        """Return the answer to one question; what it leaves open is asked about again where there is time."""
        answer = self._once(task, task.chunk.pieces)
        for _ in range(TRIES - 1):
            open_ = tuple(piece for piece in task.chunk.pieces if piece.id in answer.unseen)
            if not open_ or answer.endpoint or self._deadline.passed:
                break
            log.info("asked again: %s", answer.unseen[open_[0].id])
            again = self._once(task, open_)
            # Where there was no time for it, the first reason tells more.
            answer = answer if again.endpoint else _joined(answer, again)
        return answer

    def _once(self, task: Task, pieces: Sequence[Piece]) -> Answer:
        asked, planted = self._question(task, pieces)
        own = replace(asked, pieces=tuple(pieces))
        if self._deadline.passed:
            return unread(own, LATE, endpoint=True)
        if not self._may_spend(asked):
            return unread(own, SPENT)
        try:
            reply = self._models.ask(self._reading.profile, asked.ask, deadline=self._deadline)
        except (EndpointError, TimeRanOut) as error:
            return unread(own, str(error) or LATE, endpoint=True)
        except ModelError as error:
            return unread(own, str(error))
        return self._believed(asked, own, planted, reply)

    def _believed(self, asked: Question, own: Question, planted: Canary, reply: Reply) -> Answer:
        if reply.prompt_tokens:
            self._tokens.learn(_text(asked), reply.prompt_tokens)
        answer = read(asked, reply)
        mine, paths = planted.piece.id, {piece.id: piece.path for piece in own.pieces}
        if answer.seen and not planted.reported(answer):
            return unread(own, MISSED)
        return replace(
            answer,
            seen=answer.seen - {mine},
            unseen={piece: why for piece, why in answer.unseen.items() if piece != mine},
            said=tuple(replace(one, path=paths[one.piece]) for one in answer.said if one.piece != mine),
        )

    def _may_spend(self, asked: Question) -> bool:
        """Take what a question costs from what may be spent; tell whether there is enough left."""
        with self._lock:
            if self._left is None:
                return True
            self._left -= self._tokens.of(_text(asked))
            return self._left >= 0

    def _question(self, task: Task, pieces: Sequence[Piece]) -> tuple[Question, Canary]:
        random, reading = self._random, self._reading
        with self._lock:
            planted = canary(reading.pieces, random)
            placed = list(arranged(pieces, planted.piece, random, shuffled=task.sample > 0))
            if task.stripped:
                placed = [without_words(one) if one.canary else without_name(reading.views.of(one)) for one in placed]
        most = reading.profile.context - task.chunk.tokens - _MARGIN
        asked = question(
            reading.brief, placed, fence=token_hex(16), sample=task.sample, stripped=task.stripped, most=most
        )
        return asked, planted


def _text(asked: Question) -> str:
    return "".join(message.content for message in asked.ask.messages)


def _joined(one: Answer, other: Answer) -> Answer:
    """Return two answers of one sample, of which *other* is about what *one* left open."""
    return replace(one, seen=one.seen | other.seen, unseen=other.unseen, said=(*one.said, *other.said))


def _tasks(reading: Reading) -> Iterator[Task]:
    for chunk in reading.plan.chunks:
        for sample in range(reading.plan.samples):
            # One of several reads what the code does without what is said of it.
            yield Task(chunk, sample, stripped=sample == reading.plan.samples - 1 > 0)


def arranged(pieces: Sequence[Piece], planted: Piece, random: Random, *, shuffled: bool) -> Iterator[Piece]:
    """Yield *pieces* file by file with *planted* among the files; *shuffled*: in another order each time."""
    files: dict[str, list[Piece]] = {}
    for piece in pieces:
        files.setdefault(piece.path, []).append(piece)
    groups = list(files.values())
    if shuffled:
        random.shuffle(groups)
        for group in groups:
            random.shuffle(group)
    groups.insert(random.randrange(len(groups) + 1), [planted])
    for group in groups:
        yield from group
