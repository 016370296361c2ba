"""The types gate: real mypy over real changes."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from everycommit.config.schema import Settings
from everycommit.environment import Interpreter
from everycommit.errors import TimeRanOut, ToolError
from everycommit.gates import mypy
from everycommit.gates.typecheck import LOOSENED, Types
from everycommit.ledger import doubted
from everycommit.repo.read import all_files
from everycommit.result import Outcome
from judging import judging, lines, own_python, replaced, with_mypy
from support import Repo

GOOD = lines("def add(a: int, b: int) -> int:", "    return a + b")
BAD = lines("def add(a: int, b: int) -> int:", '    return "sum"')
FREE = lines("def add(a, b):", "    return a + b")


def test_a_finding_has_place_code_words_and_the_lines_text(repo: Repo) -> None:
    repo.stage("pkg/__init__.py", "").stage("pkg/a.py", GOOD).stage("pkg/b.py", GOOD).commit()
    repo.stage("pkg/a.py", BAD)

    with judging(repo) as judged:
        result = judged.check(Types())

    (found,) = result.findings
    assert (found.path, found.line, found.column, found.rule) == ("pkg/a.py", 2, 12, "types/return-value")
    assert found.source == '    return "sum"'
    assert found.message.startswith("Incompatible return value type")
    assert (result.outcome, result.summary, result.counts) == (Outcome.FAILED, "3 files", {"files": 3})
    assert result.tool is not None
    assert result.tool.startswith("mypy ")


def test_an_error_in_a_file_that_did_not_change_is_found(repo: Repo) -> None:
    """A changed signature breaks its callers."""
    repo.stage("a.py", GOOD).stage("b.py", "import a\n\nX = a.add(1, 2)\n").commit()
    repo.stage("a.py", GOOD.replace("a: int, ", "a: str, "))

    with judging(repo) as judged:
        told = judged.told(Types())

    assert ("b.py", 3, "types/arg-type", True) in told


def test_what_is_staged_is_judged_and_not_the_working_tree(repo: Repo) -> None:
    repo.stage("a.py", BAD).write("a.py", GOOD)

    with judging(repo) as judged:
        assert judged.told(Types()) == [("a.py", 2, "types/return-value", True)]


def test_an_old_error_stays_old_when_its_line_moves_or_its_file_is_renamed(repo: Repo) -> None:
    repo.stage("a.py", BAD + GOOD.replace("add", "sub") * 2).commit()
    repo.git("mv", "a.py", "b.py")
    content = '"""Sums."""\n\n' + (repo.root / "b.py").read_text()
    repo.stage("b.py", content + lines("", "X: int = None"))

    with judging(repo) as judged:
        told = judged.told(Types())

    assert ("b.py", 4, "types/return-value", False) in told
    assert ("b.py", len(content.splitlines()) + 2, "types/assignment", True) in told


def test_an_edit_of_the_same_size_within_a_second_is_seen(repo: Repo) -> None:
    """mypy trusts path, size and whole second: a warm cache must not hide it."""
    repo.stage("a.py", "X: int = 1\nY: int = X\n").commit()
    repo.stage("a.py", "X: int = 1\nY: int = X \n")
    with judging(repo) as judged:
        assert judged.told(Types()) == []
    repo.stage("a.py", "X: int = 1\nY: str = X \n")
    with judging(repo) as judged:
        assert judged.told(Types()) == [("a.py", 2, "types/assignment", True)]


def test_notes_hang_on_the_error_that_they_explain(repo: Repo) -> None:
    repo.stage(
        "a.py",
        lines(
            "class A:",
            "    def f(self, x: int) -> None: ...",
            "class B(A):",
            "    def f(self, x: str) -> None: ...",
            "reveal_type(A())",
        ),
    )

    with judging(repo) as judged:
        (found,) = judged.findings(Types())

    assert found.rule == "types/override"
    assert found.hint is not None
    assert found.hint.startswith("This violates the Liskov substitution principle")


def test_a_syntax_error_is_a_finding(repo: Repo) -> None:
    repo.stage("a.py", "def f(:\n")

    with judging(repo) as judged:
        told = judged.told(Types())

    assert told[0] == ("a.py", 1, "types/syntax", True)
    assert {rule for _, _, rule, _ in told} == {"types/syntax"}


def test_without_settings_missing_packages_of_others_are_no_errors_and_that_is_said(repo: Repo) -> None:
    repo.stage("shop/__init__.py", "").stage("shop/a.py", "import no_such_package\nimport yaml\nimport xdist\n")

    with judging(repo) as judged:
        result = judged.check(Types())

    assert result.outcome is Outcome.PASSED
    assert "no mypy settings: its defaults, missing packages of others ignored" in result.notes


@pytest.mark.parametrize("base", ["", "src/"])
@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("from shop import price", "attr-defined"),
        ("from .price import one", "import-not-found"),
        ("import shop.price", "import-not-found"),
    ],
)
def test_without_settings_a_module_that_the_change_deletes_is_missed_where_it_is_imported(
    repo: Repo, base: str, words: str, rule: str
) -> None:
    repo.stage(f"{base}shop/__init__.py", "").stage(f"{base}shop/price.py", "one = 1\n")
    repo.stage(f"{base}shop/cart.py", f"{words}\n").commit("start")
    repo.git("rm", "--quiet", f"{base}shop/price.py")

    with judging(repo) as judged:
        told = judged.told(Types())

    assert told == [(f"{base}shop/cart.py", 1, f"types/{rule}", True)]


def test_packages_in_a_folder_of_their_own_are_checked_where_there_are_none_elsewhere(repo: Repo) -> None:
    repo.stage("python/shop/__init__.py", "from shop.gone import x\nfrom .other import y\n").stage(
        "docs/a/__init__.py", ""
    )
    repo.stage("python/shop/bad.py", "one: int = 'one'\n").stage("scripts/b/__init__.py", "one: int = ''\n")

    with judging(repo) as judged:
        told = judged.told(Types())

    assert told == [
        ("python/shop/__init__.py", 1, "types/import-not-found", True),
        ("python/shop/__init__.py", 2, "types/import-not-found", True),
        ("python/shop/bad.py", 1, "types/assignment", True),
    ]


def test_without_settings_a_forgotten_module_is_missed_though_an_editable_install_leads_to_it(
    repo: Repo, tmp_path: Path
) -> None:
    repo.stage("src/shop/__init__.py", "").stage("src/shop/cart.py", "from shop.price import one\n")
    repo.write("src/shop/price.py", "one = 1\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (site / "shop.pth").write_text(f"{repo.root / 'src'}\n")
    python = replace(
        own_python(repo.root), python=tmp_path / "venv/bin/python", prefix=tmp_path / "venv", distributions={}
    )

    with judging(repo, interpreter=lambda: python) as judged:
        (found,) = judged.findings(Types())

    assert (found.path, found.rule) == ("src/shop/cart.py", "types/import-not-found")
    assert found.message == 'Cannot find module named "shop.price" in this change'


def test_without_settings_an_extension_of_ones_own_is_no_missing_module(repo: Repo) -> None:
    repo.stage("shop/__init__.py", "import shop._fast\n").stage("shop/_fast.cpython-311-x86_64-linux-gnu.so", "")

    with judging(repo) as judged:
        assert judged.told(Types()) == []


def test_without_settings_a_deleted_module_at_the_top_is_missed_and_a_namespace_is_anybodys(repo: Repo) -> None:
    repo.stage("helper.py", "one = 1\n").stage("main.py", "import helper\nimport company.other\n")
    repo.stage("src/company/own.py", "import company.other.part\n").commit("start")
    repo.git("rm", "--quiet", "helper.py")
    repo.git("rm", "--quiet", "src/company/own.py")

    with judging(repo) as judged:
        told = judged.told(Types())

    assert told == [("main.py", 1, "types/import-not-found", True)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", "[tool.mypy]\ndisallow_untyped_defs = true\n"),
        ("mypy.ini", "[mypy]\ndisallow_untyped_defs = True\n"),
        (".mypy.ini", "[mypy]\ndisallow_untyped_defs = True\n"),
        ("setup.cfg", "[mypy]\ndisallow_untyped_defs = True\n"),
    ],
)
def test_the_projects_settings_judge(repo: Repo, name: str, content: str) -> None:
    repo.stage(name, content).stage("a.py", FREE)

    with judging(repo) as judged:
        result = judged.check(Types())

    assert [found.rule for found in result.findings] == ["types/no-untyped-def"]
    assert result.notes == ()


@pytest.mark.parametrize(
    "extra",
    [
        "pretty = true",
        "color_output = true",
        "show_error_context = true",
        "hide_error_codes = true",
        "install_types = true\nnon_interactive = true",
        'output = "json"\nshow_absolute_path = true',
        'cache_dir = "here"',
        'python_executable = ".venv/bin/python"',
        "no_error_summary = true\nverbosity = 0",
    ],
)
def test_settings_about_the_output_lose(repo: Repo, extra: str) -> None:
    """Source: click sets pretty; install_types would run pip and ask."""
    repo.stage("pyproject.toml", f"[tool.mypy]\n{extra}\n").stage("a.py", BAD)

    with judging(repo) as judged:
        (found,) = judged.findings(Types())
        assert not (judged.job.trees.target().path / "here").exists()

    assert (found.path, found.line, found.rule) == ("a.py", 2, "types/return-value")
    assert "\n" not in found.message


def test_the_settings_of_the_user_do_not_judge(repo: Repo) -> None:
    repo.write("../home/.mypy.ini", "[mypy]\ndisallow_untyped_defs = True\n")
    repo.stage("a.py", FREE)

    with judging(repo) as judged:
        assert judged.told(Types()) == []


@pytest.mark.parametrize(
    ("staged", "asked"),
    [
        (("src/p/__init__.py", "src/one.py", "tests/test_a.py", "setup.py"), ("src/one.py", "src/p")),
        (("p/__init__.py", "q/__init__.pyi", "tests/__init__.py", "one.py", "setup.py"), ("one.py", "p", "q")),
        (("conftest.py", "test_a.py", "scripts/a.py", ".hidden/__init__.py"), None),
        (("src/notes.txt", "p/__init__.py"), ("p",)),
    ],
)
def test_packages_are_found(tmp_path: Path, staged: Sequence[str], asked: Sequence[str] | None) -> None:
    for name in staged:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    assert mypy.asked_for(tmp_path, ".", None, ()) == asked


def test_paths_of_ours_win_over_mypys_and_mypys_over_the_packages(repo: Repo) -> None:
    repo.stage("mypy.ini", "[mypy]\nfiles = one.py\n").stage("one.py", BAD).stage("two.py", BAD)

    with judging(repo) as judged:
        assert [path for path, *_ in judged.told(Types())] == ["one.py"]
        assert judged.check(Types()).notes == ("not among what mypy checks: two.py",)
    with judging(repo, settings=replaced(Settings(), "types", paths=("two.py",))) as judged:
        assert [path for path, *_ in judged.told(Types())] == ["two.py"]


def test_nothing_to_check_is_skipped_with_the_way_on(repo: Repo) -> None:
    repo.stage("scripts/a.py", BAD)

    with judging(repo) as judged:
        result = judged.check(Types())

    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "mypy has nothing to check: no package and no module; name some in types.paths"


def test_a_repository_without_python_is_skipped(repo: Repo) -> None:
    repo.stage("pyproject.toml", "")

    with judging(repo) as judged:
        result = judged.check(Types())

    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "no Python here")


@pytest.mark.parametrize(
    ("path", "skipped"),
    [
        ("README.md", True),
        ("data.json", True),
        ("pkg/py.typed", False),
        ("pyproject.toml", False),
        ("requirements/dev.txt", False),
        ("requirements.txt", False),
        ("notes.txt", True),
        ("a.pyi", False),
        ("mypy.ini", False),
    ],
)
def test_only_what_mypy_reads_makes_it_run(repo: Repo, path: str, *, skipped: bool) -> None:
    repo.stage("a.py", GOOD).commit()
    repo.stage(path, "\n")

    with judging(repo) as judged:
        assert (Types().skip(judged.job) is not None) is skipped


def test_a_deleted_module_makes_it_run(repo: Repo) -> None:
    repo.stage("a.py", GOOD).stage("b.py", "import a\n").stage("mypy.ini", "[mypy]\n").commit()
    repo.git("rm", "--quiet", "a.py")

    with judging(repo) as judged:
        assert Types().skip(judged.job) is None
        assert judged.told(Types()) == [("b.py", 1, "types/import-not-found", True)]


def test_stricter_settings_find_old_errors_only(repo: Repo) -> None:
    repo.stage("a.py", FREE).stage("mypy.ini", "[mypy]\n").commit()
    repo.stage("mypy.ini", "[mypy]\ndisallow_untyped_defs = True\n")

    with judging(repo) as judged:
        assert judged.told(Types()) == [("a.py", 1, "types/no-untyped-def", False)]


def test_what_only_looser_settings_accept_is_a_finding(repo: Repo) -> None:
    strict = "[mypy]\ndisallow_untyped_defs = True\n"
    repo.stage("a.py", FREE).stage("mypy.ini", strict).commit()
    repo.stage("mypy.ini", "[mypy]\n").stage("b.py", FREE)

    with judging(repo) as judged:
        found = judged.findings(Types())

    assert [(one.path, one.rule, one.new) for one in found] == [
        ("a.py", "types/no-untyped-def", False),
        ("b.py", "types/no-untyped-def", True),
    ]
    assert all(one.message.endswith(LOOSENED) for one in found)


def test_mending_broken_settings_is_possible(repo: Repo) -> None:
    repo.stage("a.py", GOOD).stage("mypy.ini", "[mypy]\nplugins = no_such\n").commit()
    repo.stage("mypy.ini", "[mypy]\n")

    with judging(repo) as judged:
        result = judged.check(Types())

    assert (result.outcome, result.findings) == (Outcome.PASSED, ())


def test_a_setting_that_mypy_does_not_know_is_said(repo: Repo) -> None:
    repo.stage("a.py", GOOD).stage("mypy.ini", "[mypy]\nno_such_thing = True\n")

    with judging(repo) as judged:
        notes = judged.check(Types()).notes

    assert notes == ("mypy: mypy.ini: [mypy]: Unrecognized option: no_such_thing = True",)


def test_an_error_of_a_merge_is_old_if_either_parent_has_it(repo: Repo) -> None:
    repo.stage("a.py", GOOD).commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.stage("b.py", BAD).commit()
    repo.git("checkout", "--quiet", "main")
    repo.stage("c.py", BAD).commit()
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", "side")
    repo.stage("d.py", BAD)

    with judging(repo) as judged:
        assert [(path, new) for path, *_, new in judged.told(Types())] == [
            ("b.py", False),
            ("c.py", False),
            ("d.py", True),
        ]


def test_the_first_python_file_has_no_old_errors(repo: Repo) -> None:
    repo.stage("README.md", "").commit()
    repo.stage("a.py", BAD)

    with judging(repo) as judged:
        assert judged.told(Types()) == [("a.py", 2, "types/return-value", True)]
    repo.commit()
    repo.stage("more/b.py", BAD)
    with judging(repo, settings=replaced(Settings(), "types", paths=("more",))) as judged:
        assert judged.told(Types()) == [("more/b.py", 2, "types/return-value", True)]


def test_a_project_in_a_folder_is_judged_alone_with_paths_from_the_root(repo: Repo) -> None:
    repo.stage("one/p/__init__.py", BAD).stage("two/q/__init__.py", BAD)

    with judging(repo, project="one") as judged:
        assert judged.told(Types()) == [("one/p/__init__.py", 2, "types/return-value", True)]


def test_all_files_are_judged_without_an_older_tree(repo: Repo) -> None:
    repo.stage("a.py", BAD).stage("mypy.ini", "[mypy]\n").commit()

    with judging(repo, read=all_files) as judged:
        assert judged.told(Types()) == [("a.py", 2, "types/return-value", True)]


def test_time_that_runs_out_is_a_doubt(repo: Repo) -> None:
    repo.stage("a.py", "import asyncio\n")

    with judging(repo, seconds=0.3) as judged, pytest.raises(TimeRanOut):
        judged.check(Types())


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 1", "mypy exited 1 without a finding: it said nothing"),
        (
            "echo 'a.py:1: error: INTERNAL ERROR -- report it' >&2; exit 2",
            "mypy crashed (exit 2): a.py:1: error: INTERNAL",
        ),
        ("echo 'LOG:  x' >&2; echo 'mypy: error: no' >&2; exit 2", "mypy exited 2 without a finding: mypy: error: no"),
        ("kill -SEGV $$", "mypy crashed (exit -11)"),
        ("echo '{\"file\": 1'; exit 1", "mypy's JSON is not what it promises"),
        ("echo '{\"file\": 1}'; exit 1", "mypy's JSON is not what it promises"),
    ],
)
def test_a_broken_mypy_is_a_doubt(repo: Repo, tmp_path: Path, script: str, words: str) -> None:
    repo.stage("a.py", GOOD)
    python = with_mypy(tmp_path, repo.root, script)

    with judging(repo, interpreter=lambda: python) as judged, pytest.raises(ToolError) as raised:
        judged.check(Types())

    assert words in str(raised.value)


def test_an_old_mypy_that_prints_no_json_is_read(repo: Repo, tmp_path: Path) -> None:
    """Projects for Python 3.8 and older cannot have a newer one."""
    said = "a.py:2:12: error: Incompatible return value type  [return-value]\na.py:2:12: note: Why\na.py:3: error: Odd"
    repo.stage("a.py", BAD)
    python = with_mypy(tmp_path, repo.root, f"echo '{said}'; exit 1", version="1.10.1")

    with judging(repo, interpreter=lambda: python) as judged:
        one, other = judged.check(Types()).findings

    assert (one.line, one.column, one.rule, one.hint) == (2, 12, "types/return-value", "Why")
    assert (other.line, other.column, other.rule) == (3, None, "types/error")


def test_ours_is_told_of_the_projects_python(repo: Repo, tmp_path: Path) -> None:
    """A package that only the project's Python has is found, and the code is checked for its version."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    (site,) = (tmp_path / "env/lib").glob("python*/site-packages")
    (site / "theirs").mkdir()
    (site / "theirs/__init__.py").write_text("def f() -> int: ...\n")
    (site / "theirs/py.typed").touch()
    repo.stage("mypy.ini", "[mypy]\n").stage("a.py", "import theirs\n\nX: str = theirs.f()\n")
    real = own_python(repo.root)
    python = Interpreter(
        python=tmp_path / "env/bin/python",
        version=real.version,
        prefix=tmp_path / "env",
        distributions={},
        origin=".venv",
        top=repo.root,
    )

    with judging(repo, interpreter=lambda: python) as judged:
        assert judged.told(Types()) == [("a.py", 3, "types/assignment", True)]


def test_an_editable_install_gives_mypy_the_snapshot(repo: Repo, tmp_path: Path) -> None:
    """What is staged is checked against what is staged, though the installed package is the working tree's."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    (site,) = (tmp_path / "env/lib").glob("python*/site-packages")
    (site / "_pkg.pth").write_text(f"{repo.root}/src\n")
    repo.stage("mypy.ini", "[mypy]\nfiles = tests\n").stage("src/pkg/__init__.py", "def f() -> int: ...\n")
    repo.stage("src/pkg/py.typed", "").stage("tests/a.py", "import pkg\n\nX: int = pkg.f()\n")
    repo.write("src/pkg/__init__.py", "def f() -> str: ...\n")
    python = Interpreter(
        python=tmp_path / "env/bin/python",
        version=own_python(repo.root).version,
        prefix=tmp_path / "env",
        distributions={},
        origin=".venv",
        top=repo.root,
    )

    with judging(repo, interpreter=lambda: python) as judged:
        result = judged.check(Types())

    assert (result.outcome, result.reason, result.findings) == (Outcome.PASSED, None, ())


def test_a_file_of_the_working_tree_that_mypy_reads_is_a_doubt(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a.py", GOOD)
    log = f"LOG:  Parsing {repo.root}/src/pkg/__init__.py (pkg)"
    python = with_mypy(tmp_path, repo.root, f"echo '{log}' >&2")

    with judging(repo, interpreter=lambda: python) as judged:
        result = judged.check(Types())

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason is not None
    assert result.reason.startswith("src/pkg/__init__.py came from the working tree, not from the snapshot")


def test_an_error_outside_the_tree_belongs_to_no_file(repo: Repo, tmp_path: Path) -> None:
    entry = {
        "file": "/lib/x.pyi",
        "line": 3,
        "column": 0,
        "message": "Odd",
        "hint": None,
        "code": None,
        "severity": "error",
    }
    repo.stage("a.py", GOOD)
    python = with_mypy(tmp_path, repo.root, f"echo '{json.dumps(entry)}'; exit 1")

    with judging(repo, interpreter=lambda: python) as judged:
        (found,) = judged.check(Types()).findings

    assert (found.path, found.line, found.message) == (None, None, "/lib/x.pyi:3: Odd")


def test_the_key_holds_what_the_verdict_depends_on(repo: Repo) -> None:
    repo.stage("a.py", GOOD)
    # Without the editable install of ours, whose code lies elsewhere.
    python = replace(own_python(repo.root), prefix=repo.root)
    with judging(repo, interpreter=lambda: python) as judged:
        one = Types().inputs(judged.job)

    def none() -> Interpreter:
        raise ToolError("no Python for this project")

    with judging(repo, interpreter=none) as judged:
        assert doubted(Types().inputs(judged.job)["python"]) == "no Python for this project"
    settings = replaced(Settings(), "types", paths=("a.py",))
    with judging(repo, interpreter=lambda: python, settings=settings) as judged:
        other = Types().inputs(judged.job)

    assert one["python"] == python.fingerprint
    assert {name for name in one if one[name] != other[name]} == {"paths"}


def test_words_of_an_old_mypy_that_are_no_findings_are_passed_over() -> None:
    said = ["a.py: note: In function", "Found 1 error in 1 file", "a.py:1: note: alone", "b.py:2: error: Odd  [misc]"]

    (found,) = mypy.findings(said, json_lines=False)

    assert (found.path, found.line, found.column, found.rule, found.hint) == ("b.py", 2, None, "types/misc", None)
    assert mypy.findings(["Success", ""], json_lines=True) == []


def test_what_both_settings_find_is_one_finding(repo: Repo) -> None:
    repo.stage("a.py", GOOD).stage("mypy.ini", "[mypy]\ndisallow_untyped_defs = True\n").commit()
    repo.stage("mypy.ini", "[mypy]\n").stage("a.py", BAD)

    with judging(repo) as judged:
        assert judged.told(Types()) == [("a.py", 2, "types/return-value", True)]


def test_settings_that_were_broken_do_not_stop_the_change_that_mends_them(repo: Repo) -> None:
    repo.stage("a.py", GOOD).stage("pyproject.toml", "[tool.mypy]\npython_version = '2.7'\nplugins = [3]\n").commit()
    repo.stage("pyproject.toml", "[tool.mypy]\n")

    with judging(repo) as judged:
        assert judged.told(Types()) == []


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("setup.cfg", "[mypy]\nignore_missing_imports = True\n\n[options]\npackages = find:\n"),
        ("mypy.ini", "[mypy]\nignore_missing_imports = True\n"),
        ("pyproject.toml", "[tool.mypy]\nignore_missing_imports = true\n"),
    ],
)
def test_settings_that_name_no_files_have_the_packages_checked(repo: Repo, name: str, settings: str) -> None:
    """The packages that a setup.cfg names for setuptools are nothing that mypy reads."""
    repo.stage(name, settings).stage("pkg/__init__.py", GOOD).commit()
    repo.stage("pkg/__init__.py", BAD)

    with judging(repo) as judged:
        result = judged.check(Types())

    assert result.outcome is Outcome.FAILED, result.reason
    assert [found.path for found in result.findings] == ["pkg/__init__.py"]


def test_parts_of_a_namespace_in_src_are_checked_under_their_whole_names(repo: Repo) -> None:
    """Two parts with a module of the same name are no two sources of one module."""
    repo.stage("src/acme/a/core.py", GOOD).stage("src/acme/b/core.py", "from acme.a.core import add\n\nadd('x', 1)\n")
    repo.stage("src/data/x.json", "{}").stage("pyproject.toml", "[tool.mypy]\nstrict = true\n")

    with judging(repo) as judged:
        result = judged.check(Types())

    assert [(found.path, found.rule) for found in result.findings] == [("src/acme/b/core.py", "types/arg-type")]
    assert result.counts == {"files": 2}


def test_settings_that_say_where_packages_begin_are_left_alone(repo: Repo) -> None:
    repo.stage("src/acme/core.py", BAD).stage("mypy.ini", "[mypy]\nmypy_path = src\n")

    with judging(repo) as judged:
        result = judged.check(Types())

    assert (result.outcome, result.reason) == (
        Outcome.SKIPPED,
        "mypy has nothing to check: no package and no module; name some in types.paths",
    )
