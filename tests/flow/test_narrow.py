"""Where all that changed are bodies of functions that tests alone run, their files alone are collected."""

from pathlib import Path

import pytest

from flow.conftest import PYPROJECT, Shop
from support import give_python

SHOP = """\
RATE = 7


def total(prices):
    return sum(prices)


def nobody(prices):
    return prices


def at_import():
    return RATE + 1


NOW = at_import()
"""
TEST = "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
OTHER = """\
from pathlib import Path

Path({trace!r}).open("a").write("collected\\n")


def test_other():
    assert True
"""


class Traced(Shop):
    """The project with a test file that leaves a trace when it is collected, and a map."""

    @property
    def trace(self) -> Path:
        return self.root.parent / "trace"

    def judged(self, code: int = 0) -> str:
        """Judge what is staged; return what was said. ``trace`` tells whether the other file was collected."""
        self.trace.unlink(missing_ok=True)
        done = self.everycommit("run", "tests", "--explain")
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Traced:
    made = Shop.make(tmp_path / "shop", tmp_path / "home")
    shop = Traced(made.root, made.environ)
    give_python(shop)
    shop.stage("pyproject.toml", PYPROJECT).stage("src/shop/__init__.py", "").stage("src/shop/prices.py", SHOP)
    shop.stage("tests/test_prices.py", TEST).stage("tests/test_other.py", OTHER.format(trace=str(shop.trace)))
    shop.stage("tests/test_more.py", TEST.replace("total([1, 2]) == 3", "total").replace("test_total", "test_more"))
    shop.commit("Start")
    done = shop.everycommit("tests", "map")
    assert done.returncode == 0, done.stderr
    return shop


def test_a_body_that_tests_alone_run_has_only_their_files_collected(shop: Traced) -> None:
    shop.stage("src/shop/prices.py", SHOP.replace("return sum(prices)", "return sum(prices) + 0"))

    said = shop.judged()

    assert "tests 1/3 " in said
    assert not shop.trace.exists()


def test_it_still_fails_where_it_breaks_one(shop: Traced) -> None:
    shop.stage("src/shop/prices.py", SHOP.replace("return sum(prices)", "return 4"))

    assert "test_total" in shop.judged(code=1)


def test_a_test_that_leans_on_the_import_of_another_file_is_not_refused(shop: Traced) -> None:
    leaning = (
        TEST + "\n\ndef test_leans():\n    import sys\n\n    assert total([1]) == 1 and 'test_other' in sys.modules\n"
    )
    shop.stage("tests/test_prices.py", leaning).commit("Leans")
    assert shop.everycommit("tests", "map").returncode == 0
    shop.stage("src/shop/prices.py", SHOP.replace("return sum(prices)", "return sum(prices) + 0"))

    assert "tests 2/4 " in shop.judged()
    assert shop.trace.exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return RATE + 1", "return RATE + 2"),
        ("    return prices\n", "    return prices is 0\n"),
        ("RATE = 7", "RATE = 8"),
        ("def total(prices):", "def total(prices, more=()):"),
        ("NOW = at_import()", "NOW = at_import()\n\n\ndef added():\n    return 1"),
        ("def total(prices):\n", 'def total(prices):\n    """Return the sum."""\n'),
    ],
    ids=["ran at import", "ran nowhere", "a statement", "a head", "a new function", "a docstring"],
)
def test_what_may_have_a_part_in_imports_has_all_collected(shop: Traced, old: str, new: str) -> None:
    shop.stage("src/shop/prices.py", SHOP.replace("return sum(prices)", "return sum(prices) + 0").replace(old, new))

    shop.judged()

    assert shop.trace.exists()


def test_a_new_file_has_all_collected(shop: Traced) -> None:
    shop.stage("src/shop/prices.py", SHOP.replace("return sum(prices)", "return sum(prices) + 0"))
    shop.stage("tests/test_new.py", TEST)

    assert "tests 2/4 " in shop.judged()
    assert shop.trace.exists()


def test_where_pytest_might_take_another_folder_for_its_root_all_are_collected(shop: Traced) -> None:
    shop.stage("tests/setup.cfg", "").commit("Settings below")
    assert shop.everycommit("tests", "map").returncode == 0
    shop.stage("src/shop/prices.py", SHOP.replace("return sum(prices)", "return sum(prices) + 0"))

    assert "tests 1/3 " in shop.judged()
    assert shop.trace.exists()
