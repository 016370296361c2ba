"""Pushes through the installed hook: every ref is judged, from the pushed commit and never from the checkout."""

from pathlib import Path

import pytest

from support import Repo, state

from .conftest import PRICES, Shop

BAD = PRICES.replace('cents."""\n', 'cents."""\n\nimport os\n')
GOOD = PRICES + "\n\nRATE = 19\n"
FAST = {"SKIP": "everycommit-types"}


@pytest.fixture
def pushing(shop: Shop, tmp_path: Path) -> Shop:
    """The shop with a remote that has its first commit."""
    Repo.make(tmp_path / "remote", tmp_path / "home", bare=True)
    shop.git("remote", "add", "origin", str(tmp_path / "remote"))
    shop.git("push", "--quiet", "--no-verify", "origin", "main")
    return shop


def push(shop: Shop, *argv: str, code: int) -> str:
    before = state(shop)
    done = shop.attempt("push", *argv, **FAST)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    after = state(shop)
    assert {name for name in before if before[name] != after.get(name)} <= {"refs"} if code == 0 else before == after
    return said


def test_a_bad_commit_is_refused_whatever_is_checked_out(pushing: Shop) -> None:
    pushing.git("checkout", "--quiet", "-b", "bad")
    pushing.stage("src/shop/prices.py", BAD).commit()
    pushing.git("checkout", "--quiet", "main")

    said = push(pushing, "origin", "bad", code=1)

    assert "push bad" in said
    assert "lint/F401" in said


def test_a_good_new_branch_goes_through(pushing: Shop) -> None:
    pushing.git("checkout", "--quiet", "-b", "good")
    pushing.stage("src/shop/prices.py", GOOD).commit()
    pushing.write("src/shop/prices.py", BAD)

    assert "1 file +3" in push(pushing, "origin", "good", code=0)


def test_every_ref_of_a_push_is_judged(pushing: Shop) -> None:
    for name, text in (("one", GOOD), ("two", BAD)):
        pushing.git("checkout", "--quiet", "-b", name, "main")
        pushing.stage("src/shop/prices.py", text).commit()

    said = push(pushing, "origin", "one", "two", code=1)

    assert "one" in said
    assert "two" in said
    assert said.count("lint/F401") == 1


def test_a_deletion_and_a_push_of_nothing_new_have_nothing_to_judge(pushing: Shop) -> None:
    pushing.git("push", "--quiet", "--no-verify", "origin", "main:side")

    assert "nothing" in push(pushing, "origin", "main:other", code=0)
    assert "delet" in push(pushing, "origin", ":side", code=0)


def test_a_rebased_forced_push_answers_for_its_own_commits_only(pushing: Shop) -> None:
    """Lint errors that others pushed to main are not blamed on the branch that was rebased onto them."""
    pushing.git("checkout", "--quiet", "-b", "mine")
    pushing.stage("src/shop/mine.py", "MINE = 1\n").commit("mine")
    pushing.git("push", "--quiet", "--no-verify", "origin", "mine")
    pushing.git("checkout", "--quiet", "main")
    pushing.stage("src/shop/theirs.py", "import os\n").commit("theirs")
    pushing.git("push", "--quiet", "--no-verify", "origin", "main")
    pushing.git("checkout", "--quiet", "mine")
    pushing.git("rebase", "--quiet", "main")

    said = push(pushing, "--force", "origin", "mine", code=0)

    assert "1 file +1" in said


def test_a_tag_is_judged_as_the_commit_it_names(pushing: Shop) -> None:
    pushing.stage("src/shop/prices.py", BAD).commit()
    pushing.git("tag", "-a", "-m", "one", "v1")

    assert "lint/F401" in push(pushing, "origin", "v1", code=1)


def test_a_hook_that_was_there_gets_the_same_lines(pushing: Shop, tmp_path: Path) -> None:
    pushing.everycommit("uninstall")
    hook = pushing.root / ".git/hooks/pre-push"
    hook.write_text(f"#!/bin/sh\ncat > {tmp_path}/lines\n")
    hook.chmod(0o755)
    pushing.install()
    pushing.stage("src/shop/prices.py", GOOD).commit()

    push(pushing, "origin", "main", code=0)

    assert (tmp_path / "lines").read_text().startswith("refs/heads/main ")
