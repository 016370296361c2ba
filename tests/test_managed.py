"""Environments that managers keep in places of their own, laid out as the real managers lay them out."""

import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from everycommit.environment import Interpreter, find, tool
from everycommit.errors import ToolError
from everycommit.managed import Managed, Place, managed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "shop"
    folder.mkdir()
    return folder


def made(folder: Path, *modules: str) -> Path:
    """Make what stands for a virtual environment with *modules*."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)
    (folder / "pyvenv.cfg").write_text("version = 3.12.1\n")
    for module in modules:
        package = folder / "lib/python3.12/site-packages" / module
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    return folder


def digest(path: Path) -> str:
    return urlsafe_b64encode(sha256(str(path).encode()).digest()).decode()[:8]


def found(
    top: Path, home: Path, environ: Mapping[str, str] | None = None, tracked: Callable[[str], bool] = lambda _: False
) -> Interpreter:
    return find(
        setting=None,
        top=top,
        main_worktree=top,
        environ={"HOME": str(home), "PATH": "/no/such/folder", **(environ or {})},
        tracked=tracked,
        accepted=lambda _: False,
    )


def seen(top: Path, environ: Mapping[str, str]) -> Managed:
    return managed(Place(top, environ, lambda _: False))


@pytest.mark.parametrize(
    ("file", "content", "folder", "manager"),
    [
        ("poetry.lock", "", ".cache/pypoetry/virtualenvs/shop-app-{top}-py3.12", "poetry"),
        ("pyproject.toml", "[tool.poetry]\n", ".cache/pypoetry/virtualenvs/shop-app-{top}-py3.12", "poetry"),
        ("hatch.toml", "", ".local/share/hatch/env/virtual/shop-app/{top}/shop-app", "hatch"),
        (
            "pyproject.toml",
            "[tool.hatch.envs.default]\n",
            ".local/share/hatch/env/virtual/shop-app/{top}/shop-app",
            "hatch",
        ),
        ("Pipfile", "", ".local/share/virtualenvs/shop-{pipfile}", "pipenv"),
        (".pdm-python", "{home}/.local/share/pdm/venvs/shop-xy-3.12/bin/python", "", "pdm"),
    ],
)
def test_an_environment_is_found_where_its_manager_keeps_it(
    top: Path, home: Path, file: str, content: str, folder: str, manager: str
) -> None:
    (top / file).write_text(content.format(home=home))
    place = folder or ".local/share/pdm/venvs/shop-xy-3.12"
    expected = made(home / place.format(top=digest(top), pipfile=digest(top / "Pipfile")))

    python = found(top, home)

    assert (python.prefix, python.origin, python.version) == (expected, manager, "3.12.1")
    assert python.why
    assert expected / "bin/python" in python.looked


def test_another_projects_environment_is_not_taken(top: Path, home: Path) -> None:
    for file in ("poetry.lock", "hatch.toml", "Pipfile"):
        (top / file).touch()
    other = digest(top.parent)
    made(home / f".cache/pypoetry/virtualenvs/shop-{other}-py3.12")
    made(home / f".local/share/hatch/env/virtual/shop/{other}/shop")
    made(home / f".local/share/virtualenvs/shop-{other}")

    assert seen(top, {"HOME": str(home)}).found == ()


def test_a_virtual_environment_in_the_tree_comes_first_and_no_manager_is_looked_for(top: Path, home: Path) -> None:
    (top / "poetry.lock").touch()
    made(home / f".cache/pypoetry/virtualenvs/shop-{digest(top)}-py3.12")
    made(top / ".venv")

    python = found(top, home)

    assert (python.origin, python.looked) == (".venv", ())


def test_of_several_of_poetrys_the_chosen_one_is_taken_else_that_with_pytest_else_the_newest(
    top: Path, home: Path
) -> None:
    (top / "poetry.lock").touch()
    folder = home / "cache/virtualenvs"
    environ = {"POETRY_CACHE_DIR": str(folder.parent)}
    for version in ("3.9", "3.10", "3.11"):
        made(folder / f"shop-{digest(top)}-py{version}", *(["pytest"] if version == "3.10" else []))

    by_use = found(top, home, environ).prefix.name
    (folder / "envs.toml").write_text(f'[shop-{digest(top)}]\nminor = "3.9"\npatch = "3.9.1"\n')
    chosen = found(top, home, environ).prefix.name

    assert by_use.endswith("py3.10")
    assert chosen.endswith("py3.9")
    assert [one.python.parent.parent.name[-4:] for one in seen(top, environ).found] == ["y3.9", "3.10", "3.11"]


def test_what_a_tracked_file_of_pdm_names_is_never_started(top: Path, home: Path) -> None:
    """Else a pull could choose the program that judges it."""
    (top / ".pdm-python").write_text(f"{made(home / 'elsewhere')}/bin/python")

    assert found(top, home).origin == "pdm"
    with pytest.raises(ToolError, match="no Python for this project"):
        found(top, home, tracked=lambda name: name == ".pdm-python")


@pytest.mark.parametrize("name", ["bin/python", "/usr/bin/python3", ""])
def test_pdm_without_a_virtual_environment_has_none(top: Path, name: str) -> None:
    (top / ".pdm-python").write_text(name)

    assert seen(top, {}).found == ()


def test_an_environment_of_a_manager_that_is_tracked_is_never_started(top: Path, home: Path) -> None:
    (top / "tox.ini").touch()
    made(top / ".tox/py312", "pytest")

    with pytest.raises(ToolError, match=r"'\.tox/py312/bin/python' is tracked"):
        found(top, home, tracked=lambda name: name == ".tox/py312/bin/python")


@pytest.mark.parametrize(("file", "folder"), [("tox.ini", ".tox"), ("noxfile.py", ".nox")])
def test_of_tox_and_nox_the_newest_with_pytest_and_without_a_copy_is_taken(
    top: Path, home: Path, file: str, folder: str
) -> None:
    """A copy of the package would be tested in the place of what is staged."""
    (top / file).touch()
    made(top / folder / "lint-3.13")
    for name, editable in (("tests-3.9", "true"), ("tests-3.11", "true"), ("tests-3.12", "false")):
        info = made(top / folder / name, "pytest") / "lib/python3.12/site-packages/shop-1.dist-info"
        info.mkdir()
        (info / "direct_url.json").write_text(f'{{"url": "{top.as_uri()}", "dir_info": {{"editable": {editable}}}}}')

    assert found(top, home).prefix.name == "tests-3.11"


@pytest.mark.parametrize(
    ("wheel", "pth"),
    [
        ("shop-1-0.editable-py3-none-any.whl", "__editable__.shop-1.pth"),
        ("shop-1-py2.py3-none-any.whl", "_editable_impl_shop.pth"),
        ("shop-1-py3-none-any.whl", "shop.pth"),
    ],
    ids=["setuptools", "hatchling", "flit"],
)
def test_a_wheel_of_toxs_that_leads_to_the_source_is_no_copy_and_a_built_one_is_named(
    top: Path, home: Path, wheel: str, pth: str
) -> None:
    """As tox 4 writes it with ``package = "editable"``, and without."""
    (top / "tox.ini").touch()
    info = made(top / ".tox/py", "pytest") / "lib/python3.12/site-packages/shop-1.dist-info"
    info.mkdir()
    told = f'{{"archive_info": {{}}, "url": "{top.as_uri()}/.tox/.tmp/package/1/{wheel}"}}'
    (info / "direct_url.json").write_text(told)

    (info / "RECORD").write_text("shop/__init__.py,sha256=a,8\nshop/data/a.pth,sha256=b,8\n")
    copied = seen(top, {"HOME": str(home)})
    (info / "RECORD").write_text(f"{pth},sha256=a,24\nshop-1.dist-info/RECORD,,\n")
    leads = seen(top, {"HOME": str(home)})

    assert copied.found == ()
    assert copied.lacking == (
        'tox.ini is here, but tox installed a built copy of the project: set package = "editable" in it'
    )
    assert [one.python for one in leads.found] == [top / ".tox/py/bin/python"]
    assert leads.lacking == ""


@pytest.mark.parametrize("led", [".tox/py\n", "{top}/.tox/py", ".tox/py\nmore words\n"])
def test_a_file_that_leads_to_an_environment_is_followed_unless_the_change_has_it(
    top: Path, home: Path, led: str
) -> None:
    """tox and hatch leave it (PEP 832)."""
    made(top / ".tox/py")
    (top / ".venv").write_text(led.format(top=top))

    python = found(top, home)

    assert (python.prefix, python.origin, python.why) == (top / ".tox/py", ".tox/py", ".venv")
    assert python.looked == (top / ".venv",)
    with pytest.raises(ToolError, match=r"'\.tox/py/bin/python' is tracked"):
        found(top, home, tracked=lambda name: name == ".tox/py/bin/python")
    with pytest.raises(ToolError, match="no Python for this project"):
        found(top, home, tracked=lambda name: name == ".venv")


@pytest.mark.parametrize("led", ["", "\n", "nowhere", "/bin", "\0", "a" * 10_000])
def test_a_file_that_leads_to_no_environment_is_passed_over(top: Path, home: Path, led: str) -> None:
    (top / ".venv").write_text(led)

    with pytest.raises(ToolError, match="no Python for this project"):
        found(top, home)


@pytest.mark.parametrize(
    ("file", "text", "known"),
    [
        (".config/pypoetry/config.toml", '[virtualenvs]\ncreate = true\npath = "{}"\n', True),
        ("../shop/poetry.toml", "[virtualenvs]\npath = '{}'\n", True),
        ("../shop/poetry.toml", "[virtualenvs]\nin-project = true\npath = '~/venvs'  # ours\n", True),
        (".config/pypoetry/config.toml", 'virtualenvs.path = "{}"\n', True),
        (".config/pypoetry/config.toml", 'cache-dir = "~/."\n[virtualenvs]\npath = "{{cache-dir}}/venvs"', True),
        (".config/pypoetry/config.toml", "[virtualenvs\npath = '{}'\n", False),
        (".config/pypoetry/config.toml", "[virtualenvs]\npath = 3\n", False),
        (".config/pypoetry/config.toml", '[other]\npath = "{}"\n', False),
        (".config/pypoetry/config.toml", '[virtualenvs]\n[other]\npath = "{}"\n', False),
        (".config/pypoetry/config.toml", '[virtualenvs]\npath = "relative"\n', False),
    ],
)
def test_a_place_that_poetrys_settings_name_is_looked_at(
    top: Path, home: Path, file: str, text: str, *, known: bool
) -> None:
    (top / "poetry.lock").touch()
    expected = made(home / f"venvs/shop-{digest(top)}-py3.12")
    (home / file).parent.mkdir(parents=True, exist_ok=True)
    (home / file).write_text(text.format(home / "venvs"))

    assert [one.python.parent.parent for one in seen(top, {"HOME": str(home)}).found] == [expected] * known


def test_a_cache_folder_that_poetrys_settings_name_is_looked_at(top: Path, home: Path) -> None:
    (top / "poetry.lock").touch()
    expected = made(home / f"elsewhere/virtualenvs/shop-{digest(top)}-py3.12")
    (home / "pypoetry").mkdir()
    (home / "pypoetry/config.toml").write_text('cache-dir = "~/elsewhere"\n')

    python = found(top, home, {"XDG_CONFIG_HOME": str(home)})

    assert python.prefix == expected
    assert home / "pypoetry/config.toml" in python.looked


def test_of_hatchs_paths_the_one_with_pytest_comes_first_and_what_is_no_virtual_environment_is_never_taken(
    top: Path, home: Path
) -> None:
    """Else any Python of the machine could be named by a change."""
    bare = home / "bare/bin/python"
    bare.parent.mkdir(parents=True)
    bare.symlink_to(sys.executable)
    envs = {"lint": ".lint", "test": ".test", "other": str(home / "bare"), "none": ""}
    (top / "hatch.toml").write_text("".join(f'[envs.{name}]\npath = "{path}"\n' for name, path in envs.items()))
    made(top / ".lint")
    expected = made(top / ".test", "pytest")
    said = made(home / "said")

    assert [one.python.parent.parent.name for one in seen(top, {}).found] == [".test", ".lint"]
    assert found(top, home).prefix == expected
    assert top / ".lint/pyvenv.cfg" in seen(top, {}).looked
    assert said in [one.python.parent.parent for one in seen(top, {"HATCH_ENV_TYPE_VIRTUAL_PATH": str(said)}).found]


def test_what_a_tracked_poetry_toml_names_is_not_looked_at(top: Path, home: Path) -> None:
    (top / "poetry.toml").write_text(f'[virtualenvs]\npath = "{home}/venvs"\n')
    made(home / f"venvs/shop-{digest(top)}-py3.12")

    assert managed(Place(top, {"HOME": str(home)}, lambda name: name == "poetry.toml")).found == ()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", '[tool.hatch.envs.default]\npath = "{}"\n'),
        ("hatch.toml", '[envs.test]\npath = "{}"\n'),
    ],
)
@pytest.mark.parametrize("place", [".myenv", "{home}/myenv"])
def test_an_environment_of_hatch_with_a_path_of_its_own_is_found(
    top: Path, home: Path, file: str, text: str, place: str
) -> None:
    (top / file).write_text(text.format(place.format(home=home)))
    expected = made(top / place.format(home=home))

    assert [one.python.parent.parent for one in seen(top, {}).found] == [expected]


@pytest.mark.parametrize(
    "text", ["path [", "envs = 1\npath = 2\n", "[envs]\na = 1\npath = 3\n", "[envs.a]\npath = 4\n"]
)
def test_settings_of_hatch_that_say_nothing_find_nothing(top: Path, text: str) -> None:
    (top / "hatch.toml").write_text(text)

    assert seen(top, {}).found == ()


def test_condas_environment_is_the_one_that_the_file_names(top: Path, home: Path) -> None:
    (top / "environment.yml").write_text("name: shop  # ours\ndependencies: [python]\n")
    active, listed = made(home / "conda/envs/shop"), made(home / "other/envs/shop")
    (home / ".conda").mkdir()
    (home / ".conda/environments.txt").write_text(f"{home}/conda\n{listed}\nrelative/envs/shop\n")
    environ = {"HOME": str(home)}

    of_active = seen(top, {**environ, "CONDA_PREFIX": str(active)}).found[0]
    of_base = seen(top, {**environ, "CONDA_PREFIX": f"{home}/conda"}).found[0]

    assert of_active.python == active / "bin/python"
    assert of_base.python == listed / "bin/python"


@pytest.mark.parametrize(
    ("said", "expected"),
    [("3.12\n", "3.12.10"), ("3.12.9\n", "3.12.9"), ("dev", "dev"), ("3.13", None), ("../../evil", None), ("", None)],
)
def test_pyenvs_version_is_a_name_below_its_folder(top: Path, home: Path, said: str, expected: str | None) -> None:
    (top / ".python-version").write_text(said)
    for name in ("3.12.9", "3.12.10", "3.9.1", "dev"):
        made(home / ".pyenv/versions" / name)
    made(home / "evil")

    pythons = [one.python.parent.parent for one in seen(top, {"HOME": str(home)}).found]

    assert pythons == ([home / ".pyenv/versions" / expected] if expected else [])


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("poetry.lock", "poetry.lock is here, but no environment of poetry: run `poetry install`"),
        ("pdm.lock", "pdm.lock is here, but no environment of pdm: run `pdm install`"),
        ("uv.lock", "uv.lock is here, but no environment of uv: run `uv sync`"),
        ("Pipfile", "Pipfile is here, but no environment of pipenv: run `pipenv install --dev`"),
        ("environment.yaml", "environment.yaml is here, but no environment of conda: run `conda env create`"),
    ],
)
def test_a_manager_without_an_environment_is_named_with_its_command(
    top: Path, home: Path, file: str, words: str
) -> None:
    (top / file).touch()
    bare = home / "bin/python3"
    bare.parent.mkdir()
    script = f'#!/bin/sh\necho \'["{bare}", "3.12.1", "{home}", [], []]\'\n'
    bare.write_text(script)
    bare.chmod(0o755)

    with pytest.raises(ToolError) as none:
        found(top, home)
    on_path = found(top, home, {"PATH": str(bare.parent)})
    with pytest.raises(ToolError) as no_pytest:
        tool("pytest", on_path)

    assert str(none.value).endswith(words)
    assert str(no_pytest.value) == f"pytest is not installed in python3 (Python 3.12): {words}"


@pytest.mark.parametrize("name", ["pyproject.toml", "poetry.lock", ".cache/pypoetry/virtualenvs/envs.toml"])
def test_all_that_the_choice_depends_on_is_handed_on(top: Path, home: Path, name: str) -> None:
    """The hook without Python looks at each of them."""
    (top / "poetry.lock").touch()
    made(home / f".cache/pypoetry/virtualenvs/shop-{digest(top)}-py3.12")

    looked = found(top, home, {"VIRTUAL_ENV": "/gone"}).looked

    assert {top / name, home / name} & set(looked)
    assert {Path("/gone/bin/python"), home / ".cache/pypoetry/virtualenvs", top / ".pdm-python"} <= set(looked)


def test_poetry_itself_is_understood(top: Path, home: Path) -> None:
    """The rule by which it names environments is its own; here it says the name."""
    poetry = pytest.importorskip("poetry.utils.env.env_manager", reason="poetry is not installed")
    (top / "poetry.lock").touch()
    name = poetry.EnvManager.generate_env_name("Shop.App", os.fspath(top))
    expected = made(home / f".cache/pypoetry/virtualenvs/{name}-py3.12")

    assert found(top, home).prefix == expected


def test_no_home_and_no_variables_find_nothing(top: Path) -> None:
    for file in ("poetry.lock", "hatch.toml", "Pipfile", "environment.yml", ".python-version", "tox.ini"):
        (top / file).touch()

    assert seen(top, {}).found == ()


def test_doctor_says_which_environment_was_taken_and_why(top: Path, home: Path) -> None:
    (top / "shop.py").write_text("ITEMS = 3\n")
    (top / "Pipfile").touch()
    made(home / f".local/share/virtualenvs/shop-{digest(top / 'Pipfile')}")
    environ = {"HOME": str(home), "PATH": os.environ.get("PATH", os.defpath)}
    subprocess.run(["git", "init", "-q", str(top)], check=True, env=environ)
    subprocess.run(["git", "-C", str(top), "add", "."], check=True, env=environ)

    done = subprocess.run(
        [sys.executable, "-m", "everycommit", "doctor"],
        cwd=top,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "bin/python 3.12.1, found by pipenv, as Pipfile is here" in done.stdout
