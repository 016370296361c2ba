"""Code that is not there yet."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.result import ERROR, NOTE, WARNING
from everycommit.rules.unfinished import check
from support import Repo, change_of


def found(repo: Repo, path: str, text: str, before: str | None = None) -> list[tuple[str, str, int | None]]:
    change, blobs = change_of(repo, {path: before}, {path: text})
    return [(one.rule.removeprefix("policy/"), one.severity, one.line) for one in check(change, blobs)]


@pytest.mark.parametrize(
    "words",
    [
        "... rest of the code unchanged ...",
        "... existing code ...",
        "... (rest of the file remains the same)",
        "\u2026 other methods here",
        "... keep the remaining imports",
        "rest of the implementation unchanged",
        "existing code here",
        "(previous code remains)",
    ],
)
def test_a_comment_in_place_of_code(repo: Repo, words: str) -> None:
    assert found(repo, "a.py", f"x = 1\n# {words}\n") == [("code-left-out", ERROR, 2)]
    assert found(repo, "a.ts", f"x = 1\n    // {words}\n") == [("code-left-out", ERROR, 2)]


@pytest.mark.parametrize(
    "line",
    [
        "# ... and so on for the others",
        "# The rest of the code assumes a lock.",
        "# Existing code paths call this twice.",
        "# Other methods return a copy.",
        'x = "... rest of the code unchanged ..."',
        "# 1, 2, 3, ...",
    ],
)
def test_a_comment_with_dots_or_rests(repo: Repo, line: str) -> None:
    assert not found(repo, "a.py", f"x = 1\n{line}\n")
    assert not found(repo, "a.md", f"{line}\n# ... rest of the code unchanged ...\n")


@pytest.mark.parametrize(
    "words",
    [
        "TODO: implement this",
        "TODO(me): actually implement retries",
        "FIXME: fill in",
        "your code here",
        "implement me",
        "placeholder implementation",
        "This is a placeholder for now",
        "not implemented yet",
        "For now, just return an empty list",
    ],
)
def test_a_comment_that_promises(repo: Repo, words: str) -> None:
    assert found(repo, "a.py", f"x = 1\n# {words}\n") == [("placeholder", WARNING, 2)]


@pytest.mark.parametrize(
    "words", ["TODO: rename", "The placeholder is shown when empty", "see the implementation of f"]
)
def test_a_comment_that_promises_no_code(repo: Repo, words: str) -> None:
    assert not found(repo, "a.py", f"x = 1\n# {words}\n")


@pytest.mark.parametrize(
    ("body", "rule", "severity"),
    [
        ("raise NotImplementedError", "placeholder", WARNING),
        ('raise NotImplementedError("area")', "placeholder", WARNING),
        ('"""Return it."""\n    raise NotImplementedError()', "placeholder", WARNING),
        ("...", "placeholder", WARNING),
        ("pass", "empty-body", NOTE),
        ("pass  # later", "empty-body", NOTE),
    ],
)
def test_a_new_function_that_holds_nothing(repo: Repo, body: str, rule: str, severity: str) -> None:
    assert found(repo, "a.py", f"def area(\n    shape,\n) -> int:\n    {body}\n") == [(rule, severity, 1)]


def test_a_body_on_the_line_of_its_function(repo: Repo) -> None:
    assert found(repo, "a.py", "def f(): ...\n\n\nasync def g(): pass\n") == [
        ("placeholder", WARNING, 1),
        ("empty-body", NOTE, 4),
    ]


def test_a_function_that_loses_its_body(repo: Repo) -> None:
    (one,) = check(*change_of(repo, {"a.py": "def f(x):\n    return x\n"}, {"a.py": "def f(x):\n    pass\n"}))

    assert (one.rule, one.line) == ("policy/placeholder", 2)
    assert one.message == "f() holds only pass and held code before"


@pytest.mark.parametrize(
    "text",
    [
        "class A(Protocol):\n    def f(self): ...\n",
        "class A(typing.Protocol[T]):\n    def f(self):\n        ...\n",
        "class A(ABC):\n    def f(self):\n        raise NotImplementedError\n",
        "class A(metaclass=ABCMeta):\n    def f(self):\n        pass\n",
        "class A:\n    @abc.abstractmethod\n    def f(self):\n        pass\n",
        "@overload\ndef f(x: int) -> int: ...\n",
        "class BaseShape:\n    def f(self):\n        raise NotImplementedError\n",
        "class Shape:\n    def f(self):\n        raise NotImplementedError\n\n\nclass Square(Shape):\n    x = 1\n",
        'class A:\n    def f(self):\n        raise NotImplementedError("subclasses must do it")\n',
        "class A:\n    def __init__(self):\n        pass\n",
        "class MyError(Exception):\n    pass\n",
        "if TYPE_CHECKING:\n    def f(x: int) -> int: ...\n",
        "try:\n    f()\nexcept OSError:\n    pass\n",
        "def f(x):\n    if x:\n        raise NotImplementedError\n    return x\n",
        "@click.group()\ndef cli():\n    pass\n",
        'def f():\n    """Do it."""\n',
        "x: tuple[int, ...] = (1,)\n",
        "def f(:\n    pass\n",
    ],
)
def test_a_body_that_is_right_to_be_empty(repo: Repo, text: str) -> None:
    assert not found(repo, "a.py", text)


def test_stubs_and_tests_are_left_alone(repo: Repo) -> None:
    assert not found(repo, "a.pyi", "def f() -> int: ...\n")
    assert not found(repo, "tests/test_a.py", "def f(): pass\n\n\ndef g(): ...\n")
    assert found(repo, "tests/test_a.py", "def f():\n    raise NotImplementedError\n") == [("placeholder", WARNING, 1)]


def test_a_placeholder_that_moves_or_was_there_raises_nothing(repo: Repo) -> None:
    text = "def f():\n    raise NotImplementedError\n"

    assert not check(*change_of(repo, {"a.py": text + "\n\nx = 1\n"}, {"b.py": text, "a.py": "x = 1\n"}))
    assert not found(repo, "a.py", text.replace("f()", "f(x)"), text)


@pytest.mark.parametrize(
    ("comments", "is_code"),
    [
        ("# x = f(1)\n# if x:\n#     return x\n", True),
        ("    # self.a = 1\n    # self.b = 2\n    # self.c = 3\n", True),
        ("# for a in b:\n#     show(a)\n# done()\n", True),
        ("# One line of words,\n# a second: words,\n# a third (words).\n", False),
        ("# Note: this\n# Args: that\n# Returns: nothing\n", False),
        ("# x\n# y\n# z\n", False),
        ("# x = 1\n# y = 2\n", False),
        ("#######\n# Title\n#######\n", False),
    ],
)
def test_code_as_comments(repo: Repo, comments: str, *, is_code: bool) -> None:
    rules = [one[0] for one in found(repo, "a.py", f"a = 1\n{comments}", "a = 1\n")]

    assert rules == ["commented-code"] * is_code


def test_lines_apart_are_no_block(repo: Repo) -> None:
    before = "a = 1\nb = 2\n"

    assert not found(repo, "a.py", "# x = f(1)\na = 1\n# y = f(2)\nb = 2\n# z = f(3)\n", before)


@given(
    st.lists(
        st.sampled_from(
            [
                "def f():",
                "    pass",
                "    ...",
                "class A:",
                "    def g(self): ...",
                "# x = 1",
                "@a",
                "    raise NotImplementedError",
            ]
        )
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
def test_findings_lie_inside_the_file(repo: Repo, lines: list[str]) -> None:
    change, blobs = change_of(repo, {}, {"a.py": "\n".join(lines)})

    assert all(1 <= (one.line or 0) <= len(lines) for one in check(change, blobs))
