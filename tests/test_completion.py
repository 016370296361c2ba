"""TAB in real shells: commands, flags, and values of this repository, without a parser or git for it."""

import argparse
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from everycommit.cli.completion_words import kind, words
from everycommit.cli.main import COMMANDS, parser_of
from support import Repo

BIN = Path(sys.executable).parent
SECONDS = 20
ASKED = [
    ("everycommit sett", "settings"),
    ("everycommit run --ran", "--range"),
    ("everycommit run --format sar", "sarif"),
    ("everycommit run --skip esl", "eslint"),
    ("everycommit run pol", "policy"),
    ("everycommit explain debug", "debug-print"),
    ("everycommit settings policy.max_added", "policy.max_added_lines"),
    ("everycommit models test fas", "fast"),
    ("everycommit models ben", "bench"),
    ("everycommit run --commit feat", "feature"),
    ("everycommit help framew", "frameworks"),
    ("everycommit hook pre-pu", "pre-push"),
]


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """A repository with a command as a gate, a branch, and a user with a model."""
    repo.stage("pyproject.toml", '[tool.everycommit.command.eslint]\nrun = ["true"]\n').stage(
        "only-here.txt", ""
    ).commit()
    repo.git("branch", "feature")
    config = Path(repo.environ["XDG_CONFIG_HOME"]) / "everycommit"
    config.mkdir(parents=True)
    (config / "settings.toml").write_text('[model.fast]\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n')
    repo.environ["PATH"] = f"{BIN}{os.pathsep}{repo.environ['PATH']}"
    return repo


def script(shop: Repo, shell: str) -> Path:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    done = shop.everycommit("completion", shell)
    assert done.returncode == 0, done.stderr
    path = shop.root.parent / f"completion.{shell}"
    path.write_text(done.stdout)
    return path


def run(shop: Repo, *argv: str) -> list[str]:
    done = subprocess.run(argv, cwd=shop.root, env=shop.environ, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.splitlines()


# --- bash ----------------------------------------------------------------------------------------------------------

ASK_BASH = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_everycommit
printf '%s\\n' "${COMPREPLY[@]}"
"""


def bash(shop: Repo, *typed: str) -> list[str]:
    """What bash offers for the last of *typed*, split as bash splits a line."""
    return run(shop, "bash", "--norc", "-c", ASK_BASH, "bash", str(script(shop, "bash")), *typed)


@pytest.mark.parametrize(("line", "word"), ASKED)
def test_bash_completes(shop: Repo, line: str, word: str) -> None:
    assert word in bash(shop, *line.split())


def test_bash_offers_every_command_first_and_each_of_its_flags(shop: Repo) -> None:
    assert set(bash(shop, "everycommit", "")) == set(COMMANDS)
    for one in words():
        if one.path and one.path[0] in {"run", "models", "tests", "demo"}:
            assert set(bash(shop, "everycommit", *one.path, "--")) == {option.flag for option in one.options}


def test_bash_takes_the_word_behind_an_equals_sign_for_the_flags_value(shop: Repo) -> None:
    assert bash(shop, "everycommit", "run", "--format", "=", "gitl") == ["gitlab"]
    assert "sarif=" in bash(shop, "everycommit", "run", "--output", "sa")
    assert "only-here.txt" in bash(shop, "everycommit", "run", "--output", "sarif", "=", "only")
    assert "only-here.txt" in bash(shop, "everycommit", "run", "--durations", "only")


def test_what_nobody_can_list_is_not_guessed(shop: Repo) -> None:
    assert bash(shop, "everycommit", "accept", "--reason", "") == [""]


# --- zsh and fish --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "word"), ASKED)
def test_fish_completes(shop: Repo, line: str, word: str) -> None:
    path = script(shop, "fish")

    offered = run(shop, "fish", "--no-config", "-c", f"source {path}; complete -C '{line}'")

    assert word in [one.partition("\t")[0] for one in offered]


def test_zsh_completes_what_is_typed(shop: Repo) -> None:
    path = script(shop, "zsh")
    ours, theirs = pty.openpty()
    environ = {**shop.environ, "TERM": "dumb", "PS1": "START>", "ZDOTDIR": str(shop.root.parent)}
    with subprocess.Popen(
        ["zsh", "-f", "-i"],
        cwd=shop.root,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        setup = "unsetopt prompt_sp; unset zle_bracketed_paste; autoload -U compinit; compinit -D -u"
        setup += f"; source {path}; PS1=READY'>'\n"
        os.write(ours, setup.encode())
        read(ours, "READY>")
        said = []
        for line, _ in ASKED:
            os.write(ours, f"{line}\t".encode())
            time.sleep(0.05)
            os.write(ours, b"\x01print -r -- '<\x05>' \n")
            said.append(read(ours, "READY>"))
        os.write(ours, b"exit\n")
        process.wait(SECONDS)
    os.close(ours)

    for (line, word), text in zip(ASKED, said, strict=True):
        assert word not in line
        assert word in text, text  # on the line, or in the list of several


def read(terminal: int, until: str) -> str:
    """What the terminal shows, to the prompt behind a line of its own."""
    said = ""
    while select.select([terminal], [], [], SECONDS)[0]:
        said += os.read(terminal, 65536).decode(errors="replace")
        if said.endswith(until) and "\n" in said:
            return said
    raise AssertionError(said)


# --- what is in it -------------------------------------------------------------------------------------------------


FREE = frozenset(
    {
        *("TEXT", "DAY", "WHEN", "SECONDS", "I/N", "N", "BYTES", "TOKENS", "PRICE", "ARG", "TEST"),
        *("SERVER", "SERVICE", "LINE", "NAME", "MODEL", "MAX_TOKENS", "FINGERPRINT"),
    }
)
"""Values that nobody can list."""


def values(path: tuple[str, ...], parser: argparse.ArgumentParser) -> Iterator[tuple[tuple[str, ...], argparse.Action]]:
    """Every action that takes a value which is none of its choices, with the words before it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, one in action.choices.items():
                yield from values((*path, name), one)
        elif action.nargs != 0 and not action.choices and action.help != argparse.SUPPRESS:
            yield path, action


@pytest.mark.parametrize("name", COMMANDS)
def test_every_value_is_listed_or_said_to_be_free(name: str) -> None:
    """The value of a new flag has to be decided on: in KINDS of completion_words.py, or here."""
    for path, action in values((name,), parser_of(name)[1]):
        shown = str(action.metavar or action.dest).upper()
        assert kind(path, action) or shown in FREE, f"everycommit {' '.join(path)}: {shown}"


def test_values_of_this_place_cost_no_parser_and_no_program(shop: Repo) -> None:
    code = "import sys; from everycommit.cli.main import main; main(['completion', sys.argv[1]]); print(*sys.modules)"
    for what, names in (("gates", ["policy", "lint", "types", "tests", "review", "eslint"]), ("models", ["fast"])):
        done = subprocess.run(
            [sys.executable, "-I", "-c", code, what],
            cwd=shop.root,
            env={name: value for name, value in shop.environ.items() if not name.startswith("COV")},
            capture_output=True,
            text=True,
            check=True,
        )
        *said, modules = done.stdout.splitlines()
        assert said == names
        assert not set(modules.split()) & {"argparse", "subprocess", "dataclasses", "sqlite3", "httpcore", "ast"}


def test_outside_a_repository_and_with_broken_settings_tab_says_what_it_can(shop: Repo, tmp_path: Path) -> None:
    outside = shop.everycommit("completion", "gates", cwd=tmp_path)
    shop.write("pyproject.toml", "[tool.everycommit\n")
    (Path(shop.environ["XDG_CONFIG_HOME"]) / "everycommit/settings.toml").write_text("model = [\n")
    broken = [shop.everycommit("completion", what) for what in ("gates", "models")]

    assert outside.stdout.split() == ["policy", "lint", "types", "tests", "review"]
    assert [(done.returncode, done.stdout.split(), done.stderr) for done in broken] == [
        (0, ["policy", "lint", "types", "tests", "review"], ""),
        (0, [], ""),
    ]


def test_another_shell_is_one_clear_line(repo: Repo) -> None:
    done = repo.everycommit("completion", "tcsh")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "everycommit: completion 'tcsh': no such shell here; there are bash, zsh, fish\n"
