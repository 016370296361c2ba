"""A command of the user's: exit 0 passes, another exit fails with its words, all else is a doubt."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from everycommit.config.schema import CommandSettings, Config, Settings, SnapshotSettings
from everycommit.config.trust import digest
from everycommit.gates.base import Gate
from everycommit.gates.command import Command
from everycommit.proc import Children
from everycommit.result import GateResult, Outcome
from everycommit.text import tail
from given import change, changed, job

FILES = change(changed("src/a.py", 1))
ENVIRON = {"PATH": os.environ["PATH"]}


@pytest.fixture
def children() -> Iterator[Children]:
    with Children() as made:
        yield made


def python(code: str, **more: Any) -> CommandSettings:
    return CommandSettings(run=(sys.executable, "-c", code), **more)


def checked(settings: CommandSettings, children: Children, folder: Path, **more: Any) -> GateResult:
    environ = more.pop("environ", None)
    given: dict[str, Any] = {"children": children, "folder": folder, "environ": ENVIRON}
    return Command("docs", settings, environ).check(job(FILES, **given | more))


def test_it_is_a_gate() -> None:
    gate: Gate = Command("docs", python("pass"))

    assert gate.name == "docs"
    assert gate.older(job(FILES), "tree", ()) == ()


def test_exit_0_passes_and_the_command_is_named(children: Children, tmp_path: Path) -> None:
    settings = CommandSettings(run=("true", "a b"))

    result = checked(settings, children, tmp_path)

    assert result.outcome is Outcome.PASSED
    assert result.summary == "true 'a b'"
    assert result.findings == ()


def test_it_runs_in_the_snapshot_without_input(children: Children, tmp_path: Path) -> None:
    settings = python("import os, sys; assert sys.stdin.read() == ''; open('made', 'w').write(os.getcwd())")

    assert checked(settings, children, tmp_path).outcome is Outcome.PASSED
    assert (tmp_path / "made").read_text() == str(tmp_path.resolve())


def test_another_exit_fails_with_the_last_words(children: Children, tmp_path: Path) -> None:
    settings = python("import sys; print('\\x1b[31mbad\\x1b[0m \\x07'); sys.stderr.write('worse\\n'); sys.exit(3)")

    result = checked(settings, children, tmp_path)

    assert result.outcome is Outcome.FAILED
    [finding] = result.findings
    assert (finding.path, finding.rule) == (None, "docs/failed")
    assert finding.message == "exit code 3\nbad \\x07\nworse"
    assert finding.hint is not None
    assert finding.hint.startswith(f"It ran: {sys.executable} -c ")


def test_a_silent_failure_says_so(children: Children, tmp_path: Path) -> None:
    [finding] = checked(CommandSettings(run=("false",)), children, tmp_path).findings

    assert finding.message == "exit code 1, and it wrote nothing"


@pytest.mark.parametrize(("number", "name"), [(signal.SIGKILL, "SIGKILL"), (40, "signal 40")])
def test_an_end_by_signal_is_named(children: Children, tmp_path: Path, number: int, name: str) -> None:
    if number == 40 and sys.platform != "linux":
        pytest.skip("only Linux has real-time signals")

    [finding] = checked(python(f"import os; os.kill(os.getpid(), {number:d})"), children, tmp_path).findings

    assert finding.message.startswith(f"ended by {name}")


def test_much_output_is_bounded(children: Children, tmp_path: Path) -> None:
    settings = python("import sys; print('x' * 10**6); [print(n) for n in range(10**4)]; sys.exit(1)")

    [finding] = checked(settings, children, tmp_path).findings

    lines = finding.message.split("\n")
    assert lines[-1] == "9999"
    assert len(lines) == 21


def test_what_nobody_accepted_is_a_doubt_and_does_not_run(children: Children, tmp_path: Path) -> None:
    settings = python("open('made', 'w')", env=("A",))

    result = checked(settings, children, tmp_path, accepted=lambda _: False)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason is not None
    assert digest("docs", settings)[:12] in result.reason
    assert "open(" in result.reason
    assert result.reason.endswith("`everycommit trust`")
    assert not (tmp_path / "made").exists()


def test_just_its_own_digest_is_asked_for(children: Children, tmp_path: Path) -> None:
    settings = python("pass")
    asked: list[str] = []

    def accepted(one: str) -> bool:
        asked.append(one)
        return True

    checked(settings, children, tmp_path, accepted=accepted)

    assert asked == [digest("docs", settings)]


def test_its_own_timeout_is_a_doubt(children: Children, tmp_path: Path) -> None:
    result = checked(python("import time; time.sleep(60)", timeout=0.3), children, tmp_path)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason is not None
    assert "command.docs.timeout" in result.reason


def test_the_runs_timeout_is_a_doubt_of_the_run(children: Children, tmp_path: Path) -> None:
    result = checked(python("import time; time.sleep(60)"), children, tmp_path, seconds=0.3)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason is not None
    assert "(timeout)" in result.reason


def test_a_missing_program_is_a_doubt_with_its_name(children: Children, tmp_path: Path) -> None:
    result = checked(CommandSettings(run=("no-such-program", "x")), children, tmp_path)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason is not None
    assert "no-such-program" in result.reason
    assert "command.docs.run" in result.reason


def test_it_sees_the_variables_it_names_and_no_others(children: Children, tmp_path: Path) -> None:
    settings = python("import os; open('made', 'w').write(repr([os.environ.get(n) for n in 'ABC']))", env=("A", "C"))

    checked(settings, children, tmp_path, environ={"A": "1", "B": "2"})

    assert (tmp_path / "made").read_text() == "['1', None, None]"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ((), None),
        (("src/**",), None),
        (("old/**",), None),
        (("docs/**", "*.md"), "no changed file is one of docs/**, *.md"),
    ],
)
def test_it_is_skipped_where_none_of_its_files_changed(files: tuple[str, ...], reason: str | None) -> None:
    """Where a file went away from counts as changed too."""
    moved = change(changed("src/a.py", old="2" * 40, old_path="old/a.py"))

    assert Command("docs", python("pass", files=files)).skip(job(moved)) == reason


def test_in_a_merge_all_that_arrives_on_the_branch_counts() -> None:
    merge = change(landing=[changed("src/a.py")])

    assert Command("docs", python("pass", files=("src/**",))).skip(job(merge)) is None


def test_everything_that_decides_is_among_the_inputs(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    environ = {"PATH": str(tmp_path)}
    settings = CommandSettings(run=("tool",), env=("A",))

    def inputs(settings: CommandSettings, values: dict[str, str], **more: Any) -> dict[str, str]:
        return dict(Command("docs", settings, values).inputs(job(FILES, **{"environ": environ} | more)))

    first = inputs(settings, {"A": "secret"})
    others = [
        inputs(settings, {"A": "other"}),
        inputs(settings, {}),
        inputs(replace(settings, run=("tool", "x")), {"A": "secret"}),
        inputs(settings, {"A": "secret"}, environ={"PATH": f"{tmp_path}:/bin"}),
        dict(Command("docs", settings, {"A": "secret"}).inputs(job(replace(FILES, target="d" * 40), environ=environ))),
    ]
    linked = Config(settings=Settings(snapshot=SnapshotSettings(link=("data",))))
    others.append(inputs(settings, {"A": "secret"}, config=linked))
    tool.write_text("#!/bin/sh\nexit 1\n")
    others.append(inputs(settings, {"A": "secret"}))

    assert all(first != other for other in others)
    assert inputs(settings, {"A": "secret"}) == inputs(settings, {"A": "secret", "B": "unseen"})
    assert "secret" not in str(first)


@pytest.mark.parametrize("program", ["./tools/check", "no-such-program", "/no/such/program"])
def test_a_program_that_is_in_the_tree_or_nowhere_is_named_as_written(program: str) -> None:
    settings = CommandSettings(run=(program,))

    assert Command("docs", settings).inputs(job(FILES, environ=ENVIRON))["program"] == program


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (b"", ""),
        (b"\n\n a \n\n", " a"),
        (b"10%\r50%\r100%\r\ndone\r\n", "100%\ndone"),
        (b"\x1b]0;title\x07\x1b[1;31mred\x1b[0m\x1b(B", "red\\x1b(B"),
        (b"caf\xe9", "caf\ufffd"),
        (b"1\n2\n3\n4", "3\n4"),
    ],
)
def test_tail(output: bytes, shown: str) -> None:
    assert tail(output, lines=2) == shown


def test_tail_looks_at_the_end_only() -> None:
    assert tail(b"a" * 10**7 + b"b", characters=3) == "aab"
