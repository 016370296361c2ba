"""Which tests a change can affect: recorded once, judged by rules that may only widen."""

import ast
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from everycommit.config.schema import Settings
from everycommit.gates.tests import Tests as Gate
from everycommit.ledger import repeatable
from everycommit.result import Outcome
from everycommit.selection.facts import facts
from everycommit.testmap import NoMapError, TestMap, place
from judging import judging, lines, replaced
from mapping import AFFECTED, chosen, plan, recorded, with_maps
from support import Repo

FILES: Mapping[str, str] = {
    "shop/__init__.py": "from .prices import RATE, total as total\nfrom .icons import Icon, Star\n",
    "shop/prices.py": lines(
        "import json",
        "RATE = 2",
        "BOTH = RATE + 1",
        "def total(x):",
        "    return x * RATE",
        "def both():",
        "    return BOTH",
        "def idle():",
        "    return 1",
        "def doubled(f):",
        "    return lambda x: 2 * f(x)",
        "@doubled",
        "def wrapped(x):",
        "    return x",
        "def told():",
        "    return json.load(open('data/rates.json'))",
    ),
    "shop/icons.py": lines(
        "class Icon:",
        "    size = 1",
        "    wide = size + 1",
        "    def draw(self):",
        "        return self.size",
        "    def visit(self, name):",
        "        return getattr(self, 'visit_' + name, None)",
        "class Star(Icon):",
        "    pass",
        "class Other:",
        "    size = 1",
    ),
    "data/rates.json": "1\n",
    "tests/conftest.py": lines(
        "import pytest",
        "@pytest.fixture",
        "def price():",
        "    return 3",
        "@pytest.fixture",
        "def other():",
        "    return 4",
    ),
    "tests/test_shop.py": lines(
        "import os, subprocess, sys",
        "import pytest",
        "import shop",
        "from shop import prices, total, Icon, Star",
        "from shop.icons import Other",
        "def test_total(): assert total(2) == 4",
        "def test_both():",
        "    assert prices.both() == 3",
        "def test_wrapped():",
        "    assert prices.wrapped(1) == 2",
        "def test_data():",
        "    assert prices.told() == 1",
        "def test_draw():",
        "    assert Star().draw() == 1",
        "def test_wide():",
        "    assert Icon.wide == 2",
        "def test_visit():",
        "    assert Icon().visit('home') is None",
        "def test_other():",
        "    assert Other().size == 1",
        "def test_price(price):",
        "    assert price == 3",
        "def test_folder():",
        "    assert os.listdir('data') == ['rates.json']",
        "def test_program():",
        "    subprocess.run([sys.executable, '-c', 'import shop'], check=True)",
        "def test_nothing():",
        "    pass",
        "def test_source():",
        "    import inspect",
        "    assert inspect.getsource(prices.idle)",
        "def test_lazy():",
        "    import lazy",
        "    assert lazy.KEY == 1",
    ),
    "lazy.py": "KEY = 1\n",
    "pytest.ini": "[pytest]\npythonpath = .\n",
}


@pytest.fixture(scope="module")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    folder = tmp_path_factory.mktemp("shop")
    repo = Repo.make(folder / "repo", folder / "home")
    for path, content in FILES.items():
        repo.stage(path, content)
    assert recorded(repo) == 1
    return repo


@pytest.fixture
def shop(_shop: Repo) -> Iterator[Repo]:
    """A project whose tests were recorded; what a test stages is taken back."""
    yield _shop
    _shop.git("reset", "--quiet", "--hard", "HEAD")
    _shop.git("clean", "--quiet", "-fdx", "-e", ".venv")


ALWAYS = {"test_program"}


@pytest.mark.parametrize(
    ("path", "old", "new", "tests"),
    [
        ("shop/prices.py", "x * RATE", "RATE * x", {"test_total"}),
        ("shop/prices.py", "RATE = 2", "RATE = 3", {"test_total", "test_both"}),
        ("shop/prices.py", "BOTH = RATE + 1", "BOTH = 3", {"test_both"}),
        ("shop/prices.py", "    return 1", "    return 2", set()),
        ("shop/prices.py", "2 * f(x)", "3 * f(x)", {"test_wrapped"}),
        ("shop/prices.py", "@doubled\n", "", {"test_wrapped"}),
        ("shop/prices.py", "def wrapped(x):", "def wrapped(x: int):", {"test_wrapped"}),
        ("shop/prices.py", "def total(x):", "def total(x, y=1):", {"test_total"}),
        ("shop/__init__.py", "total as total", "both as total", {"test_total"}),
        ("shop/icons.py", "    size = 1\n    wide", "    size = 2\n    wide", {"test_draw", "test_wide"}),
        ("shop/icons.py", "wide = size + 1", "wide = 3", {"test_wide"}),
        ("shop/icons.py", "    def draw", "    def visit_home(self):\n        pass\n    def draw", {"test_visit"}),
        (
            "shop/icons.py",
            "    def draw",
            "    def __bool__(self):\n        return False\n    def draw",
            {"test_draw", "test_wide", "test_visit"},
        ),
        ("shop/icons.py", "class Star(Icon):\n    pass", "class Star(Icon):\n    size = 2", {"test_draw"}),
        ("shop/icons.py", "class Star(Icon):", "class Star(Other):", {"test_draw"}),
        ("tests/conftest.py", "return 3", "return 4 - 1", {"test_price"}),
        ("data/rates.json", "1\n", "2\n", {"test_data"}),
        ("lazy.py", "KEY = 1", "KEY = 2", {"test_lazy"}),
    ],
)
def test_a_change_selects_what_it_can_affect(shop: Repo, path: str, old: str, new: str, tests: set[str]) -> None:
    assert old in FILES[path]
    shop.stage(path, FILES[path].replace(old, new, 1))

    found = chosen(shop)

    assert found >= tests | ALWAYS
    # It reads a source and reflects.
    assert found <= tests | ALWAYS | {"test_source"}


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("pyproject.toml", "[project]\n", "pyproject.toml changed"),
        ("requirements-dev.txt", "a\n", "requirements-dev.txt changed"),
        ("uv.lock", "\n", "uv.lock changed"),
        ("shop/fast.c", "\n", "shop/fast.c changed"),
        ("shop/sub/__init__.py", "", "shop/sub/__init__.py came or went"),
        ("shop/prices.py", "def broken(:\n", "shop/prices.py cannot be parsed"),
        ("shop/__init__.py", "from .prices import *\n", "imports everything"),
        ("shop/__init__.py", FILES["shop/__init__.py"] + "def __getattr__(name):\n    return 1\n", "__getattr__"),
        (
            "tests/conftest.py",
            FILES["tests/conftest.py"] + "def pytest_runtest_setup(item):\n    assert 0\n",
            "pytest_runtest_setup: a hook",
        ),
        ("shop/prices.py", FILES["shop/prices.py"] + "json.setup(1)\n", "a call into json while it is imported"),
    ],
)
def test_what_may_affect_anything_runs_all(shop: Repo, path: str, content: str, words: str) -> None:
    shop.stage(path, content)

    assert words in (plan(shop).all or "")


def test_comments_and_docstrings_concern_those_who_read_the_source(shop: Repo) -> None:
    text = FILES["shop/prices.py"].replace("def idle():", "# why\ndef idle():\n    '''Rest.'''", 1)
    shop.stage("shop/prices.py", text)

    assert chosen(shop) == ALWAYS | {"test_source"}


def test_files_that_come_and_go_concern_those_who_list_the_folder(shop: Repo) -> None:
    shop.stage("data/more.json", "1\n")

    assert chosen(shop) == ALWAYS | {"test_folder"}


def test_a_new_module_concerns_who_imports_it(shop: Repo) -> None:
    shop.stage("shop/extra.py", "X = 1\n")

    assert chosen(shop) == ALWAYS


def test_a_module_that_went_concerns_who_ran_it(shop: Repo) -> None:
    shop.git("rm", "--quiet", "lazy.py")

    assert "test_lazy" in chosen(shop)


def test_fixtures_that_come_concern_the_folder(shop: Repo) -> None:
    """It may be for every test."""
    more = lines("@pytest.fixture(autouse=True)", "def always():", "    assert 0")
    shop.stage("tests/conftest.py", FILES["tests/conftest.py"] + more)

    found = plan(shop)

    assert found.all is None
    assert not found.left_out


def test_a_changed_test_file_runs_whole_and_new_tests_run(shop: Repo) -> None:
    shop.stage("tests/test_new.py", "def test_new():\n    pass\n")
    with judging(shop, settings=AFFECTED) as judged:
        result = Gate().check(with_maps(judged, shop).job)
    assert (result.outcome, result.counts["selected"], result.brief) == (Outcome.PASSED, 2, "2/15")

    shop.stage("tests/test_shop.py", FILES["tests/test_shop.py"] + "X = 1\n")
    assert not plan(shop).left_out


def test_only_what_is_selected_runs_and_the_numbers_are_said(shop: Repo) -> None:
    shop.stage("shop/prices.py", FILES["shop/prices.py"].replace("BOTH = RATE + 1", "BOTH = 4"))

    with judging(shop, settings=AFFECTED) as judged:
        result = Gate().check(with_maps(judged, shop).job)

    assert result.outcome is Outcome.FAILED
    assert result.counts == {"selected": 3, "total": 14, "failed": 1}
    assert [found.path for found in result.findings] == ["tests/test_shop.py"]


def test_a_pass_says_how_the_change_reaches_its_tests(shop: Repo) -> None:
    shop.stage("shop/prices.py", FILES["shop/prices.py"].replace("BOTH = RATE + 1", "BOTH = 3"))

    with judging(shop, settings=AFFECTED) as judged:
        result = Gate().check(with_maps(judged, shop).job)

    assert result.outcome is Outcome.PASSED
    assert result.summary.startswith("3 of 14 tests: ")
    assert "shop/prices.py" in result.summary


def test_all_run_at_push_and_where_the_settings_say_so(shop: Repo) -> None:
    shop.stage("shop/prices.py", FILES["shop/prices.py"] + "\n\nX = 1\n")

    assert plan(shop, "push").all == "the settings say so"
    assert plan(shop, "ci").all == "the settings say so"
    with judging(shop, settings=replaced(Settings(), "tests", select_commit="all")) as judged:
        assert Gate().plan(with_maps(judged, shop).job).all == "the settings say so"


def test_a_pass_of_some_tests_is_kept_apart_from_one_of_all(shop: Repo) -> None:
    shop.stage("shop/prices.py", FILES["shop/prices.py"].replace("return 1", "return 2"))

    with judging(shop, settings=AFFECTED) as judged:
        some = Gate().inputs(with_maps(judged, shop).job)
    with judging(shop, settings=AFFECTED, occasion="push") as judged:
        every = Gate().inputs(with_maps(judged, shop).job)

    assert repeatable(some)
    assert {name for name in some if some[name] != every[name]} == {"select"}
    assert every["select"] == "all"


def test_other_circumstances_run_all(shop: Repo) -> None:
    shop.stage("lazy.py", "KEY = 2\n")

    with judging(shop, settings=replaced(AFFECTED, "tests", args=("-q",))) as judged:
        assert "recorded under other settings" in (Gate().plan(with_maps(judged, shop).job).all or "")


def test_no_map_and_a_damaged_one_run_all(shop: Repo) -> None:
    shop.stage("lazy.py", "KEY = 2\n")
    path = place(shop.root / ".git", ".")
    whole = path.read_bytes()
    try:
        for content in (b"no database", whole[: len(whole) // 2], b""):
            path.write_bytes(content)
            assert "map" in (plan(shop).all or "")
        path.unlink()
        assert plan(shop).all == "no map of the tests yet; `everycommit tests map` records one"
    finally:
        path.write_bytes(whole)


def test_a_file_that_was_recorded_otherwise_runs_all(shop: Repo) -> None:
    import sqlite3

    shop.stage("lazy.py", "KEY = 2\n")
    path = place(shop.root / ".git", ".")
    whole = path.read_bytes()
    try:
        with closing(sqlite3.connect(path)) as base, base:
            base.execute("UPDATE file SET id = 'x' WHERE path = 'lazy.py'")
        assert plan(shop).all == "lazy.py was recorded with another content"
    finally:
        path.write_bytes(whole)


def test_failing_and_tracing_tests_run_whatever_changes(repo: Repo) -> None:
    repo.stage(
        "test_a.py",
        lines(
            "import sys, os",
            "def test_fails():",
            "    assert 0",
            "def test_traces():",
            "    sys.settrace(None)",
            "def test_ends():",
            "    os._exit(0)",
            "def test_fine():",
            "    pass",
        ),
    ).stage("a.py", "")
    assert recorded(repo) == (3 if sys.version_info < (3, 12) else 2)

    repo.stage("a.py", "X = 1\n")

    assert "test_fine" not in chosen(repo)


def test_a_suite_that_cannot_be_collected_is_not_recorded(repo: Repo) -> None:
    repo.stage("test_a.py", "import nowhere\n")

    with pytest.raises(Exception, match="cannot be collected"):
        recorded(repo)
    with pytest.raises(NoMapError):
        TestMap(place(repo.root / ".git", "."))


def told(old: str, new: str) -> list[tuple[str, str]]:
    return [(fact.kind, fact.name) for fact in facts(ast.parse(old), ast.parse(new))]


def test_what_differs_is_told_by_its_kind() -> None:
    old = "import a\nX = 1\ndef f(x):\n    return x\nclass C:\n    y = 1\n    def m(self):\n        pass\n"

    assert told(old, old + "\n# nothing\n") == []
    assert told(old, old.replace("return x", "return -x")) == [("body", "f")]
    assert told(old, old.replace("f(x)", "f(x=1)")) == [("head", "f")]
    assert told(old, old.replace("f(x)", "f(x: int)")) == [("head", "f")]
    assert told(old, old.replace("return x", "yield x")) == [("head", "f"), ("body", "f")]
    assert told(old, old.replace("class C", "class C(A)")) == [("class", "C")]
    assert told(old, old.replace("X = 1", "X = 2")) == [("removed", ""), ("added", "")]
    assert told(old, old.replace("    return x", "    '''Say.'''\n    return x")) == [("doc", "f")]
    assert told(old, "'''Module.'''\n" + old) == [("doc", "")]
    assert told(old, old.replace("def m", "def n")) == [("removed", "m"), ("added", "n")]
    assert told(old, "from t import TYPE_CHECKING\n" + old) == [("added", "")]
    assert told(old, old + "if TYPE_CHECKING:\n    import b\n") == []


def test_lines_that_change_places_differ() -> None:
    assert told("X = 1\nX = 2\n", "X = 2\nX = 1\n")


def test_the_map_lies_in_the_git_folder_one_a_project(tmp_path: Path) -> None:
    assert place(tmp_path, ".") == tmp_path / "everycommit/tests.sqlite"
    assert place(tmp_path, "a") != place(tmp_path, "b")
