"""All families together: what settings say of them, what a glance leaves out, what is not imported."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from everycommit.change import Blobs, Change
from everycommit.config.load import load
from everycommit.config.schema import PolicySettings
from everycommit.record import replace
from everycommit.repo.read import all_files, one_commit
from everycommit.result import Finding
from everycommit.rules import look, suppressions
from everycommit.rules.catalog import WORDS, examples, find, modes, rules
from everycommit.rules.names import ELSEWHERE, FIXED, OWN, SOFTEST
from everycommit.rules.rule import Rule
from everycommit.rules.secret_formats import FORMATS, Format
from everycommit.rules.settings import loosening
from reading import opened
from support import Repo, change_of

FAMILIES = [path.stem for path in (Path(look.__file__).parent).glob("*.py")]


def limits(**values: Any) -> PolicySettings:
    return replace(PolicySettings(), **values)


def found(
    repo: Repo, before: Mapping[str, str | None], after: Mapping[str, str | None], **values: Any
) -> list[tuple[str, str]]:
    change, blobs = change_of(repo, before, after)
    return [
        (one.rule.removeprefix("policy/"), one.severity)
        for one in find(change, blobs, limits(**values))
        if one.rule != "policy/dependency-new"
    ]


def test_the_table_of_names_is_what_the_families_declare() -> None:
    assert {rule.id.removeprefix("policy/"): rule.severity for rule in rules().values()} == OWN
    assert all(rule.id.startswith("policy/") for rule in rules().values())
    assert {*SOFTEST, *ELSEWHERE, *FIXED} <= {*OWN}


def test_no_family_is_left_out() -> None:
    """A module that declares rules and a check is in the catalog."""
    declaring = {
        name
        for name in FAMILIES
        if "\nRULES" in (text := Path(look.__file__).with_name(f"{name}.py").read_text()) and "\ndef check(" in text
    }

    assert declaring == set(WORDS) - {"size_rules"}


def raised(repo: Repo, rule: Rule, sides: Mapping[str, tuple[str | None, str | None]]) -> set[str]:
    """Return what is found in an example, through the catalog and under the example's own settings."""
    old, new = ({path: pair[side] for path, pair in sides.items()} for side in (0, 1))
    path, _, mode = modes().get(rule.id, ("", "", ""))
    change, blobs = change_of(repo, old, new, modes={path: mode} if path in sides and sides is rule.bad else None)
    judging = limits(**{"deletions": "warn", **examples().get(rule.id, {})})
    return {one.rule for one in [*find(change, blobs, judging), *_loosened(change, blobs, old, new)]}


def _loosened(
    change: Change, blobs: Blobs, old: Mapping[str, str | None], new: Mapping[str, str | None]
) -> list[Finding]:
    base, target = ((side.get("pyproject.toml") or "").encode() for side in (old, new))
    loosened = load(base=base, target=target, user=None, environ={}, flags={}).loosened
    return loosening(change, loosened, blobs, occasion="commit")


@pytest.mark.parametrize(
    "rule",
    # A submodule is no file of a tree written here; tests/test_rules_deletion.py has its example.
    [rule for rule in rules().values() if rule.id != "policy/submodule-moved"],
    ids=lambda rule: rule.id,
)
def test_the_bad_example_is_found_and_the_good_one_is_not(repo: Repo, rule: Rule) -> None:
    assert rule.id in raised(repo, rule, rule.bad)
    assert rule.id not in raised(repo, rule, rule.good)


def test_a_severity_of_the_settings_is_that_of_the_finding(repo: Repo) -> None:
    before, after = {"a.py": "x = 1\n"}, {"a.py": "x = 1\nbreakpoint()\n"}
    everywhere = {"debugger": (("note", ()),)}
    elsewhere = {"debugger": (("off", ("tests/**",)),)}

    assert found(repo, before, after) == [("debugger", "error")]
    assert found(repo, before, after, rules=(everywhere,)) == [("debugger", "note")]
    assert found(repo, before, after, rules=(elsewhere,)) == [("debugger", "error")]
    assert found(repo, before, after, rules=({"debugger": (("off", ("*.py",)),)},)) == []
    assert found(repo, before, after, rules=(everywhere, {})) == [("debugger", "error")]


def test_deletions_are_forbidden_warned_of_or_allowed(repo: Repo) -> None:
    before, after = {"a.txt": "x\n", "b.txt": "y\n"}, {"b.txt": "y\n"}

    assert found(repo, before, after) == [("file-deleted", "warning")]
    assert found(repo, before, after, deletions="forbid") == [("file-deleted", "error")]
    assert found(repo, before, after, deletions="allow") == []
    assert found(repo, before, after, deletions="forbid", deletable=("a.*",)) == []
    assert found(repo, before, after, max_deleted_files=0) == [("file-deleted", "warning"), ("mass-deletion", "error")]
    shorter = {"a.txt": "x\n" * 3}, {"a.txt": "x\n" * 2}
    assert found(repo, *shorter, max_deleted_lines=0) == [("mass-deletion", "error")]
    assert found(repo, *shorter, max_deleted_lines=1) == []
    assert found(repo, before, {}, max_deleted_files=None, max_deleted_lines=None, deletions="allow") == []


def test_a_path_has_to_be_in_every_scope(repo: Repo) -> None:
    before, after = {"src/a": "1\n", "src/nav/b": "1\n"}, {"src/a": "2\n", "src/nav/b": "2\n"}
    accepted = {**before, ".everycommit/accepted.toml": ""}, {**before, ".everycommit/accepted.toml": "# none\n"}

    assert found(repo, before, after, only=(("src/**",),)) == []
    assert found(repo, before, after, only=(("src/**",), ("src/nav/**",))) == [("out-of-scope", "error")]
    assert found(repo, before, after, only=(("x",), ("y",))) == [("out-of-scope", "error")] * 2
    assert found(repo, *accepted, only=(("x",),)) == []


def test_paths_are_not_judged_where_nothing_was_before(repo: Repo) -> None:
    change, blobs = change_of(repo, {}, {"a": "1\n"})

    assert find(replace(change, parents=()), blobs, limits(protected=("**",), only=(("x",),))) == []
    assert [one.rule for one in find(change, blobs, limits(protected=("**",)))] == ["policy/protected-path"]


def test_denied_and_allowed_paths_add_to_what_is_known(repo: Repo) -> None:
    before: dict[str, str | None] = {"a": "1\n"}

    assert found(repo, before, {"a": "1\n", "x.secret": "1\n"}) == []
    assert found(repo, before, {"a": "1\n", "x.secret": "1\n"}, denied=("*.secret",)) == [("denied-path", "error")]
    assert found(repo, before, {"a": "1\n", ".env": "1\n"}, denied=("*.secret",)) == [("denied-path", "error")]
    assert found(repo, before, {"a": "1\n", ".env": "1\n"}, allowed=(".env",)) == []


def test_lines_a_file_have_a_limit_of_their_own(repo: Repo) -> None:
    after = {"a": "1\n" * 4, "b": "1\n" * 3, ".everycommit/accepted.toml": "# one\n" * 9}

    assert found(repo, {}, after, max_file_added_lines=3) == [("file-added-lines", "error")]
    assert found(repo, {}, after, max_added_lines=7) == []


def shortest(pattern: Any) -> str:
    """Return a shortest text that a parsed pattern takes."""
    out = ""
    for kind, value in pattern:
        name = str(kind)
        if name == "LITERAL":
            out += chr(value)
        elif name == "IN":
            (first, what), *_ = value
            out += chr(what[0] if str(first) == "RANGE" else what) if str(first) in {"RANGE", "LITERAL"} else "1"
        elif name.endswith("REPEAT"):
            out += shortest(value[2]) * value[0]
        elif name == "SUBPATTERN":
            out += shortest(value[-1])
        elif name == "BRANCH":
            out += min(map(shortest, value[1]), key=len)
        else:
            assert name == "ASSERT_NOT", name
    return out


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.kind)
def test_no_token_passes_the_glance(form: Format) -> None:
    token = shortest(re._parser.parse(form.pattern))  # type: ignore[attr-defined]

    assert re.fullmatch(form.pattern, token)
    assert re.search(look._SECRETS, f"+ a {token} b".encode())


@pytest.mark.parametrize("word", suppressions._WORDS)
def test_no_word_of_a_checker_passes_the_glance(word: str) -> None:
    assert re.search(look._SUPPRESSES, word.encode())


PLAIN = "\n".join(f"Line {number} of plain words." for number in range(40))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a.md": PLAIN}, {"a.md": PLAIN + "\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"}, ["merge-marker"]),
        ({"a.md": PLAIN}, {"a.md": PLAIN + "\nhidden \u202e text\n"}, ["invisible-text"]),
        ({"a.md": PLAIN}, {"a.md": PLAIN + "\nAKIA" + "Z7XQ2M4KT5WPLB3D\n"}, ["secret"]),
        ({"a.txt": PLAIN}, {"a.txt": "Line 1 of plain words.\n"}, ["file-truncated"]),
        ({"a.md": PLAIN}, {"A.md": PLAIN}, ["case-rename"]),
        ({"a.md": PLAIN}, {}, ["file-deleted"]),
        ({"a.md": PLAIN}, {"a.md": PLAIN + "\0\n"}, ["binary-file"]),
        ({"a.generated.md": PLAIN}, {"a.generated.md": PLAIN + "\nx"}, ["generated-file"]),
        ({"a.md": PLAIN}, {"a.md": PLAIN + "\nOne more.\n"}, []),
        ({"a.md": PLAIN}, {"a.md": PLAIN, "id_rsa": "x\n"}, ["denied-path"]),
    ],
)
def test_what_prose_can_hold_is_found(
    repo: Repo, before: Mapping[str, str | None], after: Mapping[str, str | None], expected: list[str]
) -> None:
    assert [rule for rule, _ in found(repo, before, after)] == expected


def test_a_change_of_prose_imports_no_family(repo: Repo) -> None:
    """Each costs up to 5 ms; the README has nothing for them."""
    repo.stage("README.md", PLAIN).commit().stage("README.md", PLAIN + "\nMore.\n")
    script = (
        "import sys\nfrom everycommit.cli.main import main\nmain(['run', 'policy'])\n"
        "print(*(name for name in sys.modules if name.startswith('everycommit.rules.')))"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=repo.root,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = {name.removeprefix("everycommit.rules.") for name in done.stdout.splitlines()[-1].split()}
    assert loaded == {"asked", "catalog", "globs", "look", "names", "settings", "severity", "size"}


def test_where_nothing_was_before_nothing_can_have_become_weaker(repo: Repo) -> None:
    """All files of a commit, and a first commit: what compares has nothing to compare with."""
    repo.stage("pyproject.toml", '[tool.ruff.lint]\nignore = ["F401"]\n').stage("test_a.py", "X = 1  # noqa: E501\n")
    repo.stage("a.py", "breakpoint()\n").commit()

    with opened(repo) as (repository, quarantine):
        seen = [
            [one.rule for one in find(candidate.change, quarantine, limits(), sizes=False)]
            for candidate in (all_files(repository, quarantine), one_commit(repository, quarantine, "HEAD"))
        ]

    assert seen == [["policy/debugger"]] * 2
