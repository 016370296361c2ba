"""An editable install by each build backend's own hand points at the working tree, and the tests get the snapshot."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from everycommit.environment import find
from everycommit.gates.tests import Tests as Gate  # a name that begins with Test would be collected
from everycommit.result import Outcome
from judging import judging, lines
from support import Repo, clean_environment

BACKENDS = ("flit_core", "poetry-core", "pdm-backend", "uv_build", "meson-python", "scikit-build-core")
NEEDED = ("setuptools>=70", "hatchling", "editables", "ninja", "cmake", "meson", "pytest")


@dataclass(frozen=True)
class Installed:
    """A virtual environment with a project installed into it, editable, by its own build backend."""

    env: Path

    def install(self, project: Path, *options: str) -> None:
        argv = ["install", "--quiet", "--no-build-isolation", "--no-deps", "--no-input", *options]
        done = subprocess.run(
            [self.env / "bin/python", "-m", "pip", *argv, "--editable", str(project)],
            check=False,
            capture_output=True,
            text=True,
            env=clean_environment(self.env) | {"PATH": f"{self.env / 'bin'}:/usr/bin:/bin"},
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    env = tmp_path_factory.mktemp("editable") / "env"
    subprocess.run([sys.executable, "-m", "venv", str(env)], check=True)
    argv = ["install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", *NEEDED, *BACKENDS]
    environ = clean_environment(env)
    done = subprocess.run(
        [env / "bin/python", "-m", "pip", *argv], check=False, capture_output=True, text=True, env=environ, timeout=120
    )
    if done.returncode:
        pytest.skip(f"no build backends to be had: {done.stderr.strip().splitlines()[-1:]}")
    return Installed(env)


def built(requires: str, backend: str, more: str = "") -> str:
    return (
        f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{backend}"\n'
        f'[project]\nname = "{{name}}"\nversion = "1"\ndescription = "x"\n{more}'
    )


FILES = ("src/{name}/__init__.py", "src/{name}/deep.py")
SETUPTOOLS = built("setuptools", "setuptools.build_meta", '[tool.setuptools.packages.find]\nwhere = ["src"]\n')
# A layout that a path cannot tell: setuptools then writes a finder.
MAPPED = built(
    "setuptools",
    "setuptools.build_meta",
    '[tool.setuptools]\npackages = ["{name}", "{name}.deep"]\n'
    '[tool.setuptools.package-dir]\n"{name}" = "lib"\n"{name}.deep" = "elsewhere/deep"\n',
)
HATCH = built("hatchling", "hatchling.build", '[tool.hatch.build.targets.wheel]\npackages = ["src/{name}"]\n')
MESON = """project('{name}')
py = import('python').find_installation(pure: true)
py.install_sources('src/{name}/__init__.py', 'src/{name}/deep.py', subdir: '{name}')
"""
CMAKE = "cmake_minimum_required(VERSION 3.15)\nproject({name} LANGUAGES NONE)\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "build", "files", "more", "options"),
    [
        ("byhatch", HATCH, FILES, {}, ()),
        ("bysetup", SETUPTOOLS, FILES, {}, ()),
        ("bymap", MAPPED, ("lib/__init__.py", "elsewhere/deep/__init__.py"), {}, ()),
        ("bystrict", SETUPTOOLS, FILES, {}, ("--config-settings=editable_mode=strict",)),
        ("byflit", built("flit_core", "flit_core.buildapi"), FILES, {}, ()),
        ("bypoetry", built("poetry-core", "poetry.core.masonry.api"), FILES, {}, ()),
        ("bypdm", built("pdm-backend", "pdm.backend"), FILES, {}, ()),
        ("byuv", built("uv_build", "uv_build"), FILES, {}, ()),
        ("bymeson", built("meson-python", "mesonpy"), FILES, {"meson.build": MESON}, ()),
        ("byskbuild", built("scikit-build-core", "scikit_build_core.build"), FILES, {"CMakeLists.txt": CMAKE}, ()),
    ],
)
def test_tests_see_what_is_staged_though_the_working_tree_is_installed(
    repo: Repo,
    installed: Installed,
    name: str,
    build: str,
    files: tuple[str, ...],
    more: Mapping[str, str],
    options: tuple[str, ...],
) -> None:
    repo.stage(".gitignore", "build/\n*.egg-info\n").stage("pyproject.toml", build.format(name=name))
    for path, text in more.items():
        repo.stage(path, text.format(name=name))
    sources = [path.format(name=name) for path in files]
    for path in sources:
        repo.stage(path, "HERE = 'staged'\n")
    where = f"({name}.HERE, {name}.deep.HERE)"
    repo.stage(
        "tests/test_it.py",
        lines(
            "import subprocess, sys",
            f"import {name}.deep",
            "",
            "",
            "def test_it():",
            f"    assert {where} == ('staged', 'staged')",
            f'    code = "import {name}.deep; print({where})"',
            "    said = subprocess.run([sys.executable, '-c', code], cwd='/', capture_output=True, text=True)",
            "    assert said.stdout == \"('staged', 'staged')\\n\", said.stderr",
        ),
    )
    installed.install(repo.root, *options)
    for path in sources:
        repo.write(path, "HERE = 'not staged'\n")
    python = find(
        setting=None,
        top=repo.root,
        main_worktree=repo.root,
        environ={"VIRTUAL_ENV": str(installed.env)},
        tracked=lambda _: False,
        accepted=lambda _: False,
    )
    alone = [str(installed.env / "bin/python"), "-c", f"import {name}.deep; print({name}.deep.HERE)"]
    said = subprocess.run(alone, cwd="/", capture_output=True, text=True, check=True)
    assert said.stdout == "not staged\n", "without us the working tree is what Python imports"

    with judging(repo, interpreter=lambda: python) as judged:
        result = judged.check(Gate())

    assert (result.outcome, result.reason, result.findings) == (Outcome.PASSED, None, ())
    assert result.counts["selected"] == 1
