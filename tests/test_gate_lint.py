"""The lint gate: real ruff over real changes."""

import json
import sys
from pathlib import Path

import pytest

from everycommit.config.schema import Settings
from everycommit.environment import Interpreter
from everycommit.errors import ToolError
from everycommit.gates import ruff
from everycommit.gates.lint import LOOSENED, Lint
from everycommit.gates.sources import Lines, table
from everycommit.repo.read import all_files
from everycommit.result import Outcome
from judging import judging, lines, replaced
from support import Repo

CLEAN = lines("def add(a, b):", "    return a + b")
UNUSED = lines("import os", "", "", "def add(a, b):", "    return a + b")


def test_a_finding_has_place_rule_words_and_the_lines_text(repo: Repo) -> None:
    repo.stage("a.py", CLEAN).commit()
    repo.stage("a.py", lines("X = 1", "import os"))

    with judging(repo) as judged:
        result = judged.check(Lint())

    (found,) = result.findings
    assert (found.path, found.line, found.end_line, found.column, found.rule) == ("a.py", 2, 2, 8, "lint/F401")
    assert (found.message, found.source) == ("`os` imported but unused", "import os")
    assert result.outcome is Outcome.FAILED
    assert (result.summary, result.counts) == ("1 file", {"files": 1})
    assert result.tool is not None
    assert result.tool.startswith("ruff 0.")


def test_a_clean_change_passes(repo: Repo) -> None:
    repo.stage("a.py", CLEAN).stage("b.py", CLEAN)

    with judging(repo) as judged:
        result = judged.check(Lint())

    assert (result.outcome, result.findings, result.summary) == (Outcome.PASSED, (), "2 files")


def test_what_is_staged_is_judged_and_not_the_working_tree(repo: Repo) -> None:
    repo.stage("a.py", UNUSED).write("a.py", CLEAN)

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("a.py", 1, "lint/F401", True)]


def test_a_change_without_python_is_skipped(repo: Repo) -> None:
    repo.stage("a.py", CLEAN).commit()
    repo.stage("README.md", "words\n")
    repo.git("rm", "--quiet", "a.py")

    with judging(repo) as judged:
        assert Lint().skip(judged.job) == "no Python file changed"


def test_an_old_finding_stays_old_when_its_line_moves(repo: Repo) -> None:
    repo.stage("a.py", UNUSED).commit()
    repo.stage("a.py", lines('"""Adds."""', "", "import os", "import re"))

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("a.py", 3, "lint/F401", False), ("a.py", 4, "lint/F401", True)]


def test_a_finding_of_a_renamed_file_is_old(repo: Repo) -> None:
    repo.stage("a.py", UNUSED + CLEAN * 3).commit()
    repo.git("mv", "a.py", "b.py")

    with judging(repo) as judged:
        assert judged.told(Lint())
        assert not [path for path, _, _, new in judged.told(Lint()) if new]


def test_old_content_is_judged_under_the_new_path(repo: Repo) -> None:
    """What a rule of the new place forbids came with the move."""
    settings = lines(
        "[tool.ruff.lint]", 'select = ["S101"]', "[tool.ruff.lint.per-file-ignores]", '"tests/*" = ["S101"]'
    )
    repo.stage("pyproject.toml", settings).stage("tests/a.py", lines("assert 1", *["x = 1"] * 9)).commit()
    (repo.root / "src").mkdir()
    repo.git("mv", "tests/a.py", "src/a.py")

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("src/a.py", 1, "lint/S101", False)]


def test_a_package_is_judged_for_the_oldest_python_that_its_own_settings_name(repo: Repo) -> None:
    for package, python in (("new", "3.12"), ("old", "3.9")):
        repo.stage(f"{package}/pyproject.toml", f'[project]\nname = "{package}"\nrequires-python = ">={python}"\n')
        repo.stage(f"{package}/src/code.py", "match 1:\n    case _:\n        type Number = int\n")

    with judging(repo) as judged:
        told = judged.findings(Lint())

    assert [(one.path, one.rule, one.message.partition(" on ")[2][:10]) for one in told] == [
        ("old/src/code.py", "lint/syntax-error", "Python 3.9"),
        ("old/src/code.py", "lint/syntax-error", "Python 3.9"),
    ]


def test_an_old_finding_in_a_package_with_a_python_of_its_own_is_old(repo: Repo) -> None:
    repo.stage("old/pyproject.toml", '[project]\nname = "old"\nrequires-python = ">=3.9"\n')
    repo.stage("old/src/code.py", "match 1:\n    case _:\n        pass\n").commit()
    repo.stage("old/src/code.py", "match 1:\n    case _:\n        print()\n")

    with judging(repo) as judged:
        assert [(path, new) for path, *_, new in judged.told(Lint())] == [("old/src/code.py", False)]


def test_a_finding_of_a_merge_is_old_if_either_parent_has_it(repo: Repo) -> None:
    repo.stage("a.py", CLEAN).commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.stage("b.py", UNUSED).commit()
    repo.git("checkout", "--quiet", "main")
    repo.stage("c.py", CLEAN).commit()
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", "side")
    repo.stage("c.py", UNUSED)

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("b.py", 1, "lint/F401", False), ("c.py", 1, "lint/F401", True)]


def test_a_syntax_error_is_a_finding(repo: Repo) -> None:
    repo.stage("a.py", "def f(:\n")

    with judging(repo) as judged:
        assert {rule for _, _, rule, _ in judged.told(Lint())} == {"lint/syntax-error"}


@pytest.mark.parametrize("extra", ["fix = true", 'output-format = "full"', "fix-only = true", "unsafe-fixes = true"])
def test_the_projects_settings_do_not_change_what_is_said_or_written(repo: Repo, extra: str) -> None:
    """Source: click sets the first two."""
    repo.stage("pyproject.toml", lines("[tool.ruff]", extra)).commit()
    repo.stage("a.py", UNUSED)

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("a.py", 1, "lint/F401", True)]
        assert (judged.job.trees.target().path / "a.py").read_text() == UNUSED


def test_what_the_project_excludes_is_not_judged(repo: Repo) -> None:
    repo.stage("pyproject.toml", lines("[tool.ruff]", 'extend-exclude = ["made"]')).commit()
    repo.stage("made/a.py", UNUSED)

    with judging(repo) as judged:
        assert judged.told(Lint()) == []


def test_names_that_look_like_options_or_are_no_utf8_keep_their_findings(repo: Repo) -> None:
    for name in (b"-x.py", b"a b'\".py", b"caf\xe9.py", b"new\nline.py"):
        repo.stage(name, UNUSED)

    with judging(repo) as judged:
        told = judged.told(Lint())

    assert {path for path, *_ in told} == {"-x.py", "a b'\".py", "caf\udce9.py", "new\nline.py"}
    assert {(line, rule, new) for _, line, rule, new in told} == {(1, "lint/F401", True)}


def test_an_old_finding_is_found_again_in_a_file_with_an_odd_name(repo: Repo) -> None:
    for name in (b"-x.py", b"caf\xe9.py"):
        repo.stage(name, UNUSED)
    repo.commit()
    for name in (b"-x.py", b"caf\xe9.py"):
        repo.stage(name, UNUSED + "X = 1\n")

    with judging(repo) as judged:
        assert [new for *_, new in judged.told(Lint())] == [False, False]


def test_a_finding_in_a_notebook_names_the_cell(repo: Repo) -> None:
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": ["x = 1\n", "import os"],
    }
    repo.stage("n.ipynb", json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

    with judging(repo) as judged:
        (finding,) = [found for found in judged.findings(Lint()) if found.rule == "lint/F401"]

    assert (finding.path, finding.line, finding.hint) == ("n.ipynb", None, "in cell 1, line 2")


def test_what_ruff_can_mend_ends_with_a_line_to_copy(repo: Repo) -> None:
    repo.stage("a b.py", UNUSED).stage("c.py", "x = y\n")

    here = f"{Path(sys.executable).parent}:{repo.environ['PATH']}"
    with judging(repo, environ={**repo.environ, "PATH": here}) as judged:
        repair = judged.check(Lint()).repair

    assert repair == ("ruff check --fix 'a b.py'  # then `git add` again, ruff does not restage",)


def test_the_formatter_runs_only_where_the_project_configures_it(repo: Repo) -> None:
    repo.stage("a.py", "x=1\n")
    with judging(repo) as judged:
        assert judged.told(Lint()) == []

    repo.stage("pyproject.toml", "[tool.ruff.format]\n").commit()
    repo.stage("a.py", "x=2\n").stage("b.py", "y=2\n")
    with judging(repo) as judged:
        assert judged.told(Lint()) == [("a.py", None, "lint/format", False), ("b.py", None, "lint/format", True)]
        (repair,) = judged.check(Lint()).repair
        assert repair.endswith("ruff format a.py b.py  # then `git add` again, ruff does not restage")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ruff.toml", "[format]\n"),
        (".ruff.toml", "[format]\n"),
        (".pre-commit-config.yaml", "repos:\n- repo: x\n  hooks:\n  - id: ruff-format\n"),
    ],
)
def test_each_way_to_configure_the_formatter_is_seen(repo: Repo, name: str, content: str) -> None:
    repo.stage(name, content).commit()
    repo.stage("a.py", "x=2\n")

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("a.py", None, "lint/format", True)]


def test_the_setting_format_wins_over_the_project(repo: Repo) -> None:
    repo.stage("a.py", "x=1\n").stage("ruff.toml", "[format]\n")

    with judging(repo, settings=replaced(Settings(), "lint", format="never")) as judged:
        assert judged.told(Lint()) == []
    repo.git("rm", "--cached", "--quiet", "ruff.toml")
    with judging(repo, settings=replaced(Settings(), "lint", format="always")) as judged:
        assert judged.told(Lint()) == [("a.py", None, "lint/format", True)]


def test_a_file_with_a_syntax_error_does_not_stop_the_formatter(repo: Repo) -> None:
    repo.stage("ruff.toml", "[format]\n").commit()
    repo.stage("a.py", "x=1\n").stage("b.py", "def f(:\n")

    with judging(repo) as judged:
        assert ("a.py", None, "lint/format", True) in judged.told(Lint())


def test_a_change_of_ruffs_settings_judges_all_files(repo: Repo) -> None:
    repo.stage("a.py", "x = 'a'\n").stage("pyproject.toml", "[project]\n").commit()
    repo.stage("pyproject.toml", lines("[project]", "[tool.ruff.lint]", 'select = ["Q"]'))

    with judging(repo) as judged:
        assert Lint().skip(judged.job) is None
        assert judged.told(Lint()) == [("a.py", 1, "lint/Q000", False)]
        assert "ruff's settings changed: all Python files were judged" in judged.check(Lint()).notes


def test_another_part_of_pyproject_is_not_ruffs(repo: Repo) -> None:
    repo.stage("a.py", CLEAN).stage("pyproject.toml", "[project]\n").commit()
    repo.stage("pyproject.toml", "[project]\nname = 'x'\n")

    with judging(repo) as judged:
        assert Lint().skip(judged.job) == "no Python file changed"


def test_what_only_looser_settings_accept_is_a_finding(repo: Repo) -> None:
    repo.stage("ruff.toml", "").stage("a.py", CLEAN).commit()
    repo.stage("ruff.toml", 'lint.ignore = ["F401"]\n').stage("a.py", UNUSED)

    with judging(repo) as judged:
        (finding,) = judged.findings(Lint())

    assert (finding.path, finding.rule, finding.new) == ("a.py", "lint/F401", True)
    assert finding.message.endswith(LOOSENED)


def test_what_looser_settings_accept_and_was_there_before_is_old(repo: Repo) -> None:
    repo.stage("ruff.toml", "").stage("a.py", UNUSED).commit()
    repo.stage("ruff.toml", 'lint.ignore = ["F401"]\n').stage("a.py", UNUSED + "X = 1\n")

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("a.py", 1, "lint/F401", False)]


def test_settings_taken_away_or_renamed_count_as_changed(repo: Repo) -> None:
    repo.stage("ruff.toml", 'lint.select = ["Q"]\n').stage("a.py", CLEAN).commit()
    repo.git("rm", "--quiet", "ruff.toml")
    repo.stage("a.py", CLEAN + "X = 'a'\n")

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("a.py", 3, "lint/Q000", True)]


def test_mending_broken_settings_is_possible(repo: Repo) -> None:
    repo.stage("ruff.toml", "lint = 3\n").stage("a.py", CLEAN).commit()
    repo.stage("ruff.toml", "").stage("a.py", CLEAN + "X = 1\n")

    with judging(repo) as judged:
        result = judged.check(Lint())

    assert result.outcome is Outcome.PASSED
    assert any("not judged under the ruff settings before this change" in note for note in result.notes)


def test_broken_settings_are_a_doubt_with_ruffs_own_words(repo: Repo) -> None:
    repo.stage("ruff.toml", "lint = 3\n").stage("a.py", CLEAN)

    with judging(repo) as judged, pytest.raises(ToolError, match=r"ruff exited 2: .*ruff\.toml"):
        judged.check(Lint())


def _with_ruff(tmp_path: Path, top: Path, script: str) -> Interpreter:
    """A Python whose ruff is *script*."""
    broken = tmp_path / "env/bin/ruff"
    broken.parent.mkdir(parents=True)
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    return Interpreter(
        python=Path(sys.executable),
        version="3.12",
        prefix=tmp_path / "env",
        distributions={"ruff": "0.1"},
        origin=".venv",
        top=top,
    )


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 1", "ruff printed no JSON: it said nothing"),
        ("echo '[]'; exit 1", "ruff exited 1 without a finding"),
        ("echo oops; exit 0", "ruff printed no JSON: oops"),
        ("echo '[{}]'; exit 1", "ruff's JSON is not what it promises"),
        ("echo '{}'; exit 0", "ruff exited 0 without a finding"),
        ("kill -9 $$", "ruff exited -9"),
    ],
)
def test_a_broken_ruff_is_a_doubt(repo: Repo, tmp_path: Path, script: str, words: str) -> None:
    python = _with_ruff(tmp_path, repo.root, script)
    repo.stage("a.py", CLEAN)

    with judging(repo, interpreter=lambda: python) as judged, pytest.raises(ToolError) as raised:
        judged.check(Lint())

    assert words in str(raised.value)


def test_without_a_python_ours_judges(repo: Repo) -> None:
    repo.stage("a.py", UNUSED)

    def none() -> Interpreter:
        raise ToolError("no Python for this project")

    with judging(repo, interpreter=none) as judged:
        assert judged.told(Lint()) == [("a.py", 1, "lint/F401", True)]
        assert "ruff" in Lint().inputs(judged.job)["ruff"]


def test_a_project_in_a_folder_is_judged_alone(repo: Repo) -> None:
    repo.stage("one/a.py", UNUSED).stage("onemore/b.py", UNUSED)

    with judging(repo, project="one") as judged:
        assert judged.told(Lint()) == [("one/a.py", 1, "lint/F401", True)]


def test_all_files_are_judged_without_an_older_tree(repo: Repo) -> None:
    repo.stage("a.py", UNUSED).stage("b.py", CLEAN).stage("ruff.toml", "").commit()

    with judging(repo, read=all_files) as judged:
        assert judged.told(Lint()) == [("a.py", 1, "lint/F401", True)]


def test_the_key_holds_what_the_verdict_depends_on(repo: Repo) -> None:
    repo.stage("a.py", CLEAN).commit()
    repo.stage("a.py", UNUSED)
    with judging(repo) as judged:
        one = Lint().inputs(judged.job)
    with judging(repo, settings=replaced(Settings(), "lint", format="always")) as judged:
        other = Lint().inputs(judged.job)

    assert {name for name in one if one[name] != other[name]} == {"format"}
    assert one["target"] != one["parents"]


def test_thousands_of_paths_fit_on_command_lines() -> None:
    paths = [f"{'d' * 200}/{number}.py" for number in range(2000)]

    chunks = list(ruff.chunks(paths))

    assert [path for chunk in chunks for path in chunk] == paths
    assert max(sum(len(path) + 1 for path in chunk) for chunk in chunks) <= 60_000


def test_a_line_to_copy_works_where_ruff_is_not_on_path(repo: Repo) -> None:
    repo.stage("a.py", UNUSED)

    with judging(repo, environ={**repo.environ, "PATH": "/usr/bin:/bin"}) as judged:
        (repair,) = judged.check(Lint()).repair

    assert Path(repair.split(" check --fix a.py", maxsplit=1)[0]).is_file()


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        # Before 0.14: plain lines only.
        ("echo \"error: unexpected argument '--output-format' found\" >&2; exit 2", "Would reformat: a.py"),
        ('echo \'[{"code": "unformatted", "filename": "a.py"}]\'; exit 1', ""),
    ],
)
def test_each_way_in_which_ruffs_formatter_answers_is_read(
    repo: Repo, tmp_path: Path, script: str, outcome: str
) -> None:
    python = _with_ruff(
        tmp_path,
        repo.root,
        f"""case "$*" in
        check*) echo '[]';;
        *output-format*) {script};;
        *) echo "{outcome}"; exit 1;;
        esac""",
    )
    repo.stage("ruff.toml", "[format]\n").stage("a.py", "x=1\n")

    with judging(repo, interpreter=lambda: python) as judged:
        assert [(one.path, one.rule) for one in judged.check(Lint()).findings] == [("a.py", "lint/format")]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 2", "ruff format exited 2 without a finding"),
        ("exit 1", "ruff format exited 1 without a finding"),
        ("echo '[{'; exit 1", "ruff format printed no JSON"),
    ],
)
def test_a_broken_formatter_is_a_doubt(repo: Repo, tmp_path: Path, script: str, words: str) -> None:
    python = _with_ruff(tmp_path, repo.root, f'case "$*" in check*) echo "[]";; *) {script};; esac')
    repo.stage("ruff.toml", "[format]\n").stage("a.py", "x=1\n")

    with judging(repo, interpreter=lambda: python) as judged, pytest.raises(ToolError, match=words):
        judged.check(Lint())


def test_stricter_and_looser_settings_at_once_blame_each_finding_once(repo: Repo) -> None:
    """What both settings find is one finding, not two."""
    repo.stage("ruff.toml", "").stage("a.py", CLEAN).commit()
    repo.stage("ruff.toml", 'lint.ignore = ["E711"]\n').stage("a.py", UNUSED).stage("b.py", UNUSED)

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("a.py", 1, "lint/F401", True), ("b.py", 1, "lint/F401", True)]


def test_a_new_file_that_only_looser_settings_accept_is_a_finding(repo: Repo) -> None:
    repo.stage("ruff.toml", "").stage("a.py", UNUSED).commit()
    repo.stage("ruff.toml", 'lint.ignore = ["F401"]\n').stage("a.py", UNUSED + "\n").stage("b.py", UNUSED)

    with judging(repo) as judged:
        assert judged.told(Lint()) == [("a.py", 1, "lint/F401", False), ("b.py", 1, "lint/F401", True)]


@pytest.mark.parametrize(
    ("name", "keys", "old", "new", "same"),
    [
        ("pyproject.toml", ("tool", "x"), b"[tool.x]\na = 1\n", b"# words\n[tool.x]\na=1\n[tool.y]\n", True),
        ("pyproject.toml", ("tool", "x"), b"[tool.x]\na = 1\n", b"[tool.x]\na = 2\n", False),
        ("pyproject.toml", ("tool", "x"), b"[tool\n", b"[tool\n\n", False),
        ("pyproject.toml", ("tool", "x"), b"tool = 1\n", b"", True),
        ("setup.cfg", ("x",), b"[y]\na = 1\n[x]\nb = 1\n", b"[x]\nb = 1\n\n[y]\na = 2\n", True),
        ("setup.cfg", ("x",), b"[x-pkg.*]\nb = 1\n", b"[x-pkg.*]\nb = 2\n", False),
        ("setup.cfg", ("x",), b"[xy]\nb = 1\n", b"", True),
    ],
)
def test_only_the_part_of_a_settings_file_that_a_tool_reads_counts(
    name: str, keys: tuple[str, ...], old: bytes, new: bytes, *, same: bool
) -> None:
    assert (table(old, name, keys) == table(new, name, keys)) is same


def test_a_line_that_is_not_there_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one\r\n\xff")
    lines_of = Lines(tmp_path)

    assert [lines_of.at("a", line) for line in (None, 0, 1, 2, 3)] == ["", "", "one", "\udcff", ""]
    assert lines_of.at("no", 1) == lines_of.at("\0", 1) == ""
