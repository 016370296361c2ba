"""The user's settings file gets a table more or less, and every other byte of it stays."""

import os
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.config.own import block, tables, with_table, without_table, write
from everycommit.errors import UsageError

FILE = b"""\
# my settings
timeout = 120   # the laptop is slow

[policy]
max_added_lines = 300

# the one at home
[model.home]   # llama.cpp
url = "http://127.0.0.1:8080/v1"
model = "a"
key_command = [
  "pass",   # [model.home] is no header here
  "show",
]
# only in the evening

# other things
[review]
egress = "allow"
"""
VALUES = {"url": "https://api.example.com/v1", "model": 'quo"ted', "key_command": ("pass", "a b"), "price_in": 0.5}


def test_a_table_is_added_at_the_end_and_taken_out_again_to_the_byte() -> None:
    after = with_table(FILE, "model.fast", VALUES)

    assert after.startswith(FILE)
    assert tomllib.loads(after.decode())["model"]["fast"] == {**VALUES, "key_command": ["pass", "a b"]}
    assert without_table(after, "model.fast") == FILE


def test_what_is_taken_out_ends_at_its_last_value() -> None:
    after = without_table(FILE, "model.home").decode()

    start, end = FILE.decode().split("[model.home]")[0], FILE.decode()[FILE.index(b"# only in the evening") :]
    assert after == start + end
    assert "model" not in tomllib.loads(after)


@pytest.mark.parametrize("content", [b"", b"timeout = 1", b"timeout = 1\n", b"[policy]\r\nmax_files = 1\r\n", b"\n\n"])
def test_any_file_takes_a_table_and_gives_it_back(content: bytes) -> None:
    after = with_table(content, "model.fast", VALUES)

    assert after.startswith(content)
    assert (b"\r\n" in after) == (b"\r\n" in content)
    assert after.count(b"\n") == after.count(b"\r\n") or b"\r\n" not in content
    again = without_table(after, "model.fast")
    assert tomllib.loads(again.decode()) == tomllib.loads(content.decode())
    assert again.rstrip() == content.rstrip()


@pytest.mark.parametrize("header", ['[model."home"]', "[ model . 'home' ]", "  [model.home]"])
def test_a_header_is_known_in_any_of_its_forms(header: str) -> None:
    content = f'{header}\nurl = "x"\n[model.home2]\nurl = "y"\n'.encode()

    assert without_table(content, "model.home") == b'[model.home2]\nurl = "y"\n'


@pytest.mark.parametrize(
    "content",
    [
        b'model = {home = {url = "x"}}\n',
        b'model.home.url = "x"\n',
        b'[model]\nhome = {url = "x"}\n',
        b'[model.home]\nurl = "x"\n[model.home.more]\na = 1\n',
        b'text = """\n[model.home]\n"""\n[model.home]\nurl = "x"\n',
    ],
)
def test_a_form_of_its_own_is_left_to_its_writer(content: bytes) -> None:
    with pytest.raises(UsageError, match="by hand"):
        without_table(content, "model.home")


def test_a_table_that_cannot_be_added_is_not_added_wrongly() -> None:
    for content in (b'model = {home = {url = "x"}}\n', b'[model.fast]\nurl = "x"\n', b"model = 1\n"):
        with pytest.raises(UsageError, match="by hand"):
            with_table(content, "model.fast", VALUES)


def test_a_broken_file_is_to_be_mended_first() -> None:
    for content in (b"model = [", b"\xff"):
        with pytest.raises(UsageError, match="mend it first"):
            with_table(content, "model.fast", VALUES)
        with pytest.raises(UsageError, match="mend it first"):
            tables(content, "model")


def test_only_tables_are_tables() -> None:
    assert tables(b"[model]\na = 1\n[model.b]\nurl = 2\n", "model") == {"b": {"url": 2}}
    assert tables(b"model = 1\n", "model") == {}


@given(
    st.dictionaries(st.sampled_from("abc"), st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1)
)
def test_whatever_a_value_is_it_comes_back(values: dict[str, str]) -> None:
    printable = {key: "".join(char for char in value if char.isprintable()) for key, value in values.items()}

    assert tomllib.loads(block("model.x", printable))["model"]["x"] == printable


def test_a_new_file_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "everycommit" / "settings.toml"

    write(path, b"a = 1\n")

    assert path.read_bytes() == b"a = 1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["settings.toml"]


def test_a_link_stays_a_link_and_the_mode_stays_too(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_bytes(b"a = 1\n")
    real.chmod(0o640)
    path = tmp_path / "settings.toml"
    path.symlink_to(real)

    write(path, b"a = 2\n")

    assert path.is_symlink()
    assert real.read_bytes() == b"a = 2\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.skipif(os.getuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UsageError, match=r"Permission denied; nothing was changed"):
            write(tmp_path / "settings.toml", b"")
    finally:
        tmp_path.chmod(0o700)


def test_only_a_file_is_written_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for place in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(UsageError, match="is no file"):
            write(place, b"")


def test_a_file_in_the_way_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(UsageError, match="nothing was changed"):
        write(tmp_path / "file" / "settings.toml", b"")
