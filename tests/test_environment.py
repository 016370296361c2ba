"""The project's Python, found without starting it where that can be."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from everycommit import environment
from everycommit.config.trust import interpreter_digest
from everycommit.distributions import installed, normalised
from everycommit.environment import Interpreter, find, tool
from everycommit.errors import ToolError
from everycommit.ledger import doubted

VERSION = ".".join(map(str, sys.version_info[:3]))


def venv(folder: Path, *distributions: str, options: tuple[str, ...] = ()) -> Path:
    """Make a virtual environment that holds the names of *distributions*."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", *options, str(folder)], check=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    for name in distributions:
        (site / name).mkdir()
    return folder


def program(path: Path, script: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "repo"
    folder.mkdir()
    return folder


def found(
    top: Path,
    environ: Mapping[str, str] | None = None,
    *,
    setting: str | None = None,
    main: Path | None = None,
    tracked: Callable[[str], bool] = lambda _: False,
    accepted: Callable[[str], bool] = lambda _: False,
    project: str = ".",
) -> Interpreter:
    return find(
        setting=setting,
        top=top,
        main_worktree=main or top,
        environ={"PATH": "/no/such/folder", **(environ or {})},
        tracked=tracked,
        accepted=accepted,
        project=project,
    )


@pytest.fixture
def _nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr("everycommit.proc.Children.run", started)


@pytest.mark.usefixtures("_nothing_is_started")
def test_a_virtual_environment_is_read_and_not_started(top: Path) -> None:
    venv(
        top / ".venv",
        "ruff-0.12.1.dist-info",
        "Zope.Interface_x-5.0.dist-info",
        "old-1.2-py3.8.egg-info",
        "odd.egg-info",
    )

    python = found(top)

    assert (python.python, python.prefix, python.origin) == (top / ".venv/bin/python", top / ".venv", ".venv")
    assert python.version == VERSION
    assert python.distributions == {"ruff": "0.12.1", "zope-interface-x": "5.0", "old": "1.2", "odd": ""}
    assert python.shown == f".venv (Python {'.'.join(VERSION.split('.')[:2])})"


@pytest.mark.usefixtures("_nothing_is_started")
def test_the_environments_are_tried_in_order(top: Path, tmp_path: Path) -> None:
    """The project's own, the repository's, the main worktree's, uv's, the active one."""
    main = tmp_path.resolve() / "main"
    environ = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "uv"), "VIRTUAL_ENV": str(tmp_path / "active")}
    order = [
        (tmp_path / "active", "VIRTUAL_ENV"),
        (tmp_path / "uv", "UV_PROJECT_ENVIRONMENT"),
        (main / "venv", str(main / "venv")),
        (main / ".venv", str(main / ".venv")),
        (main / "sub/.venv", str(main / "sub/.venv")),
        (top / "venv", "venv"),
        (top / ".venv", ".venv"),
        (top / "sub/.venv", "sub/.venv"),
    ]

    for folder, origin in order:
        venv(folder)
        assert found(top, environ, main=main, project="sub").origin == origin


@pytest.mark.usefixtures("_nothing_is_started")
def test_uvs_environment_may_be_named_from_the_root(top: Path) -> None:
    venv(top / "envs/dev")

    assert found(top, {"UV_PROJECT_ENVIRONMENT": "envs/dev"}).prefix == top / "envs/dev"


def test_the_hook_runners_own_environment_is_not_the_projects(top: Path, tmp_path: Path) -> None:
    """Under pre-commit VIRTUAL_ENV and the head of PATH are the environment that it made for us."""
    theirs = program(tmp_path / "bin/python3", f'exec "{sys.executable}" "$@"')
    path = os.pathsep.join([f"{sys.prefix}/bin", "relative", str(tmp_path / "no"), str(theirs.parent)])

    python = found(top, {"PRE_COMMIT": "1", "VIRTUAL_ENV": sys.prefix, "PATH": path})
    active = found(top, {"VIRTUAL_ENV": sys.prefix, "PATH": path})

    assert python.origin == "python3"
    assert active.origin == "VIRTUAL_ENV"
    assert str(active.prefix) == sys.prefix


def test_another_python_is_started_once_and_a_shim_leads_to_the_real_one(top: Path, tmp_path: Path) -> None:
    program(tmp_path / "shims/python3", f'echo x >> "{tmp_path}/started"\nexec "{sys.executable}" "$@"')

    python = found(top, {"PATH": str(tmp_path / "shims")})

    assert str(python.python) == sys.executable
    assert (python.version, str(python.prefix)) == (VERSION, sys.prefix)
    assert "pytest" in python.distributions
    assert (tmp_path / "started").read_text() == "x\n"


def test_an_environment_that_sees_the_systems_packages_is_asked(top: Path) -> None:
    venv(top / ".venv", "mine-1.dist-info", options=("--system-site-packages",))

    python = found(top)

    assert python.distributions["mine"] == "1"
    assert python.prefix == top / ".venv"
    assert len(python.distributions) > 1 or sys.prefix == sys.base_prefix


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo no such version >&2; exit 1", "said: no such version"),
        ("echo '[1, 2'", "said: [1, 2"),
        ("echo '{}'", "is not a Python that works"),
        ("exit 0", "said: nothing"),
    ],
)
def test_a_python_that_does_not_work_is_told_with_the_way_on(
    top: Path, tmp_path: Path, script: str, words: str
) -> None:
    program(tmp_path / "bin/python3", script)

    with pytest.raises(ToolError) as raised:
        found(top, {"PATH": str(tmp_path / "bin")})

    assert words in str(raised.value)
    assert "set [tool.everycommit].interpreter" in str(raised.value)


def test_a_python_that_hangs_is_ended(top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_ASKING_SECONDS", 0.3)
    program(tmp_path / "bin/python3", "sleep 60")

    with pytest.raises(ToolError, match="gave no answer within"):
        found(top, {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"})


def test_an_environment_whose_python_is_gone_is_told_with_the_way_on(top: Path) -> None:
    venv(top / ".venv")
    (top / ".venv/bin/python").unlink()
    (top / ".venv/bin/python").symlink_to("/no/such/python3.7")

    with pytest.raises(ToolError) as raised:
        found(top)

    assert "it leads to '/no/such/python3.7'" in str(raised.value)
    assert str(raised.value).endswith("make the environment again: python3 -m venv --clear .venv")


def test_no_python_at_all_is_told_with_the_way_on(top: Path) -> None:
    with pytest.raises(ToolError, match=r"no Python for this project: .*python3 -m venv \.venv"):
        found(top, {"PATH": "/no/such/folder"})


@pytest.mark.usefixtures("_nothing_is_started")
@pytest.mark.parametrize("path", [".venv/bin/python", ".venv/pyvenv.cfg"])
def test_what_the_repository_tracks_is_never_started(top: Path, path: str) -> None:
    """Else a pull could bring the program that judges it."""
    venv(top / ".venv")
    venv(top / "venv")

    assert found(top, tracked=lambda asked: asked == path).origin == "venv"
    with pytest.raises(ToolError, match=r"'.*venv/bin/python' is tracked by the repository and is never started"):
        found(top, tracked=lambda asked: asked.endswith("bin/python"))


@pytest.mark.usefixtures("_nothing_is_started")
def test_a_tracked_link_to_an_environment_is_never_followed(top: Path) -> None:
    venv(top / "evil")
    (top / ".venv").symlink_to("evil")

    with pytest.raises(ToolError, match=r"'\.venv' is tracked"):
        found(top, tracked=lambda asked: asked == ".venv")


@pytest.mark.usefixtures("_nothing_is_started")
def test_an_environment_that_leads_into_tracked_files_is_never_started(top: Path) -> None:
    venv(top / ".venv")
    program(top / "tools/python")
    (top / ".venv/bin/python").unlink()
    (top / ".venv/bin/python").symlink_to(top / "tools/python")

    with pytest.raises(ToolError, match="'tools/python' is tracked"):
        found(top, tracked=lambda asked: asked == "tools/python")


@pytest.mark.usefixtures("_nothing_is_started")
def test_the_setting_wins_once_it_was_accepted(top: Path) -> None:
    venv(top / ".venv")
    venv(top / "envs/three")
    asked = []

    def accepted(digest: str) -> bool:
        asked.append(digest)
        return True

    assert found(top, setting="envs/three/bin/python", accepted=accepted).prefix == top / "envs/three"
    assert found(top, setting="envs/three", accepted=accepted).python == top / "envs/three/bin/python"
    assert asked == [interpreter_digest("envs/three/bin/python"), interpreter_digest("envs/three")]


@pytest.mark.usefixtures("_nothing_is_started")
@pytest.mark.parametrize(
    ("tracked", "accepted", "words"),
    [
        (True, True, "'own/bin/python' is tracked by the repository"),
        (False, False, "was not accepted on this machine; look at it and run: everycommit trust"),
        (False, True, "there is no Python that can be started"),
    ],
)
def test_the_settings_python_may_not_be_used(top: Path, words: str, *, tracked: bool, accepted: bool) -> None:
    with pytest.raises(ToolError) as raised:
        found(top, setting="own/bin/python", tracked=lambda _: tracked, accepted=lambda _: accepted)

    assert words in str(raised.value)
    assert "[tool.everycommit].interpreter = 'own/bin/python'" in str(raised.value)


def a_python(top: Path, **distributions: str) -> Interpreter:
    return Interpreter(
        python=top / ".venv/bin/python",
        version="3.12.1",
        prefix=top / ".venv",
        distributions=distributions,
        origin=".venv",
        top=top,
    )


def test_the_projects_own_tools_come_first(top: Path) -> None:
    ruff = program(top / ".venv/bin/ruff")
    python = a_python(top, ruff="0.5.0", mypy="1.9.0", pytest="7.4.0")

    assert tool("ruff", python) == ((str(ruff),), "0.5.0", False)
    assert tool("mypy", python) == ((str(python.python), "-m", "mypy"), "1.9.0", False)
    assert tool("pytest", python) == ((str(python.python), "-m", "pytest"), "7.4.0", False)


def test_ours_judge_where_the_project_has_none(top: Path) -> None:
    python = a_python(top, ruff="0.5.0")  # listed, but its program is gone
    own = installed(Path(sys.prefix))

    ruff, mypy = tool("ruff", python), tool("mypy", python)

    assert (ruff.version, ruff.ours) == (own["ruff"], True)
    assert subprocess.run([*ruff.argv, "--version"], capture_output=True, text=True, check=True).stdout.split() == [
        "ruff",
        own["ruff"],
    ]
    assert mypy == ((sys.executable, "-m", "mypy", "--python-executable", str(python.python)), own["mypy"], True)
    assert tool("ruff", None) == ruff


def test_our_ruff_is_found_where_it_is_not_beside_our_python(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(top / "bin/python"))

    assert Path(tool("ruff", None).argv[0]).name == "ruff"


def test_a_tool_that_is_nowhere_is_told_with_the_way_on(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError) as raised:
        tool("pytest", a_python(top))
    assert str(raised.value) == (
        "pytest is not installed in .venv (Python 3.12): .venv/bin/python -m pip install pytest"
    )
    with pytest.raises(ToolError, match="mypy needs the project's Python"):
        tool("mypy", None)
    monkeypatch.setattr(sys, "path", [str(top), str(top / "no")])
    with pytest.raises(ToolError, match=r"mypy is not there: .* -m pip install mypy"):
        tool("mypy", a_python(top))
    monkeypatch.setattr(sys, "executable", str(top / "bin/python"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "ruff"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ToolError, match=r"ruff is not there: .* -m pip install ruff"):
        tool("ruff", None)


def test_the_fingerprint_changes_with_any_distribution(top: Path) -> None:
    one = a_python(top, pytest="7.4.0")

    assert one.fingerprint == a_python(top, pytest="7.4.0").fingerprint
    assert one.fingerprint != a_python(top, pytest="7.4.1").fingerprint
    assert one.fingerprint != a_python(top, pytest="7.4.0", more="1").fingerprint


@pytest.mark.parametrize(
    "files",
    [
        {"_pkg.pth": "{elsewhere}/src\n"},
        {
            "__editable__.pkg.pth": "import __finder; __finder.install()",
            "__finder.py": "MAPPING = {{'a': '{elsewhere}/src'}}",
        },
    ],
)
def test_code_that_nobody_watches_makes_the_fingerprint_useless(
    top: Path, tmp_path: Path, files: Mapping[str, str]
) -> None:
    """An editable install outside the working tree may change without a word; one inside it is the snapshot's."""
    (top / "src").mkdir()
    (tmp_path.resolve() / "other/src").mkdir(parents=True)
    (site,) = (venv(top / ".venv") / "lib").glob("python*/site-packages")
    (site / "distutils.pth").write_text(f"import os; os.path.exists('{top}') and 1\n")
    python = found(top)

    for name, content in files.items():
        (site / name).write_text(content.format(elsewhere=top))
    assert python.fingerprint == python.fingerprint
    for name, content in files.items():
        (site / name).write_text(content.format(elsewhere=tmp_path.resolve() / "other"))
    assert doubted(python.fingerprint) == "an editable install of this Python lies outside the working tree"


def test_installing_the_same_version_anew_changes_the_fingerprint(top: Path) -> None:
    (site,) = (venv(top / ".venv") / "lib").glob("python*/site-packages")
    record = site / "shop-1.0.dist-info/RECORD"
    record.parent.mkdir()
    record.write_text("shop.py,,\n")
    before = found(top).fingerprint

    os.utime(record, ns=(1, 1))

    assert before != found(top).fingerprint
    assert found(top).fingerprint == found(top).fingerprint


def test_a_module_laid_into_the_packages_by_hand_changes_the_fingerprint(top: Path) -> None:
    (site,) = (venv(top / ".venv") / "lib").glob("python*/site-packages")
    before = found(top).fingerprint

    (site / "sitecustomize.py").write_text("1\n")

    assert before != found(top).fingerprint


@pytest.mark.parametrize("name", ["Zope.Interface", "zope-interface", "ZOPE__.interface"])
def test_a_distribution_has_one_name(name: str) -> None:
    assert normalised(name) == "zope-interface"


def test_a_folder_without_packages_has_none(tmp_path: Path) -> None:
    assert installed(tmp_path) == {}
