"""What was accepted is kept, and nothing else counts as accepted."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from everycommit.config.schema import CommandSettings
from everycommit.config.trust import Accepted, digest, interpreter_digest
from everycommit.errors import RepositoryError

MAKE = CommandSettings(run=("make", "docs"), env=("A", "B"))


@pytest.mark.parametrize(
    "other",
    [
        replace(MAKE, run=("make", "all")),
        replace(MAKE, run=("make docs",)),
        replace(MAKE, run=("make", "docs", "")),
        replace(MAKE, env=("A", "B", "TOKEN")),
        replace(MAKE, env=()),
    ],
)
def test_what_gives_a_command_new_power_is_a_new_digest(other: CommandSettings) -> None:
    assert digest("docs", other) != digest("docs", MAKE)
    assert digest("other", MAKE) != digest("docs", MAKE)


@pytest.mark.parametrize(
    "other",
    [
        replace(MAKE, files=("*.md",)),
        replace(MAKE, at=("push",)),
        replace(MAKE, timeout=3),
        replace(MAKE, inconclusive="warn"),
        replace(MAKE, env=("B", "A", "A")),
    ],
)
def test_when_and_how_long_it_runs_needs_no_new_acceptance(other: CommandSettings) -> None:
    assert digest("docs", other) == digest("docs", MAKE)


def test_digests_stay_the_same_from_version_to_version() -> None:
    """They lie on disks: a change here asks every user again."""
    assert digest("docs", MAKE) == "298bd88aa86d87d07924e6f41a9350e36d8b096e6bbeaf4de6cc982a1de68bd8"
    assert interpreter_digest(".venv/bin/python") != interpreter_digest(".venv/bin/python3")


def test_what_was_added_is_there_for_the_next_who_looks(tmp_path: Path) -> None:
    accepted = Accepted(tmp_path)
    assert not accepted.has("a" * 64)

    accepted.add({"a" * 64: "command.docs: make docs"})
    accepted.add({"b" * 64: "größe \udcff"})

    fresh = Accepted(tmp_path)
    assert fresh.has("a" * 64)
    assert fresh.all() == {"a" * 64: "command.docs: make docs", "b" * 64: "größe \udcff"}
    assert not fresh.has("c" * 64)
    assert fresh.note is None
    assert accepted.all() == fresh.all()


def test_only_the_user_reads_the_file_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    accepted = Accepted(tmp_path)

    accepted.add({"a": "x"})

    assert accepted.path == tmp_path / "everycommit/accepted.json"
    assert accepted.path.stat().st_mode & 0o777 == 0o600
    assert list(accepted.path.parent.iterdir()) == [accepted.path]


def test_two_who_add_one_after_the_other_keep_both(tmp_path: Path) -> None:
    first, second = Accepted(tmp_path), Accepted(tmp_path)
    assert not first.all()
    assert not second.all()

    first.add({"a": "x"})
    second.add({"b": "x"})

    assert set(Accepted(tmp_path).all()) == {"a", "b"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"version": 2, "accepted": {"a": "x"}}',
        b'{"version": 1}',
        b'{"version": 1, "accepted": ["a"]}',
        b'{"version": 1, "accepted": {"a": 1}}',
    ],
)
def test_a_broken_file_counts_as_empty_and_is_said(tmp_path: Path, content: bytes) -> None:
    accepted = Accepted(tmp_path)
    accepted.path.parent.mkdir()
    accepted.path.write_bytes(content)

    assert not accepted.has("a")
    assert accepted.note is not None
    assert accepted.note.startswith(f"{accepted.path}: ")
    assert "nothing counts as accepted" in accepted.note

    accepted.add({"b": "x"})
    assert Accepted(tmp_path).note is None
    assert json.loads(accepted.path.read_bytes()) == {"version": 1, "accepted": {"b": "x"}}


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "everycommit").write_text("a file where the folder would be")

    with pytest.raises(RepositoryError, match=r"accepted\.json: cannot be written: .*; nothing was accepted$"):
        Accepted(tmp_path).add({"a": "x"})


def test_what_is_left_of_a_killed_writer_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = Accepted(tmp_path)
    accepted.add({"a": "x"})
    monkeypatch.setattr("os.getpid", lambda: 7)
    accepted.path.with_name("accepted.json.7").write_text("half")

    accepted.add({"b": "x"})

    assert set(Accepted(tmp_path).all()) == {"a", "b"}


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = Accepted(tmp_path)
    accepted.add({"a": "x"})

    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RepositoryError, match="No space left on device"):
        accepted.add({"b": "x"})

    assert set(Accepted(tmp_path).all()) == {"a"}
    assert list(accepted.path.parent.iterdir()) == [accepted.path]
