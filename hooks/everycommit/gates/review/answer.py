"""Reads what a model answered: what it saw, and what it said of that. Nothing that a model can say raises."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...model.client import Reply
from ...text import printable
from .parts import CATEGORIES, CLAIMS, SEVERITIES, Answer, Piece, Question, Said
from .place import Places
from .strict import Unreadable, document, records, text_of

KEYS = ("fence", "receipts", "findings")
MOST = 200
"""Findings of one answer; who says more has not reviewed."""
_RECEIPTS = 2000
_TITLE, _SCENARIO, _QUOTE, _SYMBOL = 160, 600, 400, 80
"""Characters that are kept."""
NOT_SEEN = "the answer does not show that it was read"


def read(question: Question, reply: Reply) -> Answer:
    """Return what *reply* says to *question*: each of its pieces is seen, or unseen with the reason in words."""
    try:
        return _read(question, document(reply, KEYS))
    except Unreadable as why:
        return unread(question, str(why))


def unread(question: Question, why: str, *, endpoint: bool = False) -> Answer:
    """Return the answer that none of the pieces of *question* was seen in."""
    return Answer(
        sample=question.sample,
        stripped=question.stripped,
        unseen={piece.id: why for piece in question.pieces},
        endpoint=endpoint,
    )


def _read(question: Question, found: Mapping[str, Any]) -> Answer:
    if text_of(found, "fence").strip() != question.fence:
        raise Unreadable("the answer is to another question: it gives back another fence")
    places = {piece.id: Places(piece) for piece in question.pieces}
    seen = frozenset(_receipts(places, records(found, "receipts", most=_RECEIPTS)))
    said = _findings(question, places, records(found, "findings", most=MOST))
    return Answer(
        sample=question.sample,
        stripped=question.stripped,
        seen=seen,
        unseen={piece.id: NOT_SEEN for piece in question.pieces if piece.id not in seen},
        said=tuple(dict.fromkeys(said)),
    )


def _receipts(places: Mapping[str, Places], given: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in given:
        piece, quote = _id(text_of(one, "hunk")), text_of(one, "quote")
        if piece in places and places[piece].proves(quote):
            yield piece


def _findings(question: Question, places: Mapping[str, Places], given: Sequence[Mapping[str, Any]]) -> Iterator[Said]:
    pieces = {piece.id: piece for piece in question.pieces}
    for one in given:
        quote = text_of(one, "quote")
        piece = pieces.get(_id(text_of(one, "hunk"))) or _only_with(quote, question.pieces, places)
        yield Said(
            piece=piece.id,
            path=piece.path,
            line=places[piece.id].line(quote),
            quote=_short(quote, _QUOTE),
            category=_known(text_of(one, "category"), CATEGORIES, "other"),
            severity=_known(text_of(one, "severity"), SEVERITIES, "warning"),
            title=_short(text_of(one, "title"), _TITLE) or _short(text_of(one, "scenario"), _TITLE) or "no title",
            scenario=_short(text_of(one, "scenario"), _SCENARIO),
            claim=_known(text_of(one, "claim"), CLAIMS, "other"),
            symbol=_short(text_of(one, "symbol"), _SYMBOL),
            sample=question.sample,
            stripped=question.stripped,
        )


def _only_with(quote: str, pieces: Sequence[Piece], places: Mapping[str, Places]) -> Piece:
    """Return the one piece that *quote* is in, for a finding whose hunk is none of ours.

    Raises:
        Unreadable: It is in none, or in several; who talks of what nobody showed is not to be believed in the rest.
    """
    found = [piece for piece in pieces if places[piece.id].row(quote) is not None]
    if len(found) != 1:
        raise Unreadable("the answer talks of a hunk that was not shown")
    return found[0]


def _id(text: str) -> str:
    return text.strip().strip("[]<>#").strip()


def _known(said: str, words: Sequence[str], otherwise: str) -> str:
    """Return what is meant of *words*: on the lower rungs nothing holds a model to them."""
    plain = said.strip().lower().replace("-", "_").replace(" ", "_")
    return next((word for word in words if word.replace("-", "_") == plain), otherwise)


def _short(text: str, most: int) -> str:
    """Return *text* on one line, safe for a terminal, cut at *most* characters."""
    # White space can be most of a text: look at no more of it than could be kept.
    plain = printable(" ".join(text[: 4 * most].split()))
    return plain if len(plain) <= most else f"{plain[: most - 3].rstrip()}..."
