"""Protected and frozen paths, frozen symbols, scope."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.rules import paths
from everycommit.rules.rule import Rule
from support import Repo, change_of

CLIENT = '''import os


class Client:
    """Talks."""

    timeout: float = 5.0

    @property
    def name(self) -> str:
        return "x"

    def get(self, path: str, *, retries: int = 3) -> bytes:
        return b""


def helper(value: int) -> int:
    return value + 1


def _private(value: int) -> int:
    return value
'''


def messages(
    repo: Repo,
    before: dict[str, str | bytes | None],
    after: dict[str, str | bytes | None],
    *,
    protected: tuple[str, ...] = (),
    frozen: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
) -> list[str]:
    change, blobs = change_of(repo, before, after)
    findings = paths.check(change, blobs, protected=protected, frozen=frozen, only=only)
    for finding in findings:
        text = after.get(finding.path or "")
        lines = len(text.split("\n" if isinstance(text, str) else b"\n")) if text else 1  # type: ignore[arg-type]
        assert finding.line is None or 1 <= finding.line <= lines
    return [finding.message for finding in findings]


@pytest.mark.parametrize("rule", paths.RULES, ids=lambda rule: rule.id)
def test_each_rule_finds_its_bad_example_and_not_its_good_one(repo: Repo, rule: Rule) -> None:
    for sides, expected in ((rule.bad, True), (rule.good, False)):
        before, after = ({path: pair[side] for path, pair in sides.items()} for side in (0, 1))
        change, blobs = change_of(repo, before, after)
        rules = [finding.rule for finding in paths.check(change, blobs, **paths.EXAMPLES[rule.id])]
        assert (rules == [rule.id]) is expected
        assert paths.check(change, blobs) == []


def test_a_rename_touches_both_its_paths(repo: Repo) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    before: dict[str, str | bytes | None] = {"db/a.sql": text}
    move = (before, {"src/a.sql": before["db/a.sql"]})

    assert messages(repo, *move, protected=("db/**",)) == [
        "'db/a.sql' is protected ('db/**') and was renamed from 'db/a.sql'"
    ]
    assert messages(repo, *move, frozen=("src/**",)) == [
        "'src/a.sql' is frozen ('src/**') and was renamed from 'db/a.sql'"
    ]
    assert messages(repo, *move, only=("src/**",)) == [
        "'db/a.sql' was renamed from 'db/a.sql' and is out of scope: only 'src/**'"
    ]
    assert messages(repo, *move, only=("src/**", "db/**")) == []


@pytest.mark.parametrize(("after", "verb"), [(None, "deleted"), ("1\n3\n", "changed")])
def test_what_happened_to_a_protected_path_is_said(repo: Repo, after: str | None, verb: str) -> None:
    assert messages(repo, {"a": "1\n2\n"}, {"a": after}, protected=("a",)) == [f"'a' is protected ('a') and was {verb}"]


def test_a_finding_stands_at_the_first_changed_line(repo: Repo) -> None:
    change, blobs = change_of(repo, {"a": "1\n2\n3\n", "b": "1\n2\n"}, {"a": "1\n2\n4\n", "b": "1\n"})

    assert [finding.line for finding in paths.check(change, blobs, protected=("*",))] == [3, 1]


@pytest.mark.parametrize(
    "after",
    [
        CLIENT.replace("import os", "# a comment\nimport os\nimport sys"),
        CLIENT.replace("value + 1", "value + 2"),
        CLIENT.replace('    """Talks."""\n', '    """Talks."""\n\n    # waits\n'),
        CLIENT.replace("def _private", "def _other"),
        "X = 1\n" + CLIENT + "\n\nclass Other:\n    pass\n",
    ],
)
def test_what_stands_around_a_frozen_class_is_free(repo: Repo, after: str) -> None:
    assert messages(repo, {"api.py": CLIENT}, {"api.py": after}, frozen=("api.py::Client",)) == []


@pytest.mark.parametrize(
    "after",
    [
        CLIENT.replace("timeout: float = 5.0", "timeout: float = 6.0"),
        CLIENT.replace("    @property\n", ""),
        CLIENT.replace("retries: int = 3", "retries: int = 4"),
        CLIENT.replace('return b""', 'return b"x"'),
        CLIENT.replace("class Client:", "class Client(object):"),
        CLIENT + "\n\nClient = None\n",
        CLIENT + "\n\nClient.get = helper\n",
        CLIENT + '\n\nsetattr(Client, "get", helper)\n',
        CLIENT + "\n\ndel Client\n",
        CLIENT.replace("class Client:", "if os.name:\n  class Client:").replace("\n    ", "\n     "),
    ],
)
def test_a_frozen_class_is_compared_as_a_whole(repo: Repo, after: str) -> None:
    assert messages(repo, {"api.py": CLIENT}, {"api.py": after}, frozen=("api.py::Client",)) == [
        "'api.py::Client' is frozen and was changed"
    ]


def test_a_method_can_be_frozen_alone(repo: Repo) -> None:
    frozen = ("api.py::Client.get",)
    free = CLIENT.replace("5.0", "6.0")

    assert messages(repo, {"api.py": CLIENT}, {"api.py": free}, frozen=frozen) == []
    assert messages(repo, {"api.py": CLIENT}, {"api.py": CLIENT.replace("= 3", "= 4")}, frozen=frozen) == [
        "'api.py::Client.get' is frozen and was changed"
    ]


def test_a_frozen_symbol_is_not_moved_or_deleted(repo: Repo) -> None:
    frozen = ("api.py::Client",)
    without = CLIENT[: CLIENT.index("class Client")] + CLIENT[CLIENT.index("def helper") :]

    assert messages(repo, {"api.py": CLIENT}, {"api.py": without}, frozen=frozen) == [
        "'api.py::Client' is frozen and is gone from its file"
    ]
    assert messages(repo, {"api.py": CLIENT}, {"web.py": CLIENT}, frozen=frozen) == [
        "'api.py::Client' is frozen and its file is now 'web.py'"
    ]
    assert messages(repo, {"api.py": CLIENT}, {}, frozen=frozen) == ["'api.py::Client' is frozen and its file is gone"]
    assert messages(repo, {"api.py": CLIENT}, {"web.py": CLIENT}, frozen=("*.py::Client",)) == []


def test_other_ways_to_bind_a_name_count(repo: Repo) -> None:
    before = "from a import Client as Api\nA, B = 1, 2\nfor x in ():\n    pass\n"
    frozen = ("api.py::Api", "api.py::B")

    assert messages(repo, {"api.py": before}, {"api.py": before + "C = 3\n"}, frozen=frozen) == []
    assert messages(repo, {"api.py": before}, {"api.py": before.replace("from a", "from b")}, frozen=frozen) == [
        "'api.py::Api' is frozen and was changed"
    ]
    assert messages(repo, {"api.py": before}, {"api.py": before + "B += 1\n"}, frozen=frozen) == [
        "'api.py::B' is frozen and was changed"
    ]


def test_bodies_of_a_module_with_frozen_signatures_are_free(repo: Repo) -> None:
    after = CLIENT.replace("value + 1", "value * 2").replace('return b""', "return bytes(1)")
    after = after.replace("def _private(value: int)", "def _private(value: str)") + "\n\n_x = 1\nlog = 2\n"

    assert messages(repo, {"api.py": CLIENT}, {"api.py": after}, frozen=("api.py::signatures",)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "value: int) -> int:\n    return value + 1",
            "value: str) -> int:\n    return 1",
            "that of 'helper' was changed",
        ),
        ("def helper", "async def helper", "that of 'helper' was changed"),
        ("retries: int = 3", "retries: int = 4", "that of 'Client.get' was changed"),
        ("    @property\n", "", "that of 'Client.name' was changed"),
        ("float = 5.0", "float = 6.0", "that of 'Client.timeout' was changed"),
        ("def helper(value: int) -> int:\n    return value + 1\n", "", "'helper' is gone"),
        ("def _private", "def public", "'public' was added"),
        ("import os", "import os\n__all__ = ['Client']", "'__all__' was added"),
    ],
)
def test_frozen_signatures(repo: Repo, old: str, new: str, said: str) -> None:
    assert old in CLIENT

    found = messages(repo, {"api.py": CLIENT}, {"api.py": CLIENT.replace(old, new)}, frozen=("api.py::signatures",))

    assert found == [f"'api.py::signatures' are frozen and {said}"]


def test_signatures_do_not_leave_their_file(repo: Repo) -> None:
    assert messages(repo, {"api.py": CLIENT}, {"b.py": CLIENT}, frozen=("api.py::signatures",)) == [
        "'api.py::signatures' are frozen and the file is now 'b.py'"
    ]


def test_a_file_that_cannot_be_parsed_is_not_called_unchanged(repo: Repo) -> None:
    frozen = ("api.py::Client",)

    assert messages(repo, {"api.py": CLIENT}, {"api.py": CLIENT + "def (\n"}, frozen=frozen) == [
        "'api.py::Client' is frozen and cannot be compared: the target's file cannot be parsed"
    ]
    assert messages(repo, {"api.py": "def (\n"}, {"api.py": CLIENT}, frozen=frozen) == [
        "'api.py::Client' is frozen and cannot be compared: the base's file cannot be parsed"
    ]


def test_a_chain_of_conditions_does_not_break_the_comparison(repo: Repo) -> None:
    chain = "if a == 0:\n    A = 0\n" + "".join(f"elif a == {number}:\n    A = {number}\n" for number in range(900))

    found = messages(repo, {"api.py": chain}, {"api.py": chain + "else:\n    A = 7\n"}, frozen=("api.py::A",))

    assert len(found) == 1


def test_source_in_an_undeclared_encoding_is_compared(repo: Repo) -> None:
    before = b"A = '\xe9'\nB = 1\n"

    assert messages(repo, {"a.py": before}, {"a.py": before + b"C = 1\n"}, frozen=("a.py::A",)) == []
    assert len(messages(repo, {"a.py": before}, {"a.py": before.replace(b"\xe9", b"\xe8")}, frozen=("a.py::A",))) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.text(), cut=st.integers(0, len(CLIENT)), more=st.text())
def test_no_content_breaks_the_comparison(repo: Repo, before: str, cut: int, more: str) -> None:
    """Whatever stands in the two files, findings lie inside the target's."""
    old = before.encode("utf-8", "surrogatepass")
    new = CLIENT[:cut].encode() + more.encode("utf-8", "surrogatepass")

    messages(repo, {"a.py": old}, {"a.py": new}, frozen=("a.py::Client", "a.py::signatures"), only=("b",))
