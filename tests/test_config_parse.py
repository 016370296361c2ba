"""Every mistake in a settings file is a line: file, table, key, value, and the nearest right name."""

import pytest

from everycommit.config import parse
from everycommit.config.values import DAY

TOP = "pyproject.toml [tool.everycommit]"


def mistakes(text: str) -> list[str]:
    return list(parse.repository(text.encode()).mistakes)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[tool.everycommit.policy]\nmax_aded_lines = 1",
            "pyproject.toml [tool.everycommit.policy].max_aded_lines: no such setting; did you mean 'max_added_lines'?",
        ),
        (
            '[tool.everycommit.policy]\nmax_added_lines = "many"',
            (
                'pyproject.toml [tool.everycommit.policy].max_added_lines: "many" is not a whole number of 0 or more, '
                "or false for no limit"
            ),
        ),
        (
            "[tool.everycommit.policy]\nmax_files = true",
            (
                "pyproject.toml [tool.everycommit.policy].max_files: true is not a whole number of 0 or more, "
                "or false for no limit"
            ),
        ),
        (
            "[tool.everycommit.policy]\nmax_files = -1",
            (
                "pyproject.toml [tool.everycommit.policy].max_files: -1 is not a whole number of 0 or more, "
                "or false for no limit"
            ),
        ),
        (
            "[tool.everycommit.policy]\nmax_files = 1.5",
            (
                "pyproject.toml [tool.everycommit.policy].max_files: 1.5 is not a whole number of 0 or more, "
                "or false for no limit"
            ),
        ),
        (
            '[tool.everycommit.lint]\ninconclusive = "warm"',
            (
                "pyproject.toml [tool.everycommit.lint].inconclusive: \"warm\" is not one of 'warn', 'refuse'; "
                "did you mean 'warn'?"
            ),
        ),
        (
            "[tool.everycommit.lint]\nformat = false",
            "pyproject.toml [tool.everycommit.lint].format: false is not one of 'never', 'auto', 'always'",
        ),
        ("[tool.everycommit]\nzzz = 1", f"{TOP}.zzz: no such setting"),
        ("[tool.everycommit]\npolici = {}", f"{TOP}.polici: no such setting; did you mean 'policy'?"),
        ("[tool.everycommit]\ncomand = {}", f"{TOP}.comand: no such setting; did you mean 'command'?"),
        ("[tool.everycommit]\npolicy = 3", f"{TOP}.policy: 3 is not a table"),
        ("[tool.everycommit]\ncommand = []", f"{TOP}.command: [] is not a table"),
        ("[tool]\neverycommit = 3", "pyproject.toml [tool].everycommit: 3 is not a table"),
        (
            "[tool.everycommit]\ntimeout = true",
            f"{TOP}.timeout: true is not a number of seconds above 0 and at most {DAY}",
        ),
        ("[tool.everycommit]\ntimeout = 0", f"{TOP}.timeout: 0 is not a number of seconds above 0 and at most {DAY}"),
        (
            "[tool.everycommit]\ntimeout = nan",
            f"{TOP}.timeout: nan is not a number of seconds above 0 and at most {DAY}",
        ),
        (
            "[tool.everycommit]\ntimeout = inf",
            f"{TOP}.timeout: inf is not a number of seconds above 0 and at most {DAY}",
        ),
        (
            "[tool.everycommit]\ntimeout = {}",
            f"{TOP}.timeout: a table is not a number of seconds above 0 and at most {DAY}",
        ),
        (
            "[tool.everycommit]\ntimeout = 2020-01-01",
            f"{TOP}.timeout: 2020-01-01 is not a number of seconds above 0 and at most {DAY}",
        ),
        ("[tool.everycommit]\ninterpreter = true", f"{TOP}.interpreter: true is not a text, or false for none"),
        ('[tool.everycommit]\ninterpreter = ""', f'{TOP}.interpreter: "" is not a text, or false for none'),
        ('[tool.everycommit]\ncommit = "lint"', f'{TOP}.commit: "lint" is not a list; write ["lint"]'),
        ("[tool.everycommit]\ncommit = 3", f"{TOP}.commit: 3 is not a list of texts"),
        ("[tool.everycommit]\ncommit = [3]", f"{TOP}.commit: 3 in the list is not a text"),
        ('[tool.everycommit]\ncommit = ["tets"]', f"{TOP}.commit: \"tets\" is no built-in gate; did you mean 'tests'?"),
        (
            '[tool.everycommit]\npush = ["docs"]',
            (
                f'{TOP}.push: "docs" is no built-in gate; there are policy, lint, types, tests, review '
                "(a command of yours says in its own 'at' when it runs)"
            ),
        ),
        (
            '[tool.everycommit]\ncache_dir = "/tmp"',
            f"{TOP}.cache_dir: a repository may not say this; your own settings or EVERYCOMMIT_CACHE_DIR may",
        ),
        (
            '[tool.everycommit.snapshot]\ngit = "yes"',
            'pyproject.toml [tool.everycommit.snapshot].git: "yes" is not true or false',
        ),
        (
            '[tool.everycommit.tests]\nenv = ["A B"]',
            'pyproject.toml [tool.everycommit.tests].env: "A B" is no name of an environment variable',
        ),
        (
            '[tool.everycommit.tests]\nenv = ["GIT_DIR"]',
            'pyproject.toml [tool.everycommit.tests].env: "GIT_DIR" is git\'s or ours and never handed to a child',
        ),
        (
            '[tool.everycommit.policy]\nuncounted = [""]',
            'pyproject.toml [tool.everycommit.policy].uncounted: "" in the list is empty',
        ),
        (
            '[tool.everycommit.tests]\nargs = ["a\\u0000"]',
            'pyproject.toml [tool.everycommit.tests].args: "a\\u0000" in the list is not a text',
        ),
        (
            '[tool.everycommit]\n"a \\u001b]b" = 1',
            'pyproject.toml [tool.everycommit]."a \\u001b]b": no such setting',
        ),
        (
            "[tool.everycommit.command.Docs]\nrun = ['a']",
            "pyproject.toml [tool.everycommit.command].Docs: a command's name is made of a-z, 0-9 and -",
        ),
        (
            "[tool.everycommit.command.lint]\nrun = ['a']",
            "pyproject.toml [tool.everycommit.command].lint: a gate of this name is built in; choose another name",
        ),
        ("[tool.everycommit.command]\ndocs = 3", "pyproject.toml [tool.everycommit.command].docs: 3 is not a table"),
        (
            "[tool.everycommit.command.docs]\ntimeout = 3",
            "pyproject.toml [tool.everycommit.command.docs].run: missing; name the program and its arguments",
        ),
        (
            "[tool.everycommit.command.docs]\nrun = []",
            "pyproject.toml [tool.everycommit.command.docs].run: [] names no program; write it and its arguments",
        ),
        (
            "[tool.everycommit.command.docs]\nrun = ['', 'a']",
            (
                'pyproject.toml [tool.everycommit.command.docs].run: ["", "a"] names no program; '
                "write it and its arguments"
            ),
        ),
        (
            "[tool.everycommit.command.docs]\nrun = ['a']\nat = ['comit']",
            (
                "pyproject.toml [tool.everycommit.command.docs].at: \"comit\" is not one of 'commit', 'push', 'ci'; "
                "did you mean 'commit'?"
            ),
        ),
    ],
)
def test_mistake(text: str, line: str) -> None:
    assert mistakes(text) == [line]


def test_all_mistakes_come_at_once_in_the_order_of_the_file() -> None:
    found = mistakes("[tool.everycommit]\na = 1\npush = 2\n[tool.everycommit.policy]\nb = 3\nmax_files = 'x'\n")

    assert [line.partition(": ")[0].rpartition(".")[2] for line in found] == ["a", "push", "b", "max_files"]


def test_what_is_right_is_kept_beside_mistakes() -> None:
    found = parse.repository(b"[tool.everycommit.policy]\nmax_files = 3\nmax_added_lines = 'x'\n")

    assert found.values == {"policy.max_files": 3}


def test_half_a_command_is_none() -> None:
    found = parse.repository(
        b"[tool.everycommit.command.a]\nrun = 3\ntimeout = 3\n[tool.everycommit.command.a-b]\nrun = ['x']\n"
    )

    assert found.values == {"command.a-b.run": ("x",)}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"# everycommit\n[tool\n", "pyproject.toml: line 2, column 6: not valid TOML: "),
        (b"# everycommit\na = [", "pyproject.toml: end of the file: not valid TOML: "),
        (b"# everycommit\na = '\xff'", "pyproject.toml: line 2: byte 0xff is not UTF-8"),
        (b"\xef\xbb\xbf# everycommit\n", "pyproject.toml: line 1, column 1: begins with a byte order mark"),
        (b"# everycommit\na = " + b"[" * 100_000, "pyproject.toml: not valid TOML: nested too deeply"),
        (b"# everycommit\na = " + b"9" * 5000, "pyproject.toml: not valid TOML: "),
        (b"# everycommit\n\x1b[31m = 3", "pyproject.toml: line 2, column 1: not valid TOML: "),
    ],
)
def test_a_file_that_is_no_toml_is_one_line_with_the_place(content: bytes, line: str) -> None:
    found = parse.repository(content)

    assert len(found.mistakes) == 1
    assert found.mistakes[0].startswith(line)
    assert "\x1b" not in found.mistakes[0]
    assert "\n" not in found.mistakes[0]
    assert found.present


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"no toml at all [",
        b"[project]\nname = 'everycommit'\n",
        b"tool = 'everycommit'",
        b"[tool.ruff] # everycommit",
    ],
)
def test_a_file_without_our_table_says_nothing(content: bytes | None) -> None:
    assert parse.repository(content) == parse.NOTHING


def test_an_empty_table_is_there() -> None:
    assert parse.repository(b"[tool.everycommit]\n") == parse.Parsed({}, (), present=True)


def test_the_users_file_has_the_same_keys_without_a_prefix_and_may_say_more() -> None:
    found = parse.user("~/s.toml", b"cache_dir = '/x'\ntimeout = 3\n[policy]\nmax_files = false\nx = 1\n")

    assert found.values == {"cache_dir": "/x", "timeout": 3.0, "policy.max_files": None}
    assert found.mistakes == ("~/s.toml [policy].x: no such setting",)
    assert parse.user("~/s.toml", b"tmeout = 3").mistakes == (
        "~/s.toml: tmeout: no such setting; did you mean 'timeout'?",
    )
    assert parse.user("~/s.toml", b"=").mistakes[0].startswith("~/s.toml: line 1, column 1: not valid TOML")


def test_a_repeated_gate_counts_once_and_a_repeated_argument_stays() -> None:
    found = parse.repository(
        b"[tool.everycommit]\ncommit = ['lint', 'lint']\n[tool.everycommit.tests]\nargs = ['-v', '-v', '']\n"
    )

    assert found.values == {"commit": ("lint",), "tests.args": ("-v", "-v", "")}


def test_a_long_value_is_cut() -> None:
    [line] = mistakes(f"[tool.everycommit]\ntimeout = '{'x' * 1000}'")

    assert len(line) < 200
