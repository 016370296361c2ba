"""An editable install by each build backend's own hand points at the working tree, and the tests get the snapshot."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from everycommit.config.schema import Settings
from everycommit.environment import Interpreter, find
from everycommit.gates.tests import Tests as Gate  # a name that begins with Test would be collected
from everycommit.result import Outcome
from judging import judging, lines, replaced
from support import Repo, clean_environment

BACKENDS = ("flit_core", "poetry-core", "pdm-backend", "uv_build", "meson-python", "scikit-build-core")
NEEDED = ("setuptools>=70", "hatchling", "editables", "ninja", "cmake", "meson", "pytest")


@dataclass(frozen=True)
class Installed:
    """A virtual environment with a project installed into it, editable, by its own build backend."""

    env: Path

    def environ(self) -> dict[str, str]:
        """Return where its programs are found; cargo, where there is one, with its toolchain."""
        cargo = shutil.which("cargo")
        homes = {"CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup"}
        found = {
            name: os.environ.get(name, str(Path(pwd.getpwuid(os.getuid()).pw_dir, folder)))
            for name, folder in homes.items()
        }
        places = [str(self.env / "bin"), *([str(Path(cargo).parent)] if cargo else []), "/usr/bin", "/bin"]
        return {"PATH": os.pathsep.join(places), "CARGO_NET_OFFLINE": "true", **found}

    def install(self, project: Path, *options: str) -> None:
        argv = ["install", "--quiet", "--no-build-isolation", "--no-deps", "--no-input", *options]
        done = subprocess.run(
            [self.env / "bin/python", "-m", "pip", *argv, "--editable", str(project)],
            check=False,
            capture_output=True,
            text=True,
            env=clean_environment(self.env, **self.environ()),
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


def interpreter(repo: Repo, installed: Installed) -> Interpreter:
    return find(
        setting=None,
        top=repo.root,
        main_worktree=repo.root,
        environ={"VIRTUAL_ENV": str(installed.env)},
        tracked=lambda _: False,
        accepted=lambda _: False,
    )


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
    python = interpreter(repo, installed)
    alone = [str(installed.env / "bin/python"), "-c", f"import {name}.deep; print({name}.deep.HERE)"]
    said = subprocess.run(alone, cwd="/", capture_output=True, text=True, check=True)
    assert said.stdout == "not staged\n", "without us the working tree is what Python imports"

    with judging(repo, interpreter=lambda: python) as judged:
        result = judged.check(Gate())

    assert (result.outcome, result.reason, result.findings) == (Outcome.PASSED, None, ())
    assert result.counts["selected"] == 1


CRATE = '[package]\nname = "byrust"\nversion = "1.0.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
MATURIN = '[tool.maturin]\nbindings = "cffi"\npython-source = "python"\nmodule-name = "byrust.native"\n'


@pytest.mark.slow
def test_a_package_that_maturin_installed_gets_its_built_part_from_the_proposed_link(
    repo: Repo, installed: Installed
) -> None:
    environ = clean_environment(installed.env, **installed.environ())
    if subprocess.run(["sh", "-c", "cargo --version"], check=False, capture_output=True, env=environ).returncode:
        pytest.skip("there is no cargo that works")
    pip = [str(installed.env / "bin/python"), "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    argv = [*pip, "maturin", "cffi"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=clean_environment(installed.env))
    if done.returncode:
        pytest.skip(f"no maturin to be had: {done.stderr.strip().splitlines()[-1:]}")
    repo.stage(".gitignore", "target/\n/python/byrust/native/\n")
    repo.stage("pyproject.toml", built("maturin", "maturin", MATURIN).format(name="byrust"))
    repo.stage("Cargo.toml", CRATE).stage("src/lib.rs", '#[no_mangle]\npub extern "C" fn one() -> i32 { 1 }\n')
    repo.stage("python/byrust/__init__.py", "HERE = 'staged'\n")
    test = (
        "import byrust\nfrom byrust.native import lib\n\n\ndef test_it():\n    assert (byrust.HERE, lib.one()) == {}\n"
    )
    repo.stage("tests/test_it.py", test.format(("staged", 1)))
    installed.install(repo.root)
    repo.write("python/byrust/__init__.py", "HERE = 'not staged'\n")
    python = interpreter(repo, installed)

    with judging(repo, interpreter=lambda: python) as judged:
        (found,) = judged.findings(Gate())
    assert (found.rule, found.message) == ("tests/collection", "ModuleNotFoundError: No module named 'byrust.native'")
    assert str(found.hint).endswith('link = ["python/byrust/native"]')

    assert 'link = ["python/byrust/native"]' in repo.everycommit("init", "--yes").stdout
    settings = replaced(Settings(), "snapshot", link=("python/byrust/native",))
    with judging(repo, settings=settings, interpreter=lambda: python) as judged:
        result = judged.check(Gate())
    assert (result.outcome, result.reason, result.findings) == (Outcome.PASSED, None, ())
