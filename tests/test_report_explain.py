"""What `run --explain` prints."""

from dataclasses import replace

from everycommit.report.explain import render
from everycommit.report.style import Style
from everycommit.result import Told
from verdicts import LINT, POLICY, TESTS, TWO, gate, screen, verdict

PLAIN = Style(color=False, ascii=False, width=100)
MANY = tuple((f"tests/test_{file}.py::test_{number}", f"way {file}") for file in range(12) for number in range(7))


def test_many_ways_and_tests_are_counted_and_not_listed() -> None:
    tests = replace(TESTS, counts={"selected": 84, "total": 312}, told=Told(reached=MANY))

    text = render([verdict(TWO, tests)], PLAIN)

    assert text.count("tests/test_0.py::") == 5
    assert "and 2 more tests" in text
    assert "and 4 more ways; `everycommit tests explain` lists all" in text
    assert "84 of 312: way -> tests/test_0.py (7)" in text
    assert "and 7 more files" in text
    assert len(text.splitlines()) < 70


def test_a_gate_that_did_not_run_says_why_and_an_unexplained_one_only_its_word() -> None:
    left = gate("types", "skipped", reason="no Python file changed.")

    text = render([verdict(TWO, POLICY, LINT, left)], PLAIN)

    assert text == (
        "\npolicy  passed: 41 of 400 lines\nlint    passed: 3 files\ntypes   not run: no Python file changed\n"
    )


def test_what_was_started_for_a_gate_is_named() -> None:
    tests = replace(TESTS, told=Told(services=("the service db was ready after 0.4s", "the service db was there")))

    text = render([verdict(TWO, tests)], PLAIN)

    assert "\n       the service db was ready after 0.4s\n       the service db was there\n" in text


def test_a_screen_is_not_left_and_escapes_are_harmless() -> None:
    ways = (("tests/test_\x1b[31m.py::test_one", "a way that is rather long for such a small screen, indeed it is"),)
    tests = replace(
        TESTS,
        told=Told(
            where="/snapshot",
            python=".venv (Python 3.12)",
            reached=ways,
            services=("the service db was ready after 0.4s",),
        ),
        tool="pytest 9",
    )

    text = render([verdict(TWO, tests)], screen(50))

    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 50
