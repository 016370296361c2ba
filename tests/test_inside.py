"""What runs in the project's Python: children import the snapshot, whatever an editable install says."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from everycommit.gates.inside import FOLDER, leaked, missing
from interpreters import OWN, there

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def _python(version: str) -> str:
    """Return a Python of *version*, or skip."""
    major, minor = map(int, version.split("."))
    found = Path(sys.executable) if (major, minor) == OWN else there().get((major, minor))
    if found is None:
        pytest.skip(f"no Python {version} here")
    return str(found)


@dataclass
class World:
    """A working tree, a snapshot of it, and children that run in the snapshot."""

    top: Path

    @property
    def worktree(self) -> Path:
        return self.top / "worktree"

    @property
    def snapshot(self) -> Path:
        return self.top / "snapshot"

    @property
    def report(self) -> Path:
        return self.top / "report"

    def both(self, name: str, here: str = "HERE = 'worktree'\n", there: str | None = "HERE = 'snapshot'\n") -> "World":
        """Write *name* into the working tree and, unless None, with another content into the snapshot."""
        for root, content in ((self.worktree, here), (self.snapshot, there)):
            if content is not None:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(content)
        return self

    def run(
        self, code: str, *, python: str = sys.executable, path: str = "", env: Mapping[str, str] | None = None
    ) -> str:
        """Run *code* in a child as a gate does; return what it printed, errors too. *path* is put behind ours."""
        done = subprocess.run(
            [python, "-W", "error", "-c", textwrap.dedent(code)],
            cwd=self.snapshot,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.top),
                "PYTHONPATH": os.pathsep.join(filter(None, [str(FOLDER), path])),
                "EVERYCOMMIT_WORKTREE": str(self.worktree),
                "EVERYCOMMIT_SNAPSHOT": str(self.snapshot),
                "EVERYCOMMIT_REPORT": str(self.report),
                **(env or {}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    @property
    def leaks(self) -> list[str]:
        return leaked(self.report)

    @property
    def missing(self) -> list[str]:
        return missing(self.report, self.worktree)


@pytest.fixture
def world(tmp_path: Path) -> World:
    top = tmp_path.resolve()
    (top / "snapshot").mkdir()
    (top / "worktree").mkdir()
    return World(top)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_path_of_the_working_tree_becomes_the_snapshots(world: World, version: str) -> None:
    """The ``.pth`` of most editable installs ends as an entry of sys.path."""
    world.both("src/pkg/__init__.py").both("src/pkg/sub.py")

    said = world.run(
        """
        import sys, pkg, pkg.sub
        print(pkg.HERE, pkg.sub.HERE, any("worktree" in entry for entry in sys.path))
        """,
        python=_python(version),
        path=f"{world.worktree}/src",
    )

    assert said == "snapshot snapshot False"
    assert world.leaks == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_finder_that_comes_first_is_overruled(world: World, version: str) -> None:
    """scikit-build-core puts its own first on sys.meta_path, and so could anybody."""
    world.both("src/pkg/__init__.py").both("src/pkg/sub.py").both("src/space/part.py").both("src/one.py")
    site = world.top / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        textwrap.dedent(
            f"""
            import sys, importlib.util, os
            from importlib.machinery import ModuleSpec, PathFinder
            class First:
                @classmethod
                def find_spec(cls, name, path=None, target=None):
                    src = {str(world.worktree / "src")!r}
                    if name == "space":
                        spec = ModuleSpec(name, None, is_package=True)
                        spec.submodule_search_locations = [os.path.join(src, "space")]
                        return spec
                    if name == "pkg":
                        there = os.path.join(src, "pkg", "__init__.py")
                        return importlib.util.spec_from_file_location(name, there)
                    if name == "one":
                        return PathFinder.find_spec(name, [src])
            sys.meta_path.insert(0, First)
            """
        )
    )

    said = world.run(
        "import pkg, pkg.sub, space.part, one; print(pkg.HERE, pkg.sub.HERE, space.part.HERE, one.HERE)",
        python=_python(version),
        path=str(site),
    )

    assert said == "snapshot snapshot snapshot snapshot"
    assert world.leaks == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_that_only_the_working_tree_has_is_missing_and_told(world: World, version: str) -> None:
    world.both("src/pkg/__init__.py").both("src/pkg/_version.py", there=None).both("src/forgotten.py", there=None)

    said = world.run(
        """
        import os, sys
        try:
            import pkg._version
        except ImportError as error:
            print(error)
        try:
            import forgotten
        except ImportError as error:
            print(error)
        sys.path.insert(0, os.path.join(os.environ["EVERYCOMMIT_WORKTREE"], "src"))
        try:
            import forgotten
        except ImportError as error:
            print(type(error).__name__, error.name)
        """,
        python=_python(version),
        path=f"{world.worktree}/src",
    )

    assert said.splitlines() == [
        "No module named 'pkg._version'",
        "No module named 'forgotten'",
        "ModuleNotFoundError forgotten",
    ]
    assert world.missing == ["src/forgotten.py", "src/pkg/_version.py"]


def test_a_built_extension_of_the_working_tree_is_told_as_missing(world: World) -> None:
    world.both("pkg/__init__.py").both("pkg/_fast.cpython-311-x86_64-linux-gnu.so", here="", there=None)

    assert "No module named 'pkg._fast'" in world.run("import pkg._fast", path=str(world.worktree))
    assert world.missing == ["pkg/_fast.cpython-311-x86_64-linux-gnu.so"]


def test_a_module_that_slipped_in_is_told_when_the_child_ends(world: World) -> None:
    world.both("pkg.py")

    said = world.run(
        f"""
        import importlib.util, sys
        spec = importlib.util.spec_from_file_location("pkg", {str(world.worktree / "pkg.py")!r})
        sys.modules["pkg"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        print(module.HERE)
        """
    )

    assert said == "worktree"
    assert world.leaks == [f"pkg\t{world.worktree}/pkg.py"]


def test_children_of_children_are_watched_too(world: World) -> None:
    world.both("pkg.py")

    said = world.run(
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import pkg; print(pkg.HERE)'], check=True)",
        path=str(world.worktree),
    )

    assert said == "snapshot"


def test_everycommit_itself_is_judged_without_two_finders(world: World) -> None:
    """Its own folder lies in the working tree then, and in the snapshot once more."""
    inside = "hooks/everycommit/inside"
    for name in ("sitecustomize.py", "everycommit_pytest.py"):
        text = (FOLDER / name).read_text()
        world.both(f"{inside}/{name}", text, text)

    said = world.run(
        """
        import importlib.util, sys
        print(importlib.util.find_spec("no_such_module"))
        print(sum(getattr(one, "everycommit", False) for one in sys.meta_path))
        """,
        env={"PYTHONPATH": f"{world.worktree}/{inside}"},
    )

    assert said == "None\n1"


def test_a_link_to_the_working_tree_is_followed(world: World) -> None:
    """An editable install may know the project under another name, or be a link itself (flit)."""
    world.both("src/pkg/__init__.py").both("src/one.py").both("src/two/__init__.py")
    site = world.top / "env/site-packages"
    site.mkdir(parents=True)
    (site / "one.py").symlink_to(world.worktree / "src/one.py")
    (site / "two").symlink_to(world.worktree / "src/two")
    (world.top / "alias").symlink_to(world.worktree)

    said = world.run(
        "import pkg, one, two; print(pkg.HERE, one.HERE, two.HERE)", path=f"{world.top}/alias/src{os.pathsep}{site}"
    )

    assert said == "snapshot snapshot snapshot"
    assert world.leaks == []


def test_an_environment_in_the_working_tree_is_left_alone(world: World) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(world.worktree / ".venv")], check=True)
    (site,) = (world.worktree / ".venv/lib").glob("python*/site-packages")
    (site / "dependency.py").write_text("HERE = 'installed'\n")

    said = world.run("import dependency; print(dependency.HERE)", python=str(world.worktree / ".venv/bin/python"))

    assert said == "installed"
    assert world.leaks == []


def test_a_snapshot_inside_the_working_tree_is_the_snapshot(tmp_path: Path) -> None:
    world = World(tmp_path.resolve())
    (world.top / "snapshot").mkdir()
    (world.top / "snapshot/pkg.py").write_text("HERE = 'snapshot'\n")
    (world.top / "worktree").mkdir()

    said = world.run(
        "import pkg; print(pkg.HERE)",
        env={"EVERYCOMMIT_WORKTREE": str(world.top)},
        path=str(world.snapshot),
    )

    assert said == "snapshot"
    assert world.leaks == []


def test_metadata_beside_the_code_is_still_found(world: World) -> None:
    """``setup.py develop`` keeps it in the working tree, where git ignores it."""
    world.both("src/pkg/__init__.py").both("src/pkg.egg-info/PKG-INFO", "Name: pkg\nVersion: 1.2\n", there=None)

    said = world.run(
        """
        from importlib.metadata import version, distributions
        import importlib.metadata
        print(version("pkg"))
        try:
            version("no-such-thing")
        except importlib.metadata.PackageNotFoundError:
            print("none")
        print(list(distributions(path=[])))
        """,
        path=f"{world.worktree}/src",
    )

    assert said.splitlines() == ["1.2", "none", "[]"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sitecustomize_that_ours_hides_runs(world: World, version: str) -> None:
    """Debian has one, and so do many images."""
    site = world.top / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import sys\nsys.theirs = __name__, __file__\n")

    said = world.run(
        "import sys, sitecustomize; print(sys.theirs, sitecustomize.__file__)", path=str(site), python=_python(version)
    )

    assert said == f"('sitecustomize', '{site}/sitecustomize.py') {site}/sitecustomize.py"


def test_a_broken_sitecustomize_is_told_as_python_tells_it(world: World) -> None:
    site = world.top / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("raise ValueError('theirs')\n")

    said = world.run("print('on')", path=str(site))

    assert "ValueError: theirs" in said
    assert said.endswith("on")


@pytest.mark.parametrize(
    "env",
    [
        {"EVERYCOMMIT_WORKTREE": ""},
        {"EVERYCOMMIT_SNAPSHOT": ""},
        {"EVERYCOMMIT_REPORT": ""},
        {"EVERYCOMMIT_REPORT": "/no/such/folder/report"},
        {"EVERYCOMMIT_WORKTREE": "/no/such/folder"},
    ],
)
def test_nothing_that_is_wrong_with_it_reaches_the_child(world: World, env: Mapping[str, str]) -> None:
    world.both("pkg.py")

    said = world.run(
        f"""
        import importlib.util, sys
        spec = importlib.util.spec_from_file_location("pkg", {str(world.worktree / "pkg.py")!r})
        sys.modules["pkg"] = importlib.util.module_from_spec(spec)
        try:
            import no_such_module
        except ImportError as error:
            print(error)
        """,
        env=env,
    )

    assert said == "No module named 'no_such_module'"


def test_a_finder_of_the_old_kind_still_finds(world: World) -> None:
    """Until Python 3.11 a finder may know find_module alone."""
    said = world.run(
        """
        import sys, types
        class Old:
            def find_module(self, name, path=None):
                return self if name == "old" else None
            def load_module(self, name):
                sys.modules[name] = module = types.ModuleType(name)
                module.__loader__ = self
                return module
        sys.meta_path.append(Old())
        import warnings
        warnings.simplefilter("ignore")
        import old
        print(old.__name__)
        """,
        python=_python("3.11"),
    )

    assert said == "old"


# --- children that nobody watches ----------------------------------------------------------------------------------

OURS = {"PYTHONPATH": f"/elsewhere{os.pathsep}{FOLDER}"}


@pytest.mark.parametrize(
    ("argv", "env", "seen"),
    [
        (["python3", "a.py"], None, False),
        (["/usr/bin/python3.12", "-m", "shop"], OURS, False),
        (["python", "-I", "a.py"], None, True),
        (["python", "-sE", "-c", "1"], None, True),
        (["python", "-W", "error", "-Iu", "a.py"], None, True),
        (["python", "-Werror", "-X", "dev", "-E", "a.py"], None, True),
        ([sys.executable, "-S", "a.py"], None, False),
        (["python", "-c", "-I"], None, False),
        (["python", "-mshop", "-I"], None, False),
        (["python", "a.py", "-E"], None, False),
        (["python", "-", "-I"], None, False),
        (["python", "--check-hash-based-pycs", "always", "-I"], None, False),
        (["python"], {}, True),
        (["python"], {"PYTHONPATH": "/elsewhere"}, True),
        ([b"python", b"-I"], None, True),
        (["python"], {b"PYTHONPATH": os.fsencode(FOLDER)}, False),
        (["git", "-I"], {}, False),
        (["ipython", "-I"], {}, False),
        ("python -I a.py", {}, False),
        ([], None, False),
    ],
)
def test_a_python_without_what_watches_it_is_told_by_its_command(argv: list[str], env: object, *, seen: bool) -> None:
    code = f"import everycommit_children; print(everycommit_children.unwatched(None, {argv!r}, {env!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(FOLDER)}, capture_output=True, text=True, check=True
    )

    assert done.stdout == f"{seen}\n"
