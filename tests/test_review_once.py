"""A defect that rules and models both see is said once, and nothing that refuses is lost by it."""

from dataclasses import replace

import pytest

from everycommit.gates.review.once import _SAME, of_both, said_once
from everycommit.gates.review.parts import CATEGORIES
from everycommit.reader.catalog import RULES
from everycommit.result import ERROR, WARNING, Finding

RULE = Finding(
    path="a.py", line=7, rule="review/comparison-turned", severity=WARNING, message="turned", hint="A test says so."
)
MODEL = Finding(
    path="a.py", line=7, rule="review/boundary", severity=WARNING, message="the last is left out", hint="with 1 item"
)


def test_a_moved_bound_is_said_once_with_what_the_model_adds() -> None:
    (one,) = said_once([RULE], [MODEL])

    assert (one.rule, one.line, one.message) == (RULE.rule, 7, "turned")
    assert one.hint == "A test says so. A model: with 1 item"
    assert of_both(one.hint)
    assert not of_both(RULE.hint)
    assert not of_both(None)


def test_two_models_findings_of_one_line_are_each_told() -> None:
    (one,) = said_once([RULE], [MODEL, replace(MODEL, hint="with none", rule="review/logic"), MODEL])

    assert one.hint == "A test says so. A model: with 1 item A model: with none"


def test_what_refuses_stays() -> None:
    refusing = replace(MODEL, severity=ERROR)

    assert said_once([RULE], [refusing]) == [refusing]


@pytest.mark.parametrize(
    "other",
    [
        replace(MODEL, path="b.py"),
        replace(MODEL, line=9),
        replace(MODEL, line=None),
        replace(MODEL, rule="review/security"),
    ],
)
def test_another_defect_is_another_finding(other: Finding) -> None:
    assert said_once([RULE], [other]) == [RULE, other]
    assert said_once([replace(RULE, rule="review/F821")], [MODEL]) == [replace(RULE, rule="review/F821"), MODEL]


def test_every_rule_that_a_model_could_name_is_in_the_table() -> None:
    assert {rule.id for rule in RULES} - {"review/not-compared"} == set(_SAME)
    assert {name for names in _SAME.values() for name in names} <= {f"review/{name}" for name in CATEGORIES}
