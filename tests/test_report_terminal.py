"""What a person reads, word for word."""

import io
import os
import re
import time
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.change import FileChange
from everycommit.report.style import Style, cells, style_for
from everycommit.report.terminal import render
from everycommit.result import NOTE, Finding, GateResult, Outcome, Verdict
from verdicts import (
    FAILED_TEST,
    FOUND,
    JUDGED,
    LINT,
    POLICY,
    REVIEW_WARNED,
    TESTS,
    TESTS_FAILED,
    THREE,
    TWO,
    TYPE_ERROR,
    TYPES,
    TYPES_FAILED,
    UNUSED,
    VERDICTS,
    change,
    file,
    gate,
    screen,
    verdict,
)

PIPE = Style(color=False, ascii=False, width=100)


def shown(*verdicts: Verdict, style: Style | None = None, repeat: str = "everycommit run") -> str:
    return render(verdicts, style=style or screen(), repeat=repeat)


def lines(text: str) -> str:
    """Return a golden text without the newline that opens it."""
    return text.removeprefix("\n")


# One line where nothing needs words


def test_a_change_that_passes_takes_one_line() -> None:
    passed = verdict(TWO, POLICY, LINT, TYPES, TESTS, seconds=1.93)

    assert shown(passed) == "everycommit  2 files +14 -3  policy lint types tests 14/312  ✓ 1.9s\n"


def test_a_time_below_a_tenth_of_a_second_is_not_shown() -> None:
    assert shown(verdict(TWO, POLICY, seconds=0.09)) == "everycommit  2 files +14 -3  policy  ✓\n"


def test_a_verdict_known_from_before_says_so() -> None:
    passed = verdict(TWO, replace(POLICY, reused=True), replace(TYPES, reused=True), seconds=0.3)

    assert shown(passed) == "everycommit  2 files +14 -3  policy types  ✓ known\n"


def test_when_it_was_judged_is_said_by_the_clock_and_of_another_day_with_its_date() -> None:
    """The policy is judged each time: the verdict is known all the same."""
    now, policy = time.time(), replace(POLICY, each_time=True)
    today = verdict(TWO, policy, replace(TYPES, reused=True, judged_at=now), replace(LINT, reused=True))
    long_ago = verdict(
        TWO, policy, replace(TYPES, reused=True, judged_at=0.0), replace(LINT, reused=True, judged_at=now)
    )

    assert f"✓ known, judged at {time.strftime('%H:%M', time.localtime(now))}\n" in shown(today)
    day = time.strftime("%Y-%m-%d at %H:%M", time.localtime(0))
    assert f"✓ known, judged on {day}\n" in shown(long_ago)


def test_a_gate_known_from_before_is_named() -> None:
    passed = verdict(TWO, POLICY, replace(TYPES, reused=True), seconds=0.3)

    assert shown(passed) == "everycommit  2 files +14 -3  policy types  ✓ 0.3s, types known\n"


def test_what_was_not_looked_at_is_said() -> None:
    """Equal reasons are said once."""
    passed = verdict(TWO, POLICY, *[gate(name, "skipped", reason="no Python changed") for name in ("lint", "types")])

    assert shown(passed) == "everycommit  2 files +14 -3  policy  ✓  not run: lint, types (no Python changed)\n"


def test_what_was_not_looked_at_goes_below_where_the_line_is_full() -> None:
    passed = verdict(
        TWO,
        POLICY,
        gate("lint", "skipped", reason="no Python file changed"),
        gate("tests", "skipped", reason="no test depends on the files of this change."),
    )

    assert shown(passed) == lines("""
everycommit  2 files +14 -3  policy  ✓
  not run: lint (no Python file changed); tests (no test depends on the files of
  this change)
""")


def test_gates_go_below_where_the_line_is_full() -> None:
    passed = verdict(TWO, POLICY, LINT, TYPES, TESTS, seconds=1.93)

    assert shown(passed, style=screen(40)) == lines("""
everycommit  2 files +14 -3  ✓ 1.9s
  policy lint types tests 14/312
""")


def test_a_pipe_gets_one_line_however_long() -> None:
    gates = [gate(f"command-with-a-name-{place}") for place in range(9)]

    assert shown(verdict(TWO, *gates), style=PIPE).count("\n") == 1


def test_an_empty_change_is_not_green() -> None:
    empty = verdict(
        change(),
        gate("policy", "skipped", reason="nothing to judge"),
        gate("lint", "skipped", reason="nothing to judge"),
        notes=("nothing is staged; --worktree or --commit HEAD judge those",),
    )

    assert shown(empty) == lines("""
everycommit  nothing to judge
  note: nothing is staged; --worktree or --commit HEAD judge those
""")


def test_a_change_without_gates_has_nothing_to_judge() -> None:
    assert shown(verdict(TWO)) == "everycommit  2 files +14 -3  nothing to judge\n"


def test_a_change_that_no_gate_cares_for_says_why() -> None:
    skipped = verdict(
        TWO,
        gate("lint", "skipped", reason="no Python file changed"),
        gate("tests", "skipped", reason="no tests here"),
    )

    assert shown(skipped, style=PIPE) == (
        "everycommit  2 files +14 -3  nothing to judge: lint (no Python file changed); tests (no tests here)\n"
    )


def test_a_change_whose_gates_the_user_skipped_is_not_nothing_to_judge() -> None:
    reason = "skipped by you (SKIP=everycommit)"
    skipped = verdict(
        TWO,
        gate("policy", "skipped", reason=reason, left_out=True),
        gate("lint", "skipped", reason=reason, left_out=True),
    )

    assert shown(skipped) == "everycommit  2 files +14 -3  NOT JUDGED: skipped by you (SKIP=everycommit)\n"


def test_what_a_gate_that_passed_has_to_say_besides_is_for_the_long_form() -> None:
    passed = verdict(TWO, POLICY, replace(TESTS, notes=("3 tests of 14 skipped by themselves",)), seconds=2)
    refused = verdict(TWO, *passed.gates, TYPES_FAILED)

    assert shown(passed) == "everycommit  2 files +14 -3  policy tests 14/312  ✓ 2.0s\n"
    assert "note: tests: 3 tests of 14 skipped by themselves" in shown(refused)


def test_tests_that_failed_before_are_not_hidden_by_the_line() -> None:
    old = replace(FAILED_TEST, new=False)
    tests = gate("tests", summary="1 of 14 selected failed (312 in all)", brief="14/312", findings=(old,))

    assert shown(verdict(TWO, POLICY, tests, seconds=2)) == lines("""
everycommit  2 files +14 -3  policy tests 14/312  ✓ 2.0s
  note: tests: 1 of 14 selected failed (312 in all), as before
""")


def test_of_tests_that_failed_the_new_ones_are_counted() -> None:
    tests = replace(TESTS_FAILED, summary="2 of 14 failed", findings=(FAILED_TEST, replace(FAILED_TEST, new=False)))

    assert "  ✗ tests    2 of 14 failed, 1 new  " in shown(verdict(TWO, tests))


def test_the_long_form_says_which_model_did_what() -> None:
    warned = verdict(TWO, POLICY, REVIEW_WARNED, seconds=2, used=(FOUND, JUDGED))
    passed = verdict(TWO, POLICY, LINT, seconds=2, used=(FOUND,))

    text = render([warned], style=screen(200))

    assert (
        "2.1s\n"
        "    fast (small-8b) found: 12 questions, 1 without an answer, 41,200 tokens in, 3,100 out, 1.1s, cost 0.021\n"
        "    large (big) judged: 1 question, 900 tokens in, 80 out, 0.8s\n"
    ) in text
    assert "small-8b" not in shown(passed)


def test_notes_on_settings_stand_below_the_line() -> None:
    note = "pyproject.toml [tool.everycommit.policy].max_files: 'many' is no number; in base it counts as unset"
    passed = verdict(TWO, POLICY, LINT, seconds=0.4, notes=(note,))

    assert shown(passed) == lines("""
everycommit  2 files +14 -3  policy lint  ✓ 0.4s
  note: pyproject.toml [tool.everycommit.policy].max_files: 'many' is no number;
    in base it counts as unset
""")


@pytest.mark.parametrize(
    ("files", "landing", "size"),
    [
        ((file("a", 0, 2),), None, "1 file +0 -2"),
        ((file("a", status="R", old_path="b"),), None, "1 file"),
        ((file("a", 1204, 2),), None, "1 file +1,204 -2"),
        ((file("a", 3, 1),), (file("a", 3, 1), file("b")), "merge of 2 files, 1 by hand +3 -1"),
        ((), (file("a"), file("b")), "merge of 2 files, none by hand"),
    ],
)
def test_the_size_of_a_change(files: tuple[FileChange, ...], landing: tuple[FileChange, ...] | None, size: str) -> None:
    assert shown(verdict(change(*files, landing=landing), POLICY)) == f"everycommit  {size}  policy  ✓\n"


# A refusal


def test_a_refused_change_shows_what_blocks_and_the_way_on() -> None:
    refused = verdict(THREE, POLICY, LINT, TYPES_FAILED, TESTS_FAILED, REVIEW_WARNED, ref="refs/heads/main")

    assert shown(refused, style=screen(120)) == lines("""
everycommit  3 files +41 -7 on main

  ✓ policy   41 of 400 lines
  ✓ lint     3 files
  ✗ types    212 files, 1 new finding                   0.6s
  ✗ tests    1 of 14 selected failed (312 in all)       1.9s
  ! review   9 of 9 hunks, 1 warning                    2.1s

src/nav.py:42:12: error  types/arg-type  Argument 1 to "icon" has type "str | None"; expected "str"
    42 | return icon(name)
tests/test_nav.py:18: error  tests/failed  test_order: assert ['b', 'a'] == ['a', 'b']
src/nav.py:57: warning  review/boundary  the last icon is never drawn: the loop ends at len(icons) - 1
    57 | for i in range(len(icons) - 1):
    with icons = ["home"] nothing is drawn

Refused: types, tests. Fix and commit again; `everycommit run types tests` repeats these two.
""")


def test_80_columns_wrap_messages_and_keep_places_whole() -> None:
    refused = verdict(THREE, TYPES_FAILED, TESTS_FAILED)

    assert shown(refused) == lines("""
everycommit  3 files +41 -7

  ✗ types    212 files, 1 new finding                   0.6s
  ✗ tests    1 of 14 selected failed (312 in all)       1.9s

src/nav.py:42:12: error  types/arg-type  Argument 1 to "icon" has type "str |
    None"; expected "str"
    42 | return icon(name)
tests/test_nav.py:18: error  tests/failed  test_order: assert ['b', 'a'] ==
    ['a', 'b']

Refused: types, tests. Fix and commit again; `everycommit run types tests`
repeats these two.
""")


def test_40_columns_give_messages_lines_of_their_own() -> None:
    refused = verdict(THREE, POLICY, TYPES_FAILED, TESTS_FAILED)

    assert shown(refused, style=screen(40)) == lines("""
everycommit  3 files +41 -7

  ✓ policy   41 of 400 lines
  ✗ types    212 files, 1 new       0.6s
             finding
  ✗ tests    1 of 14 selected       1.9s
             failed (312 in all)

src/nav.py:42:12: error  types/arg-type
    Argument 1 to "icon" has type "str |
    None"; expected "str"
    42 | return icon(name)
tests/test_nav.py:18: error  tests/failed
    test_order: assert ['b', 'a'] ==
    ['a', 'b']

Refused: types, tests. Fix and commit
again; `everycommit run types tests`
repeats these two.
""")


def test_ascii_says_the_same() -> None:
    refused = verdict(
        THREE,
        POLICY,
        TYPES_FAILED,
        gate("tests", "skipped", reason="no tests"),
        gate("review", "inconclusive", reason="no answer – none"),  # noqa: RUF001
    )

    text = shown(refused, style=screen(100, ascii=True))

    assert text.isascii()
    assert text == lines("""
everycommit  3 files +41 -7

  ok policy   41 of 400 lines
  x  types    212 files, 1 new finding                  0.6s
  -  tests    not run: no tests
  ?  review   no answer \\u2013 none

src/nav.py:42:12: error  types/arg-type  Argument 1 to "icon" has type "str | None"; expected "str"
    42 | return icon(name)

Refused: types. Fix and commit again; `everycommit run types` repeats it.
NOT VERIFIED: review (no answer \\u2013 none). That alone is allowed by your settings
(`review.inconclusive = "warn"`).
""")


def test_colour_adds_and_never_moves_a_word() -> None:
    refused = verdict(THREE, POLICY, TYPES_FAILED, REVIEW_WARNED, notes=("a note",))

    plain, colored = shown(refused), shown(refused, style=screen(color=True))

    assert "\x1b[31m✗\x1b[0m" in colored
    assert "\x1b[31mRefused:\x1b[0m types" in colored
    assert re.sub(r"\x1b\[[0-9]+m", "", colored) == plain


def test_colour_does_not_count_as_columns() -> None:
    passed = verdict(TWO, POLICY, gate("lint", "skipped", reason="r" * 20))

    assert shown(passed).count("\n") == 1
    assert shown(passed, style=screen(color=True)).count("\n") == 1


def test_old_findings_are_one_line() -> None:
    old = [replace(UNUSED, line=line, new=False) for line in range(1, 19)]
    lint = gate("lint", "failed", summary="3 files", findings=(UNUSED, *old), blocks=True)

    text = shown(verdict(THREE, lint))

    assert text.count("lint/F401") == 1
    assert "18 older findings in these files, not shown\n" in text


def test_old_findings_alone_need_no_words() -> None:
    lint = gate("lint", findings=(replace(UNUSED, new=False),))

    assert shown(verdict(TWO, lint)) == "everycommit  2 files +14 -3  lint  ✓  1 older finding, not shown\n"


def test_over_all_files_every_finding_is_shown() -> None:
    """However many, and old ones too: that is what was asked for."""
    found = tuple(replace(UNUSED, line=line, new=line % 2 == 0) for line in range(1, 41))
    whole = change(*[file(f"src/m{place}.py") for place in range(212)], parents=())
    lint = gate("lint", "failed", summary="212 files", findings=found, blocks=True)

    text = shown(verdict(whole, POLICY, lint, target_commit="d" * 40), repeat="everycommit run --all-files")

    assert text.startswith("everycommit  all 212 files\n")
    assert text.count("lint/F401") == 40
    assert "not shown" not in text
    assert text.endswith("Refused: lint. Fix it; `everycommit run --all-files lint` repeats it.\n")


def test_many_findings_are_counted_with_the_way_to_see_all() -> None:
    lint = gate("lint", "failed", findings=tuple(replace(UNUSED, line=line) for line in range(1, 54)), blocks=True)

    text = shown(verdict(THREE, lint, TYPES_FAILED))

    assert text.count("error  lint/F401") == 20
    assert "33 more of lint, not shown; `everycommit run lint --format json` has all\n" in text
    assert "types/arg-type" in text


def test_errors_come_before_warnings_and_notes_whatever_gate_found_them() -> None:
    noted = replace(UNUSED, severity=NOTE, rule="lint/note")
    lint = gate("lint", findings=(noted,), summary="3 files")

    text = shown(verdict(THREE, lint, REVIEW_WARNED, TYPES_FAILED))

    places = [text.index(rule) for rule in ("types/arg-type", "review/boundary", "lint/note")]
    assert places == sorted(places)


def test_repairs_are_lines_to_copy() -> None:
    repair = ("ruff check --fix src/nav.py",)
    lint = gate("lint", "failed", summary="3 files", findings=(UNUSED,), blocks=True, repair=repair)

    assert shown(verdict(THREE, lint)) == lines("""
everycommit  3 files +41 -7

  ✗ lint     3 files, 1 new finding

src/nav.py:3:8: error  lint/F401  `os` imported but unused

These repair what a tool can, in your working tree; staging is left to you:
    ruff check --fix src/nav.py

Refused: lint. Fix and commit again; `everycommit run lint` repeats it.
""")


def test_a_finding_of_no_file_begins_with_its_severity() -> None:
    over = Finding(
        path=None, rule="policy/added-lines", message="612 lines added, 400 allowed", hint="split the change"
    )
    policy = gate("policy", "failed", summary="612 of 400 lines", findings=(over,), blocks=True)

    assert "\nerror  policy/added-lines  612 lines added, 400 allowed\n    split the change\n" in shown(
        verdict(THREE, policy)
    )


def test_an_equal_hint_is_said_once_a_gate() -> None:
    found = tuple(replace(UNUSED, line=line, hint="remove it") for line in (1, 2))

    assert shown(verdict(THREE, gate("lint", "failed", findings=found, blocks=True))).count("remove it") == 1


def test_the_message_has_its_lines_and_a_long_one_is_counted() -> None:
    long = replace(TYPE_ERROR, message="\n".join(f"line {number}" for number in range(1, 13)), source="")

    text = shown(verdict(THREE, replace(TYPES_FAILED, findings=(long,))))

    assert "types/arg-type  line 1\n    line 2\n" in text
    assert "    line 8\n    (4 more lines)\n" in text
    assert "line 9" not in text


def test_a_message_without_end_is_cut_and_counted() -> None:
    endless = replace(TYPE_ERROR, message="x" * 1_000_000, source="y" * 1_000_000)

    text = shown(verdict(THREE, replace(TYPES_FAILED, findings=(endless,))), style=PIPE)

    assert "(998,000 more characters)" in text
    assert len(text) < 5000


def test_source_is_cut_at_the_edge_of_the_screen() -> None:
    wide = replace(TYPE_ERROR, source="名" * 100)

    text = shown(verdict(THREE, replace(TYPES_FAILED, findings=(wide,))))

    (source,) = [line for line in text.splitlines() if line.startswith("    42 | ")]
    assert cells(source) <= 80
    assert source.endswith("名…")


def test_a_known_result_says_so_in_its_line() -> None:
    assert "  ✓ types    212 files                                 known\n" in shown(
        verdict(THREE, replace(TYPES, reused=True), TESTS_FAILED)
    )


def test_a_project_stands_with_the_gate() -> None:
    refused = verdict(THREE, replace(TYPES_FAILED, project="packages/a"))

    text = shown(refused)

    assert "  ✗ types packages/a 212 files" in text
    assert "Refused: types packages/a. Fix and commit again; `everycommit run types` repeats it." in text.replace(
        "\n", " "
    )


def test_many_projects_that_were_not_touched_take_one_line() -> None:
    quiet = [gate("tests", "skipped", reason="not touched", project=f"packages/{name}") for name in "abcdef"]
    few = [gate("types", "skipped", reason="not touched", project=f"packages/{name}") for name in "ab"]

    text = " ".join(shown(verdict(THREE, TYPES_FAILED, *quiet, *few)).split())

    assert "tests of 6 not run: not touched: packages/a, packages/b, packages/c and 3 more" in text
    assert "types packages/a " in text
    assert "tests packages/a" not in text
    one = " ".join(shown(verdict(THREE, TYPES, *quiet)).split())
    assert "not run: tests packages/a, tests packages/b, tests packages/c and 3 more (not touched)" in one


def test_many_projects_that_passed_take_one_line_and_what_did_not_one_of_its_own() -> None:
    quiet = [
        replace(TYPES, project=f"packages/{name}", counts={"files": 10}, seconds=seconds, reused=True)
        for name, seconds in (("a", 0.2), ("b", 1.4), ("c", 0.3), ("d", 0.1), ("e", 0.1))
    ]
    failed = replace(TYPES_FAILED, project="packages/f")
    nothing = gate("types", "skipped", reason="nothing to check", project=".")

    text = shown(verdict(THREE, *quiet[:4], nothing, failed, replace(quiet[4], reused=False)))

    words = " ".join(text.split())
    assert "✓ types of 5 50 files: packages/a, packages/b, packages/c and 2 1.4s more" in words
    assert "✗ types packages/f" in words
    assert "nothing to check" not in words
    assert "types of" not in shown(verdict(THREE, *quiet[:3], failed))
    assert "known" in shown(verdict(THREE, *quiet, failed))


def test_a_project_that_passed_with_words_of_its_own_keeps_its_line() -> None:
    quiet = [replace(TYPES, project=f"packages/{name}") for name in "abcd"]
    doubt = replace(TYPES, project="packages/e", reason="without what the background has")

    words = " ".join(shown(verdict(THREE, *quiet, doubt, TESTS_FAILED)).split())

    assert "types of 4 packages/a, packages/b, packages/c and 1 more" in words
    assert "types packages/e" in words


def test_a_long_project_is_shortened_in_the_middle() -> None:
    refused = verdict(THREE, replace(TYPES_FAILED, project="packages/" + "deep/" * 20 + "end"))

    assert "  ✗ types pac…deep/deep/deep/end " in shown(refused)


# What could not be verified


def test_what_could_not_be_verified_is_refused_in_words() -> None:
    broken = gate("types", "inconclusive", reason="mypy exited 2 without a finding", blocks=True, seconds=0.4)

    assert shown(verdict(TWO, POLICY, broken)) == lines("""
everycommit  2 files +14 -3

  ✓ policy   41 of 400 lines
  ? types    mypy exited 2 without a finding            0.4s

NOT VERIFIED: types. What could not be verified is not committed.
`everycommit doctor` helps to find the cause; `everycommit run types` repeats
it.
""")


def test_what_is_allowed_unverified_names_the_setting() -> None:
    late = gate(
        "review",
        "inconclusive",
        summary="6 of 9 hunks",
        reason="the endpoint gave no answer within 6s (cerebras, 2 tries)",
        seconds=6,
    )

    assert shown(verdict(TWO, POLICY, late)) == lines("""
everycommit  2 files +14 -3

  ✓ policy   41 of 400 lines
  ? review   6 of 9 hunks: the endpoint gave no answer within 6s  6.0s
             (cerebras, 2 tries)

NOT VERIFIED: review. Allowed by your settings (`review.inconclusive = "warn"`);
push will ask again.
""")


def test_a_command_has_its_setting_in_its_own_table() -> None:
    late = gate("smoke", "inconclusive", reason="time ran out")

    assert 'command.smoke.inconclusive = "warn"' in shown(verdict(TWO, late))


def test_findings_and_a_doubt_both_refuse() -> None:
    """The reason is repeated, because the findings stand between."""
    broken = gate("tests", "inconclusive", reason="pytest exited 3" + " and went on" * 9, blocks=True)

    text = shown(verdict(THREE, TYPES_FAILED, broken), style=PIPE)

    assert "Refused: types. Fix and commit again; `everycommit run types tests` repeats these two.\n" in text
    assert text.endswith(
        "NOT VERIFIED: tests (pytest exited 3 and went on and went on and went on and went on and ...); "
        "that refuses as well.\n"
    )


def test_at_ci_a_doubt_does_not_pass() -> None:
    broken = gate("types", "inconclusive", reason="mypy broke", blocks=True)

    text = shown(verdict(TWO, broken, occasion="ci"), style=PIPE, repeat="everycommit run --range=A..B --at=ci")

    assert text.startswith("everycommit  ci  2 files +14 -3\n")
    assert "What could not be verified does not pass." in text
    assert "`everycommit run --range=A..B --at=ci types` repeats it." in text


def test_a_bug_of_ours_is_shown_with_its_trace() -> None:
    crash = gate(
        "lint", "inconclusive", reason="everycommit broke", notes=("please send this:\nTrace\n  File",), blocks=True
    )

    assert "\n  note: lint: please send this:\n    Trace\n      File\n" in shown(verdict(TWO, crash))


def test_what_goes_on_in_the_background_is_said() -> None:
    later = gate("tests", "deferred", reason="206 of 312 done in 10s; the rest goes on in the background")

    assert shown(verdict(TWO, later), style=PIPE) == lines("""
everycommit  2 files +14 -3

  … tests    206 of 312 done in 10s; the rest goes on in the background

Not finished: tests. Allowed as judged so far; `everycommit status` shows the rest, push waits for it.
""")


def test_what_goes_on_in_the_background_can_refuse() -> None:
    later = gate("tests", "deferred", reason="not done in 10s; it goes on in the background", blocks=True)

    assert shown(verdict(TWO, later), style=PIPE).endswith(
        '\nNot finished: tests. Refused by your settings (`deferred = "refuse"`); '
        "`everycommit status --wait` waits for the rest, then commit again.\n"
    )


def test_beside_a_refusal_the_background_is_named_and_nothing_is_allowed() -> None:
    failed = gate(
        "lint",
        "failed",
        summary="2 files",
        findings=(Finding(path="a.py", rule="lint/F401", message="unused"),),
        blocks=True,
    )
    later = gate("tests", "deferred", reason="not done in 10s; it goes on in the background")

    said = shown(verdict(TWO, failed, later), style=PIPE)

    assert said.endswith("\nNot finished: tests. `everycommit status` shows the rest.\n")
    assert "Allowed" not in said


def test_what_the_user_left_out_is_said() -> None:
    left = gate("tests", "skipped", reason="skipped by you (SKIP=everycommit-tests)", left_out=True)

    assert shown(verdict(TWO, POLICY, left, gate("types", "skipped", reason="no Python file changed"))) == lines("""
everycommit  2 files +14 -3

  ✓ policy   41 of 400 lines
  – tests    skipped by you (SKIP=everycommit-tests)
  – types    not run: no Python file changed

Not judged: tests; push will ask again.
""")  # noqa: RUF001


def test_warnings_do_not_stop_and_are_counted() -> None:
    assert shown(verdict(TWO, POLICY, REVIEW_WARNED)).endswith("\n\nAllowed with 1 warning.\n")


def test_a_failure_that_settings_allow_is_said() -> None:
    lenient = replace(TYPES_FAILED, blocks=False)

    assert shown(verdict(TWO, lenient)).endswith("\n\nAllowed by your settings although types failed.\n")


def test_a_gate_that_only_has_a_reason_shows_it() -> None:
    text = shown(verdict(TWO, TYPES_FAILED, gate("smoke", reason="nothing came out."), replace(TESTS, reason="slow")))

    assert "  ✓ smoke    nothing came out\n" in text
    assert "  ✓ tests    14 of 14 passed (312 in all): slow" in text


# Several verdicts


def test_a_push_of_two_refs_that_pass_takes_two_lines() -> None:
    main = verdict(TWO, POLICY, LINT, TESTS, occasion="push", ref="refs/heads/main", seconds=1.9)
    icons = verdict(TWO, POLICY, occasion="push", ref="refs/heads/fix/icons", seconds=0.3)

    assert shown(main, icons) == lines("""
everycommit  push main  2 files +14 -3  policy lint tests 14/312  ✓ 1.9s
everycommit  push fix/icons  2 files +14 -3  policy  ✓ 0.3s
""")


def test_a_push_of_two_refs_has_one_closing() -> None:
    main = verdict(
        TWO,
        TYPES_FAILED,
        occasion="push",
        ref="refs/heads/main",
        base_commit="1a2b3c4d5e6f" + "0" * 28,
        target_commit="9f8e7d6c5b4a" + "0" * 28,
    )
    icons = verdict(TWO, POLICY, occasion="push", ref="refs/heads/fix/icons", seconds=0.3)

    assert shown(main, icons, repeat="everycommit run --at push") == lines("""
everycommit  push main  2 files +14 -3

  ✗ types    212 files, 1 new finding                   0.6s

src/nav.py:42:12: error  types/arg-type  Argument 1 to "icon" has type "str |
    None"; expected "str"
    42 | return icon(name)

everycommit  push fix/icons  2 files +14 -3  policy  ✓ 0.3s

Refused: types of main. Nothing is pushed; fix and push again;
`everycommit run --range 1a2b3c4d5e6f..9f8e7d6c5b4a --at push types` repeats it.
""")


def test_a_push_refused_for_two_refs_repeats_each() -> None:
    lint = gate("lint", "failed", summary="2 files", findings=(UNUSED,), blocks=True)
    commits = {"base_commit": "1" * 40, "target_commit": "2" * 40}
    main = verdict(TWO, TYPES_FAILED, occasion="push", ref="refs/heads/main", **commits)
    dev = verdict(TWO, lint, occasion="push", **commits | {"target_commit": "3" * 40})

    assert shown(main, dev).endswith("""
Refused: types of main; lint of 333333333333. Nothing is pushed; fix and push
again; these repeat it:
    everycommit run --range 111111111111..222222222222 --at push types
    everycommit run --range 111111111111..333333333333 --at push lint
""")


def test_a_push_without_a_base_commit_names_no_command_that_would_judge_something_else() -> None:
    text = shown(verdict(TWO, TYPES_FAILED, occasion="push", ref="refs/heads/new"), repeat="everycommit run --at push")

    assert text.endswith("\nRefused: types. Nothing is pushed; fix and push again.\n")


def test_no_verdict_is_no_text() -> None:
    assert shown() == ""


# Text of others


def test_escapes_in_paths_and_messages_do_not_reach_the_terminal() -> None:
    evil = replace(
        TYPE_ERROR,
        path="src/\x1b[2J\nx.py",
        message="\x1b]0;owned\x07 \x9b31m\r\u202e",
        source="\x1b[8mhidden",
        hint="\x07",
    )
    crash = gate("lint", "inconclusive", reason="\x1b[1A", notes=("\x1b[2K",), repair=("rm \x1b[0m",))

    text = shown(verdict(THREE, replace(TYPES_FAILED, findings=(evil,)), crash, ref="\x1b[5m"))

    assert not {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"}} - {"\n"}
    assert "src/\\x1b[2J\\nx.py:42:12: error" in text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_path_that_is_not_utf_8_can_be_written_to_any_stream(encoding: str) -> None:
    odd = replace(TYPE_ERROR, path=os.fsdecode(b"caf\xe9/\xe5\x90\x8d.py"), message="名前 é \udcff")
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")

    text = shown(verdict(THREE, replace(TYPES_FAILED, findings=(odd,))), style=style_for(stream, {}))
    stream.write(text)
    stream.flush()

    assert "caf\\xe9/" in text
    assert ("✗" in text) is (encoding == "utf-8")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(VERDICTS, max_size=3),
    st.builds(
        lambda width, terminal, encoding: Style(
            color=False, ascii=encoding != "utf-8", width=width, terminal=terminal, encoding=encoding
        ),
        width=st.integers(1, 200),
        terminal=st.booleans(),
        encoding=st.sampled_from(["utf-8", "ascii", "latin-1"]),
    ),
)
def test_any_verdict_can_be_shown_and_no_control_character_comes_through(verdicts: list[Verdict], style: Style) -> None:
    text = render(verdicts, style=style)

    text.encode(style.encoding)
    assert not {char for char in text if unicodedata.category(char) == "Cc"} - {"\n"}
    assert not verdicts or text.endswith("\n")


@given(st.text(st.sampled_from("ab 名`é"), max_size=60), st.sampled_from([40, 80, 120]))
def test_a_message_of_words_stays_within_the_screen(message: str, width: int) -> None:
    refused = verdict(THREE, replace(TYPES_FAILED, findings=(replace(TYPE_ERROR, message=message),)))

    words = [word for word in re.findall(r"`[^`]*`\S*|\S+", message) if cells(word) > 20]
    assert words or all(cells(line) <= width for line in shown(refused, style=screen(width)).splitlines())


def test_the_outcome_of_every_gate_has_a_symbol() -> None:
    for outcome in Outcome:
        shown(verdict(TWO, GateResult(gate="x", outcome=outcome, reason="r"), TYPES_FAILED))
