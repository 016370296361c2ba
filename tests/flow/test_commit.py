"""Commits through the installed hook: a true verdict over exactly the tree that would be committed."""

import os
import subprocess
from pathlib import Path

import pytest

from .conftest import PRICES, PRICES_TEST, Shop

UNUSED = PRICES.replace('cents."""\n', 'cents."""\n\nimport os\n')
MISTYPED = PRICES + "\n\ndef label(cents: int) -> str:\n    return cents\n"
WRONG = PRICES.replace("+ 50) // 100", ") // 100 + 1")
LABEL = PRICES + '\n\ndef label(cents: int) -> str:\n    """Return a price to read."""\n    return str(cents)\n'


def test_a_good_change_passes_with_one_line(typed_shop: Shop) -> None:
    typed_shop.stage("src/shop/prices.py", LABEL)

    said = typed_shop.accepted()

    line = next(line for line in said.splitlines() if line.startswith("everycommit"))
    assert "1 file +5" in line
    for word in ("policy", "lint", "types", "tests"):
        assert word in line


def test_a_lint_finding_refuses(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", UNUSED)

    said = shop.refused()

    assert "src/shop/prices.py:3:8: error" in said
    assert "lint/F401" in said
    assert "Refused: lint." in said


def test_a_type_error_refuses(typed_shop: Shop) -> None:
    typed_shop.stage("src/shop/prices.py", MISTYPED)

    said = typed_shop.refused()

    assert "types/return-value" in said
    assert "Refused: types." in said


def test_a_failing_test_refuses(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", WRONG)

    said = shop.refused()

    assert "tests/failed" in said
    assert "test_total_adds_up" in said
    assert "Refused: tests." in said


def test_an_oversized_diff_refuses(shop: Shop) -> None:
    shop.stage("table.txt", "x\n" * 61)

    said = shop.refused()

    assert "61 of 60 lines" in said
    assert "policy/added-lines" in said


def test_only_the_index_counts_a_mend_in_the_working_tree_does_not_help(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", UNUSED).write("src/shop/prices.py", PRICES)

    assert "lint/F401" in shop.refused()


def test_only_the_index_counts_an_unstaged_mistake_does_not_hurt(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", LABEL).write("src/shop/prices.py", UNUSED + WRONG)

    shop.accepted()


def test_a_file_forgotten_with_git_add_fails_the_tests_as_for_the_next_person(shop: Shop) -> None:
    shop.write("src/shop/vat.py", "RATE = 19\n")
    shop.stage("tests/test_vat.py", "from shop.vat import RATE\n\n\ndef test_rate() -> None:\n    assert RATE == 19\n")

    said = shop.refused()

    assert "tests/collection" in said
    assert "shop.vat" in said


def test_commit_all(shop: Shop) -> None:
    shop.write("src/shop/prices.py", UNUSED)

    assert "lint/F401" in shop.refused("-a")


def test_commit_only_some_paths(shop: Shop) -> None:
    """What is staged besides the named path is not part of the commit."""
    shop.stage("src/shop/vat.py", "import os\n").write("src/shop/prices.py", LABEL)

    said = shop.accepted("--", "src/shop/prices.py")

    assert "1 file +5" in said


def test_commit_include(shop: Shop) -> None:
    shop.stage("src/shop/vat.py", "import os\n").write("src/shop/prices.py", LABEL)

    assert "src/shop/vat.py:1:8" in shop.refused("-i", "--", "src/shop/prices.py")


def test_commit_patch_by_patch(shop: Shop) -> None:
    """Of two hunks only the chosen one is judged."""
    shop.write("src/shop/prices.py", LABEL.replace('cents."""\n', 'cents."""\n\nimport os\n'))

    done = subprocess.run(
        ["git", "commit", "-p", "-m", "label"],
        cwd=shop.root,
        env=shop.environ,
        input="s\nn\ny\n",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert shop.text("show", "HEAD:src/shop/prices.py").count("import os") == 0


def test_amend_judges_what_is_added_to_the_last_commit(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", LABEL)
    shop.accepted()

    shop.stage("src/shop/vat.py", "import os\n")

    assert "lint/F401" in shop.refused("--amend")


def test_a_message_only_amend_judges_the_commit_itself(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", LABEL)
    shop.accepted()

    said = shop.accepted("--amend")

    assert "HEAD itself is judged" in said
    assert "1 file +5" in said


def test_a_first_commit_is_judged_but_not_its_size(tmp_path: Path, shop: Shop) -> None:
    fresh = Shop(tmp_path / "fresh", shop.environ)
    fresh.root.mkdir()
    fresh.git("init", "--quiet", "--initial-branch=main")
    fresh.record("pre-commit", "commit-msg").install()
    fresh.stage("table.txt", "x\n" * 500).stage("a.py", "import os\n")

    said = fresh.attempt("commit", "-m", "first")

    assert said.returncode == 1
    assert "a.py:1:8" in said.stdout + said.stderr
    assert "added-lines" not in said.stdout + said.stderr


def test_a_linked_worktree_commits_what_it_staged(shop: Shop, tmp_path: Path) -> None:
    shop.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    side = Shop(tmp_path / "side", shop.environ)
    side.stage("src/shop/prices.py", UNUSED)

    done = side.attempt("commit", "-m", "side")

    assert done.returncode == 1
    assert "lint/F401" in done.stdout + done.stderr


def test_a_rename_keeps_old_findings_old(shop: Shop) -> None:
    shop.stage("src/shop/legacy.py", "import os\n\n\n" + "".join(f"A{n} = {n}\n" for n in range(20))).commit("legacy")
    shop.git("mv", "src/shop/legacy.py", "src/shop/older.py")

    shop.accepted()


def test_a_deletion_that_breaks_a_test_refuses(shop: Shop) -> None:
    shop.git("rm", "--quiet", "src/shop/prices.py")

    assert "tests/collection" in shop.refused()


def test_old_findings_do_not_refuse_and_are_counted(shop: Shop) -> None:
    shop.stage("src/shop/legacy.py", "import os\n").commit("legacy")
    shop.stage("src/shop/legacy.py", "import os\n\nA = 1\n")

    assert "older finding" in shop.accepted()


def test_a_test_that_failed_before_does_not_refuse(shop: Shop) -> None:
    broken = PRICES_TEST + "\n\ndef test_broken() -> None:\n    raise RuntimeError\n"
    shop.stage("tests/test_prices.py", broken).commit("broken")
    shop.stage("src/shop/prices.py", LABEL)

    shop.accepted()


@pytest.mark.parametrize("name", ["with space.py", 'quo"te.py', "new\nline.py", "-dash.py", b"caf\xe9.py", ":0:x.py"])
def test_odd_names_are_judged(shop: Shop, name: str | bytes) -> None:
    shop.stage(name, "import os\n")

    assert "lint/F401" in shop.refused()


def test_docs_only_changes_run_the_policy_and_say_what_was_skipped(shop: Shop) -> None:
    shop.stage("README.md", "# Shop\n\nPrices.\n")

    said = shop.accepted()

    assert "policy" in said


def test_a_symlink_and_a_mode_change_pass(shop: Shop) -> None:
    (shop.root / "link").symlink_to("README.md")
    shop.git("add", "link")
    shop.git("update-index", "--chmod=+x", "README.md")

    shop.accepted()


def test_a_binary_file_and_crlf_pass(shop: Shop) -> None:
    shop.stage("logo.png", bytes(range(256)) * 10).stage("notes.txt", "one\r\ntwo\r\n").stage("end.txt", "no newline")

    shop.accepted()


def test_an_intent_to_add_entry_is_no_part_of_the_commit(shop: Shop) -> None:
    shop.write("src/shop/later.py", "import os\n")
    shop.git("add", "--intent-to-add", "src/shop/later.py")
    shop.stage("src/shop/prices.py", LABEL)

    shop.accepted()


def test_a_clean_merge_that_breaks_the_build_is_refused(typed_shop: Shop) -> None:
    """Each side is sound; together a caller names what the other side renamed."""
    typed_shop.git("checkout", "--quiet", "-b", "side")
    typed_shop.stage(
        "src/shop/bill.py", "from shop.prices import total\n\n\ndef bill() -> int:\n    return total([1])\n"
    ).commit()
    typed_shop.git("checkout", "--quiet", "main")
    typed_shop.stage("src/shop/prices.py", PRICES.replace("def total", "def summed"))
    typed_shop.stage(
        "tests/test_prices.py", PRICES_TEST.replace("total(", "summed(").replace("import total", "import summed")
    )
    typed_shop.commit()

    done = typed_shop.attempt("merge", "--no-edit", "side")

    assert done.returncode != 0
    assert "types/attr-defined" in done.stdout + done.stderr


def test_a_conflicted_merge_is_judged_when_it_is_committed(shop: Shop) -> None:
    shop.git("checkout", "--quiet", "-b", "side")
    shop.stage("src/shop/prices.py", PRICES.replace("cents", "pennies")).commit()
    shop.git("checkout", "--quiet", "main")
    shop.stage("src/shop/prices.py", PRICES.replace("cents", "euro cents")).commit()
    assert shop.attempt("merge", "side").returncode == 1
    shop.stage("src/shop/prices.py", UNUSED)

    assert "lint/F401" in shop.refused()


def test_skip_leaves_a_gate_out_and_says_so(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", WRONG)

    said = shop.accepted(SKIP="everycommit-tests")

    assert "SKIP=everycommit-tests" in said


def test_an_unmerged_index_is_one_clear_line(shop: Shop) -> None:
    shop.git("checkout", "--quiet", "-b", "side")
    shop.stage("README.md", "# One\n").commit()
    shop.git("checkout", "--quiet", "main")
    shop.stage("README.md", "# Two\n").commit()
    shop.attempt("merge", "side")

    done = shop.everycommit("run")

    assert done.returncode == 2
    assert "README.md" in done.stderr
    assert "Traceback" not in done.stderr


def test_mistakes_in_settings_are_all_told_at_once_and_refuse(shop: Shop) -> None:
    shop.stage("pyproject.toml", "[tool.everycommit.policy]\nmax_aded_lines = 3\nmax_files = 'many'\n")

    done = shop.attempt("commit", "-m", "settings")

    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "did you mean 'max_added_lines'?" in said
    assert "max_files" in said


def test_the_mending_commit_of_broken_settings_passes(shop: Shop) -> None:
    broken = "[tool.everycommit.policy]\nmax_aded_lines = 3\n"
    shop.stage("pyproject.toml", broken).commit("broken settings")
    shop.stage("pyproject.toml", broken.replace("aded", "added"))

    shop.accepted()


def test_hook_variables_of_git_do_not_reach_the_tests(shop: Shop) -> None:
    probe = (
        "import os\n\n\ndef test_clean() -> None:\n"
        "    assert [n for n in os.environ if n.startswith('GIT_')] == ['GIT_CEILING_DIRECTORIES']\n"
    )
    shop.stage("tests/test_clean.py", probe)

    shop.accepted("-a")


def test_tests_that_make_repositories_leave_the_users_alone(shop: Shop) -> None:
    probe = (
        "import subprocess\nfrom pathlib import Path\n\n\ndef test_git(tmp_path: Path) -> None:\n"
        "    for argv in (['init'], ['config', 'user.name', 'X'], ['config', 'user.email', 'x@y'],\n"
        "                 ['commit', '--allow-empty', '-m', 'inner']):\n"
        "        subprocess.run(['git', *argv], cwd=tmp_path, check=True)\n"
    )
    shop.stage("tests/test_git.py", probe)

    shop.accepted()

    assert shop.text("log", "--format=%s").splitlines() == ["change", "Start"]


def test_the_hook_speaks_through_a_pipe_without_escapes(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", UNUSED)

    said = shop.refused()

    assert "\x1b" not in said


def test_no_home_and_the_c_locale_are_no_hindrance(shop: Shop) -> None:
    environ = {name: value for name, value in shop.environ.items() if name not in {"HOME", "XDG_CACHE_HOME", "LANG"}}
    shop.stage("src/shop/prices.py", LABEL)

    done = subprocess.run(
        ["git", "commit", "-m", "x"],
        cwd=shop.root,
        env=environ | {"LC_ALL": "C", "TMPDIR": os.fspath(shop.log)},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
