"""`everycommit tests map --changed`: what is kept and what runs, against a recording of everything."""

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from everycommit.repo.cache import locked
from everycommit.selection.segments import same_lines
from everycommit.testmap import TestMap as Recorded  # a name that begins with Test would be collected
from everycommit.testmap import bits, unpacked
from support import Repo, give_python
from test_tests_map import SETTINGS, said

CODE = """\
A = 1


def one():
    return 1


def two():
    return 2


class Shop:
    size = 3

    def open(self):
        return self.size
"""
OTHER = "def lazy():\n    return 4\n"
TEST = """\
import pathlib
import subprocess
import sys

import code_


def test_one():
    assert code_.one() == 1


def test_two():
    assert code_.two() == 2


def test_shop():
    assert code_.Shop().open() == 3


def test_lazy():
    import other

    assert other.lazy() == 4


def test_data():
    assert pathlib.Path(__file__).with_name("data.txt").read_text()


def test_program():
    assert subprocess.run([sys.executable, "-c", ""]).returncode == 0


def test_getattr():
    name = "on" + "e"
    assert getattr(code_, name)() == 1
"""


@pytest.fixture
def project(repo: Repo) -> Repo:
    give_python(repo)
    repo.stage("code_.py", CODE).stage("other.py", OTHER).stage("tests/test_code.py", TEST)
    repo.stage("tests/data.txt", "data").stage("pyproject.toml", SETTINGS)
    repo.stage("tests/test_more.py", "def test_more():\n    assert 1\n").commit()
    said(repo, "tests", "map")
    return repo


def held(repo: Repo) -> Mapping[str, Any]:
    """Return all that the map says, tests by name."""
    path = repo.root / ".git/everycommit/tests.sqlite"
    recorded = Recorded(path)
    names = {0: "import", **{number: node for number, (node, _, _) in recorded.tests.items()}}

    def tests(content: bytes) -> frozenset[str]:
        return frozenset(names[number] for number in bits(unpacked(content)))

    found: dict[str, Any] = {
        "tests": {node: (place, always) for node, place, always in recorded.tests.values()},
        "meta": {name: value for name, value in recorded.meta.items() if name != "at"},
    }
    lines = recorded.every("path, line, tests", "line JOIN file ON file.number = line.file")
    found["lines"] = {(place, line): tests(content) for place, line, content in lines}
    found["named"] = {name: tests(content) for name, content in recorded.every("name, tests", "named")}
    touched = recorded.every("kind, path, tests", "touched")
    found["touched"] = {(kind, place): tests(content) for kind, place, content in touched}
    recorded.close()
    with sqlite3.connect(path) as base:
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in set(tables) - {"meta", "test", "line", "named", "touched"}:
            found[table] = sorted(base.execute(f"SELECT * FROM {table}"), key=repr)  # noqa: S608
    base.close()
    return found


def edit(repo: Repo, path: str, old: str, new: str) -> None:
    content = (repo.root / path).read_text()
    assert old in content
    repo.stage(path, content.replace(old, new))


def swapped(repo: Repo) -> None:
    content = (repo.root / "code_.py").read_text()
    one, two = "def one():\n    # one\n\n    return 1\n", "def two():\n    return 2\n"
    assert one in content
    repo.stage("code_.py", content.replace(two, "@@").replace(one, two).replace("@@", one))


def renamed(repo: Repo) -> None:
    repo.git("mv", "other.py", "another.py")
    edit(repo, "tests/test_code.py", "import other\n\n    assert other", "import another\n\n    assert another")


MORE = "def test_more():\n    assert 1\n"
NEW = "def test_new():\n    import other\n\n    other.lazy()\n"
WHOLE = ("whole", lambda _: None, -1)
EDITS: Sequence[tuple[str, Callable[[Repo], object], int]] = (
    ("a comment above everything", lambda repo: edit(repo, "code_.py", "A = 1", "# one\n# two\nA = 1"), 8),
    ("a comment in a function", lambda repo: edit(repo, "code_.py", "    return 1", "    # one\n\n    return 1"), 6),
    ("an attribute", lambda repo: edit(repo, "code_.py", "size = 3", "size = 4 - 1"), 7),
    ("a lazy module", lambda repo: edit(repo, "other.py", "return 4", "return 2 + 2"), 7),
    WHOLE,
    ("a new test", lambda repo: repo.stage("tests/test_more.py", NEW + MORE), 7),
    ("a test that goes", lambda repo: repo.stage("tests/test_more.py", NEW), 7),
    ("a test that fails", lambda repo: edit(repo, "other.py", "return 2 + 2", "return 5"), 6),
    ("data, and the failed one again", lambda repo: repo.stage("tests/data.txt", "more"), 6),
    WHOLE,
    ("mended", lambda repo: edit(repo, "other.py", "return 5", "return 4"), 6),
    ("functions that change places", swapped, 7),
    ("a body that grows", lambda repo: edit(repo, "code_.py", "    return 2", "    x = 2\n    return x"), 7),
    ("a file that goes", lambda repo: repo.git("rm", "--quiet", "tests/test_more.py"), 7),
    ("prose", lambda repo: repo.stage("README", "more"), 7),
    WHOLE,
    ("a constant, and a file with another name", renamed, 0),
    WHOLE,
)


@pytest.mark.slow
def test_what_is_kept_and_what_runs_say_what_a_recording_of_all_says(project: Repo) -> None:
    """Each edit builds on the one before; now and then all is recorded, and nothing in the map may differ."""
    for name, change, kept in EDITS:
        if kept < 0:
            quick = held(project)
            said(project, "tests", "map")
            assert quick == held(project)
            assert quick["meta"]["tree"] == project.tree()
            continue
        change(project)
        project.commit()
        words = said(project, "tests", "map", "--changed")
        assert (f", {kept} as they were," in words) if kept else ("as they were" not in words), (name, words)


HOOK = "def pytest_runtest_logreport(report):\n    pass\n"


def test_where_it_cannot_be_told_all_are_recorded_and_it_is_said(project: Repo) -> None:
    project.stage("tests/conftest.py", HOOK).commit()
    hooked = said(project, "tests", "map", "--changed")
    project.git("rm", "--quiet", "tests/conftest.py")
    edit(project, "pyproject.toml", '["."]', '[".", "tests"]')
    project.commit()
    configured = said(project, "tests", "map", "--changed")
    (project.root / ".git/everycommit/tests.sqlite").unlink()
    lost = said(project, "tests", "map", "--changed")
    before = (project.root / ".git/everycommit/tests.sqlite").stat().st_mtime_ns
    same = said(project, "tests", "map", "--changed")

    assert hooked.startswith("all tests are recorded: tests/conftest.py has a hook that runs between tests\n8 tests")
    assert configured.startswith("all tests are recorded: ")
    assert "as they were" not in configured
    assert lost.startswith("all tests are recorded: no map of the tests yet")
    assert same == "8 tests recorded, 8 as they were, in 0s; 1 of them run whatever changes\n"
    assert (project.root / ".git/everycommit/tests.sqlite").stat().st_mtime_ns == before


def test_two_recordings_do_not_mix(project: Repo) -> None:
    lock = locked(project.root / ".git/everycommit/tests.lock")
    assert lock is not None

    words = said(project, "tests", "map", "--changed", code=2)
    os.close(lock)

    assert words == "everycommit: the tests are being recorded by another run; wait for its end\n"


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a = 1\n", "a = 1\n", {1: 1, 2: 2}),
        ("def f():\n  x\ndef g():\n  y", "def f():\n  x\n  z\ndef g():\n  y", {3: 4, 4: 5}),
        ("def f():\n  x\ndef g():\n  y", "def g():\n  y\ndef f():\n  x", {1: 3, 2: 4, 3: 1, 4: 2}),
        ("def f():\n  x\ndef g():\n  x", "def g():\n  x", {3: 1, 4: 2}),
        ("class A:\n  @d\n  def f(s):\n    x", "class B:\n  @d\n  def f(s):\n    x", {}),
        ("class A:\n  a = 1\n  def f(s):\n    x", "class A:\n  a = 2\n  def f(s):\n    x", {3: 3, 4: 4}),
        ("if a:\n  def f(): 1\nelse:\n  def f(): 2", "if a:\n  def f(): 1\nelse:\n  def f(): 2", {}),
        ("a = 1\r\n", "a = 1\r\n", {}),
        ("a = (", "a = (", {}),
    ],
)
def test_only_lines_of_pieces_with_the_same_name_and_text_are_the_same(
    old: str, new: str, lines: Mapping[int, int]
) -> None:
    assert same_lines(old.encode(), new.encode()) == lines
