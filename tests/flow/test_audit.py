"""Commits that went past the hook are found, named at once where that was asked for, and judged on request."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from flow.conftest import PRICES, Shop
from support import give_python, state

MORE = "\n\ndef cheapest(prices: list[int]) -> int:\n    return min(prices)\n"
UNUSED = "import os\n"


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """The project with a Python of its own, and the hook that looks after a commit."""
    give_python(shop)
    done = shop.everycommit("install", "--yes", "--no-fill", "--post-commit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "post-commit" in done.stdout
    return shop


def made(shop: Shop, *argv: str, **env: str) -> str:
    """Commit, or whatever git can do; return what was said."""
    done = shop.attempt(*argv, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def audit(shop: Shop, *argv: str, code: int) -> str:
    before = state(shop)
    done = shop.everycommit("audit", *argv)
    assert done.returncode == code, done.stdout + done.stderr
    assert state(shop) == before
    return done.stdout


def head(shop: Shop) -> str:
    return shop.text("rev-parse", "HEAD")


def without_python(shop: Shop) -> Shop:
    """Put what only leaves a trace where the hook after the commit would start Python."""
    hook = shop.root / ".git/hooks/post-commit"
    lines = [
        f"echo STARTED; exit # {line}" if 'exec "$python"' in line else line for line in hook.read_text().splitlines()
    ]
    hook.write_text("\n".join(lines) + "\n")
    return shop


def test_a_commit_that_was_judged_is_known_and_nothing_is_said(shop: Shop) -> None:
    without_python(shop).stage("src/shop/prices.py", PRICES + MORE)

    said = made(shop, "commit", "-m", "Cheapest")
    amended = made(shop, "commit", "--amend", "-m", "The cheapest")
    shop.stage("src/shop/prices.py", PRICES + MORE + "\n\nX = 1\n")
    changed = made(shop, "commit", "--amend", "--no-edit")
    audited = audit(shop, "HEAD^..HEAD", code=0)

    assert "STARTED" not in said + amended + changed
    assert "1 commit: all judged" in audited


def test_a_commit_that_the_hook_knew_without_python_is_known_after_it_as_well(shop: Shop) -> None:
    without_python(shop).stage("src/shop/prices.py", PRICES + MORE)
    for _ in range(4):
        assert shop.everycommit("run").returncode == 0
        if (shop.root / ".git/everycommit/known/facts").exists():
            break
        time.sleep(1.1)  # what has just changed is not written down

    said = made(shop, "commit", "-m", "Words")

    assert "known, judged at" in said
    assert "STARTED" not in said


def test_a_commit_past_the_hook_is_named_at_once(shop: Shop) -> None:
    shop.stage("src/shop/more.py", "X = 1\n")

    said = made(shop, "commit", "--no-verify", "-m", "More")

    assert f"everycommit: {head(shop)[:7]} went past the hook, not judged: lint, tests" in said
    assert f"everycommit audit {head(shop)[:7]} --judge" in said


def test_a_commit_on_another_parent_is_not_the_one_that_was_judged(shop: Shop) -> None:
    """The same tree, squashed: the policy never saw this diff."""
    start = head(shop)
    for number in range(3):
        shop.stage(f"table{number}.txt", "x\n" * 40)
        made(shop, "commit", "-m", f"Table {number}")
    shop.git("reset", "--quiet", "--soft", start)

    said = made(shop, "commit", "--no-verify", "-m", "All tables")

    assert "went past the hook, refused: policy" in said
    assert "refused: policy" in audit(shop, code=1)


def test_a_cherry_pick_of_what_was_judged_elsewhere_is_named_and_the_same_pair_is_not(shop: Shop) -> None:
    shop.git("branch", "other")
    shop.stage("src/shop/more.py", "X = 1\n")
    made(shop, "commit", "-m", "More")
    picked = head(shop)
    shop.git("checkout", "--quiet", "other")

    same = made(shop, "cherry-pick", picked, GIT_COMMITTER_DATE="2030-01-01T00:00:00Z")
    shop.git("reset", "--quiet", "--hard", "HEAD^")
    shop.stage("README.md", "# Other\n").commit("elsewhere")
    moved = made(shop, "cherry-pick", picked)

    assert "everycommit" not in same
    assert "went past the hook, not judged: lint, tests" in moved


def test_a_rebase_is_said_once_after_its_last_commit(shop: Shop) -> None:
    start = head(shop)
    for number in range(3):
        shop.stage(f"src/shop/more{number}.py", "X = 1\n")
        made(shop, "commit", "-m", f"More {number}")
    shop.git("checkout", "--quiet", "-b", "up", start)
    shop.stage("README.md", "# Up\n").commit("up")
    up = head(shop)
    shop.git("checkout", "--quiet", "main")

    said = made(shop, "rebase", "up")

    assert said.count("everycommit") == 2, said
    assert "everycommit: 3 commits went past the hook" in said
    assert f"`everycommit audit {up[:7]}..HEAD --judge`" in said


def test_what_was_refused_and_committed_all_the_same_is_told_from_what_nobody_judged(shop: Shop) -> None:
    shop.stage("src/shop/more.py", UNUSED)
    assert shop.attempt("commit", "-m", "Unused").returncode == 1

    said = made(shop, "commit", "--no-verify", "-m", "Unused")
    found = json.loads(audit(shop, "HEAD", "--format", "json", code=1))

    assert "refused: lint" in said
    (commit,) = found["commits"]
    assert (commit["state"], commit["subject"]) == ("refused", "Unused")
    assert {gate["gate"]: gate["state"] for gate in commit["gates"]}["lint"] == "refused"


def test_what_was_not_judged_is_judged_on_request(shop: Shop) -> None:
    good = shop.stage("src/shop/more.py", "X = 1\n").commit("Good").text("rev-parse", "HEAD")
    bad = shop.stage("src/shop/other.py", UNUSED).commit("Bad").text("rev-parse", "HEAD")
    start = f"{good}^"

    assert "2 commits: 2 not judged" in audit(shop, f"{start}..", code=2)
    judged = shop.everycommit("audit", f"{start}..{bad}", "--judge")
    after = audit(shop, f"{start}..{bad}", code=1)

    assert judged.returncode == 1
    assert "src/shop/other.py:1:8: error" in judged.stdout
    assert f"{good[:7]}  judged" in after
    assert f"{bad[:7]}  refused: lint" in after
    assert "1 refused" in after


def test_a_verdict_under_other_conditions_counts_and_is_told(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", PRICES + MORE)
    made(shop, "commit", "-m", "Cheapest")
    (site,) = (shop.root / ".venv/lib").glob("python*/site-packages")
    (site / "new-1.0.dist-info").mkdir()
    (site / "new-1.0.dist-info/METADATA").write_text("Name: new\nVersion: 1.0\n")

    said = audit(shop, "HEAD", code=0)

    assert "changed since: python" in said


def test_without_a_ledger_nothing_is_known(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", PRICES + MORE)
    made(shop, "commit", "-m", "Cheapest")
    shop.everycommit("ledger", "clear")

    assert "not judged: lint, tests" in audit(shop, "HEAD", code=2)


def test_the_default_is_what_no_remote_has(shop: Shop) -> None:
    shop.git("init", "--quiet", "--bare", "../remote")
    shop.git("remote", "add", "origin", "../remote")
    shop.git("push", "--quiet", "--no-verify", "origin", "HEAD:refs/heads/main")
    assert "nothing to audit" in audit(shop, code=0)
    shop.stage("README.md", "# New\n").commit("new")

    assert "1 commit: all judged" in audit(shop, code=0), "a change of docs has no gate but the policy"
    assert "no commits in 'HEAD..HEAD'" in audit(shop, "HEAD..HEAD", code=0)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("HEAD...HEAD",), "'HEAD...HEAD': write A..B"),
        (("nothing..",), "there is no commit 'nothing'"),
        (("--judge", "--format", "json"), "look first with --format json"),
    ],
)
def test_wrong_use_is_one_sentence(shop: Shop, argv: tuple[str, ...], words: str) -> None:
    done = shop.everycommit("audit", *argv)

    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_ledger_that_cannot_be_read_is_said(shop: Shop) -> None:
    shop.stage("src/shop/more.py", "X = 1\n").commit("More")
    shutil.rmtree(shop.root / ".git/everycommit", ignore_errors=True)
    (shop.root / ".git/everycommit").mkdir()
    (shop.root / ".git/everycommit/ledger.sqlite").write_bytes(b"no table" * 500)

    assert "the ledger cannot be read" in shop.everycommit("audit", "HEAD").stderr


def test_the_first_commit_of_a_repository_is_looked_at_too(tmp_path: Path, shop: Shop) -> None:
    (root,) = shop.text("rev-list", "--max-parents=0", "HEAD").split()

    assert "not judged: lint, tests" in audit(shop, root, code=2)


def test_the_hook_after_the_commit_comes_only_where_it_was_asked_for_and_goes_again(shop: Shop) -> None:
    hook = shop.root / ".git/hooks/post-commit"
    assert os.access(hook, os.X_OK)
    again = shop.everycommit("install", "--yes", "--no-fill").stdout
    health = shop.everycommit("doctor").stdout

    gone = shop.everycommit("uninstall").stdout

    assert "post-commit (nothing had to change)" in again
    assert "post-commit in .git/hooks" in health
    assert "post-commit: removed" in gone
    assert not hook.exists()
