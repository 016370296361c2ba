"""What gates depend on outside the tree: seen, or a doubt."""

from dataclasses import replace
from pathlib import Path

import pytest

from everycommit.change import Change
from everycommit.config.schema import Config, Settings, SnapshotSettings
from everycommit.gates.base import Job
from everycommit.gates.keyed import above, environment, settings_elsewhere, trees
from everycommit.ledger import doubted
from everycommit.repo import links
from everycommit.repo.links import contents
from given import TARGET, Objects, change, job

SHARED = {"pyproject.toml": ("tool", "ruff"), "setup.cfg": ("mypy",)}


def settings_job(path: str, content: bytes, **environ: str) -> Job:
    blobs = Objects()
    blobs.put(content, path)
    return job(change(), blobs=blobs, environ=environ)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("pyproject.toml", b"[tool.ruff]\nextend = '{place}'\n"),
        ("pyproject.toml", b"[tool.ruff]\nextend = '~/own.toml'\n"),
        ("pyproject.toml", b"[tool.ruff]\nextend = '${HOME}/own.toml'\n"),
        ("ruff.toml", b"extend = '$HOME/own.toml'\n"),
        ("setup.cfg", b"[mypy]\nplugins = {place}, other\n"),
        ("pyproject.toml", b"this is no TOML '{place}' \xff"),
    ],
)
def test_settings_that_name_a_path_of_this_machine_are_a_doubt(tmp_path: Path, path: str, content: bytes) -> None:
    place = tmp_path / "own.toml"
    content = content.replace(b"{place}", str(place).encode())
    the = settings_job(path, content, HOME=str(tmp_path))

    assert settings_elsewhere(the, ["ruff.toml"], SHARED) == {}, "it is not there"
    place.write_text("x")

    (found,) = settings_elsewhere(the, ["ruff.toml"], SHARED).values()
    assert (doubted(found) or "").endswith("own.toml', which lies outside the tree")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("pyproject.toml", b"[tool.ruff]\nextend = 'ruff/base.toml'\nexclude = ['/no/such/place', 'a/etc']\n"),
        ("pyproject.toml", b"[project]\nreadme = '/etc'\n[tool.other]\npath = '/etc'\n"),
        ("setup.cfg", b"[other]\nplugins = /etc\n"),
    ],
)
def test_paths_in_the_tree_and_settings_of_others_are_none(path: str, content: bytes) -> None:
    assert settings_elsewhere(settings_job(path, content), ["ruff.toml"], SHARED) == {}


def test_only_taste_and_gits_own_folder_are_left_out_of_the_environment(tmp_path: Path) -> None:
    one = {"PATH": f"{tmp_path}:/bin", "LANG": "C", "TERM": "xterm"}

    assert environment(one) == environment({**one, "TERM": "dumb", "GIT_CEILING_DIRECTORIES": "/x"})
    assert environment(one) == environment({**one, "PATH": f"/usr/lib/git-core:{tmp_path}:/bin"})
    assert environment(one) != environment({**one, "PATH": f"/bin:{tmp_path}"})
    assert environment(one) != environment({**one, "LANG": "de"})
    assert environment({"LANG": "C"}) != environment({})
    assert "xterm" not in environment(one)


def test_a_program_that_comes_or_goes_changes_the_environment(tmp_path: Path) -> None:
    before = environment({"PATH": str(tmp_path)})

    (tmp_path / "tool").write_text("x")

    assert environment({"PATH": str(tmp_path)}) != before


def test_settings_files_above_the_snapshot_count(tmp_path: Path) -> None:
    cache = tmp_path / "cache/everycommit"
    cache.mkdir(parents=True)
    environ = {"GIT_CEILING_DIRECTORIES": str(cache), "HOME": str(tmp_path / "home")}
    the = job(change(), environ=environ)
    before = above(the, ["odd-name.toml"], user="ruff")

    (tmp_path / "odd-name.toml").write_text("x")
    one = above(the, ["odd-name.toml"], user="ruff")
    (tmp_path / "home/.config/ruff").mkdir(parents=True)
    (tmp_path / "home/.config/ruff/odd-name.toml").write_text("x")
    two = above(the, ["odd-name.toml"], user="ruff")
    (tmp_path / "cache/odd-name.toml").mkdir()
    three = above(the, ["odd-name.toml"], user="ruff")

    assert before == {}
    assert len({str(found) for found in (before, one, two, three)}) == 4
    assert above(job(change()), ["odd-name.toml"]) == {}


def test_links_count_only_where_there_are_some() -> None:
    where: Change = change()
    linked = Config(settings=Settings(snapshot=SnapshotSettings(link=("data",))))

    assert set(trees(job(where))) == {"target", "parents", "snapshot"}
    assert trees(job(where, config=linked))["linked"] == "contents"
    assert trees(job(where))["target"] == TARGET
    assert trees(job(replace(where, parents=("a", "b"))))["parents"] == "a b"


def test_contents_of_links_change_with_each_file(tmp_path: Path) -> None:
    (tmp_path / "data/sub/__pycache__").mkdir(parents=True)
    (tmp_path / "file").write_text("1")
    names = ["data", "file", "no"]
    seen = [contents(tmp_path, names)]

    assert contents(tmp_path, names[::-1]) == seen[0]
    (tmp_path / "data/sub/__pycache__/x.pyc").write_text("1")
    assert contents(tmp_path, names) == seen[0]
    (tmp_path / "data/sub/a").write_text("1")
    seen.append(contents(tmp_path, names))
    (tmp_path / "data/sub/a").write_text("22")
    seen.append(contents(tmp_path, names))
    (tmp_path / "data/link").symlink_to("nowhere")
    seen.append(contents(tmp_path, names))
    (tmp_path / "file").write_text("2")
    seen.append(contents(tmp_path, names))
    (tmp_path / "no").write_text("")
    seen.append(contents(tmp_path, names))

    assert len(set(seen)) == len(seen)


def test_links_that_hold_too_much_or_cannot_be_read_are_a_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    for number in range(4):
        (tmp_path / f"data/{number}").write_text("")
    (tmp_path / "x").write_text("")
    monkeypatch.setattr(links, "_MOST", 3)

    assert doubted(contents(tmp_path, ["data"])) == "snapshot.link: 'data' holds more than 3 files"
    assert doubted(contents(tmp_path, ["x/y"])) == "snapshot.link: 'x/y': Not a directory"
