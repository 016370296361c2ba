"""What is read out of an answer, and what an answer cannot do."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.gates.review.answer import MOST, NOT_SEEN, read, unread
from everycommit.gates.review.parts import CATEGORIES, Answer, Piece, Question, Said
from everycommit.gates.review.shape import ANSWER, JUDGEMENT
from everycommit.gates.review.strict import LARGEST
from reviewing import finding, piece, question, receipt, reply, written

PAGE = piece(
    "h1",
    """
 def page(items, size):
-    last = size
+    last = size - 1
+    chosen = items[:last]
+    if  chosen  is None:
     return chosen
""",
    start=10,
    around=" import os",
)
OTHER = piece("h2", "+def other(first, second):\n+    return first + second", path="src/other.py")
ASKED = question(PAGE, OTHER)


def one(answer: Answer) -> Said:
    (found,) = answer.said
    return found


def why(answer: Answer) -> set[str]:
    assert not answer.seen
    assert not answer.said
    assert set(answer.unseen) == {"h1", "h2"}
    return set(answer.unseen.values())


def depth(shape: Any) -> int:
    inner = [*shape.get("properties", {}).values(), *([shape["items"]] if "items" in shape else [])]
    return 1 + max(map(depth, inner), default=0)


@pytest.mark.parametrize("shape", [ANSWER, JUDGEMENT])
def test_the_schema_is_of_the_portable_subset(shape: dict[str, Any]) -> None:
    def objects(part: Any) -> list[dict[str, Any]]:
        inner = [*part.get("properties", {}).values(), *([part["items"]] if "items" in part else [])]
        return [part] * ("properties" in part) + [one for under in inner for one in objects(under)]

    text = json.dumps(shape)

    assert depth(shape) <= 5
    assert all(one["required"] == [*one["properties"]] for one in objects(shape))
    assert all(one["additionalProperties"] is False for one in objects(shape))
    assert not any(word in text for word in ("minItems", "pattern", "minimum", "maxLength", "anyOf", "$ref"))


def test_an_answer_that_finds_nothing_has_seen_what_it_quotes() -> None:
    answer = read(ASKED, reply(written(ASKED)))

    assert answer.seen == {"h1", "h2"}
    assert not answer.unseen
    assert answer.said == ()
    assert not answer.endpoint


@pytest.mark.parametrize(
    ("quote", "line"),
    [
        ("    last = size - 1", 11),
        ("last = size - 1", 11),
        ("if chosen is None:", 13),
        ("    return chosen", 14),
        ("    last = size\n", 10),  # a removed line is shown at the one before it
        ("last = size", 10),  # that whole line, and not the part of another
        ("= size", 11),
        ("last = size - 1\nchosen = items[:last]", 11),
        ("def page(items, size):\n    last = size - 1", 11),  # one side of the hunk
        ("def page(items, size):\n    last = size", 10),
        ("12 + chosen = items[:last]", 12),
        ("12 | chosen = items[:last]", 12),
        ("+    chosen = items[:last]", 12),
        ("import os", 1),
    ],
)
def test_the_line_is_where_the_quote_is(quote: str, line: int) -> None:
    answer = read(ASKED, reply(written(ASKED, [finding("h1", quote)])))

    assert (one(answer).path, one(answer).line) == ("src/nav.py", line)


def test_an_added_line_comes_before_an_equal_one_that_was_there() -> None:
    twice = piece("h1", "     x = 1\n-    y = 2\n+    x = 1\n+    z = 3")
    asked = question(twice)

    answer = read(asked, reply(written(asked, [finding("h1", "x = 1")])))

    assert one(answer).line == 2


def test_a_piece_of_removed_lines_alone_is_shown_at_what_is_left() -> None:
    for text, line in (("-gone = 1\n left = 2", 1), ("-gone = 1", 1), (" left = 2\n-gone = 1", 1)):
        asked = question(piece("h1", text))

        answer = read(asked, reply(written(asked, [finding("h1", "gone = 1")])))

        assert answer.seen == {"h1"}
        assert one(answer).line == line


@pytest.mark.parametrize("quote", ["return first + second", "", "   \n", "last = size - 2", "x" * 9000])
def test_a_quote_that_is_not_in_the_piece_has_no_line_and_is_kept(quote: str) -> None:
    """Not even where another piece has it: a guess is worse than none."""
    answer = read(ASKED, reply(written(ASKED, [finding("h1", quote)])))

    assert (one(answer).piece, one(answer).path, one(answer).line) == ("h1", "src/nav.py", None)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ([], set()),
        ([receipt(PAGE)], {"h1"}),
        ([receipt(PAGE, "chosen  =  items[:last]")], {"h1"}),
        ([receipt(PAGE, "last"), receipt(OTHER)], {"h2"}),  # too short to prove anything
        ([receipt(PAGE, ""), receipt(OTHER)], {"h2"}),
        ([receipt(PAGE, "import os")], set()),  # what stands around is not the change
        ([receipt(PAGE, "def other(first, second):")], set()),
        ([{"hunk": "h9", "quote": "def other(first, second):"}, receipt(OTHER)], {"h2"}),
        ([receipt(PAGE) | {"hunk": "[h1]"}], {"h1"}),
    ],
)
def test_a_hunk_without_a_receipt_is_not_seen(given: list[dict[str, str]], seen: set[str]) -> None:
    answer = read(ASKED, reply(written(ASKED, receipts=given)))

    assert answer.seen == seen
    assert dict(answer.unseen) == dict.fromkeys({"h1", "h2"} - seen, NOT_SEEN)


def test_blank_and_short_hunks_can_be_proven_too() -> None:
    short, blank = piece("h1", "+x"), piece("h2", "+\n+  ")
    asked = question(short, blank)

    assert read(asked, reply(written(asked))).seen == {"h1", "h2"}
    assert read(asked, reply(written(asked, receipts=[receipt(short, "y"), receipt(blank, "")]))).seen == {"h2"}


@pytest.mark.parametrize(
    ("text", "more", "reason"),
    [
        (written(ASKED), {"finish": "length"}, "cut off"),
        (written(ASKED), {"finish": "content_filter"}, "declined"),
        (written(ASKED), {"refusal": "I cannot help with that."}, "declined"),
        ("", {}, "empty"),
        (" \n", {"rung": "text"}, "empty"),
        (written(ASKED, fence="0" * 32), {}, "another fence"),
        (written(ASKED)[:-10], {}, "no JSON"),
        (written(ASKED) + "}", {}, "goes on behind its end"),
        (written(ASKED) * 2, {"rung": "text"}, "more than one answer"),
        (written(ASKED).replace('"findings"', '"findings": [], "findings"'), {}, "same thing twice"),
        (written(ASKED, findings=[float("nan")]), {}, "NaN"),
        (written(ASKED, findings=[float("-inf")]), {"rung": "json_object"}, "-Infinity"),
        ("[" * 100_000, {}, "no JSON"),
        ('{"a":' * 100_000, {}, "too deep"),
        ('{"a":' * 100_000, {"rung": "text"}, "too deep"),
        ("{x}" * 100_000 + written(ASKED), {"rung": "text"}, "lost in other text"),
        (written(ASKED, [finding("h1", "x")] * 1_000_000), {}, "characters"),
        (written(ASKED, [finding("h1", "x")] * (MOST + 1)), {}, "201 findings"),
        (written(ASKED, receipts=[receipt(PAGE)] * 2001), {}, "2,001 receipts"),
        ("x" * (LARGEST + 1), {"rung": "text"}, "characters"),
        ("<html><body>502 Bad Gateway</body></html>", {}, "no JSON"),
        ("<html><style>a {color: red}</style></html>", {"rung": "text"}, "no JSON"),
        ("Looks good to me!", {"rung": "text"}, "no JSON"),
        ("{x}" * 90 + written(ASKED), {"rung": "text"}, "lost in other text"),
        ('{"approved": true}', {}, "not of the form"),
        ('{"approved": true}', {"rung": "text"}, "not of the form"),
        ('{"a": {"b": 1}}', {"rung": "text"}, "not of the form"),
        ("null", {}, "no JSON"),
        (written(ASKED, fence=7), {}, "no text 'fence'"),
        (written(ASKED, receipts=[7]), {}, "no list 'receipts'"),
        (written(ASKED, receipts=[{"hunk": "h1"}]), {}, "no text 'quote'"),
        (written(ASKED, findings=None), {}, "no list 'findings'"),
        (written(ASKED, findings=["h1"]), {}, "no list 'findings'"),
        (written(ASKED, findings=[{"hunk": "h1", "quote": "x"}]), {}, "no text 'category'"),
        (written(ASKED, [finding("h9", "nowhere at all")]), {}, "a hunk that was not shown"),
        (written(ASKED, [finding("h9", "s")]), {}, "a hunk that was not shown"),
        ('{"fence": ' + "9" * 5000 + "}", {}, "no JSON"),
    ],
)
def test_what_is_no_answer_has_seen_nothing(text: str, more: dict[str, Any], reason: str) -> None:
    (said,) = why(read(ASKED, reply(text, **more)))

    assert reason in said
    assert said.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "```json\n{}\n```",
        "Here is my review:\n\n{}\n\nLet me know if {{x}} helps.",
        "<think>The {{fence}} is odd. {{}}</think>\n{}",
        "{}",
    ],
)
def test_words_and_code_fences_may_stand_around_an_answer(text: str) -> None:
    answer = read(ASKED, reply(text.format(written(ASKED, [finding("h1", "return chosen")])), rung="text"))

    assert answer.seen == {"h1", "h2"}
    assert one(answer).line == 14


def test_where_a_schema_was_kept_code_fences_are_forgiven_and_a_second_object_is_not() -> None:
    assert read(ASKED, reply(f"```json\n{written(ASKED)}\n```")).seen == {"h1", "h2"}
    assert not read(ASKED, reply(f"{written(ASKED)}\n{{}}")).seen


def test_words_that_nobody_asked_for_are_put_into_the_lists() -> None:
    odd = finding("h1", "return chosen", category="Data loss", severity="CRITICAL", claim="undefined-name")
    unknown = finding("h2", "return first + second", category="vibes", severity="note", claim="maybe", title=" ")

    answer = read(ASKED, reply(written(ASKED, [odd, unknown])))

    assert [(one.category, one.severity, one.claim) for one in answer.said] == [
        ("data-loss", "warning", "undefined_name"),
        ("other", "note", "other"),
    ]
    assert answer.said[1].title == answer.said[1].scenario


def test_a_finding_on_an_unknown_hunk_is_put_where_alone_its_quote_is() -> None:
    answer = read(ASKED, reply(written(ASKED, [finding("hunk 2", "return first + second")])))

    assert (one(answer).piece, one(answer).path, one(answer).line) == ("h2", "src/other.py", 2)


def test_the_same_finding_twice_is_one() -> None:
    assert len(read(ASKED, reply(written(ASKED, [finding("h1", "return chosen")] * 5))).said) == 1


def test_what_is_kept_of_a_text_is_short_and_harmless() -> None:
    bad = finding(
        "h1", "return chosen", title="\x1b[2Jall\ngood\u202e" * 100, scenario="\ud800 x\t" * 900, symbol="\x07" * 99
    )

    found = one(read(ASKED, reply(written(ASKED, [bad]))))

    assert len(found.title) <= 160
    assert len(found.scenario) <= 600
    assert all(text.isprintable() for text in (found.title, found.scenario, found.symbol, found.quote))


def test_a_failed_endpoint_has_seen_nothing_and_says_so() -> None:
    answer = unread(ASKED, "no answer from 127.0.0.1", endpoint=True)

    assert answer.endpoint
    assert why(answer) == {"no answer from 127.0.0.1"}


TEXTS = st.one_of(st.text(max_size=30), st.sampled_from(["h1", "h2", "return chosen", ASKED.fence, *CATEGORIES]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.sampled_from(["fence", "receipts", "findings", *finding("h1", "x")]), TEXTS), inner, max_size=9
        ),
    ),
    max_leaves=30,
)


def whole(asked: Question, answer: Answer) -> bool:
    ids = {piece.id for piece in asked.pieces}
    return answer.seen | set(answer.unseen) == ids and not answer.seen & set(answer.unseen)


@given(st.one_of(st.text(max_size=300), VALUES.map(json.dumps)), st.sampled_from(["stop", "", "length", "tool_calls"]))
def test_no_text_raises_and_every_hunk_is_seen_or_not(text: str, finish: str) -> None:
    for rung in ("json_schema strict", "text"):
        answer = read(ASKED, reply(text, finish=finish, rung=rung))

        assert whole(ASKED, answer)
        assert not answer.seen


@given(st.lists(st.builds(finding, TEXTS, TEXTS, category=VALUES, title=TEXTS, severity=TEXTS), max_size=4))
def test_no_finding_raises_and_every_hunk_is_seen_or_not(findings: list[dict[str, Any]]) -> None:
    answer = read(ASKED, reply(written(ASKED, findings)))

    assert whole(ASKED, answer)
    assert all(isinstance(one.path, str) for one in answer.said)


@given(
    st.text(max_size=200),
    st.lists(st.tuples(st.sampled_from(" +-"), st.text(alphabet="ab {}\t", max_size=12)), max_size=9),
)
def test_no_quote_and_no_hunk_raises(quote: str, lines: list[tuple[str, str]]) -> None:
    text = "\n".join(kind + line for kind, line in lines) or " "
    asked = question(Piece(id="h1", path="a", rows=piece("h1", text).rows))

    for sought in (quote, lines[0][1] if lines else ""):
        found = read(asked, reply(written(asked, [finding("h1", sought)]))).said

        assert len(found) == 1
