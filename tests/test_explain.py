"""`everycommit explain`, and the page that is made of the same words."""

from pathlib import Path

import pytest

from everycommit.rules import words
from everycommit.rules.catalog import rules
from everycommit.rules.names import OWN
from everycommit.rules.rule import Rule
from support import Repo

PAGE = Path(__file__).parent.parent / "docs/rules.md"
MAKE = "python -c 'from everycommit.rules.words import markdown; print(markdown(), end=\"\")' > docs/rules.md"


def test_the_page_is_the_rules() -> None:
    assert PAGE.read_text() == words.markdown(), f"make it again: {MAKE}"


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_all_of_a_rule_is_said(rule: Rule) -> None:
    said = words.explained(rule.id)
    flat = " ".join(said.split())

    for part in (rule.id, rule.what, rule.why, rule.way_on, "Found:", "Not found:"):
        assert " ".join(part.split()) in flat
    assert ("accept FINGERPRINT" in said) != ("It cannot be accepted" in said)
    assert all(char.isprintable() for line in said.split("\n") for char in line)
    assert all(len(line) <= 110 for line in said.split("\n") if not line.startswith("    ")), (
        "examples may be longer, words not"
    )


def test_explain_lists_all_rules_strictest_first(repo: Repo) -> None:
    done = repo.everycommit("explain")

    names = [line.split()[1] for line in done.stdout.splitlines() if line.startswith(("error", "warning", "note"))]
    assert sorted(names) == sorted(OWN)
    assert names.index("secret") < names.index("debug-print") < names.index("lock-changed")


@pytest.mark.parametrize("name", ["debug-print", "policy/debug-print"])
def test_explain_takes_the_short_and_the_long_name(repo: Repo, name: str) -> None:
    done = repo.everycommit("explain", name)

    assert done.returncode == 0
    assert done.stdout.startswith("policy/debug-print  (warning by default)\n")
    assert "+    print(x)" in done.stdout


@pytest.mark.parametrize("name", ["guard-removed", "review/guard-removed"])
def test_explain_knows_the_rules_of_the_static_reader(repo: Repo, name: str) -> None:
    done = repo.everycommit("explain", name)

    assert done.returncode == 0
    assert done.stdout.startswith("review/guard-removed  (warning by default)\n")
    assert "-    if key not in items:" in done.stdout
    assert "it never refuses" in done.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("debug-prnt", "'debug-prnt': no such rule of the policy; did you mean 'debug-print'?"),
        ("zzz", "'zzz': no such rule of the policy; `everycommit explain` lists them"),
        ("lint/F401", "'lint/F401': no such rule of the policy; rules of lint and types are explained by their tools"),
        ("a\x1b[31m", "'a\\x1b[31m': no such rule"),
    ],
)
def test_an_unknown_rule_names_the_nearest(repo: Repo, name: str, said: str) -> None:
    done = repo.everycommit("explain", name)

    assert done.returncode == 2
    assert done.stderr.startswith(f"everycommit: {said}")
