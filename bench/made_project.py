"""A small made project with what the real packages have little of: plugins, data, a command line run as a program.

It is no package that anybody uses; what comes of it is counted by itself.
"""

from pathlib import Path

FILES = {
    "pyproject.toml": """\
[project]
name = "shelf"
version = "1"
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[tool.setuptools]
packages = ["shelf", "shelf.plugins"]
[tool.setuptools.package-data]
shelf = ["data/*"]
""",
    "shelf/__init__.py": """\
from .catalog import Catalog as Catalog, shipped as shipped
from .units import GRAMS as GRAMS, weight as weight

__all__ = ["Catalog", "shipped", "GRAMS", "weight"]
""",
    "shelf/units.py": """\
GRAMS = {"g": 1, "kg": 1000, "lb": 453}
ROUND = 2
LIMIT = 50


def weight(text):
    number, _, unit = text.partition(" ")
    return round(float(number) * GRAMS[unit or "g"], ROUND)


def heavy(text):
    return weight(text) > LIMIT * GRAMS["kg"]
""",
    "shelf/catalog.py": """\
import json
from pathlib import Path

from .units import heavy, weight

DATA = Path(__file__).parent / "data"
SEPARATOR = "/"


class Catalog:
    currency = "EUR"
    tax = 19

    def __init__(self, items):
        self.items = items

    def total(self):
        return sum(item["price"] for item in self.items.values())

    def gross(self):
        return self.total() * (100 + self.tax) // 100

    def label(self, name):
        return name + SEPARATOR + str(self.items[name]["price"]) + " " + self.currency

    def heavy(self):
        return sorted(name for name, item in self.items.items() if heavy(item["weight"]))

    def weight(self):
        return sum(weight(item["weight"]) for item in self.items.values())


def shipped(name):
    return Catalog(json.loads((DATA / (name + ".json")).read_text()))


def rates():
    lines = (DATA / "rates.csv").read_text().split()
    return {code: float(rate) for code, rate in (line.split(",") for line in lines)}


def names():
    return sorted(path.stem for path in DATA.glob("*.json"))
""",
    "shelf/data/tools.json": '{"saw": {"price": 30, "weight": "2 kg"}, "anvil": {"price": 400, "weight": "90 kg"}}\n',
    "shelf/data/books.json": '{"atlas": {"price": 50, "weight": "3 kg"}, "novel": {"price": 9, "weight": "300 g"}}\n',
    "shelf/data/toys.json": '{"robot": {"price": 25, "weight": "1 lb"}, "kite": {"price": 12, "weight": "90 g"}}\n',
    "shelf/data/rates.csv": "EUR,1\nUSD,1.25\nJPY,160\n",
    "shelf/data/words.txt": "cheap\nfair\ndear\n",
    "shelf/plugins/__init__.py": """\
import importlib

PREFIX = "shelf.plugins."


def load(name):
    return importlib.import_module(PREFIX + name)


def run(name, action, *args):
    return getattr(load(name), "do_" + action)(*args)


def actions(name):
    return sorted(one[3:] for one in dir(load(name)) if one.startswith("do_"))
""",
    "shelf/plugins/report.py": """\
WIDTH = 20
FILL = "."


class Report:
    ending = "!"

    def visit(self, kind, value):
        return getattr(self, "visit_" + kind, self.generic)(value)

    def visit_int(self, value):
        return str(value + 1)

    def visit_str(self, value):
        return value.upper() + self.ending

    def generic(self, value):
        return "?" + repr(value)


def do_title(text):
    return text.center(WIDTH, FILL)


def do_line(name, price):
    return name.ljust(WIDTH - 5, FILL) + str(price).rjust(5)


def do_show(value):
    return Report().visit(type(value).__name__, value)
""",
    "shelf/plugins/export.py": """\
QUOTE = "'"
NULL = None


def do_csv(row):
    return ",".join(QUOTE + str(one) + QUOTE for one in row)


def do_tsv(row):
    return "\\t".join(str(one) for one in row)


def do_default(value):
    return NULL if value == 0 else value
""",
    "shelf/plugins/discount.py": """\
PERCENT = 10
SMALL = 5


def do_price(price):
    return price if price <= SMALL else price * (100 - PERCENT) // 100


def do_steps(price):
    return [price * step // 100 for step in (100, 75, 50)]
""",
    "shelf/cli.py": """\
import sys

from . import catalog, plugins, units

USAGE = "usage: shelf total|heavy|title|rates NAME"
BAD = 2


def main(argv):
    if len(argv) != 2:
        print(USAGE, file=sys.stderr)
        return BAD
    word, name = argv
    if word == "total":
        print(catalog.shipped(name).gross())
    elif word == "heavy":
        print(" ".join(catalog.shipped(name).heavy()))
    elif word == "title":
        print(plugins.run("report", "title", name))
    elif word == "rates":
        print(catalog.rates()[name])
    elif word == "weight":
        print(units.weight(name))
    else:
        return BAD + 1
    return 0
""",
    "shelf/__main__.py": """\
import sys

from .cli import main

sys.exit(main(sys.argv[1:]))
""",
    "tests/conftest.py": """\
import json

import pytest

FACTOR = 2


@pytest.fixture
def item():
    return {"price": 10, "weight": "4 kg"}


@pytest.fixture(params=[1, 3])
def many(request, item):
    return {str(number): item for number in range(request.param)}


@pytest.fixture
def doubled(item):
    return {**item, "price": item["price"] * FACTOR}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"x": 1}))
    return tmp_path
""",
    "tests/test_catalog.py": """\
import json

import pytest

import shelf
from shelf import catalog


@pytest.mark.parametrize(("name", "total"), [("tools", 430), ("books", 59), ("toys", 37)])
def test_total(name, total):
    assert shelf.shipped(name).total() == total


@pytest.mark.parametrize(("name", "gross"), [("tools", 511), ("books", 70), ("toys", 44)])
def test_gross(name, gross):
    assert shelf.shipped(name).gross() == gross


def test_label(item):
    assert shelf.Catalog({"saw": item}).label("saw") == "saw/10 EUR"


def test_many(many):
    assert shelf.Catalog(many).total() == 10 * len(many)


def test_doubled(doubled):
    assert shelf.Catalog({"a": doubled}).total() == 20


def test_weight(item):
    assert shelf.Catalog({"a": item}).weight() == 4000


def test_heavy():
    assert shelf.shipped("tools").heavy() == ["anvil"]


def test_no_heavy():
    assert shelf.shipped("books").heavy() == []


def test_rates():
    assert catalog.rates() == {"EUR": 1.0, "USD": 1.25, "JPY": 160.0}


def test_names():
    assert catalog.names() == ["books", "tools", "toys"]


def test_words():
    assert (catalog.DATA / "words.txt").read_text().split() == ["cheap", "fair", "dear"]


def test_folder(folder):
    assert json.loads((folder / "a.json").read_text()) == {"x": 1}


def test_units():
    assert shelf.weight("2 kg") == 2000
    assert shelf.weight("7") == 7


def test_pound():
    assert shelf.weight("1 lb") == shelf.GRAMS["lb"] == 453
""",
    "tests/test_plugins.py": """\
import pytest

from shelf import plugins


def test_title():
    assert plugins.run("report", "title", "ab") == ".........ab........."


def test_line():
    assert plugins.run("report", "line", "saw", 30) == "saw............   30"


@pytest.mark.parametrize(("value", "shown"), [(3, "4"), ("a", "A!"), (1.5, "?1.5")])
def test_show(value, shown):
    assert plugins.run("report", "show", value) == shown


def test_csv():
    assert plugins.run("export", "csv", [1, "b"]) == "'1','b'"


def test_tsv():
    assert plugins.run("export", "tsv", [1, "b"]) == "1\\tb"


def test_default():
    assert plugins.run("export", "default", 0) is None
    assert plugins.run("export", "default", 4) == 4


@pytest.mark.parametrize(("price", "less"), [(5, 5), (6, 5), (100, 90)])
def test_discount(price, less):
    assert plugins.run("discount", "price", price) == less


def test_steps():
    assert plugins.run("discount", "steps", 100) == [100, 75, 50]


@pytest.mark.parametrize(
    ("name", "actions"),
    [("report", ["line", "show", "title"]), ("export", ["csv", "default", "tsv"]), ("discount", ["price", "steps"])],
)
def test_actions(name, actions):
    assert plugins.actions(name) == actions
""",
    "tests/test_program.py": """\
import subprocess
import sys

import pytest


def shelf(*args):
    done = subprocess.run([sys.executable, "-m", "shelf", *args], capture_output=True, text=True)
    return done.returncode, done.stdout.strip() or done.stderr.strip()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("total", "tools"), (0, "511")),
        (("heavy", "tools"), (0, "anvil")),
        (("title", "ab"), (0, ".........ab.........")),
        (("rates", "USD"), (0, "1.25")),
        (("weight", "2 lb"), (0, "906.0")),
        (("other", "x"), (3, "")),
        ((), (2, "usage: shelf total|heavy|title|rates NAME")),
    ],
)
def test_program(args, told):
    assert shelf(*args) == told
""",
}


def fill(root: Path) -> None:
    """Write the project into the folder *root*."""
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
