"""`everycommit trust` shows what the repository wants to run, and accepts it when told to."""

import io
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

import pytest

from everycommit.cli import trust
from everycommit.cli.call import Call
from everycommit.config.commands import requests
from everycommit.config.schema import CommandSettings
from everycommit.config.trust import Accepted, digest, interpreter_digest
from support import Repo

DOCS = "[tool.everycommit.command.docs]\nrun = ['make', 'docs']\n"
MAKE = digest("docs", CommandSettings(run=("make", "docs")))


class Terminal(io.StringIO):
    """A person at the keyboard."""

    def isatty(self) -> bool:
        return True


def called(repo: Repo, *argv: str, stdin: io.StringIO | None = None) -> tuple[int, str]:
    """Call the command in this process, so that somebody can sit at its terminal."""
    parser = ArgumentParser()
    trust.arguments(parser)
    out = io.StringIO()
    call = Call(stdin=stdin or io.StringIO(), stdout=out, stderr=out, environ=repo.environ, cwd=repo.root)
    return trust.main(parser.parse_args(argv), call), out.getvalue()


def accepted(repo: Repo) -> Mapping[str, str]:
    return Accepted(repo.root / ".git").all()


def test_without_a_terminal_it_shows_them_and_says_how_to_go_on(repo: Repo) -> None:
    repo.stage("pyproject.toml", DOCS + "env = ['TOKEN', 'A']\n")

    done = repo.everycommit("trust")

    assert done.returncode == 2
    first, second = done.stdout.splitlines()
    assert first.endswith("  not accepted  command.docs (index): make docs  sees TOKEN, A")
    assert second == "There is no terminal to ask on; read them, then: everycommit trust --yes"
    assert not accepted(repo)


def test_yes_accepts_all_and_the_next_call_has_nothing_to_ask(repo: Repo) -> None:
    repo.stage("pyproject.toml", DOCS + "[tool.everycommit]\ninterpreter = '/opt/python'\n")

    done = repo.everycommit("trust", "--yes")

    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "Accepted 2."
    assert accepted(repo) == {
        MAKE: "command.docs: make docs",
        interpreter_digest("/opt/python"): "interpreter: /opt/python",
    }
    again = repo.everycommit("trust")
    assert again.returncode == 0
    assert again.stdout.splitlines()[0] == f"{MAKE[:12]}  accepted      command.docs (index): make docs"


def test_list_only_shows(repo: Repo) -> None:
    repo.stage("pyproject.toml", DOCS)

    done = repo.everycommit("trust", "--list")

    assert done.returncode == 0
    assert "not accepted  command.docs" in done.stdout
    assert not accepted(repo)


def test_nothing_to_run_is_said(repo: Repo) -> None:
    done = repo.everycommit("trust")

    assert (done.returncode, done.stdout) == (0, "This repository names no command, no service and no interpreter.\n")


def test_on_a_terminal_each_is_asked_for(repo: Repo) -> None:
    repo.stage("pyproject.toml", DOCS + "[tool.everycommit.command.js]\nrun = ['npm', 'test']\n")

    code, out = called(repo, stdin=Terminal("y\nn\n"))

    assert code == 0
    assert "Let command.docs run `make docs` here? [y/N] " in out
    assert out.endswith("Accepted 1, 1 not: their gates stay inconclusive.\n")
    assert list(accepted(repo)) == [MAKE]


@pytest.mark.parametrize("answer", ["", "\n", "no\n", "maybe\n"])
def test_whatever_is_not_yes_is_no(repo: Repo, answer: str) -> None:
    repo.stage("pyproject.toml", DOCS)

    code, out = called(repo, stdin=Terminal(answer))

    assert code == 0
    assert out.endswith("Accepted 0, 1 not: their gates stay inconclusive.\n")
    assert not accepted(repo)


def test_a_changed_command_is_a_new_question(repo: Repo) -> None:
    repo.stage("pyproject.toml", DOCS).commit()
    assert called(repo, "--yes")[0] == 0
    repo.stage("pyproject.toml", DOCS.replace("'docs']", "'evil']"))

    code, out = called(repo)

    assert code == 2
    assert f"{MAKE[:12]}  accepted      command.docs (HEAD): make docs\n" in out
    assert "not accepted  command.docs (index): make evil\n" in out


def test_a_command_of_both_is_one_line(repo: Repo) -> None:
    repo.stage("pyproject.toml", DOCS).commit()

    assert called(repo, "--list")[1] == f"{MAKE[:12]}  not accepted  command.docs (HEAD and index): make docs\n"


def test_it_holds_for_a_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    repo.stage("pyproject.toml", DOCS).commit()
    repo.everycommit("trust", "--yes")
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))

    done = repo.everycommit("trust", cwd=tmp_path / "linked")

    assert done.returncode == 0
    assert "  accepted  " in done.stdout


def test_a_broken_file_is_said_and_can_be_mended(repo: Repo) -> None:
    repo.stage("pyproject.toml", DOCS)
    path = repo.root / ".git/everycommit/accepted.json"
    path.parent.mkdir()
    path.write_text("{")

    done = repo.everycommit("trust", "--yes")

    assert done.returncode == 0
    assert "nothing counts as accepted" in done.stderr
    assert list(accepted(repo)) == [MAKE]


def test_a_command_cannot_act_on_the_terminal(repo: Repo) -> None:
    repo.stage("pyproject.toml", '[tool.everycommit.command.a]\nrun = ["x\\u001b[2K\\r", "y"]\n')

    code, out = called(repo, stdin=Terminal("n\n"))

    assert code == 0
    assert "\x1b" not in out
    assert "\r" not in out


def test_what_judges_is_shown_too_where_it_is_of_both(repo: Repo) -> None:
    """HEAD's program with the index's variables is a third digest, and the one that runs."""
    head = DOCS.encode()
    index = b"[tool.everycommit.command.docs]\nrun = ['make', 'all']\nenv = ['TOKEN']\n"
    own = ("~/s.toml", b"[command.mine]\nrun = ['mine']\n")

    found = {
        (request.name, request.line, request.env, request.where)
        for request in requests(head=head, index=index, user=own, environ={})
    }

    assert found == {
        ("command.docs", "make docs", (), "HEAD"),
        ("command.docs", "make all", ("TOKEN",), "index"),
        ("command.docs", "make docs", ("TOKEN",), "together"),
        ("command.mine", "mine", (), "together"),
    }


def test_a_mistake_in_heads_settings_does_not_hide_its_commands() -> None:
    head = DOCS.encode() + b"[tool.everycommit.policy]\nnonsense = 1\n"

    [request] = requests(head=head, index=None, user=None, environ={})

    assert (request.digest, request.where) == (MAKE, "HEAD")
