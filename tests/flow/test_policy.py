"""The policy through the installed hook: what no commit gets past, and the ways on that it names."""

import re

import pytest

from .conftest import PRICES, PRICES_TEST, Shop

SETTINGS = """\
[project]
name = "shop"
version = "1.0"

[tool.everycommit]
commit = ["policy"]

[tool.everycommit.policy]
max_added_lines = 60
deletions = "forbid"
frozen = ["src/shop/prices.py::total"]
"""
SKIPPED = PRICES_TEST.replace("\n\ndef test_total", "\n\n@pytest.mark.skip\ndef test_total").replace(
    "from shop", "import pytest\nfrom shop"
)


@pytest.fixture
def guarded(shop: Shop) -> Shop:
    """The shop with settings of its own, judged by the policy alone."""
    shop.stage("pyproject.toml", SETTINGS)
    shop.git("commit", "--quiet", "--no-verify", "-m", "Settings")
    return shop


def test_a_frozen_symbol_stays_as_it_is(guarded: Shop) -> None:
    guarded.stage("src/shop/prices.py", PRICES.replace("discount: int = 0", "discount: int = 5"))

    said = guarded.refused()

    assert "src/shop/prices.py:4: error  policy/frozen-symbol" in said
    assert "accept FINGERPRINT" not in said
    guarded.stage("src/shop/prices.py", f"{PRICES}\n\nEURO = 100\n")
    guarded.accepted()


def test_what_is_out_of_scope_is_refused_until_the_scope_is_over(guarded: Shop) -> None:
    done = guarded.everycommit("scope", "--only", "src/**", "--until", "commit")
    assert done.returncode == 0, done.stderr
    guarded.stage("README.md", "# The shop\n")
    said = guarded.refused()
    assert "README.md:1: error  policy/out-of-scope" in said
    assert "scope: only src/**; until commit" in said
    guarded.git("restore", "--staged", "README.md")

    guarded.stage("src/shop/more.py", "EURO = 100\n")
    assert "scope: only src/**" in guarded.accepted()

    guarded.git("add", "README.md")
    assert "the task scope ended: the commit was made" in guarded.accepted()


def test_a_deletion_that_is_forbidden(guarded: Shop) -> None:
    guarded.git("rm", "--quiet", "README.md")

    assert "README.md: error  policy/file-deleted" in guarded.refused()


def test_a_secret_is_refused_and_not_shown(guarded: Shop) -> None:
    password = "q7Xw2" + "Rt9ZkLm4Vb8"
    guarded.stage("src/shop/deploy.py", f'URL = "postgres://app:{password}@db.internal:5432/app"\n')

    said = guarded.refused()

    assert "src/shop/deploy.py:1: error  policy/secret" in said
    assert password not in said


def test_a_secret_on_the_line_of_another_finding_is_not_shown_either(guarded: Shop) -> None:
    token = "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"
    guarded.stage("src/shop/deploy.py", f'import pdb; pdb.set_trace(); TOKEN = "{token}"\n')

    said = guarded.refused()

    assert "policy/debugger" in said
    assert token not in said


def test_a_merge_marker_is_refused(guarded: Shop) -> None:
    left = "<" * 7 + " ours\nA = 1\n" + "=" * 7 + "\nA = 2\n" + ">" * 7 + " theirs\n"
    guarded.stage("src/shop/more.py", left)

    assert "src/shop/more.py:1: error  policy/merge-marker" in guarded.refused()


def test_a_test_that_is_skipped_is_refused(guarded: Shop) -> None:
    guarded.stage("tests/test_prices.py", SKIPPED)

    assert "error  policy/test-skipped" in guarded.refused()


def test_a_suppression_warns_and_can_be_made_to_refuse(guarded: Shop) -> None:
    ignored = PRICES + "\n\nEURO: int = 'x'  # type: ignore[assignment]\n"
    guarded.stage("src/shop/prices.py", ignored)
    assert "src/shop/prices.py:9: warning  policy/suppression-added" in guarded.accepted()

    guarded.stage("pyproject.toml", SETTINGS + '[tool.everycommit.policy.rules]\nsuppression-added = "error"\n')
    guarded.stage("src/shop/prices.py", ignored + "CENT: int = 'x'  # type: ignore[assignment]\n")

    assert "src/shop/prices.py:10: error  policy/suppression-added" in guarded.refused()


def test_an_accepted_finding_passes_with_its_reason_and_ends_on_its_day(guarded: Shop) -> None:
    guarded.stage("src/shop/more.py", "breakpoint()\n")
    said = guarded.refused()
    found = re.search(r"\(([0-9a-f]{7}) policy/debugger\)", said)
    assert found, said

    done = guarded.everycommit("accept", found[1], "--reason", "a demonstration", "--until", "2999-12-31")
    assert done.returncode == 0, done.stderr
    file = guarded.root / ".everycommit/accepted.toml"
    guarded.stage(".everycommit/accepted.toml", file.read_text().replace("2999-12-31", "2020-12-31"))
    assert "no longer accepted: " in guarded.refused()

    guarded.stage(".everycommit/accepted.toml", file.read_text().replace("2020-12-31", "2999-12-31"))
    assert 'policy/debugger src/shop/more.py: "a demonstration" (A <a@example.com>, until 2999-12-31)' in (
        guarded.accepted()
    )


def test_settings_are_loosened_by_themselves_and_hold_from_then_on(guarded: Shop) -> None:
    guarded.stage("pyproject.toml", SETTINGS.replace('"forbid"', '"allow"'))
    guarded.git("rm", "--quiet", "README.md")
    said = guarded.refused()
    assert "policy/settings-loosened  loosens policy.deletions" in said
    assert "error  policy/file-deleted" in said

    guarded.git("restore", "--staged", "README.md")
    assert "warning  policy/settings-loosened" in guarded.accepted()

    guarded.git("rm", "--quiet", "--cached", "README.md")
    guarded.accepted()


def test_limits_that_nothing_could_pass_are_taken_back(guarded: Shop) -> None:
    closed = SETTINGS.replace("max_added_lines = 60", "max_added_lines = 0\nmax_files = 0\nprotected = ['**']")
    guarded.stage("pyproject.toml", closed)
    guarded.accepted()
    guarded.stage("src/shop/more.py", "A = 1\n")
    assert "policy/protected-path" in guarded.refused()
    guarded.git("rm", "--quiet", "--cached", "src/shop/more.py")

    guarded.stage("pyproject.toml", SETTINGS)
    guarded.accepted()

    guarded.git("add", "src/shop/more.py")
    guarded.accepted()


def test_a_change_split_over_commits_is_seen_at_push(guarded: Shop) -> None:
    """Each commit keeps to the limit; what is pushed together does not."""
    start = guarded.text("rev-parse", "HEAD")
    for name in ("one", "two"):
        guarded.stage(f"src/shop/{name}.txt", "x\n" * 40)
        guarded.accepted()

    done = guarded.everycommit("run", "policy", "--range", f"{start}..HEAD", "--at", "push")

    assert done.returncode == 1
    assert "adds 80 lines, 20 over the limit of 60" in done.stdout
