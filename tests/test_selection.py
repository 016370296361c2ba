"""The rules by which a change reaches tests: what each follows, and what it may leave alone."""

import ast
from collections.abc import Iterator, Mapping

import pytest

from everycommit.selection.bodies import concerned
from judging import lines
from mapping import chosen, plan, recorded
from support import Repo

FILES: Mapping[str, str] = {
    "depot/__init__.py": "",
    "depot/marks.py": lines(
        "SIZE = 1",
        "NOTHING = object()",
        "SHARED = {'a': 1}",
        "HANDLERS = {}",
        "def handler(f):",
        "    HANDLERS[f.__name__] = f",
        "    return f",
        "def twice(n):",
        "    return 2 * n",
        "def often(n):",
        "    if n > 99:",
        "        return 7",
        "    return n",
        "def idle(n):",
        "    return n",
        "def told(f):",
        "    f.text = f.__doc__",
        "    return f",
        "class Box:",
        "    def __init__(self, a=NOTHING):",
        "        self.a = a",
        "    def weigh(self):",
        "        return len([self.a])",
        "class Named:",
        "    def draw(self): return 1",
    ),
    "depot/other.py": lines("SIZE = 2", "def size():", "    return SIZE"),
    "depot/stars.py": "from depot.marks import *\n",
    "depot/parts.py": lines(
        "import sys",
        "from depot import marks",
        "from depot.marks import Box, handler, told, twice",
        "DOUBLE = twice(2)",
        "WIDE = twice(len(marks.SHARED) + len(marks.SHARED.copy()))",
        "IDLE = marks.idle(3)",
        "BOX = Box(marks.NOTHING)",
        "NAME = 'dr' + 'aw'",
        "DRAWN = getattr(marks.Named(), NAME)()",
        "HOME = sys.modules['depot.marks']",
        "@handler",
        "def load():",
        "    return 5",
        "@told",
        "def speak():",
        "    '''Words.'''",
        "def plain(box: Box):",
        "    '''More words.'''",
        "    if box:",
        "        number = 1",
        "        number += 1",
        "    else:",
        "        number = 3",
        "    return number",
    ),
    "tests/test_depot.py": lines(
        "import importlib.util, sys",
        "from depot import marks, other, parts, stars",
        "def test_size(): assert marks.SIZE == 1",
        "def test_other_size(): assert other.size() == 2",
        "def test_star(): assert stars.SIZE == 1",
        "def test_double(): assert parts.DOUBLE == 4",
        "def test_often(): assert [marks.often(n) for n in range(101)][100] == 7",
        "def test_wide(): assert parts.WIDE == 4",
        "def test_idle(): assert parts.IDLE == 3",
        "def test_box(): assert parts.BOX.a",
        "def test_weigh(): assert parts.BOX.weigh() == 1",
        "def test_shared(): assert marks.SHARED",
        "def test_handlers(): assert marks.HANDLERS['load']() == 5",
        "def test_drawn(): assert parts.DRAWN == 1",
        "def test_text(): assert parts.speak.text",
        "def test_plain(): assert parts.plain(1) == 2",
        "def test_plain_not(): assert parts.plain(0) == 3",
        "def test_reads_doc(): assert parts.plain.__doc__",
        "def test_written(tmp_path):",
        "    (tmp_path / 'late.py').write_text('from depot import marks\\nSUM = marks.SIZE + 1')",
        "    spec = importlib.util.spec_from_file_location('late', tmp_path / 'late.py')",
        "    late = importlib.util.module_from_spec(spec)",
        "    spec.loader.exec_module(late)",
        "    assert late.SUM == 2",
        "def test_found():",
        "    module = sys.modules['depot.' + 'marks']",
        "    assert 'SIZE' in vars(module)",
    ),
    "pytest.ini": "[pytest]\npythonpath = .\n",
}
REFLECTS = {"test_found"}
"""It takes a module by a computed name and looks at all its names."""


@pytest.fixture(scope="module")
def _depot(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    folder = tmp_path_factory.mktemp("depot")
    repo = Repo.make(folder / "repo", folder / "home")
    for path, content in FILES.items():
        repo.stage(path, content)
    assert recorded(repo) == 0
    return repo


@pytest.fixture
def depot(_depot: Repo) -> Iterator[Repo]:
    """A project whose tests were recorded; what a test stages is taken back."""
    yield _depot
    _depot.git("reset", "--quiet", "--hard", "HEAD")
    _depot.git("clean", "--quiet", "-fdx", "-e", ".venv")


@pytest.mark.parametrize(
    ("path", "old", "new", "tests"),
    [
        pytest.param("marks", "SIZE = 1", "SIZE = 4", {"test_size", "test_star", "test_written"}, id="by module"),
        pytest.param(
            "other", "SIZE = 2", "SIZE = 4", {"test_other_size", "test_written"}, id="the same name elsewhere"
        ),
        pytest.param("marks", "2 * n", "3 * n", {"test_double", "test_wide"}, id="ran at import: where it ran"),
        pytest.param("marks", "return 7", "return 8", {"test_often"}, id="after many calls"),
        pytest.param("marks", "(n):\n    return n\n", "(n):\n    return n + 1\n", {"test_idle"}, id="elsewhere"),
        pytest.param(
            "marks",
            "HANDLERS[f.__name__] = f",
            "HANDLERS[f.__name__] = None",
            {"test_handlers"},
            id="what a decorator changes",
        ),
        pytest.param("parts", "    return 5", "    return 6", {"test_handlers"}, id="found through it"),
        pytest.param(
            "marks", "self.a = a", "self.a = a or 1", {"test_box", "test_weigh"}, id="read and handed on, not changed"
        ),
        pytest.param("marks", "return len([", "return sum([", {"test_weigh"}, id="a method that ran in a test"),
        pytest.param("marks", "SIZE = 1", "SIZE = 1\ndef len(x): return 1", {"test_weigh"}, id="a builtin is hidden"),
        pytest.param("marks", "def draw(self): return 1", "def draw(self): return 2", {"test_drawn"}, id="asked for"),
        pytest.param("parts", "'''Words.'''", "'''Word.'''", {"test_text"}, id="a docstring that a decorator reads"),
        pytest.param("parts", "'''More words.'''", "'''More.'''", {"test_reads_doc"}, id="a docstring"),
        pytest.param("parts", "        number += 1", "        number += 2", {"test_plain"}, id="a statement"),
        pytest.param(
            "parts", "number = 3", "number = 3\n        number *= 1", {"test_plain_not"}, id="a new statement"
        ),
        pytest.param(
            "marks",
            "class Box:",
            "class Box:\n    hue = 1",
            set(),
            id="a new attribute that nobody asks for, of a class that an annotation names",
        ),
    ],
)
def test_a_change_reaches_what_the_rule_says(depot: Repo, path: str, old: str, new: str, tests: set[str]) -> None:
    path = f"depot/{path}.py"
    assert old in FILES[path]
    depot.stage(path, FILES[path].replace(old, new, 1))

    found = chosen(depot)

    assert found >= tests
    assert found <= tests | REFLECTS


def test_who_takes_a_module_by_name_and_reflects_sees_what_changes_in_it(depot: Repo) -> None:
    depot.stage("depot/marks.py", FILES["depot/marks.py"].replace("SIZE = 1", "SIZE = 3"))

    assert "test_found" in chosen(depot)


def test_what_runs_in_a_hook_of_pytest_concerns_all(repo: Repo) -> None:
    repo.stage("tools.py", "def keep(name):\n    return True\n")
    repo.stage(
        "conftest.py",
        lines(
            "import tools",
            "def pytest_collection_modifyitems(items):",
            "    items[:] = [one for one in items if tools.keep(one.name)]",
        ),
    )
    repo.stage("test_a.py", "def test_a(): pass\n")
    repo.stage("pytest.ini", "[pytest]\npythonpath = .\n")
    recorded(repo)
    repo.stage("tools.py", "def keep(name):\n    return False\n")

    assert "it runs outside of tests and imports" in (plan(repo).all or "")


def function(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


BODY = lines(
    "def f(a):",
    "    '''Words.'''",
    "    b = a",
    "    try:",
    "        for one in b:",
    "            print(one)",
    "    except ValueError:",
    "        continued = 1",
    "    with a:",
    "        b = 2",
    "    match a:",
    "        case 1:",
    "            b = 3",
    "    def g(c):",
    "        return c",
    "    while a:",
    "        break",
    "    return g",
)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("    b = a\n", "    b = a + 1\n", [(3, 3)]),
        ("    b = a\n", "    b = a\n    a = 1\n", [(3, 3)]),
        ("    b = a\n", "    a = 1\n    b = a\n", [(3, 3)]),
        ("    b = a\n", "", [(3, 3)]),
        ("print(one)", "print(1)", [(6, 6)]),
        ("            print(one)\n", "            print(one)\n        else:\n            print(2)\n", [(5, 6)]),
        ("in b:", "in a:", [(5, 6)]),
        ("continued = 1", "continued = 2", [(8, 8)]),
        ("ValueError", "OSError", [(4, 8)]),
        ("    with a:\n        b = 2", "    with a:\n        b = 4", [(10, 10)]),
        ("case 1:\n            b = 3", "case 1:\n            b = 4", [(13, 13)]),
        ("case 1:", "case 2:", [(11, 13)]),
        ("return c", "return c + 1", [(15, 15)]),
        ("return c", "return a", [(15, 15)]),
        ("def g(c):", "def g(c=1):", [(14, 15)]),
        ("        return c", "        c = 2\n        d = c\n        return d", [(14, 15)]),
        # A name that becomes a variable, a function that becomes a generator, a line that nobody sees: all of it.
        ("print(one)", "new = one", [(1, 18)]),
        ("print(one)", "yield one", [(1, 18)]),
        ("break", "print(3)", [(1, 18)]),
    ],
)
def test_a_changed_body_concerns_who_got_to_the_change(old: str, new: str, found: list[tuple[int, int]]) -> None:
    assert BODY.count(old) == 1

    assert concerned(function(BODY), function(BODY.replace(old, new))) == found
