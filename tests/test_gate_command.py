"""A command of the user's: exit 0 passes, another exit fails with its words, all else is a doubt."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from everycommit.cli.known import _of_gate
from everycommit.config.load import load
from everycommit.config.schema import CommandSettings, Config, Settings, SnapshotSettings
from everycommit.config.trust import digest
from everycommit.gates.base import Gate
from everycommit.gates.command import Command
from everycommit.proc import Children
from everycommit.repo.known import Unfit
from everycommit.result import GateResult, Outcome
from everycommit.text import tail
from given import Objects, change, changed, job
from support import Repo, give_python

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


# --- formats, files, folders ------------------------------------------------------------------------------------------

TOOL = """\
import os, sys
for name in sys.argv[1:] or sorted(os.listdir()):
    if os.path.isfile(name):
        for number, line in enumerate(open(name), 1):
            if "bad" in line:
                print(f"{name}:{number}:1: {line.strip()} [no-bad]")
sys.exit(any("bad" in open(name).read() for name in sys.argv[1:] or os.listdir() if os.path.isfile(name)))
"""


@pytest.fixture
def shop(repo: Repo, tmp_path: Path) -> Repo:
    """A repository whose tool finds lines that say bad; one is there already."""
    (tmp_path / "tool.py").write_text(TOOL)
    return (
        repo.stage("src/old.txt", "one\nbad old\n").stage("src/fine.txt", "fine\n").stage("-odd.txt", "fine\n").commit()
    )


def command(repo: Repo, **settings: object) -> Repo:
    """Put a command into the settings, commit and accept it."""
    tool = [sys.executable, str(repo.root.parent / "tool.py"), *list(settings.pop("words", []))]  # type: ignore[call-overload]
    values = {"run": tool, **settings}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    text = f'[tool.everycommit]\ncommit = ["policy"]\n[tool.everycommit.command.words]\n{lines}'
    repo.git("reset", "--quiet")
    repo.stage("pyproject.toml", text).commit("Settings")
    assert repo.everycommit("trust", "--yes").returncode == 0
    return repo


def judged(repo: Repo) -> dict[str, Any]:
    done = repo.everycommit("run", "words", "--format", "json")
    (verdict,) = json.loads(done.stdout)["verdicts"]
    found: dict[str, Any] = verdict["gates"][0]
    found["new"] = [(one["path"], one["line"], one["rule"], one["severity"]) for one in found["findings"] if one["new"]]
    return found


def test_of_what_is_read_only_what_is_new_counts(shop: Repo) -> None:
    command(shop, folder="src", format="lines")
    shop.stage("src/old.txt", "zero\none\nbad old\n")
    assert judged(shop)["outcome"] == "passed"

    shop.stage("src/fine.txt", "fine\nbad new\n")
    result = judged(shop)

    assert result["outcome"] == "failed"
    assert result["new"] == [("src/fine.txt", 2, "words/no-bad", "error")]
    (new,) = [one for one in result["findings"] if one["new"]]
    assert (new["message"], new["column"]) == ("bad new", 1)


def test_only_changed_files_are_given_and_none_is_an_option(shop: Repo) -> None:
    command(shop, format="lines", words=["{files}"], files=["**/*.txt", "*.txt"])
    shop.stage("-odd.txt", "bad odd\n")

    assert judged(shop)["new"] == [("-odd.txt", 1, "words/no-bad", "error")]

    shop.stage("-odd.txt", "fine\n")
    shop.stage("src/old.txt", "bad old\nmore\n")
    assert judged(shop)["outcome"] == "passed"
    shop.git("reset", "--quiet", "--hard")
    shop.git("rm", "--quiet", "src/fine.txt")
    result = judged(shop)
    assert (result["outcome"], result["reason"]) == ("skipped", "no file that is there now changed")


def test_a_file_that_moved_brings_its_old_findings_along(shop: Repo) -> None:
    command(shop, format="lines", words=["{files}"], files=["**/*.txt"])
    shop.git("mv", "src/old.txt", "src/moved.txt")

    result = judged(shop)

    assert result["outcome"] == "passed"
    assert [one["path"] for one in result["findings"]] == ["src/moved.txt"]


def test_many_files_are_given_in_several_calls(children: Children, tmp_path: Path) -> None:
    names = [f"{'long' * 40}{number}.txt" for number in range(1500)]
    for name in names:
        (tmp_path / name).touch()
    count = tmp_path / "count"
    code = f"import sys; open({str(count)!r}, 'a').write(f'{{len(sys.argv) - 1}}\\n')"
    settings = CommandSettings(run=(sys.executable, "-c", code, "{files}"))
    given: dict[str, Any] = {"children": children, "folder": tmp_path, "environ": ENVIRON}

    result = Command("docs", settings).check(job(change(*(changed(name, 1) for name in names)), **given))

    assert result.outcome is Outcome.PASSED
    counts = list(map(int, count.read_text().split()))
    assert sum(counts) == 1500
    assert len(counts) == 3


def test_a_report_is_read_and_never_that_of_another_run(children: Children, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("a.txt:1: left from before\n")
    silent = checked(python("pass", format="lines", report="out.txt"), children, tmp_path)
    assert silent.outcome is Outcome.INCONCLUSIVE
    assert silent.reason is not None
    assert "exit code 0, and it wrote no 'out.txt'" in silent.reason

    (tmp_path / "a.txt").write_text("first\n")
    written = checked(
        python("open('out.txt', 'w').write('a.txt:1: words')", format="lines", report="out.txt"), children, tmp_path
    )
    assert [(one.path, one.line, one.severity, one.source) for one in written.findings] == [
        ("a.txt", 1, "warning", "first")
    ]
    outside = checked(python("pass", format="lines", report="../out.txt"), children, tmp_path)
    assert outside.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('Oops'); exit(2)", "exit code 2; what it wrote is no eslint: no JSON: 'Oops'"),
        ("print('[]'); exit(1)", "exit code 1, and no finding was read"),
        ("exit(0)", "what it wrote is no eslint: nothing was written"),
    ],
)
def test_a_failure_that_cannot_be_read_is_no_pass(children: Children, tmp_path: Path, code: str, words: str) -> None:
    result = checked(python(code, format="eslint"), children, tmp_path)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason is not None
    assert words in result.reason


def test_warnings_that_made_it_fail_are_errors(children: Children, tmp_path: Path) -> None:
    said = json.dumps([{"filePath": "a.js", "messages": [{"message": "m", "severity": 1, "line": 1}]}])
    passing = checked(python(f"print({said!r})", format="eslint"), children, tmp_path)
    failing = checked(python(f"print({said!r}); exit(1)", format="eslint"), children, tmp_path)

    assert [(one.severity, one.rule) for one in passing.findings] == [("warning", "docs/found")]
    assert [one.severity for one in failing.findings] == ["error"]
    assert (passing.outcome, failing.outcome) == (Outcome.PASSED, Outcome.FAILED)


def test_a_place_outside_of_the_repository_is_none(children: Children, tmp_path: Path) -> None:
    (tmp_path / "in.txt").touch()
    code = f"print('/etc/passwd:1: a'); print('../up:1: b'); print('{tmp_path}/in.txt:1: c')"

    result = checked(python(code, format="lines"), children, tmp_path)

    assert [(one.path, one.line, one.message) for one in result.findings] == [
        (None, None, "a"),
        (None, None, "b"),
        ("in.txt", 1, "c"),
    ]


def test_a_folder_that_is_not_there_or_leads_out_is_a_doubt(children: Children, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/")

    for folder in ("nowhere", "out", "../.."):
        result = checked(python("pass", folder=folder), children, tmp_path)
        assert result.outcome is Outcome.INCONCLUSIVE
        assert result.reason is not None
        assert f"there is no folder '{folder}' to run it in" in result.reason


def test_what_is_compared_depends_on_what_it_is_compared_with() -> None:
    def inputs(**more: Any) -> dict[str, str]:
        return dict(Command("docs", CommandSettings(run=("true", *more.pop("words", ())), **more)).inputs(job(FILES)))

    assert "parents" not in inputs()
    assert "parents" in inputs(format="lines")
    assert "parents" in inputs(words=("{files}",))
    assert (
        len({json.dumps(one) for one in (inputs(), inputs(format="lines"), inputs(folder="a"), inputs(report="b"))})
        == 4
    )
    assert inputs(words=("{files}",), files=("*.a",)) != inputs(words=("{files}",), files=("*.b",))


# --- what a kept verdict depends on --------------------------------------------------------------------------------


@pytest.fixture
def parted(shop: Repo) -> Repo:
    """A repository whose command passes, and looks at `src` alone."""
    give_python(shop)
    command(shop, folder="src", format="lines", inputs=["src/**"])
    shop.stage("src/fine.txt", "fine too\n")
    assert judged(shop)["outcome"] == "passed"
    assert judged(shop)["reused"]
    return shop


@pytest.mark.parametrize(
    ("path", "content", "known"),
    [
        ("README.md", "more\n", True),
        ("-odd.txt", "bad\n", True),
        ("src/fine.txt", "fine again\n", False),
        ("src/new.txt", "fine\n", False),
        (".gitattributes", "*.txt text\n", False),
        ("docs/.gitattributes", "*.txt text\n", False),
    ],
)
def test_a_pass_holds_until_one_of_its_inputs_changes(parted: Repo, path: str, content: str, *, known: bool) -> None:
    parted.stage(path, content)

    result = judged(parted)

    assert (result["outcome"], result["reused"]) == ("passed", known)


def test_without_inputs_every_change_is_judged(shop: Repo) -> None:
    give_python(shop)
    command(shop, folder="src", format="lines")
    shop.stage("src/fine.txt", "fine too\n")
    assert judged(shop)["outcome"] == "passed"
    assert judged(shop)["reused"]

    shop.stage("README.md", "more\n")

    assert judged(shop)["reused"] is False


def test_a_script_of_the_tree_is_an_input_though_nobody_names_it(shop: Repo) -> None:
    give_python(shop)
    shop.stage("check.py", "")
    values = {"run": [sys.executable, "../check.py"], "folder": "src", "inputs": ["src/**"]}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    text = f'[tool.everycommit]\ncommit = ["policy"]\n[tool.everycommit.command.words]\n{lines}'
    shop.stage("pyproject.toml", text).commit("Settings")
    assert shop.everycommit("trust", "--yes").returncode == 0
    shop.stage("src/fine.txt", "fine too\n")
    assert judged(shop)["outcome"] == "passed"

    shop.stage("check.py", "raise SystemExit(1)\n")

    assert judged(shop)["outcome"] == "failed"


@pytest.mark.parametrize("inputs", [["srcc/**"], ["src/link.txt", "src/**"]])
def test_inputs_that_name_nothing_or_lead_elsewhere_are_never_known_for_longer(shop: Repo, inputs: list[str]) -> None:
    give_python(shop)
    command(shop, folder="src", inputs=inputs, format="lines")
    (shop.root / "src/link.txt").symlink_to("../-odd.txt")
    shop.git("add", "src/link.txt")
    shop.stage("src/fine.txt", "fine too\n")
    assert judged(shop)["outcome"] == "passed"

    shop.stage("-odd.txt", "bad\n")

    assert judged(shop)["reused"] is False


@pytest.mark.parametrize("inputs", [["libs/**", "src/**"], ["src/**"]])
def test_a_submodule_counts_by_the_whole_tree_only_where_inputs_name_it(inputs: list[str]) -> None:
    files = {"src/a.py": ("100644", "1" * 40), "libs/tax": ("160000", "2" * 40)}
    asked = job(FILES, environ=ENVIRON, blobs=_Listed(files))
    settings = CommandSettings(run=("true",), inputs=tuple(inputs))

    found = Command("docs", settings).inputs(asked)["target"]

    assert (found == FILES.target) is ("libs/**" in inputs)


def test_inputs_that_name_no_file_are_said(children: Children, tmp_path: Path) -> None:
    settings = python("pass", inputs=("src/**", "srcc/**"))

    result = checked(settings, children, tmp_path, blobs=_Listed({"src/a.py": ("100644", "1" * 40)}))

    assert result.outcome is Outcome.PASSED
    assert result.notes == ("no file is one of srcc/** (inputs)",)


def test_what_the_snapshot_links_counts_beside_inputs() -> None:
    settings = CommandSettings(run=("true",), inputs=("src/**",))
    linked = Config(settings=Settings(snapshot=SnapshotSettings(link=("data",))))
    asked = job(FILES, environ=ENVIRON, config=linked, blobs=_Listed({"src/a.py": ("100644", "1" * 40)}))

    found = Command("docs", settings).inputs(asked)

    assert found["target"].startswith("part ")
    assert found["linked"] == asked.trees.linked()


def test_the_hook_alone_never_knows_what_a_command_would_say() -> None:
    settings = CommandSettings(run=("true",), inputs=("src/**",))

    with pytest.raises(Unfit, match="docs depends on more than the tree"):
        list(_of_gate(Command("docs", settings), job(FILES)))


class _Listed(Objects):
    """Objects of a tree that holds more than plain files."""

    def __init__(self, files: dict[str, tuple[str, str]]) -> None:
        super().__init__()
        self._files = files

    def files(self, tree: str) -> dict[str, tuple[str, str]]:
        assert tree in {FILES.target, *FILES.parents}
        return self._files


def test_inputs_of_both_sides_count_and_none_is_the_whole_tree() -> None:
    def merged(base: str, target: str) -> tuple[str, ...]:
        head, index = (f"[tool.everycommit.command.docs]\nrun = ['true']\n{line}\n".encode() for line in (base, target))
        return load(base=head, target=index, user=None, environ={}, flags={}).settings.command["docs"].inputs

    assert set(merged('inputs = ["a"]', 'inputs = ["b"]')) == {"a", "b"}
    assert merged("", 'inputs = ["b"]') == ()
    assert merged('inputs = ["a"]', "") == ()
