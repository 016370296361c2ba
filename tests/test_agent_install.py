"""A client's hook file: merged, left otherwise as it was, taken back."""

import json
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acting import call
from everycommit.agent.client import NAMES, client
from everycommit.agent.hookfile import installed, removed
from everycommit.cli.agent import arguments, main
from everycommit.cli.main import main as entry
from everycommit.errors import UsageError
from support import Repo


def run(repo: Repo, *argv: str, **environ: str) -> str:
    """Run ``everycommit agent`` with *argv* in this process; return what it printed."""
    import argparse
    import io
    from dataclasses import replace

    parser = argparse.ArgumentParser()
    arguments(parser)
    asked = call(repo)
    asked = replace(asked, environ={**asked.environ, **environ})
    assert main(parser.parse_args(argv), asked) == 0
    assert isinstance(asked.stdout, io.StringIO)
    return asked.stdout.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_once_and_taken_back(repo: Repo, name: str) -> None:
    path = repo.root / client(name).PROJECT

    assert f"hooks written to {client(name).PROJECT}" in run(repo, "install", name)
    first = path.read_bytes()
    assert "nothing had to change" in run(repo, "install", name)
    assert path.read_bytes() == first
    assert f"everycommit agent {name}".encode() in first
    assert "taken out" in run(repo, "install", name, "--remove")
    assert [one.name for one in repo.root.iterdir()] == [".git"]
    assert "has no hooks of ours" in run(repo, "install", name, "--remove")


@pytest.mark.parametrize("name", NAMES)
def test_what_others_wrote_stays_as_it_was(repo: Repo, name: str) -> None:
    adapter = client(name)
    event = next(iter(adapter.hooks("x")))
    theirs = {"matcher": "Bash", "hooks": [{"type": "command", "command": "./mine.sh"}]}
    document = {"model": "größer", "hooks": {"Other": [theirs], event: [theirs]}, "z": [1, {"a": None}]}
    before = json.dumps({**adapter.HOLLOW, **document}, indent="\t", ensure_ascii=False)
    repo.write(adapter.PROJECT, before)

    run(repo, "install", name)

    after = (repo.root / adapter.PROJECT).read_text()
    found = json.loads(after)
    assert found["hooks"]["Other"] == [theirs]
    assert found["hooks"][event][0] == theirs
    assert found["z"] == document["z"]
    assert list(found)[-3:] == ["model", "hooks", "z"]
    assert "\n\t" in after
    assert "größer" in after
    assert not after.endswith("\n")
    run(repo, "install", name, "--remove")
    assert (repo.root / adapter.PROJECT).read_text() == before


def test_an_older_entry_is_renewed_where_it_stands() -> None:
    old = {"hooks": [{"type": "command", "command": "old/everycommit agent claude", "timeout": 1}]}
    mixed = {"hooks": [{"type": "command", "command": "mine"}, old["hooks"][0]]}
    theirs = {"hooks": [{"type": "command", "command": "last"}]}
    new = {"hooks": [{"type": "command", "command": "everycommit agent claude"}]}
    text = json.dumps({"hooks": {"Stop": [mixed, old, theirs], "Gone": [old]}})

    found = json.loads(installed(text, "claude", {"Stop": [new]}, {}))

    mine = {"hooks": [{"type": "command", "command": "mine"}]}
    assert found == {"hooks": {"Stop": [mine, new, theirs], "Gone": []}}
    assert json.loads(removed(json.dumps(found), "claude", {}))["hooks"]["Stop"] == [mine, theirs]


def test_a_path_with_a_space_is_ours_too() -> None:
    entry = {"hooks": [{"command": "'/home/a b/bin/everycommit' agent claude"}]}

    assert removed(json.dumps({"hooks": {"Stop": [entry]}}), "claude", {}) == ""


def test_another_clients_entry_is_not_ours() -> None:
    text = json.dumps({"hooks": {"Stop": [{"hooks": [{"command": "everycommit agent codex"}]}, "odd"]}})

    assert removed(text, "claude", {}) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n  // mine\n  "hooks": {}\n}', "it is not plain JSON"),
        ("[]", "no table of settings"),
        ('{"hooks": []}', "'hooks' is no table"),
        ('{"hooks": {"Stop": {}}}', "hooks for 'Stop' are no list"),
    ],
)
def test_what_is_no_hook_file_is_left_alone(repo: Repo, text: str, said: str) -> None:
    repo.write(".claude/settings.json", text)

    with pytest.raises(UsageError, match=r"settings\.json: ") as caught:
        run(repo, "install", "claude")

    assert said in str(caught.value)
    assert (repo.root / ".claude/settings.json").read_text() == text


VALUES: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
ENTRIES = st.lists(st.dictionaries(st.sampled_from(["matcher", "command", "x"]), VALUES, max_size=2), max_size=3)


@given(
    st.sampled_from(NAMES),
    st.dictionaries(st.text(max_size=5).filter(lambda key: key != "hooks"), VALUES, max_size=3),
    st.dictionaries(st.sampled_from(["Stop", "PreToolUse", "stop", "preToolUse", "Else"]), ENTRIES, max_size=3),
)
def test_in_and_out_again_is_what_was(name: str, more: dict[str, Any], hooks: dict[str, Any]) -> None:
    adapter = client(name)
    document = {**adapter.HOLLOW, **more, **({"hooks": hooks} if any(hooks.values()) else {})}
    text = json.dumps(document, indent=2)
    ours = adapter.hooks("everycommit agent " + name)

    once = installed(text, name, ours, adapter.HOLLOW)

    assert installed(once, name, ours, adapter.HOLLOW) == once
    left = removed(once, name, adapter.HOLLOW)
    found = json.loads(left or "{}")
    kept = {event: entries for event, entries in hooks.items() if entries}
    expected = {**document, **({"hooks": kept} if kept else {})}
    assert found == expected or (left == "" and document == dict(adapter.HOLLOW))


def test_the_users_own_file(repo: Repo) -> None:
    home = Path(repo.environ["HOME"])
    home.mkdir(exist_ok=True)

    assert str(home / ".gemini/settings.json") in run(repo, "install", "gemini", "--user")
    assert not (repo.root / ".gemini").exists()
    run(repo, "install", "gemini", "--user", "--remove")
    assert not (home / ".gemini/settings.json").exists()
    assert (home / ".gemini").exists()
    elsewhere = str(home / "elsewhere")
    assert f"{elsewhere}/hooks.json" in run(repo, "install", "codex", "--user", CODEX_HOME=elsewhere)
    with pytest.raises(UsageError, match="no HOME"):
        run(repo, "install", "gemini", "--user", HOME="")


def test_print_shows_and_writes_nothing(repo: Repo) -> None:
    shown = json.loads(run(repo, "install", "copilot", "--print"))

    assert shown["version"] == 1
    assert not (repo.root / ".github").exists()


def test_a_link_stays_a_link_and_a_mode_a_mode(repo: Repo) -> None:
    repo.write("real.json", "{}\n")
    (repo.root / "real.json").chmod(0o600)
    (repo.root / ".cursor").mkdir()
    (repo.root / ".cursor/hooks.json").symlink_to("../real.json")

    run(repo, "install", "cursor")

    assert (repo.root / ".cursor/hooks.json").is_symlink()
    assert "everycommit agent cursor" in (repo.root / "real.json").read_text()
    assert stat.S_IMODE((repo.root / "real.json").stat().st_mode) == 0o600


def test_how_everycommit_is_called(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By name where it is on the PATH, from the project's environment wherever that lies, else by its place."""
    bare, inside = tmp_path / "bare", repo.root / ".venv/bin"
    inside.mkdir(parents=True)
    bare.mkdir()
    (bare / "git").symlink_to(shutil.which("git") or "")
    monkeypatch.setattr(sys, "prefix", str(repo.root / ".venv"))
    assert "git rev-parse --show-toplevel" in run(repo, "install", "claude", "--print", PATH=str(bare))

    monkeypatch.setattr(sys, "prefix", str(tmp_path / "tools"))
    shown = run(repo, "install", "claude", "--print", PATH=str(bare))
    assert f"{sys.executable} -m everycommit agent claude" in shown

    (tmp_path / "tools/bin").mkdir(parents=True)
    program = tmp_path / "tools/bin/everycommit"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert f"{program} agent claude" in run(repo, "install", "claude", "--print", PATH=str(bare))
    shown = run(repo, "install", "claude", "--print", PATH=f"{bare}:{program.parent}")
    assert '"everycommit agent claude"' in shown


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everything")
def test_a_file_that_cannot_be_written_is_said(repo: Repo) -> None:
    (repo.root / ".claude").mkdir(mode=0o500)

    with pytest.raises(UsageError, match="cannot be written"):
        run(repo, "install", "claude")


def test_a_file_that_cannot_be_read_is_said(repo: Repo) -> None:
    repo.write(".claude/settings.json", b"\xff\xfe")

    with pytest.raises(UsageError, match="cannot be read"):
        run(repo, "install", "claude")


def test_wrong_use_is_said_in_one_line(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="flags go with install"):
        run(repo, "claude", "--remove")
    with pytest.raises(UsageError, match="name the client"):
        run(repo, "install")

    assert entry(["agent", "claud"]) == 2
    assert "did you mean 'claude'?" in capsys.readouterr().err
    assert entry(["agent", "zed"]) == 2
    assert "there are claude, codex" in capsys.readouterr().err
