"""What a change takes away."""

from pathlib import Path

import pytest

from everycommit.rules import deletion
from everycommit.rules.places import line_before
from everycommit.rules.rule import Rule
from support import Repo, change_of

EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def found(
    repo: Repo, before: dict[str, str | None], after: dict[str, str | None], **modes: str
) -> list[tuple[str, str | None]]:
    """Return rule and path of each finding; keywords are modes of the second tree, ``run_sh="100755"``."""
    change, blobs = change_of(repo, before, after, modes={path.replace("_", "."): mode for path, mode in modes.items()})
    return [(finding.rule.removeprefix("policy/"), finding.path) for finding in deletion.check(change, blobs)]


def linked(repo: Repo, old: tuple[str, str] | None, new: tuple[str, str] | None, *, modules: str = "") -> list[str]:
    """Return the messages about a path ``lib`` that has these modes and ids in the two trees."""
    from everycommit.change import Change
    from everycommit.repo.quarantine import Quarantine
    from everycommit.repo.repository import discover
    from support import RepoBlobs

    trees = []
    for entry in (old, new):
        repo.git("read-tree", "--empty")
        if modules:
            oid = repo.git("hash-object", "-w", "--stdin", stdin=modules.encode()).decode().strip()
            repo.git("update-index", "--add", "--cacheinfo", f"100644,{oid},.gitmodules")
        if entry:
            repo.git("update-index", "--add", "--cacheinfo", f"{entry[0]},{entry[1]},lib")
        trees.append(repo.text("write-tree"))
    folder = repo.root.parent / "quarantine"
    folder.mkdir()
    quarantine = Quarantine(discover(repo.root, repo.environ), folder)
    files = quarantine.diff(*trees)
    quarantine.close()
    change = Change(base=trees[0], target=trees[1], parents=(trees[0],), files=files, landing=files)
    return [finding.message for finding in deletion.check(change, RepoBlobs(repo))]


@pytest.mark.parametrize("rule", deletion.RULES, ids=lambda rule: rule.id)
def test_each_rule_finds_its_bad_example_and_not_its_good_one(repo: Repo, rule: Rule) -> None:
    """Text examples; those of links, modes and submodules are built with their modes."""
    for sides, expected in ((rule.bad, True), (rule.good, False)):
        path, old_mode, mode = deletion.MODES.get(rule.id, ("", "", ""))
        if expected and mode == "160000":
            assert linked(repo, (old_mode, "1" * 40), (mode, "2" * 40)) == [
                "the submodule moves from 111111111111 to 222222222222"
            ]
            continue
        modes = {path: mode} if path and expected else {}
        change, blobs = change_of(
            repo,
            {name: old for name, (old, _) in sides.items()},
            {name: new for name, (_, new) in sides.items()},
            modes=modes,
        )
        rules = {finding.rule: finding.severity for finding in deletion.check(change, blobs)}
        assert (rule.id in rules) is expected
        assert not expected or rules[rule.id] == rule.severity


def test_a_rename_is_not_a_deletion(repo: Repo) -> None:
    text = "".join(f"line {number}\n" for number in range(40))

    assert found(repo, {"a.py": text}, {"b/c.py": text}) == []


def test_lines_that_moved_to_another_file_were_not_truncated(repo: Repo) -> None:
    text = "".join(f"line {number}\n" for number in range(50))
    head, rest = text[:50], text[50:]

    assert found(repo, {"a.py": text}, {"a.py": head, "b.py": rest}) == []
    assert found(repo, {"a.py": text}, {"a.py": head}) == [("file-truncated", "a.py")]


def test_a_short_file_may_be_written_anew(repo: Repo) -> None:
    assert found(repo, {"a.py": "1\n2\n3\n"}, {"a.py": "4\n"}) == []


def test_lines_moved_within_the_change_are_not_a_mass_deletion(repo: Repo) -> None:
    text = "".join(f"line {number}\n" for number in range(1500))
    parts = {
        f"{part}.txt": "".join(f"line {number}\n" for number in range(part * 300, part * 300 + 300))
        for part in range(5)
    }

    assert ("mass-deletion", None) not in found(repo, {"a.txt": text}, dict(parts))
    assert ("mass-deletion", None) in found(repo, {"a.txt": text}, {})


def test_documents_may_be_cut(repo: Repo) -> None:
    """They are rewritten as a matter of course; code of which most is gone is not."""
    text = "".join(f"line {number}\n" for number in range(1500))

    assert found(repo, {"CHANGES.rst": text}, {"CHANGES.rst": "line 1\n"}) == []
    assert {rule for rule, _ in found(repo, {"a.py": text}, {"a.py": "line 1\n"})} == {
        "file-truncated",
        "mass-deletion",
    }


def test_limits_and_globs_come_from_the_settings(repo: Repo) -> None:
    change, blobs = change_of(repo, {f"gen/{number}": f"{number}\n" for number in range(5)}, {"a": "1\n"})

    rules = [finding.rule for finding in deletion.check(change, blobs, max_deleted_files=3)]
    free = [finding.rule for finding in deletion.check(change, blobs, max_deleted_files=3, uncounted=("gen/**",))]

    assert "policy/mass-deletion" in rules
    assert "policy/mass-deletion" not in free


def test_the_largest_folders_of_a_mass_deletion_are_named(repo: Repo) -> None:
    before: dict[str, str | bytes | None] = {f"f{number % 7}/{number}": f"{number}\n" for number in range(30)}
    change, blobs = change_of(repo, before, {})

    [mass] = [finding for finding in deletion.check(change, blobs) if finding.path is None]

    assert mass.message == ("deletes 30 files, 10 over the limit of 20: f0/ 5, f1/ 5, f2/ 4, f3/ 4, f4/ 4, 2 more")


def test_a_rename_of_case_alone_is_said(repo: Repo) -> None:
    text = "".join(f"line {number}\n" for number in range(40))

    assert found(repo, {"Readme.md": text}, {"README.md": text}) == [("case-rename", "README.md")]
    assert found(repo, {"Docs/a.md": text}, {"docs/a.md": text}) == [("case-rename", "docs/a.md")]


def test_a_mode_is_said_in_both_directions(repo: Repo) -> None:
    assert found(repo, {"run.sh": "x\n"}, {"run.sh": "x\n"}, run_sh="100755") == [("mode-change", "run.sh")]
    repo.git("hash-object", "-w", "--stdin", stdin=b"")
    messages = linked(repo, ("100755", EMPTY), ("100644", EMPTY))
    assert messages == ["the file becomes no longer executable: mode 100755 to 100644"]


@pytest.mark.parametrize(
    ("path", "target", "why"),
    [
        ("a.l", "/etc/passwd", "an absolute path"),
        ("a.l", "../x", "outside the repository"),
        ("d/a.l", "../../x", "outside the repository"),
        ("d/a.l", "b/../../../d", "outside the repository"),
        ("d/a.l", "../.git/config", "inside git's own folder"),
        ("d/a.l", "../x", None),
        ("d/a.l", "./b/../c", None),
        ("a.l", "..git/x", None),
        ("a.l", "x", None),
    ],
)
def test_a_link_stays_inside(repo: Repo, path: str, target: str, why: str | None) -> None:
    change, blobs = change_of(repo, {}, {path: target}, modes={path: "120000"})

    messages = [finding.message for finding in deletion.check(change, blobs)]

    assert messages == ([] if why is None else [f"the symbolic link leads to '{target}', {why}"])


def test_submodules_are_told_from_repositories_added_by_accident(repo: Repo, tmp_path: Path) -> None:
    module = "[submodule]\n\tpath = lib\n"

    assert linked(repo, None, ("160000", "1" * 40), modules=module) == ["a submodule is added at 111111111111"]
    (tmp_path / "quarantine").rename(tmp_path / "older")
    assert linked(repo, ("160000", "1" * 40), None, modules=module) == ["the submodule at 111111111111 is gone"]
    (tmp_path / "quarantine").rename(tmp_path / "oldest")
    assert linked(repo, None, ("160000", "1" * 40)) == [
        "a repository inside the repository is added at 111111111111; .gitmodules does not name it"
    ]


def test_a_removed_line_has_its_place_in_the_target(repo: Repo) -> None:
    before = "".join(f"line {number}\n" for number in range(1, 41))
    after = before.replace("line 3\n", "").replace("line 20\n", "line 20\nmore\n").replace("line 38\nline 39\n", "")
    change, _ = change_of(repo, {"a": before, "b": "1\n", "c": "1\n2\n"}, {"a": after, "c": "2\n"})
    a, b, c = change.files

    assert [line_before(a, line) for line in (1, 3, 10, 30, 38, 39, 40)] == [1, 2, 9, 30, 37, 37, 38]
    assert line_before(b, 1) is None
    assert line_before(c, 1) == 1
