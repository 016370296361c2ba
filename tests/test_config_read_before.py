"""Tables of ours that were read before: the same words, and nothing that is not TOML gets past."""

import os
import sys
from pathlib import Path

import pytest

from everycommit.config.load import load
from everycommit.config.read_before import ReadBefore
from everycommit.config.values import Mistake
from everycommit.errors import SettingsErrors

TEXT = b'[project]\nname = "shop"\n[tool.everycommit.policy]\nmax_added_lines = 7\n[tool.everycommit]\nrounds = 1\n'


def test_what_was_read_before_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = ReadBefore(tmp_path)
    first = read(TEXT)
    monkeypatch.setitem(sys.modules, "tomllib", None)

    again = read(TEXT)

    assert first["tool"] == again["tool"]
    assert first["project"]["name"] == "shop"
    with pytest.raises(ImportError):
        read(TEXT + b"\n")


def test_settings_are_the_same_by_both_ways(tmp_path: Path) -> None:
    text = b'[tool.everycommit]\ncommit = ["policy"]\n[tool.everycommit.policy]\nonly = ["b/**"]\nmax_files = false\n'
    for _ in range(2):
        by_memory = load(base=text, target=text, user=None, environ={}, flags={}, read=ReadBefore(tmp_path))
        assert by_memory == load(base=text, target=text, user=None, environ={}, flags={})


def test_mistakes_are_said_each_time(tmp_path: Path) -> None:
    read = ReadBefore(tmp_path)
    for _ in range(2):
        with pytest.raises(Mistake):
            read(b"[tool.everycommit\n")
        with pytest.raises(SettingsErrors, match="rounds"):
            load(base=None, target=TEXT, user=None, environ={}, flags={}, whole=True, read=read)


def test_a_date_is_left_to_the_reader(tmp_path: Path) -> None:
    read = ReadBefore(tmp_path)

    assert read(b"[tool.everycommit]\nday = 2026-12-31\n")["tool"]["everycommit"]["day"].year == 2026
    assert not (tmp_path / "tables").exists()


def test_a_file_that_says_nothing_to_us_is_remembered_as_such(tmp_path: Path) -> None:
    read = ReadBefore(tmp_path)
    text = b'[tool]\nx = "everycommit"\n'

    assert read(text) == {"tool": {"x": "everycommit"}}
    assert read(text) == {}


def test_what_is_damaged_or_cannot_be_kept_is_read(tmp_path: Path) -> None:
    read = ReadBefore(tmp_path)
    read(TEXT)
    (one,) = (tmp_path / "tables").iterdir()
    for damage in (b"{", b"[]", b"\xff"):
        one.write_bytes(damage)
        assert read(TEXT)["tool"]["everycommit"]["policy"] == {"max_added_lines": 7}

    blocked = tmp_path / "file"
    blocked.write_text("")
    assert ReadBefore(blocked)(TEXT)["project"]


def test_only_the_latest_are_kept(tmp_path: Path) -> None:
    read = ReadBefore(tmp_path)
    for number in range(70):
        read(b"[tool.everycommit]\nx = %d\n" % number)
        newest = max((tmp_path / "tables").iterdir(), key=lambda one: one.stat().st_mtime_ns)
        os.utime(newest, (number, number))

    assert len([*(tmp_path / "tables").iterdir()]) == 64
