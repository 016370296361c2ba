"""Findings that a person accepts: recorded with a reason, staged with the change, always shown, gone with its code."""

import json
from pathlib import Path
from typing import Any

import pytest

from everycommit.cli.accept import _found
from everycommit.config.accepts import Acceptance, Accepts, applied, read, written
from everycommit.errors import UsageError
from everycommit.result import Finding, stamped
from everycommit.rules.names import ACCEPTED
from support import Repo

FAR = "2999-12-31"
OWN = Acceptance("0123456789abcdef", "policy/debugger", "a.py", "it is a debugger", "Ada <ada@example.org>", None)


@pytest.fixture
def stopped(repo: Repo) -> Repo:
    """A repository where an error of the policy is staged."""
    return repo.stage("a.py", "x = 1\n").commit().stage("a.py", "x = 1\nbreakpoint()\n")


def judged(repo: Repo, *argv: str) -> dict[str, Any]:
    """Return the policy's part of the verdict on what is staged."""
    done = repo.everycommit("run", "policy", "--format", "json", *argv)
    gate: dict[str, Any] = json.loads(done.stdout)["verdicts"][0]["gates"][0]
    return gate


def fingerprint(repo: Repo) -> str:
    (finding,) = judged(repo)["findings"]
    found: str = finding["fingerprint"]
    return found


def accept(repo: Repo, *argv: str) -> str:
    done = repo.everycommit("accept", *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(repo: Repo, *argv: str) -> str:
    done = repo.everycommit("accept", *argv)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_an_accepted_finding_is_a_note_with_its_reason(stopped: Repo) -> None:
    name = fingerprint(stopped)

    said = accept(stopped, name[:7], "--reason", "the user asked for it", "--until", FAR)

    assert said.splitlines() == [
        f"Accepted {name[:7]} policy/debugger a.py:2",
        "Stage it with the change: git add .everycommit/accepted.toml",
    ]
    assert judged(stopped)["outcome"] == "failed", "only what is staged counts"
    stopped.git("add", ACCEPTED)
    gate = judged(stopped)
    assert gate["outcome"] == "passed"
    (finding,) = gate["findings"]
    assert finding["severity"] == "note"
    assert finding["fingerprint"] == name
    shown = stopped.everycommit("run", "policy").stdout
    assert f'accepted: {name[:7]} policy/debugger a.py: "the user asked for it" (' in shown
    assert f", until {FAR})" in shown


def test_who_accepted_is_who_would_commit(stopped: Repo) -> None:
    stopped.environ["GIT_AUTHOR_NAME"] = "Ada Lovelace"

    accept(stopped, fingerprint(stopped), "--reason", "x")

    assert 'who = "Ada Lovelace <' in (stopped.root / ACCEPTED).read_text()


def test_it_ends_when_the_code_changes(stopped: Repo) -> None:
    name = fingerprint(stopped)
    accept(stopped, name, "--reason", "x")
    stopped.git("add", ACCEPTED)

    stopped.stage("a.py", "x = 1\nbreakpoint()  # later\n")

    gate = judged(stopped)
    assert gate["outcome"] == "failed"
    shown = stopped.everycommit("run", "policy").stdout
    assert f"stale: .everycommit/accepted.toml accepts {name[:7]} policy/debugger a.py, which is not found" in shown


def test_it_ends_on_its_day(stopped: Repo) -> None:
    accept(stopped, fingerprint(stopped), "--reason", "x", "--until", FAR)
    file = stopped.root / ACCEPTED
    stopped.stage(ACCEPTED, file.read_text().replace(FAR, "2020-01-31"))

    assert judged(stopped)["outcome"] == "failed"
    assert "no longer accepted: " in (shown := stopped.everycommit("run", "policy").stdout)
    assert "until 2020-01-31" in shown


def test_once_committed_an_entry_is_not_stale_in_later_changes(stopped: Repo) -> None:
    accept(stopped, fingerprint(stopped), "--reason", "x")
    stopped.git("add", ACCEPTED)
    stopped.commit().stage("a.py", "x = 2\nbreakpoint()\n")

    assert "stale" not in stopped.everycommit("run", "policy").stdout


def test_its_lines_do_not_count_and_are_in_every_scope(repo: Repo) -> None:
    settings = '[tool.everycommit.policy]\nmax_added_lines = 1\nonly = ["a.py"]\n'
    repo.stage("pyproject.toml", settings).stage("a.py", "x = 1\n").commit()
    repo.stage("a.py", "x = 1\ny = 2\nz = 3\n")

    accept(repo, fingerprint(repo), "--reason", "both belong together")
    repo.git("add", ACCEPTED)

    assert judged(repo)["outcome"] == "passed"


def test_the_list_names_what_can_be_accepted(stopped: Repo) -> None:
    name = fingerprint(stopped)

    done = stopped.everycommit("accept")

    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith(f"{name[:7]} policy/debugger a.py:2  ")
    assert done.stdout.splitlines()[-1] == f'Accept one: everycommit accept {name[:7]} --reason "..."'
    accept(stopped, name, "--reason", "x")
    stopped.git("add", ACCEPTED)
    assert stopped.everycommit("accept").stdout == "Nothing in what is staged can be accepted.\n"


def test_a_refusal_says_how_to_accept(stopped: Repo) -> None:
    assert "to accept one: everycommit accept FINGERPRINT --reason" in stopped.everycommit("run", "policy").stdout


def test_what_others_decided_cannot_be_accepted(repo: Repo) -> None:
    repo.stage("pyproject.toml", '[tool.everycommit.policy]\nprotected = ["a.py"]\n').stage("a.py", "x = 1\n").commit()
    repo.stage("a.py", "x = 2\n")
    name = fingerprint(repo)

    assert "policy/protected-path cannot be accepted: take the path out of policy.protected" in refused(
        repo, name, "--reason", "x"
    )
    forged = Acceptance(name, "policy/protected-path", "a.py", "x", "Ada <a@example.org>", None)
    repo.stage(ACCEPTED, written(None, forged).decode())
    assert judged(repo)["outcome"] == "failed"
    assert "not accepted: " in repo.everycommit("run", "policy").stdout


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("0123456",), "'0123456': no finding of policy or review in what is staged"),
        (("012345",), "'012345': a fingerprint has 7 or more of 0-9 and a-f"),
        (("xyzxyzx",), "'xyzxyzx': a fingerprint has 7 or more of 0-9 and a-f"),
        (("0123456", "--until", "tomorrow"), "--until 'tomorrow': not a day as 2026-12-31"),
        (("0123456", "--until", "2020-01-01"), "--until '2020-01-01': that day is over"),
        (("0123456", "--until", "2026-02-31"), "--until '2026-02-31': not a day"),
    ],
)
def test_wrong_use_is_a_clear_line(stopped: Repo, argv: tuple[str, ...], said: str) -> None:
    assert said in refused(stopped, *argv)


def test_a_reason_is_needed(stopped: Repo) -> None:
    name = fingerprint(stopped)

    assert "say why" in refused(stopped, name)
    assert "say why" in refused(stopped, name, "--reason", "  ")
    assert not (stopped.root / ACCEPTED).exists()


def test_without_a_staged_change_there_is_nothing_to_accept(repo: Repo) -> None:
    repo.stage("a.py", "x\n").commit()

    assert "nothing is staged" in refused(repo)


def test_a_file_that_cannot_be_read_is_left_as_it_is(stopped: Repo) -> None:
    name = fingerprint(stopped)
    stopped.write(ACCEPTED, "[[accepted]\n")

    assert ".everycommit/accepted.toml: " in refused(stopped, name, "--reason", "x")
    assert (stopped.root / ACCEPTED).read_text() == "[[accepted]\n"


def test_a_link_is_not_followed(stopped: Repo, tmp_path: Path) -> None:
    name = fingerprint(stopped)
    (stopped.root / ".everycommit").mkdir()
    (stopped.root / ACCEPTED).symlink_to(tmp_path / "elsewhere")

    assert "is a symbolic link" in refused(stopped, name, "--reason", "x")
    assert not (tmp_path / "elsewhere").exists()


def test_twice_is_said(stopped: Repo) -> None:
    name = fingerprint(stopped)
    accept(stopped, name, "--reason", "x")

    assert "already" in refused(stopped, name, "--reason", "x")


def test_what_is_written_is_read_again_and_nothing_is_lost() -> None:
    other = OWN._replace(reason='a "quoted"\nreason\\', path="b\u202e.py", until=FAR)

    content = written(written(b"# mine\nkept = 1", OWN), other)

    assert content.startswith(b"# mine\nkept = 1\n\n[[accepted]]\n")
    assert read(content) == Accepts((OWN, other), ())
    assert read(None) == Accepts((), ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accepted = 3", "'accepted' is no array of tables"),
        ("accepted = [3]", "entry 1 is no table"),
        ('[[accepted]]\nfingerprint = "0123456"\nrule = "r"', "entry 1 has no reason"),
        (
            '[[accepted]]\nfingerprint = "01"\nrule = "r"\nreason = "x"',
            'entry 1 has the fingerprint "01", which is not',
        ),
        (
            '[[accepted]]\nfingerprint = "0123456"\nrule = "r"\nreason = "x"\nuntil = "soon"',
            'entry 1 has until = "soon", which is no date',
        ),
        ("x = [", "nothing in it counts"),
    ],
)
def test_a_mistake_in_the_file_is_said_and_does_not_count(text: str, said: str) -> None:
    accepts = read(text.encode())

    assert accepts.entries == ()
    assert said in accepts.mistakes[0]


def test_an_entry_that_lies_about_its_rule_or_path_does_not_count() -> None:
    """A reviewer reads the words, not the digest."""
    (finding,) = stamped([Finding(path="a.py", rule="policy/secret", message="m")])
    true = Acceptance(finding.fingerprint[:7], "policy/secret", "a.py", "x", "", None)
    lies = (true._replace(rule="policy/debug-print"), true._replace(path="tests/a.py"))

    assert applied([finding], Accepts((true,), ()), (), "2026-01-01").by == {0: true}
    for lie in lies:
        found = applied([finding], Accepts((lie,), ()), (lie,), "2026-01-01")
        assert not found.by
        assert found.notes[0].startswith("stale: ")


def test_a_prefix_that_names_several_asks_for_more() -> None:
    findings = [Finding(path="a.py", rule="policy/secret", message="m", fingerprint=f"012345678{n}") for n in range(2)]

    with pytest.raises(UsageError, match=r"'0123456': 2 findings begin so; give more of the fingerprint"):
        _found("0123456", findings)
    assert _found("0123456781", findings) is findings[1]


def test_a_note_stops_nothing(stopped: Repo) -> None:
    name = fingerprint(stopped)
    accept(stopped, name, "--reason", "x")
    stopped.git("add", ACCEPTED)

    assert "is a note and stops nothing (accepted: " in refused(stopped, name, "--reason", "x")


def test_git_has_to_know_who_accepts(stopped: Repo) -> None:
    name = fingerprint(stopped)
    stopped.environ["GIT_AUTHOR_NAME"] = ""
    stopped.git("config", "user.useConfigOnly", "true")

    assert "git does not know who you are" in refused(stopped, name, "--reason", "x")


def test_a_file_that_cannot_be_written_is_said(stopped: Repo) -> None:
    name = fingerprint(stopped)
    stopped.write(".everycommit", "no folder\n")

    assert "cannot be written: " in refused(stopped, name, "--reason", "x")


def test_what_cannot_be_judged_is_said(stopped: Repo) -> None:
    oid = stopped.text("rev-parse", "HEAD:a.py")
    (stopped.root / ".git/objects" / oid[:2] / oid[2:]).unlink()

    done = stopped.everycommit("accept")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_accepted_file_that_is_a_link_counts_for_nothing(stopped: Repo) -> None:
    accept(stopped, fingerprint(stopped), "--reason", "x")
    (stopped.root / ACCEPTED).rename(stopped.root / "real.toml")
    (stopped.root / ACCEPTED).symlink_to("../real.toml")
    stopped.git("add", ACCEPTED, "real.toml")

    assert judged(stopped)["outcome"] == "failed"
