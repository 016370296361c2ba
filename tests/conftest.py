"""Fixtures: a repository in a folder of its own, far from the user's settings."""

from pathlib import Path

import pytest

from support import Repo


@pytest.fixture(autouse=True)
def _no_user_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the settings, keys and hooks' variables of whoever runs the tests out of them."""
    import os

    home = tmp_path_factory.mktemp("home")
    for name in os.environ:
        if name.startswith(("GIT_", "EVERYCOMMIT_", "PRE_COMMIT")) or name in {
            "SKIP",
            "VIRTUAL_ENV",
            "NO_COLOR",
            "FORCE_COLOR",
        }:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository, HEAD unborn."""
    return Repo.make(tmp_path / "repo", tmp_path / "home")
