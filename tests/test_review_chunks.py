"""Which pieces go into which question, and what is named as not asked about."""

import threading
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from everycommit.config.schema import ReviewSettings
from everycommit.gates.review.chunks import BYTES_A_TOKEN, LARGEST, Plan, Tokens, planned
from everycommit.gates.review.parts import Piece, Row
from everycommit.model.profile import Profile

OVERHEAD = 100


def profile(*, context: int = 100_000, slots: int = 1) -> Profile:
    return Profile(name="fast", url="http://localhost/v1", model="m", context=context, slots=slots)


def piece(name: str, tokens: int, *, path: str = "a.py", risk: int = 0, hunk: int = 0) -> tuple[Piece, int]:
    row = Row(kind="+", number=1, text="x")
    return Piece(id=name, path=path, rows=(row,), risk=risk, hunk=hunk), tokens


def plan(
    pieces: Sequence[tuple[Piece, int]],
    *,
    of: Profile | None = None,
    settings: ReviewSettings | None = None,
    samples: int = 1,
) -> Plan:
    costs = {one.id: tokens for one, tokens in pieces}
    return planned(
        [one for one, _ in pieces],
        of or profile(),
        settings or ReviewSettings(max_tokens=None),
        samples=samples,
        overhead=OVERHEAD,
        cost=lambda one: costs[one.id],
    )


def names(found: Plan) -> list[list[str]]:
    return [[one.id for one in chunk.pieces] for chunk in found.chunks]


def test_a_small_change_is_one_question() -> None:
    found = plan([piece("h1", 300), piece("h2", 200, path="b.py")])

    assert names(found) == [["h1", "h2"]]
    assert found.chunks[0].tokens == 600
    assert found.left == ()


def test_a_question_fills_half_of_the_context_and_a_large_hunk_at_most_what_is_allowed() -> None:
    found = plan(
        [piece("h1", 350), piece("h2", 300, path="b.py"), piece("h3", 650, path="c.py"), piece("h4", 750, path="d.py")],
        of=profile(context=1000),
    )

    assert sorted(names(found)) == [["h1"], ["h2"], ["h3"]]
    assert [one.id for one, _ in found.left] == ["h4"]
    assert found.left[0][1] == "too large for one question of 'fast': about 750 of 700 tokens"


def test_readers_get_no_more_at_once_however_large_their_context() -> None:
    found = plan([piece(f"h{number}", 3000, path=f"{number}.py") for number in range(6)], of=profile(context=10**6))

    assert all(chunk.tokens <= LARGEST + OVERHEAD for chunk in found.chunks)
    assert len(found.chunks) == 3


def test_what_is_large_is_spread_over_the_slots_and_what_is_small_is_not() -> None:
    many = [piece(f"h{number}", 1000, path=f"{number}.py") for number in range(8)]

    assert len(plan(many, of=profile(slots=8), samples=2).chunks) == 4
    assert len(plan(many, of=profile(slots=1), samples=2).chunks) == 1
    assert len(plan(many[:1], of=profile(slots=8), samples=2).chunks) == 1


def test_hunks_of_a_file_stay_together_in_their_order() -> None:
    found = plan(
        [
            piece("h1", 3000, path="a.py", risk=9, hunk=2),
            piece("h2", 3000, path="b.py", risk=5),
            piece("h3", 3000, path="a.py", risk=1, hunk=1),
        ]
    )

    assert names(found) == [["h3", "h1"], ["h2"]]


def test_the_riskiest_question_is_asked_first() -> None:
    found = plan([piece("h1", 7000, risk=1), piece("h2", 7000, path="b.py", risk=8)])

    assert names(found) == [["h2"], ["h1"]]


def test_a_budget_costs_samples_first_and_then_the_least_risky() -> None:
    pieces = [piece("h1", 6000, risk=8), piece("h2", 6000, path="b.py", risk=1)]

    enough = plan(pieces, settings=ReviewSettings(max_tokens=40_000), samples=3)
    fewer = plan(pieces, settings=ReviewSettings(max_tokens=30_000), samples=3)
    some = plan(pieces, settings=ReviewSettings(max_tokens=7_000), samples=3)
    none = plan(pieces, settings=ReviewSettings(max_tokens=0), samples=3)

    assert (enough.samples, enough.notes) == (3, ())
    assert fewer.samples == 2
    assert fewer.notes == ("each hunk is read 2 times instead of 3: review.max_tokens is 30,000",)
    assert len(fewer.chunks) == 2
    assert names(some) == [["h1"]]
    assert [(one.id, why) for one, why in some.left] == [("h2", "beyond review.max_tokens = 7,000")]
    assert names(none) == []
    assert len(none.left) == 2


@given(
    st.lists(st.tuples(st.integers(1, 9000), st.integers(0, 4), st.integers(0, 9)), max_size=30),
    st.integers(500, 20_000),
    st.integers(1, 9),
    st.integers(1, 4),
    st.none() | st.integers(0, 60_000),
)
def test_every_piece_is_asked_about_or_named(
    made: list[tuple[int, int, int]], context: int, slots: int, samples: int, most: int | None
) -> None:
    """None is lost, none is there twice, no question is past what the context allows, and the budget holds."""
    pieces = [piece(f"h{at}", tokens, path=f"{file}.py", risk=risk) for at, (tokens, file, risk) in enumerate(made)]
    settings = ReviewSettings(max_tokens=most)

    found = plan(pieces, of=profile(context=context, slots=slots), settings=settings, samples=samples)

    asked = [one.id for chunk in found.chunks for one in chunk.pieces]
    assert sorted([*asked, *(one.id for one, _ in found.left)]) == sorted(one.id for one, _ in pieces)
    assert all(chunk.tokens <= context * 80 // 100 for chunk in found.chunks)
    assert all(chunk.tokens <= context * 50 // 100 or len(chunk.pieces) == 1 for chunk in found.chunks)
    assert 1 <= found.samples <= samples
    assert most is None or found.tokens <= most
    assert all(why for _, why in found.left)


def test_tokens_are_estimated_and_corrected_by_what_is_counted() -> None:
    tokens = Tokens()
    text = "x" * 3200

    before = tokens.of(text)
    tokens.learn(text, 800)
    after = tokens.of(text)

    assert before == int(3200 / BYTES_A_TOKEN) + 1
    assert after == 801


def test_no_count_makes_an_estimate_absurd() -> None:
    """A server that counts wrong, or cuts, must not make room for what does not fit."""
    low, high = Tokens(), Tokens()
    low.learn("x" * 3000, 1)
    high.learn("x", 10_000)

    assert low.of("x" * 1000) == 201
    assert high.of("x" * 1000) == 501
    assert Tokens().of("\udcff") >= 1


def test_threads_may_learn_at_once() -> None:
    tokens = Tokens()
    threads = [threading.Thread(target=tokens.learn, args=("x" * 400, 100)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert tokens.of("x" * 400) == 101
