"""The tests gate: real pytest over real changes."""

from dataclasses import replace
from pathlib import Path

import pytest

from everycommit.config.schema import Settings
from everycommit.environment import Interpreter
from everycommit.errors import ToolError
from everycommit.gates.tests import Tests as Gate  # a name that begins with Test would be collected
from everycommit.kept import Kept
from everycommit.repo.read import all_files
from everycommit.result import Outcome
from judging import Judging, judging, lines, own_python, replaced
from support import Repo

CODE = lines("def add(a, b):", "    return a + b")
TEST = lines("from calc import add", "", "", "def test_add():", "    assert add(1, 2) == 3")
PASSES = lines("def test_it():", "    assert True")
FAILS = lines("def test_it():", "    assert 1 == 2")


def test_passing_tests_pass_and_are_counted(repo: Repo) -> None:
    repo.stage("calc.py", CODE).stage("test_calc.py", TEST).stage("test_more.py", PASSES)

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert (result.outcome, result.reason, result.findings) == (Outcome.PASSED, None, ())
    assert (result.summary, result.brief, result.counts) == ("2 tests", "2", {"selected": 2, "total": 2})
    assert result.tool is not None
    assert result.tool.startswith("pytest ")


def test_a_failing_test_has_place_words_and_its_line(repo: Repo) -> None:
    repo.stage("calc.py", CODE).stage("tests/test_calc.py", TEST).stage("tests/conftest.py", "").commit()
    repo.stage("calc.py", CODE.replace("+", "-"))

    with judging(repo) as judged:
        result = judged.check(Gate())
        (found,) = judged.findings(Gate())

    assert (found.path, found.line, found.rule) == ("tests/test_calc.py", 5, "tests/failed")
    assert found.message.startswith("test_add: assert -1 == 3")
    assert found.source == "    assert add(1, 2) == 3"
    assert found.new
    assert (result.outcome, result.summary) == (Outcome.FAILED, "1 of 1 failed")


def test_what_is_staged_is_judged_and_not_the_working_tree(repo: Repo) -> None:
    repo.stage("calc.py", CODE).stage("test_calc.py", TEST).commit()
    repo.stage("calc.py", CODE.replace("+", "-")).write("calc.py", CODE)

    with judging(repo) as judged:
        assert judged.told(Gate()) == [("test_calc.py", 5, "tests/failed", True)]


def test_a_test_that_failed_before_is_old_though_its_words_differ(repo: Repo) -> None:
    repo.stage("test_a.py", lines("def test_a():", "    assert 1 == 2", "def test_b():", "    pass")).commit()
    repo.stage("test_a.py", lines("# moved", "def test_a():", "    assert 1 == 3", "def test_b():", "    assert 0"))

    with judging(repo) as judged:
        assert judged.told(Gate()) == [("test_a.py", 3, "tests/failed", False), ("test_a.py", 5, "tests/failed", True)]


def test_what_could_not_be_collected_before_is_old_though_pytest_ends_where_it_is_asked_for_it_alone(
    repo: Repo,
) -> None:
    repo.stage("test_a.py", PASSES).stage("shells/conftest.py", "import no_such_module\n").stage(
        "shells/test_b.py", FAILS
    )
    repo.commit()
    repo.stage("test_a.py", PASSES + "# more\n")

    with judging(repo) as judged:
        told = judged.told(Gate())

    assert [(path, rule, new) for path, _, rule, new in told] == [("shells", "tests/collection", False)]


def test_a_test_that_fails_for_what_ran_before_it_is_old_where_it_failed_so_before(repo: Repo) -> None:
    repo.stage("state.py", "seen = []\n")
    repo.stage("test_a.py", "import state\ndef test_a():\n    state.seen.append(1)\n")
    repo.stage("test_b.py", "import state\ndef test_b():\n    assert not state.seen\n").commit()
    repo.stage("test_c.py", PASSES)

    with judging(repo) as judged:
        assert judged.told(Gate()) == [("test_b.py", 3, "tests/failed", False)]


def test_a_test_that_fails_for_what_now_runs_before_it_is_new(repo: Repo) -> None:
    repo.stage("state.py", "seen = []\n")
    repo.stage("test_b.py", "import state\ndef test_b():\n    assert not state.seen\n").commit()
    repo.stage("test_a.py", "import state\ndef test_a():\n    state.seen.append(1)\n")

    with judging(repo) as judged:
        assert judged.told(Gate()) == [("test_b.py", 3, "tests/failed", True)]


def test_what_failed_in_all_tests_of_a_tree_is_kept_for_the_next_change(repo: Repo) -> None:
    repo.stage("pyproject.toml", "").stage("state.py", "seen = []\n")
    repo.stage("test_a.py", "import state\ndef test_a():\n    state.seen.append(1)\n")
    count = f"    open({str(repo.root.parent / 'ran')!r}, 'a').write('x')\n"
    repo.stage("test_b.py", f"import state\ndef test_b():\n{count}    assert not state.seen\n").commit()
    repo.stage("test_c.py", PASSES)

    # Without the editable install of ours, whose code lies elsewhere: that is no environment that can be repeated.
    python, ran = replace(own_python(repo.root), prefix=repo.root), []
    for _ in range(2):
        with judging(repo, interpreter=lambda: python) as judged:
            kept = Judging(replace(judged.job, answers=Kept(repo.root / ".git")), judged.said)
            assert kept.told(Gate()) == [("test_b.py", 4, "tests/failed", False)]
        ran.append(len((repo.root.parent / "ran").read_text()))

    # In the target, alone before and alone now; all of the tree before only once.
    assert ran == [4, 7]

    repo.stage(
        "test_b.py",
        f"import state\ndef test_b():\n{count}    assert not state.seen\ndef test_d():\n{count}    assert 0\n",
    )
    with judging(repo, interpreter=lambda: python) as judged:
        kept = Judging(replace(judged.job, answers=Kept(repo.root / ".git")), judged.said)
        assert kept.told(Gate()) == [("test_b.py", 4, "tests/failed", False), ("test_b.py", 7, "tests/failed", True)]
    # The new one in the target alone: that it is not among those that failed there tells.
    assert len((repo.root.parent / "ran").read_text()) == 11


def test_a_conftest_that_the_change_breaks_is_a_finding_and_one_that_was_broken_before_is_a_doubt(repo: Repo) -> None:
    repo.stage("helper.py", "one = 1\n").stage("conftest.py", "import helper\n").stage("test_a.py", PASSES).commit()
    repo.git("rm", "--quiet", "helper.py")

    with judging(repo) as judged:
        result = judged.check(Gate())
        older = Gate().older(judged.job, judged.job.change.parents[0], result.findings)

        assert [(one.path, one.rule, one.message) for one in result.findings] == [
            ("conftest.py", "tests/collection", "ModuleNotFoundError: No module named 'helper'")
        ]
        assert list(older) == []

    repo.commit()
    repo.stage("test_a.py", PASSES + "# more\n")
    with judging(repo) as judged:
        result = judged.check(Gate())
        with pytest.raises(
            ToolError, match="in the tree before this change: pytest exited 4 before it began: ModuleNot"
        ):
            Gate().older(judged.job, judged.job.change.parents[0], result.findings)


def test_a_renamed_file_keeps_its_old_failures(repo: Repo) -> None:
    repo.stage("test_a.py", FAILS + "# long enough to be taken for the same file\n" * 3).commit()
    repo.git("mv", "test_a.py", "test_b.py")

    with judging(repo) as judged:
        assert judged.told(Gate()) == [("test_b.py", 2, "tests/failed", False)]


def test_a_new_test_that_fails_is_new(repo: Repo) -> None:
    repo.stage("test_a.py", PASSES).commit()
    repo.stage("test_a.py", PASSES + lines("def test_new():", "    assert 0")).stage("test_b.py", FAILS)

    with judging(repo) as judged:
        assert [(path, new) for path, *_, new in judged.told(Gate())] == [("test_a.py", True), ("test_b.py", True)]


def test_a_failure_of_a_merge_is_old_if_either_parent_has_it(repo: Repo) -> None:
    repo.stage("test_a.py", PASSES).commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.stage("test_b.py", FAILS).commit()
    repo.git("checkout", "--quiet", "main")
    repo.stage("test_c.py", PASSES).commit()
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", "side")
    repo.stage("test_c.py", FAILS)

    with judging(repo) as judged:
        assert judged.told(Gate()) == [("test_b.py", 2, "tests/failed", False), ("test_c.py", 2, "tests/failed", True)]


def test_setup_and_teardown_are_errors(repo: Repo) -> None:
    repo.stage(
        "test_a.py",
        lines(
            "import pytest",
            "@pytest.fixture",
            "def before():",
            "    raise RuntimeError('no database')",
            "@pytest.fixture",
            "def after():",
            "    yield",
            "    raise RuntimeError('left open')",
            "def test_one(before):",
            "    pass",
            "def test_two(after):",
            "    pass",
        ),
    )

    with judging(repo) as judged:
        one, two = judged.findings(Gate())

    assert (one.line, one.rule, one.message) == (4, "tests/error", "test_one (setup): RuntimeError: no database")
    assert (two.line, two.rule, two.message) == (8, "tests/error", "test_two (teardown): RuntimeError: left open")


def test_a_file_that_cannot_be_collected_is_a_finding_and_the_rest_runs(repo: Repo) -> None:
    repo.stage("test_a.py", "import os\nimport no_such_module\n").stage("test_b.py", FAILS).stage(
        "test_c.py", "def f(:\n"
    )

    with judging(repo) as judged:
        found = judged.findings(Gate())
        result = judged.check(Gate())

    assert [(one.path, one.line, one.rule) for one in sorted(found, key=lambda one: str(one.path))] == [
        ("test_a.py", 2, "tests/collection"),
        ("test_b.py", 2, "tests/failed"),
        ("test_c.py", 1, "tests/collection"),
    ]
    assert "ModuleNotFoundError: No module named 'no_such_module'" in found[0].message
    assert result.summary == "1 of 1 failed, 2 files cannot be collected"


def test_a_collection_error_that_was_there_before_is_old(repo: Repo) -> None:
    repo.stage("test_a.py", "import no_such_module\n").commit()
    repo.stage("test_a.py", "import os\nimport no_such_module\n").stage("test_b.py", PASSES)

    with judging(repo) as judged:
        assert judged.told(Gate()) == [("test_a.py", 2, "tests/collection", False)]


def test_a_file_forgotten_with_git_add_makes_the_tests_fail_and_is_named(repo: Repo) -> None:
    repo.stage("pkg/__init__.py", "").stage("test_a.py", "from pkg import nav\n\n\ndef test_a():\n    assert nav\n")
    repo.write("pkg/nav.py", "X = 1\n")

    with judging(repo) as judged:
        (found,) = judged.findings(Gate())

    assert (found.path, found.rule) == ("test_a.py", "tests/collection")
    assert found.hint is not None
    assert found.hint.startswith("pkg/nav.py is in your working tree but not in this change: `git add pkg/nav.py`")


@pytest.mark.parametrize("workers", ["", "-n1"])
def test_ignored_files_that_tests_looked_for_are_told_with_the_line_to_copy(repo: Repo, workers: str) -> None:
    repo.stage(".gitignore", "_version.py\n/data/\n").stage("pkg/__init__.py", "from pkg._version import V\n")
    repo.stage("pytest.ini", f"[pytest]\naddopts = {workers}\n")
    repo.stage("test_a.py", "def test_a():\n    import pkg\n    assert pkg\n")
    repo.stage("test_b.py", 'def test_b():\n    with open("data/prices.csv"):\n        pass\n')
    repo.stage("test_c.py", 'def test_c():\n    open("nowhere")\n').stage("test_d.py", "def test_d():\n    assert 0\n")
    repo.write("pkg/_version.py", "V = 1\n").write("data/prices.csv", "")
    settings = replaced(Settings(), "snapshot", link=("other",))

    with judging(repo, settings=settings) as judged:
        hints = {found.path: found.hint for found in judged.findings(Gate())}

    line = 'pyproject.toml: [tool.everycommit.snapshot] link = ["other", "data/prices.csv", "pkg/_version.py"]'
    said = f"git ignores data/prices.csv, and the code needs it; {line}"
    assert hints == {"test_a.py": said, "test_b.py": said, "test_c.py": None, "test_d.py": None}


def test_of_a_package_that_git_ignores_whole_the_folder_is_told(repo: Repo) -> None:
    repo.stage(".gitignore", "/pkg/native/\n/gen/\n").stage("pkg/__init__.py", "").stage("gen/kept.txt", "")
    repo.stage("test_a.py", "def test_a():\n    import pkg.native\n")
    repo.stage("test_b.py", "def test_b():\n    open('gen/__init__.py')\n")
    repo.write("pkg/native/__init__.py", "from . import ffi\n").write("pkg/native/ffi.py", "")
    repo.write("gen/__init__.py", "")

    with judging(repo) as judged:
        hints = {found.hint for found in judged.findings(Gate())}

    (hint,) = hints
    assert hint is not None
    assert hint.endswith('link = ["gen/__init__.py", "pkg/native"]')


def test_an_ignored_file_that_conftest_needs_is_told_where_pytest_does_not_begin(repo: Repo) -> None:
    repo.stage(".gitignore", "_version.py\n").stage("conftest.py", "import _version\n").stage("test_a.py", PASSES)
    repo.write("_version.py", "V = 1\n")

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert result.outcome is Outcome.INCONCLUSIVE
    assert str(result.reason).endswith('[tool.everycommit.snapshot] link = ["_version.py"]')


@pytest.mark.parametrize(
    "addopts",
    [
        "-x",
        "--maxfail=1",
        "--lf",
        "--sw",
        "-q -q",
        "-vv --tb=no",
        "--tb=native -s",
        "--strict-markers --strict-config -W error",
        "-p no:cacheprovider",
        "-n 2",
        "-n 2 -x --dist loadfile",
        "--no-summary --color=yes",
        "-rA --capture=no",
    ],
)
def test_the_projects_addopts_are_kept_and_all_failures_are_told(repo: Repo, addopts: str) -> None:
    repo.stage("pytest.ini", f"[pytest]\naddopts = {addopts}\n")
    repo.stage("test_a.py", FAILS).stage("test_b.py", FAILS + "\n\ndef test_good():\n    pass\n")

    with judging(repo) as judged:
        result = judged.check(Gate())
        # What would run the failed ones only must not find the last run's failures.
        again = judged.check(Gate()) if addopts in {"--lf", "--sw"} else result

    assert result.reason is None
    assert {(found.path, found.line, found.rule) for found in result.findings} == {
        ("test_a.py", 2, "tests/failed"),
        ("test_b.py", 2, "tests/failed"),
    }
    assert {found.message for found in result.findings} == {"test_it: assert 1 == 2"}
    assert (result.counts["selected"], again.counts["selected"]) == (3, 3)


def test_unittest_doctest_and_subtests_are_told(repo: Repo) -> None:
    repo.stage("pytest.ini", "[pytest]\naddopts = --doctest-modules\n")
    repo.stage("code.py", lines("def f():", '    """', "    >>> f()", "    2", '    """', "    return 1")).stage(
        "test_u.py",
        lines(
            "import unittest",
            "class TestU(unittest.TestCase):",
            "    def test_u(self):",
            "        self.assertEqual(1, 2)",
            "    def test_s(self):",
            "        for i in range(3):",
            "            with self.subTest(i=i):",
            "                self.assertEqual(i, 1)",
        ),
    )
    repo.git("mv", "code.py", "shop.py")

    with judging(repo) as judged:
        result = judged.check(Gate())
        found = {(one.path, one.line, one.message.partition(":")[0]) for one in result.findings}

    assert result.reason is None
    assert ("shop.py", 3, "shop.f") in found
    assert ("test_u.py", 4, "TestU") in found
    assert result.summary == "3 of 3 failed"


def test_a_strict_xfail_and_control_characters_are_told_in_one_clean_line(repo: Repo) -> None:
    repo.stage(
        "test_a.py",
        lines(
            "import pytest",
            "@pytest.mark.xfail(strict=True, reason='soon')",
            "def test_x():",
            "    pass",
            "def test_y():",
            r"    raise ValueError('\x1b[31mred\x07\nmore')",
            "@pytest.mark.xfail",
            "def test_z():",
            "    assert 0",
            "@pytest.mark.skip",
            "def test_s():",
            "    assert 0",
        ),
    )

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert [one.message for one in result.findings] == [
        "test_x: [XPASS(strict)] soon",
        r"test_y: ValueError: \x1b[31mred\x07",
    ]
    assert result.counts == {"selected": 4, "total": 4, "failed": 2, "skipped": 1}
    assert result.notes == ("1 test of 4 skipped by themselves",)


def test_a_failure_deep_in_the_code_points_at_the_tests_line(repo: Repo) -> None:
    repo.stage("calc.py", "def deep():\n    raise ValueError('deep')\n")
    repo.stage("test_a.py", "import calc\n\n\ndef test_a():\n    x = 1\n    calc.deep()\n")

    with judging(repo) as judged:
        (found,) = judged.findings(Gate())

    assert (found.path, found.line, found.message) == ("test_a.py", 6, "test_a: ValueError: deep")


def test_a_test_that_leaves_its_folder_and_removes_it_is_told(repo: Repo) -> None:
    repo.stage(
        "test_a.py",
        lines("import os", "def test_a(tmp_path):", "    os.chdir(tmp_path)", "    os.rmdir(tmp_path)", "    assert 0"),
    )
    repo.stage("test_b.py", PASSES)

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert [(one.path, one.line, one.rule) for one in result.findings] == [("test_a.py", 5, "tests/failed")]


@pytest.mark.parametrize(
    ("conftest", "words"),
    [
        ("import os\nos._exit(0)\n", "pytest exited 0 before it began"),
        ("import sys\nsys.exit(0)\n", "pytest exited 0 before it began"),
        ("raise RuntimeError('broken')\n", "RuntimeError: broken"),
        (
            "import os\ndef pytest_collection_finish(session):\n    os._exit(0)\n",
            "without coming to an end, after 0 of",
        ),
        ("import pytest\ndef pytest_runtest_setup(item):\n    pytest.exit('enough', returncode=0)\n", "did not run"),
        ("def pytest_sessionfinish(session):\n    session.exitstatus = 3\n", "pytest ended with 0, its process with 3"),
        ("def pytest_runtestloop(session):\n    return True\n", "1 of 1 selected test did not run"),
        ("def pytest_runtestloop(session):\n    raise KeyboardInterrupt\n", "pytest was interrupted"),
        ("def pytest_runtestloop(session):\n    raise ValueError('odd')\n", "pytest broke inside"),
        ("import os, signal\ndef pytest_runtest_call(item):\n    os.kill(os.getpid(), 9)\n", "was ended by signal 9"),
        ("def pytest_collection_modifyitems(items):\n    items.clear()\n", "pytest selected no test"),
    ],
)
def test_a_run_that_verified_nothing_is_a_doubt(repo: Repo, conftest: str, words: str) -> None:
    """Exit 0 is not enough: each selected test has to have ended."""
    repo.stage("conftest.py", conftest).stage("test_a.py", PASSES)

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason is not None
    assert words in result.reason
    assert "\n" not in result.reason


def test_options_that_pytest_does_not_know_are_a_doubt(repo: Repo) -> None:
    repo.stage("test_a.py", PASSES).stage("pytest.ini", "[pytest]\naddopts = --no-such-option\n")

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert result.outcome is Outcome.INCONCLUSIVE
    assert "--no-such-option" in (result.reason or "")


def test_time_that_runs_out_is_a_doubt_that_says_how_far_it_came(repo: Repo) -> None:
    repo.stage("test_a.py", PASSES).stage("test_b.py", "import time\n\n\ndef test_b():\n    time.sleep(60)\n")

    with judging(repo, seconds=4) as judged:
        result = judged.check(Gate())

    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "time ran out after 1 of 2")
    assert judged.said == ["1/2  test_a.py"]


def test_no_python_and_no_tests_are_skipped(repo: Repo) -> None:
    repo.stage("main.go", "package main\n")
    with judging(repo) as judged:
        result = judged.check(Gate())
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "no Python here")

    repo.stage("a.py", CODE)
    with judging(repo) as judged:
        result = judged.check(Gate())
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "no tests here")


def test_test_files_without_a_test_are_a_doubt(repo: Repo) -> None:
    repo.stage("test_a.py", "X = 1\n")

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "pytest selected no test")


def test_deselected_tests_are_said(repo: Repo) -> None:
    repo.stage("test_a.py", lines("def test_one():", "    pass", "def test_two():", "    pass"))

    with judging(repo, settings=replaced(Settings(), "tests", args=("-k", "one"))) as judged:
        result = judged.check(Gate())

    assert (result.outcome, result.summary, result.brief) == (Outcome.PASSED, "1 of 2 tests", "1/2")
    with judging(repo, settings=replaced(Settings(), "tests", args=("-k", "none"))) as judged:
        assert judged.check(Gate()).reason == "pytest selected no test: all 2 are deselected"


@pytest.mark.parametrize(
    ("path", "config", "skipped"),
    [
        ("README.md", "", True),
        ("docs/page.html", "", True),
        ("docs/conf.py", "", False),
        ("data.json", "", False),
        ("README.md", "[pytest]\naddopts = --doctest-glob='*.md'\n", False),
        ("README.md", "[pytest]\naddopts = --markdown-docs\n", False),
        ("README.md", "[pytest]\naddopts = --doctest-modules\ndoctest_optionflags = ELLIPSIS\n", True),
        ("README.rst", "[pytest]\ntestpaths =\n    tests\n    README.rst\n", False),
        ("README.rst", "[pytest]\naddopts = -q README.rst\n", False),
        (
            "README.md",
            "[pytest]\n[testenv:docs]\ncommands = sphinx-build -b doctest docs\ndeps = markdown-it-py\n",
            True,
        ),
    ],
)
def test_files_that_no_test_depends_on_run_none(repo: Repo, path: str, config: str, *, skipped: bool) -> None:
    repo.stage("test_a.py", PASSES).stage("pytest.ini", config).commit()
    repo.stage(path, "\n")

    with judging(repo) as judged:
        assert (Gate().skip(judged.job) is not None) is skipped


def test_a_project_in_a_folder_is_judged_alone_with_paths_from_the_root(repo: Repo) -> None:
    repo.stage("one/test_a.py", FAILS).stage("one/pytest.ini", "[pytest]\n").stage("two/test_b.py", FAILS).commit()
    repo.stage("one/test_c.py", FAILS.replace("it", "c"))

    with judging(repo, project="one") as judged:
        assert judged.told(Gate()) == [
            ("one/test_a.py", 2, "tests/failed", False),
            ("one/test_c.py", 2, "tests/failed", True),
        ]
    with judging(repo, project="two") as judged:
        assert Gate().skip(judged.job) == "nothing changed in this project"


def test_arguments_of_the_settings_reach_pytest_and_do_not_widen_the_second_look(repo: Repo) -> None:
    repo.stage("unit/test_a.py", FAILS).stage("slow/test_b.py", FAILS).commit()
    repo.stage("unit/test_a.py", FAILS + "\n")

    with judging(repo, settings=replaced(Settings(), "tests", args=("unit", "-q"))) as judged:
        assert judged.told(Gate()) == [("unit/test_a.py", 2, "tests/failed", False)]


def test_tests_see_the_variables_that_the_settings_name_and_no_others(repo: Repo) -> None:
    repo.stage(
        "test_a.py",
        lines(
            "import os",
            "def test_a():",
            "    assert os.environ['WANTED'] == '1'",
            "    assert 'SECRET_TOKEN' not in os.environ",
            "    assert [name for name in os.environ if name.startswith('GIT_')] == ['GIT_CEILING_DIRECTORIES']",
        ),
    )
    environ = {"WANTED": "1", "SECRET_TOKEN": "x", "GIT_DIR": "/nowhere"}
    settings = replaced(Settings(), "tests", env=("WANTED", "NOT_SET"))

    with judging(repo, settings=settings, environ={**repo.environ, **environ}) as judged:
        assert judged.told(Gate(environ)) == []


def test_the_projects_scripts_are_found_by_name(repo: Repo) -> None:
    repo.stage(
        "test_a.py",
        lines(
            "import shutil, sys, os",
            "def test_a():",
            "    assert os.path.dirname(shutil.which('python')) == os.path.dirname(sys.executable)",
        ),
    )

    with judging(repo) as judged:
        assert judged.told(Gate()) == []


def test_without_pytest_it_is_a_doubt_with_the_way_on(repo: Repo) -> None:
    repo.stage("test_a.py", PASSES)
    python = Interpreter(
        python=repo.root / ".venv/bin/python",
        version="3.12.1",
        prefix=repo.root / ".venv",
        distributions={},
        origin=".venv",
        top=repo.root,
    )

    with judging(repo, interpreter=lambda: python) as judged, pytest.raises(ToolError) as raised:
        judged.check(Gate())

    assert str(raised.value) == (
        "pytest is not installed in .venv (Python 3.12): .venv/bin/python -m pip install pytest"
    )


def test_changed_settings_that_leave_out_tests_are_a_finding(repo: Repo) -> None:
    repo.stage("pytest.ini", "[pytest]\n").stage("test_a.py", PASSES + "\n\ndef test_slow():\n    pass\n").commit()
    repo.stage("pytest.ini", "[pytest]\naddopts = -k 'not slow'\n")

    with judging(repo) as judged:
        (found,) = judged.findings(Gate())

    assert (found.path, found.rule, found.new) == ("pytest.ini", "tests/fewer-collected", True)
    assert "leaves out 1 test that it ran before: test_a.py::test_slow" in found.message


def test_tests_that_were_deleted_are_not_left_out_by_settings(repo: Repo) -> None:
    repo.stage("pytest.ini", "[pytest]\n").stage("test_a.py", PASSES).stage("test_b.py", PASSES).commit()
    repo.stage("pytest.ini", "[pytest]\naddopts = -q\n")
    repo.git("rm", "--quiet", "test_b.py")

    with judging(repo) as judged:
        assert judged.told(Gate()) == []


def test_ids_that_look_like_odd_paths_are_found_again_in_the_old_tree(repo: Repo) -> None:
    """A parameter may hold what a path would lose: `//`, `/../`, a slash at the end."""
    failing = lines(
        "import pytest",
        "@pytest.mark.parametrize('place', ['/foo//', 'a/../b', './c', '/d/', 'e::f', 'g[h]'])",
        "def test_a(place):",
        "    assert not place",
    )
    repo.stage("test_a.py", failing).commit().stage("b.py", "B = 1\n")

    with judging(repo) as judged:
        told = judged.told(Gate())

    assert len(told) == 6
    assert not any(new for *_, new in told)


def test_a_failure_in_the_old_tree_that_nobody_can_see_is_a_doubt(repo: Repo) -> None:
    repo.stage("conftest.py", "raise RuntimeError('broken')\n").stage("test_a.py", FAILS).commit()
    repo.stage("conftest.py", "")

    with judging(repo) as judged:
        result = judged.check(Gate())
        assert result.findings
        with pytest.raises(ToolError, match="pytest in the tree before this change"):
            Gate().older(judged.job, judged.job.change.parents[0], result.findings)


def test_all_files_are_judged_without_an_older_tree(repo: Repo) -> None:
    repo.stage("test_a.py", FAILS).stage("pytest.ini", "[pytest]\n").commit()

    with judging(repo, read=all_files) as judged:
        assert judged.told(Gate()) == [("test_a.py", 2, "tests/failed", True)]


def test_a_module_of_the_working_tree_that_slips_in_is_a_doubt(repo: Repo) -> None:
    repo.stage("calc.py", CODE).stage(
        "test_a.py",
        lines(
            "import importlib.util, os, sys",
            "def test_a():",
            "    there = os.path.join(os.environ['EVERYCOMMIT_WORKTREE'], 'calc.py')",
            "    spec = importlib.util.spec_from_file_location('calc', there)",
            "    sys.modules['calc'] = importlib.util.module_from_spec(spec)",
        ),
    )

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert result.outcome is Outcome.INCONCLUSIVE
    assert (result.reason or "").startswith("calc.py came from the working tree, not from the snapshot")


def test_progress_is_told_while_it_runs(repo: Repo) -> None:
    repo.stage(
        "test_a.py",
        "import pytest, time\n\n\n@pytest.mark.parametrize('n', range(4))\ndef test_a(n):\n    time.sleep(0.3)\n",
    )

    with judging(repo) as judged:
        judged.check(Gate())

    assert judged.said[0] in {"1/4  test_a.py", "2/4  test_a.py"}
    assert len(judged.said) >= 2


def test_nothing_is_left_beside_the_tree_and_what_a_killed_run_left_goes(repo: Repo) -> None:
    repo.stage("test_a.py", PASSES)

    with judging(repo) as judged:
        caches = judged.job.trees.target().caches
        (caches / "run-1-x").mkdir()
        judged.check(Gate())
        assert list(caches.glob("run-*")) == []
        assert not (judged.job.trees.target().path / ".pytest_cache").exists()


def test_the_key_holds_what_the_verdict_depends_on(repo: Repo) -> None:
    repo.stage("test_a.py", PASSES)

    def none() -> Interpreter:
        raise ToolError("no Python for this project")

    # Without the editable install of ours, whose code lies elsewhere.
    python = replace(own_python(repo.root), prefix=repo.root)
    with judging(repo, interpreter=lambda: python) as judged:
        one = Gate({"A": "1"}).inputs(judged.job)
    with judging(repo, settings=replaced(Settings(), "tests", env=("A",)), interpreter=none) as judged:
        other = Gate({"A": "1"}).inputs(judged.job)
        third = Gate({"A": "2"}).inputs(judged.job)

    assert one["python"] == python.fingerprint
    assert {name for name in one if one[name] != other[name]} == {"settings", "environment", "python"}
    assert {name for name in other if other[name] != third[name]} == {"environment"}


def test_odd_file_names_keep_their_findings(repo: Repo) -> None:
    for name in ("test_a b.py", "test_é.py", "di'r/test_c.py"):
        repo.stage(name, FAILS)
    repo.commit()
    for name in ("test_a b.py", "test_é.py", "di'r/test_c.py"):
        repo.stage(name, FAILS + "\n")

    with judging(repo) as judged:
        assert {(path, new) for path, *_, new in judged.told(Gate())} == {
            ("test_a b.py", False),
            ("test_é.py", False),
            ("di'r/test_c.py", False),
        }


def test_a_project_that_tests_pytest_plugins_is_not_disturbed(repo: Repo) -> None:
    """The runs of pytest inside its tests write no records of ours."""
    repo.stage("conftest.py", "pytest_plugins = ['pytester']\n").stage(
        "test_the_plugin.py",
        lines(
            "def test_outer(pytester):",
            "    pytester.makepyfile('def test_inner():\\n    assert 0\\n')",
            "    pytester.runpytest_subprocess().assert_outcomes(failed=1)",
            "    pytester.runpytest_inprocess().assert_outcomes(failed=1)",
        ),
    )

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert (result.outcome, result.reason, result.findings) == (Outcome.PASSED, None, ())
    assert result.counts == {"selected": 1, "total": 1}


def test_paths_of_the_snapshot_do_not_show(repo: Repo) -> None:
    repo.stage(
        "test_a.py", "import pathlib\n\n\ndef test_a():\n    pathlib.Path(__file__).with_name('x').read_text()\n"
    )

    with judging(repo) as judged:
        (found,) = judged.findings(Gate())

    assert found.message == "test_a: FileNotFoundError: [Errno 2] No such file or directory: 'x'"


def test_of_tests_whose_names_begin_alike_each_has_its_own_past(repo: Repo) -> None:
    old = lines(
        "def test_a():",
        "    assert 1",
        "def test_ab():",
        "    assert 0",
        "class TestA:",
        "    def test_a(self):",
        "        assert 0",
    )
    repo.stage("test_a.py", old).commit()
    repo.stage("test_a.py", old.replace("assert 1", "assert 0"))

    with judging(repo) as judged:
        assert [(line, new) for _, line, _, new in judged.told(Gate())] == [(2, True), (4, False), (7, False)]


def test_a_second_look_runs_only_what_failed(repo: Repo) -> None:
    count = f"    open({str(repo.root.parent / 'ran')!r}, 'a').write('x')"
    repo.stage("test_a.py", lines("def test_a():", count, "def test_b():", "    assert 0")).commit()
    repo.stage("test_a.py", lines("def test_a():", count, "def test_b():", "    assert 00"))

    with judging(repo) as judged:
        assert judged.told(Gate()) == [("test_a.py", 4, "tests/failed", False)]

    assert (repo.root.parent / "ran").read_text() == "x"


def test_a_path_that_the_settings_name_is_put_behind_ours(repo: Repo) -> None:
    repo.stage("lib/calc.py", CODE).stage("test_calc.py", TEST)
    environ = {"PYTHONPATH": str(repo.root / "lib")}

    with judging(repo, settings=replaced(Settings(), "tests", env=("PYTHONPATH",))) as judged:
        assert judged.told(Gate(environ)) == []


def test_an_exit_code_without_a_failed_test_is_a_doubt_with_the_cause(repo: Repo) -> None:
    """As pytest-cov does it where coverage is too low."""
    conftest = lines(
        "def pytest_runtestloop(session):",
        "    session.testsfailed += 1",
        "def pytest_terminal_summary(terminalreporter):",
        "    terminalreporter.write_line('FAIL Required test coverage of 90% not reached. Total coverage: 10%')",
    )
    repo.stage("conftest.py", conftest).stage("test_a.py", PASSES)

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason == (
        "pytest exited 1 although no test failed: FAIL Required test coverage of 90% not reached. Total coverage: 10%"
    )


def test_base_settings_with_which_nothing_can_be_collected_are_a_doubt(repo: Repo) -> None:
    repo.stage("pytest.ini", "[pytest]\naddopts = --no-such-option\n").stage("test_a.py", PASSES).commit()
    repo.stage("pytest.ini", "[pytest]\n")

    with judging(repo) as judged:
        result = judged.check(Gate())

    assert result.outcome is Outcome.PASSED
    assert any("not compared with the tests before" in note for note in result.notes)


def test_docs_with_doctests_are_tests(repo: Repo) -> None:
    repo.stage("pytest.ini", "[pytest]\naddopts = --doctest-glob=*.md\n").stage("a.md", ">>> 1 + 1\n3\n").stage(
        "a.py", ""
    )

    with judging(repo) as judged:
        assert judged.told(Gate()) == [("a.md", 1, "tests/failed", True)]


@pytest.mark.parametrize(("words", "workers"), [("'-I', ", ""), ("'-I', ", "-n1"), ("", "")])
def test_a_python_that_nothing_watches_is_said_where_an_editable_install_gives_it_the_working_tree(
    repo: Repo, tmp_path: Path, words: str, workers: str
) -> None:
    code = f"    subprocess.run([sys.executable, {words}'-c', 'pass'], check=True)"
    repo.stage("pytest.ini", f"[pytest]\naddopts = {workers}\n")
    repo.stage("test_a.py", lines("import subprocess, sys", "def test_a():", code)).stage("src/shop/__init__.py", "")
    site = tmp_path / "env/lib/python3.12/site-packages"
    site.mkdir(parents=True)
    pth = site / "shop.pth"
    python = replace(own_python(repo.root), prefix=tmp_path / "env")

    def notes() -> tuple[str, ...]:
        with judging(repo, interpreter=lambda: python) as judged:
            result = judged.check(Gate())
        assert (result.outcome, result.reason) == (Outcome.PASSED, None)
        return result.notes

    assert notes() == ()
    pth.write_text(f"{repo.root / 'src'}\n")
    said = "code of the working tree may have run: test_a.py::test_a started Python with -I, -E or without PYTHONPATH"
    assert notes() == ((said,) if words else ())
