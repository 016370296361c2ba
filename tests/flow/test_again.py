"""What passed is known again before anything that judges is loaded: older pairs, pushes, hooks of frameworks."""

import time
from pathlib import Path

import pytest

from flow.conftest import PRICES, PYPROJECT
from flow.knowing import MORE, Fast, made
from support import Repo

ALIKE = PYPROJECT.replace('"lint", "tests"]', '"lint"]\npush = ["policy", "lint"]')
NOBODY = "everycommit  ✓ known, judged "


@pytest.fixture
def fast(tmp_path: Path) -> Fast:
    """With a remote that has the first commit, and the same gates at commit and push."""
    fast = made(tmp_path, ALIKE)
    Repo.make(tmp_path / "remote", tmp_path / "home", bare=True)
    fast.git("remote", "add", "origin", str(tmp_path / "remote"))
    fast.git("push", "--quiet", "--no-verify", "origin", "main")
    return fast


def committed(fast: Fast) -> Fast:
    """Commit what the hook knows, without it."""
    fast.passed().git("commit", "--quiet", "--no-verify", "-m", "change")
    return fast


def pushed(fast: Fast, *argv: str, code: int = 0, **env: str) -> bool:
    """Push without letting it land; tell whether it was known before anything that judges was loaded."""
    done = fast.attempt("push", "--dry-run", "origin", *(argv or ("main",)), **env)
    fast.said = done.stdout + done.stderr
    assert done.returncode == code, fast.said
    assert "everycommit  " in fast.said or "brings no new commits" in fast.said
    return fast.answered


def pairs(fast: Fast) -> list[str]:
    return [file.name for file in (fast.root / ".git/everycommit/again").iterdir() if "-" in file.name]


def test_the_push_of_what_was_judged_at_the_commit_is_known(fast: Fast) -> None:
    committed(fast)

    assert pushed(fast)
    assert "everycommit  push main  ✓ known, judged at " in fast.said


def test_a_push_after_a_rebase_to_the_same_trees_is_known(fast: Fast) -> None:
    committed(fast).git("commit", "--quiet", "--no-verify", "--amend", "-m", "Another message")

    assert pushed(fast)
    assert pushed(fast, "main:refs/heads/new")


def test_a_push_of_more_than_was_judged_is_judged(fast: Fast) -> None:
    committed(fast).stage("README.md", "# More\n").git("commit", "--quiet", "--no-verify", "-m", "more")

    assert not pushed(fast)
    assert "push main" in fast.said


@pytest.mark.parametrize("what", ["two refs", "a tag", "a commit by its name", "by URL", "other gates"])
def test_a_push_of_another_kind_is_judged(fast: Fast, what: str) -> None:
    committed(fast)
    if what == "two refs":
        fast.git("branch", "other", "HEAD^")
        fast.stage("README.md", "# Other\n")
    fast.git("tag", "v1")
    if what == "other gates":
        settings = Path(fast.environ["XDG_CONFIG_HOME"]) / "everycommit/settings.toml"
        settings.write_text('push = ["policy"]\n')
    argv = {
        "two refs": ("main", "main:refs/heads/copy"),
        "a tag": ("v1",),
        "a commit by its name": (f"{fast.text('rev-parse', 'HEAD')}:refs/heads/new",),
    }.get(what, ("main",))
    if what == "by URL":
        url = fast.text("remote", "get-url", "origin")
        done = fast.attempt("push", "--dry-run", url, "main")
        assert done.returncode == 0, done.stderr
        assert "✓ known" not in done.stderr.replace("lint  ✓ known", "")
        return

    assert not pushed(fast, *argv)


def test_a_push_over_which_another_worktree_works_is_not_told_at_once(fast: Fast) -> None:
    committed(fast).git("worktree", "add", "--quiet", "../other", "-b", "other")
    (fast.root / ".git/worktrees/other/everycommit").mkdir(parents=True, exist_ok=True)
    (fast.root / ".git/worktrees/other/everycommit/background").mkdir()

    assert not pushed(fast)


def test_a_pair_before_the_last_one_is_known(fast: Fast) -> None:
    fast.passed()
    fast.stage("README.md", "# More\n")
    fast.judged().git("restore", "--staged", "README.md")

    assert fast.starts()
    assert fast.answered


def test_a_commit_of_a_part_is_known_where_its_tree_was_judged(fast: Fast) -> None:
    fast.passed()

    assert fast.starts("-a")
    assert fast.answered
    assert fast.text("show", "HEAD:src/shop/prices.py") == (PRICES + MORE).strip()


def test_an_amended_message_is_known_where_the_shell_cannot_tell(fast: Fast) -> None:
    committed(fast)
    (fast.root / ".git/everycommit/known/facts").unlink()

    assert fast.starts("--amend", "-m", "Another")
    assert fast.answered
    assert "nothing is staged: HEAD itself is judged" in fast.said


def test_what_is_known_counts_as_judged_for_the_hook_after_the_commit(fast: Fast) -> None:
    committed(fast).git("reset", "--quiet", "--soft", "HEAD^")
    (fast.root / ".git/everycommit/known/facts").unlink()
    (fast.root / ".git/everycommit/judged").unlink(missing_ok=True)

    assert fast.starts()

    assert fast.answered
    tree, base = (fast.root / ".git/everycommit/judged").read_text().split()
    assert (tree, base) == (fast.text("rev-parse", "HEAD^{tree}"), fast.text("rev-parse", "HEAD^"))


def test_a_commit_on_no_branch_is_judged(fast: Fast) -> None:
    committed(fast).git("checkout", "--quiet", "--detach")
    fast.git("reset", "--quiet", "--hard", fast.text("commit-tree", "HEAD^{tree}", "-p", "HEAD^", "-m", "x"))
    (fast.root / ".git/everycommit/known/facts").unlink()

    assert fast.starts("--amend", "-m", "Another")
    assert not fast.answered


def test_another_staged_change_is_judged(fast: Fast) -> None:
    fast.passed().stage("src/shop/prices.py", "import os\n" + PRICES + MORE)

    assert fast.starts(code=1)
    assert not fast.answered


def test_a_pair_that_failed_since_is_not_known_any_more_and_others_are(tmp_path: Path) -> None:
    """Tests may fail by the weather."""
    fast, flag = made(tmp_path, PYPROJECT), tmp_path / "flag"
    flag.touch()
    text = f"import os\n\n\ndef test_flag() -> None:\n    assert os.path.exists({str(flag)!r})\n"
    fast.passed()
    fast.stage("tests/test_flag.py", text)
    fast.judged()
    known = pairs(fast)
    flag.unlink()

    assert fast.everycommit("run", "tests", "--fresh").returncode == 1

    assert len(pairs(fast)) == len(known) - 1 == 1


def test_a_linked_worktree_has_its_own(fast: Fast) -> None:
    fast.passed()
    fast.git("worktree", "add", "--quiet", "../other")
    other = Fast(fast.root.parent / "other", fast.environ).stage("src/shop/prices.py", PRICES + MORE)

    for known in (False, True):
        done = other.attempt("commit", "-m", "change")
        assert done.returncode == 0, done.stderr
        assert (NOBODY in done.stderr) is known
        other.git("reset", "--quiet", "--soft", "HEAD^")
        time.sleep(1.1)
        if not known:
            assert other.everycommit("run").returncode == 0
            (fast.root / ".git/worktrees/other/everycommit/known/facts").unlink()


def test_the_hook_of_a_framework_knows_what_it_has_judged_and_nothing_else(fast: Fast) -> None:
    """Under pre-commit and prek there is no shell that could tell."""
    fast.stage("src/shop/prices.py", PRICES + MORE)
    index = str(fast.root / ".git/index")

    def said(**env: str) -> str:
        done = Fast(fast.root, fast.environ | env).everycommit("hook", "pre-commit")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for _ in range(2):
        time.sleep(1.1)
        said(PRE_COMMIT="1", GIT_INDEX_FILE=index)

    assert said(PRE_COMMIT="1", GIT_INDEX_FILE=index).startswith(NOBODY)
    assert NOBODY not in said(
        PRE_COMMIT="1", GIT_INDEX_FILE=index, PRE_COMMIT_FROM_REF="HEAD", PRE_COMMIT_TO_REF="HEAD"
    )
    assert NOBODY not in said(GIT_INDEX_FILE=index)
    fast.git("commit", "--quiet", "--no-verify", "-m", "change")
    assert "all files of HEAD" in said(PRE_COMMIT="1")
