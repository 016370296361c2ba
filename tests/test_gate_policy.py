"""The policy gate: numbers a person can check, limits only where there is something to compare with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from everycommit.cli.staged import settings_files
from everycommit.config.load import load
from everycommit.config.schema import Config, Loosening, PolicySettings, Settings
from everycommit.gates.base import Gate
from everycommit.gates.policy import Policy
from everycommit.repo import read
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.repository import discover
from everycommit.result import GateResult, Outcome
from given import Objects, change, changed, job
from support import Repo

LOOSENED = (Loosening(key="policy.max_files", base="3", target="9"),)
EMPTY = {"0" * 40: b"", "1" * 40: b""}
"""What the files of ``changed`` hold for rules that read them."""


def config(*, loosened: tuple[Loosening, ...] = (), adopting: bool = False, **policy: Any) -> Config:
    settings = replace(PolicySettings(max_file_bytes=None), **policy)
    return Config(settings=Settings(policy=settings), loosened=loosened, adopting=adopting)


def test_it_is_a_gate() -> None:
    gate: Gate = Policy()

    assert gate.name == "policy"
    assert gate.older(job(change()), "tree", ()) == ()


def test_a_change_within_the_limits_passes_with_its_numbers() -> None:
    result = Policy().check(job(change(changed("a", 41, 7), changed("b", 0, 1)), config=config()))

    assert result.outcome is Outcome.PASSED
    assert result.summary == "41 of 600 lines"
    assert result.brief == ""
    assert result.counts == {"added": 41, "removed": 8, "files": 2, "limit": 600}
    assert result.findings == ()
    assert result.notes == ()


def test_a_change_over_a_limit_fails() -> None:
    result = Policy().check(job(change(changed("a", 601)), config=config()))

    assert result.outcome is Outcome.FAILED
    assert result.summary == "601 of 600 lines"
    assert [finding.rule for finding in result.findings] == ["policy/added-lines"]


def test_without_a_limit_the_summary_names_none() -> None:
    result = Policy().check(job(change(changed("a", 9000)), config=config(max_added_lines=None)))

    assert result.outcome is Outcome.PASSED
    assert result.summary == "9000 lines"
    assert "limit" not in result.counts


def test_what_is_not_counted_is_said_with_its_sum() -> None:
    files = [changed(f"{name}.lock", 100, 1) for name in "abcde"]

    result = Policy().check(job(change(changed("x.py", 2), *files), config=config(), blobs=Objects(EMPTY)))

    assert result.counts["added"] == 2
    assert result.notes == ("not counted (policy.uncounted): +500 -5 in a.lock, b.lock, c.lock and 2 more",)


def test_limits_are_off_where_there_is_no_older_tree_and_it_is_said() -> None:
    result = Policy().check(job(change(changed("a", 9000), whole=True), config=config()))

    assert result.outcome is Outcome.PASSED
    assert result.summary == "9000 lines, limits on size are off: there is no older tree"
    assert "limit" not in result.counts


def test_limits_are_off_for_the_change_that_adopts_everycommit() -> None:
    result = Policy().check(job(change(changed("a", 9000)), config=config(adopting=True)))

    assert result.outcome is Outcome.PASSED
    assert result.summary == "9000 lines, limits on size are off: this change adopts everycommit"


def test_a_loosened_setting_fails_beside_other_changes_and_passes_alone() -> None:
    objects, loosened = Objects(EMPTY), config(loosened=LOOSENED)
    mixed = job(change(changed("pyproject.toml", 1), changed("a", 1)), config=loosened, blobs=objects)
    alone = job(change(changed("pyproject.toml", 1)), config=loosened, blobs=objects)

    assert Policy().check(mixed).outcome is Outcome.FAILED
    result = Policy().check(alone)
    assert result.outcome is Outcome.PASSED
    assert [(finding.rule, finding.severity) for finding in result.findings] == [
        ("policy/settings-loosened", "warning")
    ]


def test_it_has_nothing_to_judge_where_the_author_changed_nothing() -> None:
    """A clean merge brings others' work only."""
    merge = change(landing=[changed("a", 1)])

    assert Policy().skip(job(merge, config=config())) == "the merge adds nothing of its own"
    assert Policy().skip(job(merge, config=config(loosened=LOOSENED))) is None
    assert Policy().skip(job(change(changed("a")), config=config())) is None


def test_everything_that_decides_is_among_the_inputs() -> None:
    files = change(changed("a", 1))
    base = job(files, config=config())
    others = [
        job(files, config=config(max_files=3)),
        job(files, config=config(loosened=LOOSENED)),
        job(files, config=config(adopting=True)),
        job(replace(files, base="d" * 40), config=config()),
        job(replace(files, target="d" * 40), config=config()),
        job(replace(files, parents=()), config=config()),
    ]

    inputs = [dict(Policy().inputs(one)) for one in (base, *others)]

    assert all(inputs[0] != other for other in inputs[1:])
    # The occasion has a say in how grave a loosened setting is, and in nothing else.
    grave = [
        dict(Policy().inputs(job(files, config=config(loosened=LOOSENED), occasion=at))) for at in ("commit", "ci")
    ]
    assert grave[0] != grave[1]
    assert inputs[0] == dict(Policy().inputs(job(files, config=config(), occasion="ci")))
    assert inputs[0] == dict(Policy().inputs(job(files, config=config())))
    assert all(isinstance(value, str) for value in inputs[0].values())


def test_it_needs_no_folder() -> None:
    """The job's folder does not exist, its children are None: nothing is started."""
    objects = Objects()
    oid = objects.put(b"x" * 9)

    result = Policy().check(job(change(changed("a", 1, new=oid)), config=config(max_file_bytes=8), blobs=objects))

    assert [finding.rule for finding in result.findings] == ["policy/file-bytes"]


@pytest.fixture
def quarantine_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "quarantine"
    folder.mkdir()
    return folder


def judged(repo: Repo, folder: Path) -> GateResult:
    """Judge what is staged in a real repository, as the hook does, without a snapshot."""
    repository = discover(repo.root, repo.environ)
    quarantine = Quarantine(repository, folder)
    try:
        staged = read.staged(repository, quarantine).change
        head, index = settings_files(repository)
        found = load(base=head, target=index, user=None, environ={}, flags={}, whole=staged.whole)
        return Policy().check(replace(job(staged, config=found), blobs=quarantine))
    finally:
        quarantine.close()


LIMITED = "[tool.everycommit.policy]\nmax_added_lines = 3\nmax_file_bytes = 200\n"


def rules(result: GateResult) -> list[tuple[str, str | None, int | None, str]]:
    return [(one.rule.removeprefix("policy/"), one.path, one.line, one.severity) for one in result.findings]


def test_a_staged_change_is_judged_by_what_is_in_git(repo: Repo, quarantine_folder: Path) -> None:
    repo.stage("pyproject.toml", LIMITED).stage("large.bin", b"\0" * 300).commit()
    repo.git("mv", "large.bin", "moved.bin")
    repo.stage("a.py", "1\n2\n3\n4\n").stage("more.bin", b"\0" * 201).stage(".gitattributes", "*.py -diff\n")
    repo.write("a.py", "later\n")

    result = judged(repo, quarantine_folder)

    assert rules(result) == [
        ("added-lines", None, None, "error"),
        ("file-bytes", "more.bin", None, "error"),
        ("binary-file", "more.bin", None, "warning"),
    ]
    assert result.summary == "5 of 3 lines"
    assert result.counts == {"added": 5, "removed": 0, "files": 4, "limit": 3}


def test_a_first_commit_has_no_limit(repo: Repo, quarantine_folder: Path) -> None:
    repo.stage("pyproject.toml", LIMITED).stage("a.py", "1\n" * 9)

    result = judged(repo, quarantine_folder)

    assert result.outcome is Outcome.PASSED
    assert result.summary == "12 lines, limits on size are off: there is no older tree"


def test_adoption_has_no_limit(repo: Repo, quarantine_folder: Path) -> None:
    repo.stage("a.py", "1\n").commit()
    repo.stage("pyproject.toml", LIMITED).stage("a.py", "1\n" * 9)

    result = judged(repo, quarantine_folder)

    assert result.outcome is Outcome.PASSED
    assert result.summary == "11 lines, limits on size are off: this change adopts everycommit"


def test_loosening_beside_other_changes_is_refused_and_does_not_help(repo: Repo, quarantine_folder: Path) -> None:
    repo.stage("pyproject.toml", LIMITED).commit()
    repo.stage("pyproject.toml", LIMITED.replace("= 3", "= 300")).stage("a.py", "1\n" * 9)

    result = judged(repo, quarantine_folder)

    assert rules(result) == [
        ("settings-loosened", "pyproject.toml", 2, "error"),
        ("added-lines", None, None, "error"),
    ]


def test_loosening_alone_passes_and_then_holds(repo: Repo, quarantine_folder: Path, tmp_path: Path) -> None:
    repo.stage("pyproject.toml", LIMITED).commit()
    repo.stage("pyproject.toml", LIMITED.replace("= 3", "= 300"))

    result = judged(repo, quarantine_folder)

    assert result.outcome is Outcome.PASSED
    assert rules(result) == [("settings-loosened", "pyproject.toml", 2, "warning")]
    repo.commit().stage("a.py", "1\n" * 9)
    (tmp_path / "next").mkdir()
    assert judged(repo, tmp_path / "next").summary == "9 of 300 lines"


def test_deleting_the_settings_beside_other_changes_is_refused(repo: Repo, quarantine_folder: Path) -> None:
    repo.stage("pyproject.toml", LIMITED).commit()
    repo.git("rm", "--quiet", "--cached", "pyproject.toml")
    repo.stage("a.py", "1\n")

    result = judged(repo, quarantine_folder)

    assert rules(result) == [
        ("settings-loosened", "pyproject.toml", None, "error"),
        ("settings-loosened", "pyproject.toml", None, "error"),
        ("file-deleted", "pyproject.toml", None, "warning"),
    ]


def test_the_commit_that_mends_broken_settings_passes(repo: Repo, quarantine_folder: Path) -> None:
    repo.stage("pyproject.toml", LIMITED + "nonsense = [").commit()
    repo.stage("pyproject.toml", LIMITED.replace("= 3", "= 300"))

    result = judged(repo, quarantine_folder)

    assert result.outcome is Outcome.PASSED
