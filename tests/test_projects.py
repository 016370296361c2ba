"""Several projects in one repository: where they are, and which of them a change reaches."""

from collections.abc import Mapping

import pytest

from everycommit.config.several import projects as read_projects
from everycommit.config.values import Mistake
from everycommit.errors import SettingsErrors
from everycommit.projects import apart
from everycommit.projects.found import excluded, may_hold_several, roots
from everycommit.projects.member import Member
from everycommit.projects.reach import reached
from everycommit.projects.tree import Tree

PROJECT = "[project]\nname = '{}'\n"
WORKSPACE = "[tool.uv.workspace]\nmembers = ['packages/*']\nexclude = ['packages/old']\n"


def of(files: Mapping[str, str]) -> Tree:
    return Tree(frozenset(files), lambda paths: {path: files[path].encode() for path in paths if path in files})


def several(**names: str) -> dict[str, str]:
    """Return a manifest in each of packages/NAME, with more text."""
    return {f"packages/{name}/pyproject.toml": PROJECT.format(f"acme-{name}") + more for name, more in names.items()}


# Where they are


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"pyproject.toml": PROJECT}, ()),
        ({"pyproject.toml": WORKSPACE, **several(a="", b="", old="")}, ("packages/a", "packages/b", "packages/old")),
        ({"api/pyproject.toml": "[tool.poetry]\n", "web/pyproject.toml": "[build-system]\n"}, ("api", "web")),
        ({"pyproject.toml": PROJECT, "sub/pyproject.toml": PROJECT}, ("sub",)),
        ({"conf/pyproject.toml": "[tool.ruff]\n"}, ()),
        ({"a/setup.py": "", "b/setup.cfg": "[metadata]\n", "c/setup.cfg": "[flake8]\n"}, ("a", "b")),
        ({"pyproject.toml": PROJECT, "lib/setup.py": "", "lib/setup.cfg": "[metadata]\n"}, ()),
        ({"a/tests/data/pyproject.toml": PROJECT, "examples/one/pyproject.toml": PROJECT, ".x/setup.py": ""}, ()),
        ({"pkg/pyproject.toml": PROJECT, "pkg/__init__.py": ""}, ()),
        ({"a/pyproject.toml": PROJECT, "a/b/pyproject.toml": PROJECT}, ("a", "a/b")),
        ({"a/pyproject.toml": "[project\nname = 1\n"}, ()),
        ({"a/pyproject.toml": "[project]\nname = oops\n"}, ("a",)),
    ],
)
def test_projects_are_found_by_their_manifests(files: dict[str, str], found: tuple[str, ...]) -> None:
    assert roots(of(files)) == found


def test_a_workspace_names_members_wherever_they_lie() -> None:
    files = {"pyproject.toml": "[tool.uv.workspace]\nmembers = ['examples/*', 'x']\nexclude = ['examples/b']\n"}
    files |= {"examples/a/pyproject.toml": PROJECT, "examples/b/pyproject.toml": PROJECT, "x/setup.py": ""}

    assert roots(of(files)) == ("examples/a", "x")


def test_what_the_settings_name_is_a_project_if_it_is_there() -> None:
    there = of({"tools/gen/run.py": ""})

    assert roots(there, ["tools/gen"]) == ("tools/gen",)
    with pytest.raises(SettingsErrors, match="root 'tools/jen': there is no such folder in this tree"):
        roots(there, ["tools/jen"])


def test_a_listing_tells_quickly_that_there_is_one_project() -> None:
    assert not may_hold_several(b"pyproject.toml\0src/a.py\0setup.py\0")
    assert may_hold_several(b"pyproject.toml\0a/setup.cfg\0")


def test_a_member_owns_what_lies_in_no_inner_one() -> None:
    member = Member(root="a", inner=excluded(["a", "a/b", "a/b/c", "ab"], "a"))

    assert member.inner == ("a/b",)
    assert [path for path in ("a/x.py", "a/b/x.py", "a/bc/x.py", "ab/x.py", "x.py") if member.owns(path)] == [
        "a/x.py",
        "a/bc/x.py",
    ]


# Who judges them


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ({}, ["packages/a", "packages/b"]),
        ({"pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['tests']\n"}, ["packages/a", "packages/b"]),
        ({"pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['packages/a/tests']\n"}, ["packages/b"]),
        ({"pyproject.toml": "[tool.pytest]\ntestpaths = ['packages/*/tests']\n"}, []),
        ({"pytest.ini": "[pytest]\ntestpaths =\n  packages\n"}, []),
        ({"pytest.ini": "", "tox.ini": "[pytest]\ntestpaths = packages\n"}, ["packages/a", "packages/b"]),
        ({"tox.ini": "[tox]\n", "setup.cfg": "[tool:pytest]\ntestpaths = packages/b\n"}, ["packages/a"]),
        ({"pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = '.'\n"}, ["packages/a", "packages/b"]),
    ],
)
def test_tests_that_pytest_at_the_root_is_told_of_stay_there(files: dict[str, str], own: list[str]) -> None:
    there = of({**files, "packages/a/tests/test_a.py": "", "packages/b/tests/test_b.py": ""})

    assert list(apart.with_own_tests(there, ["packages/a", "packages/b"], (), ())) == own


def test_arguments_for_pytest_name_paths_too_and_what_is_named_is_apart_in_any_case() -> None:
    there = of({"packages/a/tests/test_a.py": "", "packages/b/tests/test_b.py": ""})
    both = ["packages/a", "packages/b"]

    assert apart.with_own_tests(there, both, ("-q", "packages/a/tests/test_a.py::test_x"), ()) == ("packages/b",)
    assert apart.with_own_tests(there, both, ("packages",), ("packages/b",)) == ("packages/b",)


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ({"pyproject.toml": "[tool.mypy]\nstrict = true\n"}, ["a", "b"]),
        ({"pyproject.toml": "[tool.mypy]\nfiles = ['a', 'b']\n"}, []),
        ({"mypy.ini": "[mypy]\nfiles = a, b\n"}, []),
        ({"setup.cfg": "[mypy]\nstrict = true\n[options]\npackages = find:\n"}, ["a", "b"]),
        ({"mypy.ini": "[mypy]\nfiles = a, b\n", "b/mypy.ini": "[mypy]\n"}, ["b"]),
        ({"mypy.ini": "[mypy]\nfiles = a, b\n", "a/pyproject.toml": "[tool.mypy]\nstrict = true\n"}, ["a"]),
    ],
)
def test_files_that_mypy_at_the_root_is_told_of_stay_there(files: dict[str, str], own: list[str]) -> None:
    assert list(apart.with_own_types(of(files), ["a", "b"], (), ())) == own


def test_the_setting_types_paths_is_the_roots() -> None:
    assert apart.with_own_types(of({}), ["a", "b"], ("a",), ("b",)) == ("b",)


# Which a change reaches


def reaching(files: dict[str, str], *touched: str, depends: Mapping[str, tuple[str, ...]] | None = None) -> list[str]:
    return sorted(reached(of(files), roots(of(files)), touched, depends or {}))


@pytest.mark.parametrize(
    "need",
    [
        {"packages/b/pyproject.toml": PROJECT.format("b") + "dependencies = ['acme_a[x]>=1']\n"},
        {"packages/b/pyproject.toml": "[tool.poetry.dependencies]\ncore = {path = '../a'}\n"},
        {"packages/b/pyproject.toml": PROJECT.format("b") + "dependencies = ['core @ file:../a']\n"},
        {"packages/b/pyproject.toml": "[project\nname = 1\n", "packages/b/setup.py": "install_requires=['Acme.A']"},
        {"packages/b/requirements/dev.txt": "-e ../../a\n"},
        {"packages/b/requirements.in": "acme-a\n"},
        {"packages/b/src/b/__init__.py": "import json\nif 1:\n    from a.deep import x\n"},
        {"packages/b/b.py": "import os, a.deep as deep\n"},
        {"packages/b/b.py": "x = importlib.import_module('a.deep')\n"},
    ],
)
def test_what_a_project_says_that_it_needs_reaches_it(need: dict[str, str]) -> None:
    files = several(a="", b="", c="dependencies = ['acme-b', 'b']\n", d="") | {"packages/a/src/a/deep.py": ""} | need

    assert reaching(files, "packages/a/src/a/deep.py") == ["packages/a", "packages/b", "packages/c"]
    assert reaching(files, "packages/d/x.py") == ["packages/d"]


def test_a_need_behind_an_import_is_followed_on() -> None:
    files = several(a="", b="dependencies = ['acme-c']\n", c="") | {
        "packages/a/a.py": "",
        "packages/c/c.py": "import a",
    }

    assert reaching(files, "packages/a/a.py") == ["packages/a", "packages/b", "packages/c"]


def test_a_namespace_over_two_projects_ties_them() -> None:
    files = several(a="", b="", c="")
    files |= {"packages/a/src/acme/a/__init__.py": "", "packages/b/src/acme/b/__init__.py": "from acme.a import x\n"}

    assert reaching(files, "packages/a/src/acme/a/__init__.py") == ["packages/a", "packages/b"]


def test_tests_of_the_same_name_tie_nobody() -> None:
    files = several(a="", b="") | {"packages/a/tests/test_x.py": "", "packages/b/tests/test_x.py": "import tests.help"}

    assert reaching(files, "packages/a/tests/test_x.py") == ["packages/a"]


@pytest.mark.parametrize(
    "shared", ["pyproject.toml", "conftest.py", "uv.lock", "packages/gone/x.py", "packages/README"]
)
def test_what_lies_in_no_project_reaches_all(shared: str) -> None:
    assert reaching(several(a="", b=""), shared) == ["packages/a", "packages/b"]


def test_the_settings_add_needs() -> None:
    depends = {"packages/b": ("packages/[a]",)}

    assert reaching(several(a="", b="", c=""), "packages/a/x.json", depends=depends) == ["packages/a", "packages/b"]
    assert reaching(several(a="", b="")) == []


# What the settings say


def test_a_project_is_read_and_written() -> None:
    (one,) = read_projects([{"root": "./packages/a/", "depends": ["b"], "python": "py"}])

    assert str(one) == '{root = "packages/a", depends = ["b"], python = "py"}'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"root": "a"}, "is not a list of tables"),
        (["a"], 'project 1: "a" is not a table'),
        ([{"depends": []}], "project 1: root is missing"),
        ([{"root": "a"}, {"root": "a/"}], "root 'a' is named twice"),
        ([{"root": "/a"}], 'project 1: root "/a" lies outside the repository'),
        ([{"root": "../a"}], "lies outside the repository"),
        ([{"root": "."}], 'root "." is no folder below'),
        ([{"root": 1}], "root 1 is no folder below"),
        ([{"rot": "a"}], "project 1: 'rot': no such setting; did you mean 'root'?"),
        ([{"root": "a", "depends": "b"}], 'project 1: depends: "b" is not a list; write \\["b"\\]'),
    ],
)
def test_a_wrong_project_is_said_in_a_sentence(value: object, said: str) -> None:
    with pytest.raises(Mistake, match=said):
        read_projects(value)
