"""Layers, adoption, loosening, and where each value came from."""

from pathlib import Path
from typing import Any

import pytest

from everycommit.config.load import load, user_file, user_settings
from everycommit.config.schema import BUILT_IN, Config, Loosening, Settings
from everycommit.errors import SettingsErrors

EMPTY = b"[tool.everycommit]\n"


def policy(text: str) -> bytes:
    return f"[tool.everycommit.policy]\n{text}\n".encode()


def loaded(base: bytes | None = None, target: bytes | None = None, **more: Any) -> Config:
    given: dict[str, Any] = {"user": None, "environ": {}, "flags": {}}
    return load(base=base, target=target, **given | more)


def errors(base: bytes | None = None, target: bytes | None = None, **more: Any) -> tuple[str, ...]:
    with pytest.raises(SettingsErrors) as caught:
        loaded(base, target, **more)
    return caught.value.lines


def test_no_settings_anywhere_is_the_defaults_and_nothing_to_say() -> None:
    assert loaded() == Config(settings=Settings())
    assert loaded(b"[project]\n", b"broken [") == Config(settings=Settings())
    assert loaded(b"name = 'everycommit'", b"name = 'everycommit'") == Config(settings=Settings())


def test_each_layer_beats_the_one_before_it() -> None:
    user = ("~/s.toml", b"timeout = 1\n[policy]\nmax_files = 1\nmax_added_lines = 1\nmax_removed_lines = 1")
    same = policy("max_files = 2\nmax_added_lines = 2\nmax_removed_lines = 2")
    environ = {"EVERYCOMMIT_POLICY_MAX_ADDED_LINES": "3", "EVERYCOMMIT_POLICY_MAX_REMOVED_LINES": "3"}

    config = loaded(same, same, user=user, environ=environ, flags={"policy.max_removed_lines": 4})

    assert config.settings.timeout == 1
    assert config.settings.policy.max_files == 2
    assert config.settings.policy.max_added_lines == 3
    assert config.settings.policy.max_removed_lines == 4
    assert config.sources == {
        "timeout": "user settings ~/s.toml",
        "policy.max_files": "pyproject.toml",
        "policy.max_added_lines": "environment EVERYCOMMIT_POLICY_MAX_ADDED_LINES",
        "policy.max_removed_lines": "flag --policy-max-removed-lines",
    }
    assert config.loosened == ()


def test_target_tightens_and_it_is_said_where_from() -> None:
    config = loaded(policy("max_files = 9"), policy("max_files = 3\nmax_added_lines = 600"))

    assert config.settings.policy.max_files == 3
    assert config.sources == {
        "policy.max_files": "pyproject.toml, tightened by this change",
        "policy.max_added_lines": "pyproject.toml",
    }
    assert config.loosened == ()


def test_target_does_not_loosen() -> None:
    config = loaded(policy("max_files = 9"), policy("max_files = false\nmax_added_lines = 900"))

    assert config.settings.policy.max_files == 9
    assert config.settings.policy.max_added_lines == 600
    assert config.loosened == (
        Loosening(key="policy.max_added_lines", base="600", target="900"),
        Loosening(key="policy.max_files", base="9", target="false"),
    )
    assert config.sources == {"policy.max_files": "pyproject.toml"}


def test_dropping_a_strict_setting_loosens_and_dropping_a_loose_one_does_not() -> None:
    config = loaded(policy("max_files = 9\nmax_added_lines = 900"), EMPTY)

    assert config.loosened == (Loosening(key="policy.max_files", base="9", target="50"),)
    assert config.settings.policy.max_added_lines == 600


@pytest.mark.parametrize("target", [None, b"[project]\n", b"# everycommit left\n"])
def test_dropping_the_whole_table_is_said_and_each_loosening_listed(target: bytes | None) -> None:
    base = policy("max_files = 9\nmax_added_lines = 900") + b"[tool.everycommit.command.docs]\nrun = ['make']\n"

    config = loaded(base, target)

    assert [one.key for one in config.loosened] == ["policy.max_files", "command.docs.run"]
    assert config.settings.command["docs"].run == ("make",)
    assert config.notes == ("[tool.everycommit] goes with this change: the settings before it judge it",)
    assert not config.adopting


def test_a_dropped_gate_still_judges() -> None:
    config = loaded(b"[tool.everycommit]\npush = ['tests']\n", b"[tool.everycommit]\npush = ['lint']\n")

    assert config.settings.push == ("tests", "lint")
    assert config.settings.gates("push") == ("lint", "tests")
    assert config.loosened == (Loosening(key="push", base='["tests"]', target='["lint"]'),)


def test_a_first_table_is_adoption_and_judges_itself() -> None:
    config = loaded(b"[project]\n", policy("max_files = 100"))

    assert config.adopting
    assert config.settings.policy.max_files == 100
    assert config.loosened == ()
    assert config.sources == {"policy.max_files": "pyproject.toml"}
    assert config.notes == (
        "[tool.everycommit] comes with this change: its own settings judge it, limits on size are off",
    )


def test_without_adoption_the_defaults_judge_a_first_table() -> None:
    config = loaded(None, policy("max_files = 100"), adopt=False)

    assert not config.adopting
    assert config.settings.policy.max_files == 50
    assert [one.key for one in config.loosened] == ["policy.max_files"]


def test_where_there_is_no_older_tree_target_judges_alone() -> None:
    config = loaded(policy("max_files = 1"), policy("max_files = 100"), whole=True)

    assert config.settings.policy.max_files == 100
    assert config.loosened == ()
    assert config.notes == ()
    assert not config.adopting


def test_a_setting_that_only_fits_target_is_targets_and_the_change_is_said() -> None:
    config = loaded(
        b"[tool.everycommit.tests]\nargs = ['-q']\n[tool.everycommit.types]\npaths = ['a']\n",
        b"[tool.everycommit.tests]\nargs = ['-x']\n",
    )

    assert config.settings.tests.args == ("-x",)
    assert config.settings.types.paths == ()
    assert config.sources == {"tests.args": "pyproject.toml"}
    assert config.notes == (
        'this change sets types.paths from ["a"] to []',
        'this change sets tests.args from ["-q"] to ["-x"]',
    )


def test_a_mistake_in_base_is_a_note_and_counts_as_not_set() -> None:
    config = loaded(policy("max_fils = 3\nmax_added_lines = 300"), policy("max_files = 3\nmax_added_lines = 300"))

    assert config.settings.policy.max_files == 3
    assert config.notes == (
        (
            "before this change, and counted as not set: pyproject.toml [tool.everycommit.policy].max_fils: "
            "no such setting; did you mean 'max_files'?"
        ),
    )


def test_a_base_that_is_no_toml_is_not_adoption() -> None:
    """Or breaking the file would be a way to be judged by one's own settings."""
    config = loaded(b"[tool.everycommit", policy("max_files = 100"))

    assert not config.adopting
    assert config.settings.policy.max_files == 50
    assert [one.key for one in config.loosened] == ["policy.max_files"]
    assert config.notes[0].startswith("before this change, and counted as not set: pyproject.toml: ")


def test_the_mistakes_of_target_user_environment_and_flags_come_together() -> None:
    lines = errors(
        policy("base = 1"),
        policy("target = 1"),
        user=("~/s.toml", b"user = 1"),
        environ={"EVERYCOMMIT_TIMOUT": "1", "EVERYCOMMIT_TIMEOUT": "soon"},
        flags={"timeout": -1.0},
    )

    assert lines == (
        "pyproject.toml [tool.everycommit.policy].target: no such setting",
        "~/s.toml: user: no such setting",
        'environment EVERYCOMMIT_TIMEOUT: "soon" is not a number of seconds above 0 and at most 86400',
        "environment EVERYCOMMIT_TIMOUT: no such setting; did you mean 'EVERYCOMMIT_TIMEOUT'?",
        "flag --timeout: -1 is not a number of seconds above 0 and at most 86400",
    )


def test_an_unchanged_mistake_is_targets_own() -> None:
    same = policy("max_fils = 3")

    assert len(errors(same, same)) == 1


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("POLICY_MAX_FILES", "7", "policy.max_files", 7),
        ("POLICY_MAX_FILES", "false", "policy.max_files", None),
        ("POLICY_MAX_FILES", " None ", "policy.max_files", None),
        ("TIMEOUT", "1.5", "timeout", 1.5),
        ("CACHE_DIR", "/c", "cache_dir", "/c"),
        ("INTERPRETER", "false", "interpreter", None),
        ("SNAPSHOT_GIT", "1", "snapshot.git", True),
        ("SNAPSHOT_GIT", "False", "snapshot.git", False),
        ("LINT_FORMAT", "always", "lint.format", "always"),
        ("COMMIT", "lint, types,", "commit", ("lint", "types")),
        ("TESTS_UNAFFECTED_BY", "*.md", "tests.unaffected_by", ("*.md",)),
    ],
)
def test_variable(name: str, text: str, key: str, value: object) -> None:
    config = loaded(environ={f"EVERYCOMMIT_{name}": text})

    table, _, last = key.rpartition(".")
    assert getattr(getattr(config.settings, table) if table else config.settings, last) == value
    assert config.sources == {key: f"environment EVERYCOMMIT_{name}"}


def test_variables_of_ours_and_of_others_and_empty_ones_are_no_settings() -> None:
    names = ["EVERYCOMMIT_MODEL_KEY", "EVERYCOMMIT_REPORT", "EVERYCOMMIT_WORKTREE"]
    names += ["EVERYCOMMIT_SNAPSHOT", "EVERYCOMMIT_HOOK", "EVERYCOMMITX", "everycommit_timeout"]

    config = loaded(environ={**dict.fromkeys(names, "x"), "EVERYCOMMIT_TIMEOUT": ""})

    assert config == Config(settings=Settings())


def test_a_command_has_variables_too() -> None:
    same = b"[tool.everycommit.command.type-docs]\nrun = ['make']\n"
    environ = {"EVERYCOMMIT_COMMAND_TYPE_DOCS_TIMEOUT": "7", "EVERYCOMMIT_COMMAND_OTHER_RUN": "x"}

    config = loaded(same, same, environ=environ)

    assert config.settings.command["type-docs"].timeout == 7
    assert config.notes == ("environment EVERYCOMMIT_COMMAND_OTHER_RUN: there is no such command here",)
    assert errors(same, same, environ={"EVERYCOMMIT_COMMAND_TYPE_DOCS_RUNS": "x"}) == (
        (
            "environment EVERYCOMMIT_COMMAND_TYPE_DOCS_RUNS: no such setting; "
            "did you mean 'EVERYCOMMIT_COMMAND_TYPE_DOCS_RUN'?"
        ),
    )


def test_a_flag_that_was_not_given_says_nothing() -> None:
    assert loaded(flags={"timeout": None}) == Config(settings=Settings())


def command(name: str, run: str, more: str = "") -> bytes:
    return f"[tool.everycommit.command.{name}]\nrun = ['{run}']\n{more}\n".encode()


def test_base_says_what_a_command_runs() -> None:
    config = loaded(command("docs", "make"), command("docs", "true"))

    assert config.settings.command["docs"].run == ("make",)
    assert config.loosened == (Loosening(key="command.docs.run", base='["make"]', target='["true"]'),)


def test_a_new_command_is_targets_own_and_loosens_nothing() -> None:
    config = loaded(EMPTY, command("docs", "make", "at = ['push']\ninconclusive = 'warn'"))

    assert config.settings.command["docs"].at == ("push",)
    assert config.settings.gates("commit") == BUILT_IN
    assert config.settings.gates("push") == (*BUILT_IN, "docs")
    assert config.loosened == ()


def test_in_ci_commands_are_bases_alone() -> None:
    base = command("docs", "make", "env = ['A']")
    target = command("docs", "evil", "env = ['TOKEN']") + command("new", "evil")

    config = loaded(base, target, commands_from_base=True)

    assert set(config.settings.command) == {"docs"}
    assert config.settings.command["docs"].run == ("make",)
    assert config.settings.command["docs"].env == ("A",)
    assert "the command 'new' is new and runs in CI once it is in the base" in config.notes
    assert not loaded(None, target, commands_from_base=True).settings.command
    assert not loaded(base, target, commands_from_base=True, whole=True).settings.command


def test_a_repositorys_command_has_no_part_of_the_users() -> None:
    user = ("~/s.toml", b"[command.docs]\nrun = ['mine']\nenv = ['A']\n[command.own]\nrun = ['own']\n")

    config = loaded(command("docs", "make"), command("docs", "make"), user=user)

    assert config.settings.command["docs"].run == ("make",)
    assert config.settings.command["docs"].env == ()
    assert config.settings.command["own"].run == ("own",)
    assert config.sources["command.own.run"] == "user settings ~/s.toml"
    assert "command.docs.env" not in config.sources


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"HOME": "/h"}, "/h/.config/everycommit/settings.toml"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "/x/everycommit/settings.toml"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "rel"}, "/h/.config/everycommit/settings.toml"),
        ({"HOME": "rel"}, "/dev/null"),
        ({}, "/dev/null"),
    ],
)
def test_the_users_file(environ: dict[str, str], path: str) -> None:
    """Never a path from the current folder: a repository would speak for the user."""
    assert user_file(environ) == Path(path)


def test_the_users_settings_are_named_from_home(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert user_settings(environ) is None

    path = tmp_path / ".config/everycommit/settings.toml"
    path.parent.mkdir(parents=True)
    path.write_text("timeout = 3\n")
    assert user_settings(environ) == ("~/.config/everycommit/settings.toml", b"timeout = 3\n")
    assert user_settings({"XDG_CONFIG_HOME": str(tmp_path / ".config")}) == (str(path), b"timeout = 3\n")

    path.unlink()
    path.mkdir()
    with pytest.raises(SettingsErrors, match=r"^~/.config/everycommit/settings.toml: cannot be read: Is a directory$"):
        user_settings(environ)


def test_without_a_home_there_are_no_user_settings() -> None:
    config = loaded(user=user_settings({}))

    assert config.settings == Settings()
    assert config.sources == {}


def review(text: str) -> bytes:
    return f"[tool.everycommit.review]\n{text}\n".encode()


@pytest.mark.parametrize(
    ("own", "theirs", "judges", "source"),
    [
        ("egress = 'deny'", "egress = 'allow'", "deny", "user settings ~/s.toml"),
        ("egress = 'allow'", "egress = 'deny'", "deny", "pyproject.toml"),
        ("", "egress = 'deny'", "deny", "pyproject.toml"),
        ("", "secrets = 'redact'", "withhold", None),
        ("secrets = 'redact'", "secrets = 'redact'", "redact", "pyproject.toml"),
        ("secrets = 'redact'", "", "redact", "user settings ~/s.toml"),
        ("", "max_tokens = false", 100_000, None),
        ("", "max_tokens = 200000", 100_000, None),
        ("max_tokens = 300000", "max_tokens = 200000", 200_000, "pyproject.toml"),
        ("max_tokens = false", "", None, "user settings ~/s.toml"),
        ("denied = ['a']", "denied = ['b']", ("a", "b"), "user settings ~/s.toml and pyproject.toml"),
        ("", "denied = ['b']", ("b",), "pyproject.toml"),
    ],
)
def test_no_layer_takes_back_what_another_says_of_egress(own: str, theirs: str, judges: object, source: str) -> None:
    user = ("~/s.toml", f"[review]\n{own}\n".encode())

    config = loaded(review(theirs), review(theirs), user=user)

    name = (own or theirs).partition(" ")[0]
    assert getattr(config.settings.review, name) == judges
    assert config.sources.get(f"review.{name}") == source


def test_the_environment_denies_over_all_and_allows_over_nobody() -> None:
    denied = loaded(EMPTY, EMPTY, environ={"EVERYCOMMIT_REVIEW_EGRESS": "deny"})
    allowed = loaded(*[review("egress = 'deny'")] * 2, environ={"EVERYCOMMIT_REVIEW_EGRESS": "allow"})
    more = loaded(environ={"EVERYCOMMIT_REVIEW_MAX_TOKENS": "300000"})

    assert denied.settings.review.egress == "deny"
    assert allowed.settings.review.egress == "deny"
    assert more.settings.review.max_tokens == 300_000


def test_a_change_cannot_loosen_its_review() -> None:
    base = review("votes_error = 1\nblock = 'voted'\nfinder = 'big'\nrules = ['No print.']\nleft_out = ['a']")
    target = review("votes_error = 3\nblock = 'never'\nfinder = 'small'\nrules = []\nleft_out = ['a', 'b']")

    config = loaded(base, target)

    judges = config.settings.review
    assert (judges.votes_error, judges.block, judges.finder, judges.rules) == (1, "voted", "big", ("No print.",))
    assert judges.left_out == ("a",)
    names = ("finder", "votes_error", "block", "left_out", "rules")
    assert [one.key for one in config.loosened] == [f"review.{name}" for name in names]


def test_what_an_endpoint_leaves_open_has_words_of_its_own() -> None:
    settings = loaded().settings

    asked = [(occasion, doubt) for occasion in ("commit", "push", "ci") for doubt in ("inconclusive", "unreachable")]

    assert [settings.on_doubt("review", *one) for one in asked] == ["refuse", "warn", *["refuse"] * 4]
    lenient = loaded(environ={"EVERYCOMMIT_REVIEW_UNREACHABLE_CI": "warn"}).settings
    assert lenient.on_doubt("review", "ci", "unreachable") == "warn"
