"""Merge markers, debuggers, prints."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.result import ERROR, WARNING
from everycommit.rules.leftovers import check
from support import Repo, change_of

START, BASE, MIDDLE, END = "<" * 7 + " HEAD", "|" * 7 + " base", "=" * 7, ">" * 7 + " topic"
CONFLICT = f"{START}\nx = 1\n{MIDDLE}\nx = 2\n{END}\n"


def found(
    repo: Repo, path: str, text: str | bytes, before: str | None = None, **more: str
) -> list[tuple[str, str, int | None]]:
    old, new = {name.replace("__", "."): content for name, content in more.items()}, {path: text}
    change, blobs = change_of(repo, {path: before, **old}, {**old, **new})
    return [(one.rule.removeprefix("policy/"), one.severity, one.line) for one in check(change, blobs)]


@pytest.mark.parametrize(
    "text",
    [
        CONFLICT,
        f"{START}\nx = 1\n{BASE}\nx = 0\n{MIDDLE}\nx = 2\n{END}\n",
        CONFLICT.replace("\n", "\r\n"),
        f"{START}\nx = 1\n",
    ],
    ids=["two sides", "three sides", "crlf", "beginning only"],
)
def test_markers_in_code(repo: Repo, text: str) -> None:
    assert found(repo, "a.py", f"y = 1\n{text}") == [("merge-marker", ERROR, 2)]
    assert found(repo, "a.yml", f"y: 1\n{text}") == [("merge-marker", ERROR, 2)]


def test_the_end_alone_is_a_leftover_too(repo: Repo) -> None:
    assert found(repo, "a.js", f"x\n{END}\n", "x\n") == [("merge-marker", ERROR, 2)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.rst", f"Title\n{MIDDLE}\n\n{MIDDLE}\n"),
        ("a.md", f"{END} quoted seven times\n"),
        ("a.py", f'MARK = """\n{CONFLICT}"""\n'),
        ("a.py", f'MARK = "{START}"\n'),
        ("a.py", "<" * 8 + "\n"),
    ],
)
def test_what_only_looks_like_a_marker(repo: Repo, path: str, text: str) -> None:
    assert not found(repo, path, text)


def test_a_whole_set_counts_in_prose_and_is_a_warning_in_data_of_tests(repo: Repo) -> None:
    assert found(repo, "README.md", CONFLICT) == [("merge-marker", ERROR, 1)]
    assert found(repo, "tests/data/conflict.txt", CONFLICT) == [("merge-marker", WARNING, 1)]


def test_data_that_had_markers_before_may_get_more(repo: Repo) -> None:
    assert not found(repo, "tests/data/a.txt", CONFLICT + CONFLICT, CONFLICT)


def test_markers_that_a_merge_leaves_are_seen_in_what_lands(repo: Repo) -> None:
    """git's own merge holds the same markers, so that what the person did differs in nothing."""
    change, blobs = change_of(repo, {"a.c": "x\n"}, {"a.c": f"x\n{CONFLICT}"})

    assert [one.line for one in check(replace(change, files=()), blobs)] == [2]


def test_markers_that_came_as_they_are_from_the_other_side_are_theirs(repo: Repo) -> None:
    change, blobs = change_of(repo, {"a.c": "x\n"}, {"a.c": f"x\n{CONFLICT}"})
    merge = replace(change, files=(), parents=(change.base, change.target))

    assert not check(merge, blobs)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "breakpoint()"),
        ("a.py", "import pdb; pdb.set_trace()"),
        ("a.py", "__import__('x'); ipdb.set_trace()"),
        ("a.py", "debugpy.breakpoint()"),
        ("tests/test_a.py", "breakpoint()"),
        ("a.js", "debugger;"),
        ("a.tsx", "  debugger"),
        ("a.rb", "binding.pry"),
        ("a.exs", "require IEx; IEx.pry"),
    ],
)
def test_calls_into_a_debugger(repo: Repo, path: str, line: str) -> None:
    assert ("debugger", ERROR, 1) in found(repo, path, f"{line}\n")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", '"""Call breakpoint() to look, or pdb.set_trace()."""\n'),
        ("a.py", "# breakpoint()\n"),
        ("a.py", "self.set_trace(1)\n"),
        ("a.js", "const debugger_name = 'x' // debugger;\n"),
        ("a.py", "def f(:\n    breakpoint()\n"),
    ],
)
def test_words_about_a_debugger(repo: Repo, path: str, text: str) -> None:
    assert not found(repo, path, text)


def test_a_file_that_starts_a_debugger_anyway_may_do_so_twice(repo: Repo) -> None:
    assert not found(repo, "a.py", "breakpoint()\nx = 1\nbreakpoint()\n", "breakpoint()\nx = 1\n")


def test_importing_a_debugger_is_a_warning(repo: Repo) -> None:
    assert found(repo, "a.py", "import pdb\n") == [("debug-print", WARNING, 1)]
    assert found(repo, "a.py", "from ipdb import launch\n") == [("debug-print", WARNING, 1)]


@pytest.mark.parametrize("call", ["print(x)", "pprint(x)", "ic(x)"])
def test_a_print_where_nothing_prints(repo: Repo, call: str) -> None:
    text = f"def f(x):\n    {call}\n    print(0)\n    return x\n"

    assert ("debug-print", WARNING, 2) in found(repo, "src/app.py", text, "def f(x):\n    return x\n")


@pytest.mark.parametrize(
    ("path", "text", "before"),
    [
        ("src/cli.py", "print(1)\n", "x = 1\n"),
        ("scripts/a.py", "print(1)\n", None),
        ("src/a.py", "print(1)\nprint(2)\n", "print(1)\n"),
        ("src/a.py", "import sys\nprint(1, file=sys.stderr)\n", "import sys\n"),
        ("src/a.py", "def f(verbose):\n    if verbose:\n        print(1)\n", "def f(verbose):\n    pass\n"),
        ("src/a.py", "def print_all():\n    print(1)\n", "x = 1\n"),
        ("src/a.py", "import argparse\nprint(1)\n", None),
        ("src/a.py", "print(1)\nif __name__ == '__main__':\n    pass\n", "if __name__ == '__main__':\n    pass\n"),
        ("tests/test_a.py", "print(1)\n", "x = 1\n"),
        ("src/a.py", "x = 'print(1)'  # print(1)\nblueprint(1)\n", "x = 1\n"),
    ],
)
def test_a_print_that_is_meant(repo: Repo, path: str, text: str, before: str | None) -> None:
    assert not found(repo, path, text, before)


def test_a_neighbour_in_the_change_that_prints_excuses_it(repo: Repo) -> None:
    before = {"src/a.py": "x = 1\n", "src/b.py": "print(0)\nx = 1\n"}
    after = {"src/a.py": "print(1)\nx = 1\n", "src/b.py": "print(0)\nx = 2\n"}

    assert not check(*change_of(repo, before, after))


def test_a_print_that_moves_raises_nothing(repo: Repo) -> None:
    before = {"old/a.py": "def f():\n    print(1)\n", "src/b.py": "x = 1\n"}
    after = {"old/a.py": "def f():\n    return 1\n", "src/b.py": "x = 1\n\n\ndef f():\n    print(1)\n"}

    assert not check(*change_of(repo, before, after))


def test_other_languages(repo: Repo) -> None:
    assert found(repo, "src/a.js", "f()\nconsole.log(x)\n", "f()\n") == [("debug-print", WARNING, 2)]
    assert found(repo, "src/a.rs", "fn a() {\n    dbg!(x);\n}\n") == [("debug-print", WARNING, 2)]
    assert found(repo, "src/a.php", "<?php\nvar_dump($x);\n") == [("debug-print", WARNING, 2)]
    assert not found(repo, "src/a.js", "console.log(1)\nconsole.log(2)\n", "console.log(1)\n")
    assert not found(repo, "scripts/a.js", "console.log(1)\n")
    assert not found(repo, "src/a.test.js", "console.log(1)\n")
    assert not found(repo, "src/a.js", "#!/usr/bin/env node\nconsole.log(1)\n")
    assert not found(repo, "src/a.js", "console.error(1)\n")


@given(
    st.lists(
        st.sampled_from([START, BASE, MIDDLE, END, "x = 1", "print(x)", "breakpoint()", '"""', "def f():", "\r", "é"])
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
def test_findings_lie_inside_the_file(repo: Repo, lines: list[str]) -> None:
    change, blobs = change_of(repo, {}, {"a.py": "\n".join(lines)})

    assert all(1 <= (one.line or 0) <= len(lines) for one in check(change, blobs))
