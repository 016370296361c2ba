"""What was judged once is known at amend, rebase and push, in every worktree; and never more than was judged."""

import json
import shutil

import pytest

from flow.conftest import PRICES, Shop
from support import give_python

MORE = "\n\ndef cheapest(prices: list[int]) -> int:\n    return min(prices)\n"


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """The project with a Python of its own, in which nothing points out of the working tree."""
    give_python(shop)
    return shop


def judged(shop: Shop, *argv: str) -> str:
    """Commit through the hook; return what it said."""
    done = shop.attempt("commit", *argv)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def committed(shop: Shop, message: str = "Cheapest") -> Shop:
    """Commit a change of code that has to be judged."""
    shop.stage("src/shop/prices.py", PRICES + MORE)
    assert "known" not in judged(shop, "-m", message)
    return shop


def test_an_amend_of_the_message_knows_its_verdict(shop: Shop) -> None:
    committed(shop)

    said = judged(shop, "--amend", "-m", "Another message")

    assert "✓ known, judged at " in said
    assert "nothing is staged: HEAD itself is judged" in said


def test_an_amend_that_changes_the_tree_is_judged(shop: Shop) -> None:
    committed(shop).stage("src/shop/prices.py", PRICES + MORE + "\n\nX = 1\n")

    assert "known" not in judged(shop, "--amend", "--no-edit")


def test_a_rebase_to_the_same_trees_and_the_push_of_it_are_known(shop: Shop) -> None:
    """The commits of the branch get other names, their trees stay as they were."""
    committed(shop).stage("src/shop/more.py", "X = 1\n")
    judged(shop, "-m", "More")
    shop.git("init", "--quiet", "--bare", "../remote")
    shop.git("remote", "add", "origin", "../remote")
    first, second = shop.text("rev-list", "--max-count=2", "--reverse", "HEAD").split("\n")

    shop.git("reset", "--quiet", "--hard", f"{first}^")
    for commit in (first, second):
        shop.git("cherry-pick", "--no-commit", commit)
        assert "✓ known, judged at " in judged(shop, "-m", f"Reworded {commit}")
    assert shop.text("rev-parse", "HEAD") != second
    shop.git("push", "--quiet", "--no-verify", "origin", "HEAD^:refs/heads/main")
    shop.git("fetch", "--quiet", "origin")
    done = shop.attempt("push", "origin", "HEAD:refs/heads/main")

    assert done.returncode == 0, done.stderr
    assert "lint tests known" in done.stdout, "types are judged at push only"


def test_a_push_of_several_commits_knows_the_tests_of_the_last_one(shop: Shop) -> None:
    """All tests passed on that tree: that holds whatever it is compared with. Lint compares, and is judged."""
    start = shop.text("rev-parse", "HEAD")
    committed(shop).stage("src/shop/more.py", "X = 1\n")
    judged(shop, "-m", "More")

    done = shop.everycommit("run", "lint", "tests", f"--range={start}..HEAD", "--at", "push", "--format", "json")

    assert _reused(done.stdout) == [("lint", False), ("tests", True)]


def _reused(out: str) -> list[tuple[str, bool]]:
    return [(gate["gate"], gate["reused"]) for gate in json.loads(out)["verdicts"][0]["gates"]]


def test_bad_content_is_refused_though_the_working_tree_holds_what_was_judged_good(shop: Shop) -> None:
    """The key is the staged tree, never the file."""
    committed(shop)
    good = (shop.root / "src/shop/prices.py").read_text()
    shop.stage("src/shop/prices.py", good.replace("sum(prices)", "sum(prices) + 1"))
    shop.write("src/shop/prices.py", good)

    done = shop.attempt("commit", "-m", "Bad")

    assert done.returncode == 1
    assert "tests/failed" in done.stdout + done.stderr


def test_a_failure_of_tests_is_run_again_and_findings_of_lint_are_known(shop: Shop) -> None:
    shop.stage("src/shop/prices.py", "import os\n" + PRICES.replace("50", "5000"))
    done = shop.attempt("commit", "-m", "Bad")
    assert done.returncode == 1

    again = shop.everycommit("run", "--format", "json")

    assert again.returncode == 1
    assert _reused(again.stdout) == [("policy", False), ("lint", True), ("tests", False)]
    assert [gate["outcome"] for gate in json.loads(again.stdout)["verdicts"][0]["gates"]][1:] == ["failed", "failed"]


def test_worktrees_of_one_clone_share(shop: Shop) -> None:
    committed(shop)
    shop.git("worktree", "add", "--quiet", "--detach", "../other", "HEAD^")
    other = Shop(shop.root.parent / "other", shop.environ)

    other.stage("src/shop/prices.py", PRICES + MORE)

    assert "✓ known, judged at " in other.everycommit("run").stdout


def test_installing_a_package_ends_what_was_known_and_explain_says_so(shop: Shop) -> None:
    committed(shop)
    (site,) = (shop.root / ".venv/lib").glob("python*/site-packages")
    assert shop.everycommit("ledger", "explain", "tests").stdout.startswith("tests    known")

    (site / "extra-1.0.dist-info").mkdir()

    said = shop.everycommit("ledger", "explain").stdout.split("\n")
    assert said[0].startswith("policy   -          judged each time")
    assert said[1].startswith("lint     known      passed, judged ")
    assert said[2].startswith("tests    not known  since ")
    assert said[2].endswith(" changed: python")
    assert "tests" not in shop.everycommit("run").stdout.partition("✓")[2]


def test_fresh_judges_anew(shop: Shop) -> None:
    committed(shop)

    done = shop.everycommit("run", "--commit=HEAD", "--fresh", "--format", "json")

    assert [reused for _, reused in _reused(done.stdout)] == [False, False, False]
    assert "known" in shop.everycommit("run", "--commit=HEAD").stdout


def test_ci_neither_reads_nor_writes_the_ledger(shop: Shop) -> None:
    committed(shop)

    done = shop.everycommit("run", "lint", "--commit=HEAD", "--at=ci", "--format=json", CI="true")

    assert _reused(done.stdout) == [("lint", False)]


def test_a_ledger_that_is_damaged_costs_time_and_nothing_else(shop: Shop) -> None:
    committed(shop)
    path = shop.root / ".git/everycommit/ledger.sqlite"
    path.write_bytes(b"x" * 5000)
    said = []

    for message in ("One", "Two", "Three"):
        # What the hook knows by itself is not what is tried here.
        for name in ("known", "again"):
            shutil.rmtree(shop.root / ".git/everycommit" / name, ignore_errors=True)
        said.append("known" in judged(shop, "--amend", "-m", message))

    assert said == [False, False, True]
