"""Claims checked against the code: what is wrong for sure is dropped, and only that."""

import ast
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

import everycommit
from everycommit.gates.review.names import Names
from everycommit.gates.review.parts import Voted
from everycommit.gates.review.refute import Source, refuted
from everycommit.result import Finding

PACKAGE = Path(everycommit.__file__).parent
CLAIM = Voted(
    piece="h1",
    path="src/nav.py",
    line=1,
    quote="",
    category="logic",
    severity="error",
    title="it is wrong",
    scenario="any",
    claim="other",
    symbol="",
    votes=2,
    samples=3,
)


def dropped(claim: str, symbol: str, code: str, *, path: str = "src/nav.py") -> str:
    """Return why a claim is dropped about the line of *code* that ends in ``# here``."""
    text = dedent(code)
    line = next(number for number, one in enumerate(text.split("\n"), start=1) if one.endswith("# here"))
    return refuted(replace(CLAIM, claim=claim, symbol=symbol, line=line, path=path), Source(text.encode()))


@pytest.mark.parametrize(
    "code",
    [
        "x = 1\nprint(x)  # here",
        "def f():\n    return x  # here\nx = 1",
        "def f(x):\n    return x  # here",
        "def f(*x):\n    return x  # here",
        "def f(a, /, *, x=1, **k):\n    return x  # here",
        "import x\nx.y  # here",
        "from a import b as x\nx.y  # here",
        "class x: ...\nx()  # here",
        "def f():\n    x: int = 1\n    def g():\n        return x  # here",
        "y = [x for x in range(3)]  # here",
        "y = [(x, z) for x in range(3) for z in (x,)]  # here",
        "f = lambda x: x  # here",
        "try:\n    pass\nfinally:\n    x = 1\nprint(x)  # here",
        "class A:\n    x = 1\n    y = x  # here",
    ],
)
def test_a_name_that_is_defined(code: str) -> None:
    assert dropped("undefined_name", "`x`", code) == "the name is defined"


def test_a_name_that_is_built_in() -> None:
    assert dropped("undefined_name", "len()", "print(len('a'), __name__)  # here")
    assert dropped("undefined_name", "__name__", "print(len('a'), __name__)  # here")


@pytest.mark.parametrize(
    "code",
    [
        "print(x)  # here",
        "print(x)  # here\nx = 1",
        "if a:\n    x = 1\nprint(x)  # here",
        "for x in a:\n    pass\nprint(x)  # here",
        "try:\n    x = 1\nexcept E:\n    pass\nprint(x)  # here",
        "with a as x:\n    pass\nprint(x)  # here",
        "x = 1\ndel x\nprint(x)  # here",
        "def f():\n    x = 1\nprint(x)  # here",
        "class A:\n    x = 1\n    def f(self):\n        return x  # here",
        "x = 1\ndef f():\n    print(x)  # here\n    x = 2",
        "def f():\n    x: int\n    return x  # here",
        "def f():\n    global x\n    x = 1\ndef g():\n    return x  # here",
        "try:\n    pass\nexcept E as x:\n    pass\nprint(x)  # here",
        "match a:\n    case {'b': x, **x}:\n        pass\nprint(x)  # here",
        "match a:\n    case [x, *_] if x:\n        pass\nprint(x)  # here",
        "if (x := a):\n    pass\nprint(x)  # here",
        "[(x := b) for b in a]\nprint(x)  # here",
        "y = [x for z in x]  # here",
        "from a import *\nprint(x)  # here",
        "x += 1  # here",
        "def f(:\n    x  # here",
        "x = 1\npass  # here",
    ],
)
def test_a_name_that_may_be_undefined(code: str) -> None:
    assert not dropped("undefined_name", "x", code)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import x\ny = x.z  # here", True),
        ("import x\ny = 1  # here", True),
        ("import x.y\nz = x.y  # here", True),
        ("from a import x\nx()  # here", True),
        ("def x(): ...\nx()  # here", True),
        ("try:\n    import x\nexcept ImportError:\n    pass\nx.y  # here", False),
        ("def f():\n    import x\nx.y  # here", False),
        ("import x\ndel x\ny = 1  # here", False),
        ("y = x.z  # here", False),
    ],
)
def test_an_import_that_is_there(code: str, *, expected: bool) -> None:
    assert bool(dropped("missing_import", "x", code)) is expected


def test_what_is_no_plain_name_is_never_dropped() -> None:
    for claim in ("undefined_name", "missing_import", "wrong_arity", "none_deref", "unused"):
        assert not dropped(claim, "os.path", "import os\nos.path  # here")
        assert not dropped(claim, "", "import os\nos.path  # here")


@pytest.mark.parametrize(
    ("definition", "call", "expected"),
    [
        ("def f(a, b): ...", "f(1, 2)", True),
        ("def f(a, b): ...", "f(1, b=2)", True),
        ("def f(a, b=1, *, c, d=2): ...", "f(1, c=3)", True),
        ("def f(*a, **k): ...", "f(1, 2, c=3)", True),
        ("async def f(a): ...", "f(1)", True),
        ("class f:\n    def __init__(self, a): ...", "f(1)", True),
        ("def f(a, b): ...", "f(1)", False),
        ("def f(a, b): ...", "f(1, 2, 3)", False),
        ("def f(a, b): ...", "f(1, 2, b=3)", False),
        ("def f(a, b): ...", "f(1, c=2)", False),
        ("def f(a, /, b): ...", "f(a=1, b=2)", False),
        ("def f(a, /, **k): ...", "f(a=1)", False),
        ("def f(a, *, c): ...", "f(1)", False),
        ("def f(a, b): ...", "f(*x)", False),
        ("def f(a, b): ...", "f(1, **x)", False),
        ("@wraps\ndef f(a, b): ...", "f(1, 2)", False),
        ("def f(a, b): ...\nf = wraps(f)", "f(1, 2)", False),
        ("if a:\n    def f(a, b): ...", "f(1, 2)", False),
        ("from a import f", "f(1, 2)", False),
        ("def f(a, b): ...", "g(1, 2)", False),
        ("def f(a, b): ...", "f(1, 2); f(1)", False),
        ("class f(Base):\n    def __init__(self, a): ...", "f(1)", False),
        ("class f(metaclass=M):\n    def __init__(self, a): ...", "f(1)", False),
        ("class f:\n    def __new__(cls, a, b): ...\n    def __init__(self, a): ...", "f(1)", False),
        ("class f:\n    def __init__(self, a, b): ...", "f(1)", False),
        ("class f:\n    x = 1", "f(1)", False),
        ("class f:\n    __init__ = g", "f(1)", False),
    ],
)
def test_arguments_that_fit(definition: str, call: str, *, expected: bool) -> None:
    assert bool(dropped("wrong_arity", "f", f"{definition}\n{call}  # here")) is expected


@pytest.mark.parametrize(
    ("more", "call", "expected"),
    [
        ("", "self.f(1)", True),
        ("", "self.f()", False),
        ("", "other.f(1)", False),
        ("\n        self.f = a", "self.f(1)", False),
    ],
)
def test_arguments_of_a_method_that_fit(more: str, call: str, *, expected: bool) -> None:
    code = f"class A(B):\n    def f(self, a): ...\n    def g(self):{more}\n        {call}  # here"

    assert bool(dropped("wrong_arity", "f", code)) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f():\n    x()  # here", True),
        ("def f():\n    'doc'\n    y = g()\n    print(y)\n    x()  # here", True),
        ("def f():\n    with a:\n        try:\n            x()  # here\n        finally:\n            pass", True),
        ("def f():\n    if a:\n        b = 1\n    x()  # here", True),
        ("def f():\n    return\n    x()  # here", False),
        ("def f():\n    sys.exit()\n    x()  # here", False),
        ("def f():\n    if a:\n        return\n    x()  # here", False),
        ("def f():\n    if a:\n        x()  # here", False),
        ("def f():\n    while True:\n        pass\n    x()  # here", False),
        ("def f():\n    try:\n        y\n    except E:\n        x()  # here", False),
        ("def f():\n    for a in b:\n        x()  # here", False),
        ("def f():\n    match a:\n        case 1:\n            x()  # here", False),
        ("def f():\n    assert False\n    x()  # here", False),
        ("x()  # here", False),
        ("class A:\n    x()  # here", False),
        ("def f():\n    class A:\n        x()  # here", False),
        ("def f():\n    pass\n\n# here", False),
    ],
)
def test_a_line_that_is_reached(code: str, *, expected: bool) -> None:
    assert bool(dropped("unreachable", "x", code)) is expected


@pytest.mark.parametrize(
    "code",
    [
        "x = []\n    x.y  # here",
        "x = f'{a}'\n    x.y  # here",
        "x = 1\n    x.y  # here",
        "x = list(a)\n    x.y  # here",
        "x: T = Thing()\n    x.y  # here",
        "if x is None:\n        return\n    x.y  # here",
        "if not x:\n        raise E\n    x.y  # here",
        "if a or None is x:\n        return\n    b = 1\n    x.y  # here",
        "assert x is not None\n    x.y  # here",
        "assert isinstance(x, str)\n    x.y  # here",
        "if x is not None:\n        x.y  # here",
        "if a and x:\n        for b in c:\n            x.y  # here",
        "if x is None:\n        pass\n    else:\n        x.y  # here",
        "while x:\n        x.y  # here\n        x = x.z",
        "with a:\n        x = {}\n        x.y  # here",
    ],
)
def test_what_cannot_be_none(code: str) -> None:
    text = f"class Thing: ...\ndef f(x):\n    {code}"

    assert dropped("none_deref", "x", text) == "it cannot be None there"


def test_modules_functions_and_classes_are_not_none() -> None:
    for statement in ("import x", "def x(): ...", "class x(Base): ..."):
        assert dropped("none_deref", "x", f"{statement}\ndef f():\n    x.y  # here")
    assert not dropped("none_deref", "x", "from a import x\ndef f():\n    x.y  # here")
    assert not dropped("none_deref", "x", "@wraps\ndef x(): ...\ndef f():\n    x.y  # here")


def test_the_instance_is_not_none() -> None:
    assert dropped("none_deref", "self", "class A:\n    def f(self):\n        self.x  # here")
    assert not dropped("none_deref", "self", "class A:\n    @staticmethod\n    def f(self):\n        self.x  # here")
    assert not dropped("none_deref", "self", "class A:\n    def f(this, self):\n        self.x  # here")


@pytest.mark.parametrize(
    "code",
    [
        "x.y  # here",
        "x = None\n    x.y  # here",
        "x = g()\n    x.y  # here",
        "x = dict.get(a)\n    x.y  # here",
        "x = Other()\n    x.y  # here",
        "x = []\n    x = g()\n    x.y  # here",
        "x = []\n    if a:\n        x = None\n    x.y  # here",
        "x = []\n    for b in c:\n        x.y  # here\n        x = None",
        "x = []\n    for x in c:\n        x.y  # here",
        "x = []\n    with a as x:\n        x.y  # here",
        "x = []\n    try:\n        x = None\n    except E:\n        x.y  # here",
        "x = []\n    x = x.y  # here",
        "x = []\n    g(x := None, x.y)  # here",
        "x = []\n    [x.y for x in a]  # here",
        "x = []\n    lambda x: x.y  # here",
        "x = []\n    def g():\n        nonlocal x\n        x = None\n    x.y  # here",
        "if x is None and a:\n        return\n    x.y  # here",
        "if x is None:\n        g()\n    x.y  # here",
        "if x is None:\n        x.y  # here",
        "if x is not None or a:\n        x.y  # here",
        "if x:\n        pass\n    else:\n        x.y  # here",
        "assert isinstance(x, object)\n    x.y  # here",
        "if x == None:\n        return\n    x.y  # here",
        "match a:\n        case x:\n            x.y  # here",
        "del x\n    x.y  # here",
        "from a import x\n    x.y  # here",
        "@wraps\n    def x(): ...\n    x.y  # here",
        "x = []\n    y = 1  # here",
        "x = len(a)\n    def len(b): ...\n    x.y  # here",
    ],
)
def test_what_may_be_none(code: str) -> None:
    assert not dropped("none_deref", "x", f"class Other(Base): ...\ndef f(x):\n    {code}")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import x  # here\nx.y", True),
        ("from a import (\n    b,\n    x,  # here\n)\nx.y", True),
        ("def f(x):  # here\n    return x", True),
        ("def f():\n    x = 1  # here\n    return lambda: x", True),
        ("def x(): ...  # here\nx()", True),
        ("import x  # here", False),
        ("import x  # here\ndef f(x):\n    return x", False),
        ("def x():  # here\n    return x()", False),
        ("def f():\n    x = 1  # here\n    x = 2\n    return x", False),
        ("def f():\n    global x\n    x = 1  # here\n    return x", False),
        ("class A:\n    x = 1  # here\n    def f(self):\n        return x", False),
    ],
)
def test_what_is_used(code: str, *, expected: bool) -> None:
    assert bool(dropped("unused", "x", code)) is expected


def test_claims_that_no_program_can_check_are_kept() -> None:
    assert not dropped("other", "x", "x = 1\nx.y  # here")
    assert not dropped("undefined_name", "x", "x = 1\nx.y  # here", path="a.js")
    assert not refuted(replace(CLAIM, claim="unused", line=None), Source(b"x = 1"))
    assert not refuted(replace(CLAIM, claim="unused"), None)
    assert not dropped("undefined_name", "x", "x = 1\nprint(x" + " + x" * 5000 + ")  # here")


def said(rule: str, message: str, *, line: int = 7, path: str = "src/nav.py") -> Finding:
    return Finding(path=path, line=line, rule=rule, message=message)


@pytest.mark.parametrize(
    ("claim", "category", "found", "expected"),
    [
        ("undefined_name", "logic", said("lint/F821", "Undefined name `x`"), True),
        ("undefined_name", "logic", said("types/name-defined", 'Name "x" is not defined', line=8), True),
        ("undefined_name", "logic", said("lint/F821", "Undefined name `y`"), False),
        ("undefined_name", "logic", said("lint/F821", "Undefined name `x`", line=9), False),
        ("undefined_name", "logic", said("lint/F821", "Undefined name `x`", path="b.py"), False),
        ("undefined_name", "logic", said("lint/E501", "Line `x` too long"), False),
        ("none_deref", "null", said("types/union-attr", 'Item "None" has no attribute "y"'), True),
        ("unused", "other", said("lint/F401", "`x` imported but unused"), True),
        ("other", "exception", said("lint/BLE001", "Do not catch blind exception"), True),
        ("other", "logic", said("lint/BLE001", "Do not catch blind exception"), False),
    ],
)
def test_what_lint_and_types_say_is_not_said_again(
    claim: str, category: str, found: Finding, *, expected: bool
) -> None:
    one = replace(CLAIM, claim=claim, symbol="x", line=7, category=category)

    assert bool(refuted(one, None, [found])) is expected


def test_what_is_dropped_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert refuted(replace(CLAIM, claim="unused", symbol="x"), Source(b"x = 1\nprint(x)\n"))

    assert "src/nav.py:1: it is wrong (unused): it is used" in caplog.text


OWN = [PACKAGE / name for name in ("proc.py", "rules/suppressions.py", "repo/patch.py", "gates/lint.py")]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_an_import_that_is_taken_out_is_missing_wherever_its_name_is_read(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = Names(tree)
    once = {
        name: bounds[0].node
        for name, bounds in names.module.bound.items()
        if bounds[0].kind == "import" and sum(len(scope.bound.get(name, ())) for scope in names.scopes) == 1
    }
    for name, node in once.items():
        text = ast.unparse(ast.Module([one for one in tree.body if one is not node], []))
        without = Source(text.encode())
        for line in (number for number, one in enumerate(text.split("\n"), start=1) if name in one):
            for claim in ("undefined_name", "missing_import"):
                assert not refuted(replace(CLAIM, claim=claim, symbol=name, line=line), without), (name, line)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_an_argument_too_many_never_fits(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.args += [ast.Constant(0)] * 9
    text = ast.unparse(tree)
    source = Source(text.encode())
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            assert not refuted(replace(CLAIM, claim="wrong_arity", symbol=name, line=node.lineno), source), name
