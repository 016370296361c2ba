"""Claims that the code shows to be right: for sure, or not at all."""

from dataclasses import replace
from textwrap import dedent

import pytest

from everycommit.gates.review.confirm import confirmed
from everycommit.gates.review.refute import Source, refuted
from test_review_refute import CLAIM


def shown(claim: str, symbol: str, code: str, *, path: str = "src/nav.py") -> str:
    """Return by what a claim is shown about the line of *code* that ends in ``# here``; never one that is refuted."""
    text = dedent(code)
    line = next(number for number, one in enumerate(text.split("\n"), start=1) if one.endswith("# here"))
    one, source = replace(CLAIM, claim=claim, symbol=symbol, line=line, path=path), Source(text.encode())
    found = confirmed(one, source)
    assert not (found and refuted(one, source)), "shown to be right and to be wrong"
    return found


@pytest.mark.parametrize("claim", ["undefined_name", "missing_import"])
@pytest.mark.parametrize(
    "code",
    [
        "print(x)  # here",
        "def f():\n    return x  # here",
        "class A:\n    def f(self):\n        return [x for y in self]  # here",
        "def f():\n    return x.y(1)  # here",
    ],
)
def test_a_name_that_nothing_defines(claim: str, code: str) -> None:
    assert shown(claim, "`x`", code) == "nothing in the module gives x a meaning"


@pytest.mark.parametrize(
    "code",
    [
        "from a import *\nprint(x)  # here",
        "exec('x = 1')\nprint(x)  # here",
        "globals()['x'] = 1\nprint(x)  # here",
        "import builtins\nbuiltins.x = 1\nprint(x)  # here",
        "a.__dict__['x'] = 1\nprint(x)  # here",
        "try:\n    print(x)  # here\nexcept NameError:\n    pass",
        "if a:\n    x = 1\nprint(x)  # here",
        "print(x)  # here\nx = 1",
        "def f():\n    global x\n    x = 1\nprint(x)  # here",
        "def f(a: x):  # here\n    pass",
        "def f() -> x:  # here\n    pass",
        "a: x = 1  # here",
        "print(len, __name__)  # here",
        "y = 'x'  # here",
        "def f(:  # here",
    ],
)
def test_a_name_of_which_it_cannot_be_told(code: str) -> None:
    assert not shown("undefined_name", "x", code)
    assert not shown("undefined_name", "", code)
    assert not shown("undefined_name", "len", "print(len('a'))  # here")


@pytest.mark.parametrize(
    "call", ["f()", "f(1, 2, 3)", "f(1, c=2)", "f(1, a=2)", "f(b=1)", "g(f(1), f(1, 2, 3))"], ids=str
)
def test_a_call_that_does_not_fit(call: str) -> None:
    code = f"def f(a, b=1):\n    pass\ndef g(*a):\n    pass\n{call}  # here"

    assert shown("wrong_arity", "f()", code) == "the call does not fit the definition of f"


@pytest.mark.parametrize(
    "code",
    [
        "def f(a):\n    pass\nf(1)  # here",
        "def f(a):\n    pass\nf(*x)  # here",
        "def f(a):\n    pass\nf(**x)  # here",
        "@d\ndef f(a):\n    pass\nf()  # here",
        "def f(a):\n    pass\nf = g\nf()  # here",
        "if x:\n    def f(a):\n        pass\nf()  # here",
        "from m import f\nf()  # here",
        "def f(a):\n    pass\nglobals()['f'] = g\nf()  # here",
        "class f(B):\n    def __init__(self, a):\n        pass\nf()  # here",
        "a.f()  # here",
        "print(1)  # here",
    ],
)
def test_a_call_of_which_it_cannot_be_told(code: str) -> None:
    assert not shown("wrong_arity", "f", code)


def test_a_class_that_is_made_with_other_arguments() -> None:
    assert shown("wrong_arity", "C", "class C:\n    def __init__(self, a):\n        pass\nC()  # here")
    assert not shown("wrong_arity", "C", "class C:\n    def __init__(self, a):\n        pass\nC(1)  # here")


@pytest.mark.parametrize("word", ["return", "raise E", "break", "continue"])
def test_a_line_behind_one_that_leaves(word: str) -> None:
    code = (
        f"for a in b:\n    def f():\n        pass\n    {word}\n    f()  # here" if word in {"break", "continue"} else ""
    )
    code = code or f"def g():\n    {word}\n    if x:\n        f()  # here"
    line = code.split("\n").index(f"    {word}") + 1

    assert shown("unreachable", "f", code) == f"it stands behind the {word.split(maxsplit=1)[0]} in line {line}"


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    if a:\n        return\n    g()  # here",
        "def f():\n    return\n    def g():\n        h()  # here",
        "def f():\n    yield\n    g()  # here",
        "def f():\n    sys.exit()\n    g()  # here",
        "g()  # here\n",
    ],
)
def test_a_line_of_which_it_cannot_be_told(code: str) -> None:
    assert not shown("unreachable", "g", code)


def test_other_claims_files_and_places_are_never_shown() -> None:
    assert not shown("none_deref", "x", "x = None\nx.y  # here")
    assert not shown("unused", "x", "def f():\n    x = 1  # here")
    assert not shown("undefined_name", "x", "print(x)  # here", path="a.js")
    assert not confirmed(replace(CLAIM, claim="undefined_name", symbol="x", line=None), Source(b"print(x)\n"))
    assert not confirmed(replace(CLAIM, claim="undefined_name", symbol="x"), None)


def test_a_module_that_is_nested_too_deep_shows_nothing() -> None:
    deep = "x = " + "(" * 80 + "1" + ")" * 80 + "\n" + "a" + ".b" * 3000 + "\nprint(y)\n"

    assert not confirmed(replace(CLAIM, claim="undefined_name", symbol="y", line=3), Source(deep.encode()))
