"""The static reader: what only old and new code together can show."""

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.reader import catalog, flat
from everycommit.reader.catalog import RULES, check
from everycommit.reader.compared import compared
from everycommit.record import replace
from everycommit.rules.rule import Rule
from rules import LONG, example_holds, seconds
from support import Repo, change_of


def seen(repo: Repo, old: str, new: str, *, path: str = "src/app.py") -> list[tuple[str, int | None]]:
    """Return rule and line of what is found where *old* became *new*."""
    before, after = ({path: dedent(side).strip("\n") + "\n"} for side in (old, new))
    change, blobs = change_of(repo, before, after)
    return [(one.rule.removeprefix("review/"), one.line) for one in check(change, blobs)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_finds_its_bad_example_and_nothing_speaks_of_its_good_one(repo: Repo, rule: Rule) -> None:
    example_holds(repo, catalog, rule)
    ((path, (old, new)),) = rule.good.items()

    assert seen(repo, old or "", new or "", path=path) == []


def test_the_page_lists_every_rule() -> None:
    page = (Path(__file__).parent.parent / "docs/reader.md").read_text()

    assert all(f"| `{rule.id}` |" in page for rule in RULES)


HEAD = "def f(a, b, items, lock):\n"


def body(*lines: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (["if not a:", "    raise E", "g(a)"], ["g(a)"], [("guard-removed", 1)]),
        (["if a:", "    g(a)", "h()"], ["g(a)", "h()"], [("guard-removed", 1)]),
        (
            ["for b in a:", "    if b:", "        continue", "    g(b)"],
            ["for b in a:", "    g(b)"],
            [("guard-removed", 2)],
        ),
        (["if a:", "    g(a)", "elif b:", "    g(b)"], ["if a:", "    g(a)"], [("case-removed", 3)]),
        (["x = a if b else 0", "g(x)"], ["x = a", "g(x)"], [("condition-loosened", 2)]),
        (["if a and b:", "    g(b)"], ["if a:", "    g(b)"], [("condition-loosened", 2)]),
        (["while a or b or items:", "    g()"], ["while a or items:", "    g()"], [("condition-loosened", 2)]),
        (["return a or 0"], ["return a"], [("condition-loosened", 2)]),
        (
            ["try:", "    g()", "except (A, B):", "    pass"],
            ["try:", "    g()", "except A:", "    pass"],
            [("handler-removed", 4)],
        ),
        (["try:", "    g()", "finally:", "    h()"], ["g()"], [("close-removed", 1)]),
        (["a = open(b)", "g(a)", "a.close()"], ["a = open(b)", "g(a)"], [("close-removed", 3)]),
        (["with open(b) as a:", "    g(a)"], ["a = open(b)", "g(a)"], [("close-removed", 1)]),
        (["lock.acquire()", "g()"], ["g()"], [("lock-removed", 1)]),
        (["async with lock:", "    g()"], ["g()"], [("lock-removed", 1)]),
        (["return a < b"], ["return a > b"], [("comparison-turned", 2)]),
        (["return a == b"], ["return a != b"], [("comparison-turned", 2)]),
        (["if not a:", "    g()"], ["if a:", "    g()"], [("comparison-turned", 2)]),
        (["if a is not None:", "    g()"], ["if a:", "    g()"], [("comparison-turned", 2)]),
        (["return items[a + 1]"], ["return items[a]"], [("comparison-turned", 2)]),
        (["return items[a]"], ["return items[a - 1]"], [("comparison-turned", 2)]),
        (["return a + b"], ["return a - b"], [("comparison-turned", 2)]),
        (["if a and b:", "    g()"], ["if a or b:", "    g()"], [("comparison-turned", 2)]),
        (["g(a, b)"], ["g(b, a)"], [("arguments-swapped", 2)]),
        (["g(a, b)"], ["g(a)"], [("argument-dropped", 2)]),
        (["g(a, timeout=3, retry=b)"], ["g(a, retry=b)"], [("argument-dropped", 2)]),
        (["return [a, b]"], ["return [a]"], [("element-dropped", 2)]),
        (["return g(a), b, a"], ["return g(b), b, a"], [("other-name", 2)]),
        (["return [a, a, b]"], ["return [a, b]"], [("element-dropped", 2)]),
        (["return a or a or b"], ["return a or b"], [("condition-loosened", 2)]),
        (["return list(items)"], ["return items"], [("conversion-dropped", 2)]),
        (["return a.split('?')[0]"], ["return a"], [("conversion-dropped", 2)]),
        (["g('^a')"], ["g('a')"], [("anchor-loosened", 2)]),
        (["timeout = 3"], ["timeout = None"], [("limit-raised", 2)]),
    ],
)
def test_what_is_taken_away_or_turned_round(
    repo: Repo, old: list[str], new: list[str], expected: list[tuple[str, int]]
) -> None:
    assert seen(repo, body(*old), body(*new)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["if a:", "    return", "g()"], ["if h(items):", "    return", "g()"]),  # another check took its place
        (["if a:", "    return", "g()"], ["match a:", "    case 1:", "        return", "g()"]),
        (["if a:", "    g()", "else:", "    h()"], ["if not a:", "    h()", "else:", "    g()"]),
        (["if a == b:", "    g()", "else:", "    h()"], ["if a != b:", "    h()", "else:", "    g()"]),
        (["if a is None:", "    return b", "return g()"], ["if a is not None:", "    return g()", "return b"]),
        (["try:", "    import x", "except ImportError:", "    x = None"], ["import x"]),
        (["try:", "    g()", "except A:", "    pass"], ["h()"]),  # what raised is gone as well
        (["with lock:", "    g()"], ["with self.lock:", "    g()"]),
        (["with lock:", "    g()"], []),
        (["lock.acquire()", "g()"], ["with lock:", "    g()"]),
        (["with open(b) as a:", "    g(a)"], ["a = open(b)", "g(a)", "a.close()"]),
        (["a = open(b)", "a.close()"], ["pass"]),
        (["return a < b"], ["return a in b"]),
        (["return a and b"], ["return a"]),
        (["g(a, *b)"], ["h(a)"]),
        (["for b, c in a:", "    g(b)"], ["for b, in a:", "    g(b)"]),
        (["return a.rare()"], ["return a"]),
        (["g('a')"], ["g('b')"]),
        (["timeout = 3"], ["timeout = 2"]),
        (["width = 3"], ["width = 4"]),
        (["return 3"], ["return '3'"]),
        (["'a docstring'", "g()"], ["'another'", "g()"]),
        (["g(a)"], ["g(b, a, items, lock, g, h, a)"]),
    ],
)
def test_what_only_looks_alike(repo: Repo, old: list[str], new: list[str]) -> None:
    assert seen(repo, body(*old), body(*(new or ["pass"]))) == []


def test_what_is_moved_is_not_gone(repo: Repo) -> None:
    """Within a function, to another one, or to another file of the change."""
    check_first = body("if not a:", "    raise ValueError(a)", "g(a)", "h(b)")
    helper = "def checked(a):\n    if not a:\n        raise ValueError(a)\n"

    assert seen(repo, check_first, body("g(a)", "if not a:", "    raise ValueError(a)", "h(b)")) == []
    assert seen(repo, check_first, body("checked(a)", "g(a)", "h(b)") + helper) == []
    assert seen(repo, check_first, body("g(a)", "h(b)") + helper) == []


def test_what_was_given_up_altogether_is_not_missed(repo: Repo) -> None:
    """An option that no function takes any more needs no check and is given to nobody."""
    old = "def f(a, strict):\n    if strict:\n        raise E\n    g(a, strict=strict)\ndef g(a, strict): ...\n"
    new = "def f(a):\n    g(a)\ndef g(a): ...\n"

    assert seen(repo, old, new) == []
    assert seen(repo, old.replace("if strict", "if a"), new) == [("guard-removed", 1)]
    assert (
        seen(repo, "def f(a):\n    g(a, deep=True)\ndef g(a, deep): ...\n", "def f(a):\n    g(a)\ndef g(a): ...\n")
        == []
    )


@pytest.mark.parametrize(
    ("end", "lost"),
    [
        ("if a:\n        return 1\n    else:\n        return 2", False),
        ("with a:\n        return 1", False),
        ("try:\n        return 1\n    except E:\n        raise", False),
        ("try:\n        g()\n    finally:\n        return 1", False),
        ("while True:\n        if g():\n            return 1", False),
        ("match a:\n        case 1:\n            return 1\n        case _:\n            return 2", False),
        ("if a:\n        return 1\n    sys.exit()", False),
        ("if a:\n        return 1\n    g()", True),
        ("while a:\n        return 1", True),
        ("while True:\n        if a:\n            break\n        return 1", True),
        ("for a in b:\n        return 1", True),
        ("g()", False),  # it gives nothing at all: it is another kind of function
    ],
)
def test_a_way_through_without_a_value(repo: Repo, end: str, *, lost: bool) -> None:
    found = seen(repo, "def f(a, b):\n    x = g()\n    return x", f"def f(a, b):\n    {end}")

    assert ("return-lost" in {rule for rule, _ in found}) is lost


def test_a_function_that_is_no_longer_async(repo: Repo) -> None:
    assert seen(repo, "async def f(a):\n    return a", "def f(a):\n    return a") == [("await-removed", 1)]
    assert seen(repo, "def f(a):\n    return a", "async def f(a):\n    return a") == []


def test_a_name_that_nobody_reads_any_more_may_be_renamed(repo: Repo) -> None:
    assert seen(repo, "def f(b):\n    a = g(b)\n    return a, b", "def f(b):\n    c = g(b)\n    return c, b") == []


def test_methods_and_what_stands_outside_of_functions(repo: Repo) -> None:
    old = "class A:\n    MAX_SIZE = 3\n\n    def f(self, a):\n        if a:\n            return 1\n        return 2\n"
    new = "class A:\n    MAX_SIZE = 4\n\n    def f(self, a):\n        return 2\n"

    assert seen(repo, old, new) == [("limit-raised", 2), ("guard-removed", 4)]


def test_tests_other_languages_and_new_files_are_not_read(repo: Repo) -> None:
    old, new = body("if a:", "    return", "g()"), body("g()")

    assert seen(repo, old, new, path="tests/test_app.py") == []
    assert seen(repo, old, new, path="src/app.js") == []
    assert seen(repo, "def f(:", new) == []
    change, blobs = change_of(repo, {}, {"a.py": new})
    assert check(change, blobs) == []
    change, blobs = change_of(repo, {"a.py": old}, {"a.py": new})
    assert check(change, blobs)
    assert check(replace(change, parents=()), blobs) == []


def test_what_is_too_large_is_said(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "READ_AT_MOST", 40)

    assert seen(repo, body("if a:", "    return", "g()"), body("g()")) == [("not-compared", None)]


def test_a_function_too_long_to_compare_and_code_too_deep_cost_nothing(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = "x = " + "-" * 2000 + "1\n"
    assert seen(repo, body("g()") + deep, body("h()") + deep.replace("1", "2")) in ([], [("not-compared", None)])
    monkeypatch.setattr(flat, "LONGEST", 2)

    assert seen(repo, body("if a:", "    return", "g()"), body("g()")) == []


def test_a_megabyte_is_read_in_seconds(repo: Repo) -> None:
    part = "".join(
        f"def f{n}(a, b):\n    if a > {n}:\n        return b\n    return g(a, b, {n})\n" for n in range(5000)
    )

    assert seconds(repo, catalog, {"a.py": part}, {"a.py": part.replace(">", ">=")}) < LONG * 3


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "1", "None", "'^a$'", "items"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"({', '.join([*parts, ''])})" if parts else "()"),
        st.lists(inner, min_size=2, max_size=3).map(" and ".join).map("({})".format),
        st.builds("g({}, k={})".format, inner, inner),
        st.builds("{}.lower()".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} < {} + 1)".format, inner, inner),
        inner.map("(not {})".format),
    ),
    max_leaves=6,
)
STATEMENTS = st.recursive(
    st.one_of(
        st.sampled_from(
            ["g(a)", "return a", "a = b", "raise E", "a += 1", "pass", "lock.acquire()", "a.close()", "continue"]
        ),
        st.builds("{} = {}".format, st.sampled_from(["a", "max_size"]), EXPRESSIONS),
        EXPRESSIONS.map("return {}".format),
    ),
    lambda inner: st.builds(
        lambda head, block: head + "\n" + "\n".join(f"    {line}" for one in block for line in one.split("\n")),
        st.sampled_from(
            ["if a:", "while a < b:", "for a in b:", "with lock:", "try:\n    g()\nexcept E:", "def h(a):", "class A:"]
        ),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(STATEMENTS, max_size=5), st.lists(STATEMENTS, max_size=5))
def test_no_code_raises_and_nothing_is_found_where_nothing_changed(repo: Repo, old: list[str], new: list[str]) -> None:
    before, after = (
        "def f(a, b):\n    for x in a:\n"
        + "\n".join(f"        {line}" for one in [*side, "pass"] for line in one.split("\n"))
        + "\n"
        for side in (old, new)
    )

    found = seen(repo, before, after)

    assert all(line is None or 1 <= line <= after.count("\n") + 1 for _, line in found)
    assert seen(repo, after, after) == []


FRAMES = [
    "return {}",
    "max_size = {}",
    "g({})",
    "if {}:\n        g()",
    "try:\n        g()\n    except {}:\n        pass",
]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FRAMES), EXPRESSIONS, EXPRESSIONS)
def test_no_expression_that_became_another_raises(frame: str, old: str, new: str) -> None:
    before, after = (f"def f(a, b, items):\n    {frame.format(one)}\n    return a, b\n" for one in (old, new))

    found = list(compared({"a.py": (before, after)}))

    assert all(one.message and (one.old or one.new) for _, one in found)
