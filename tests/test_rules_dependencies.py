"""Requirements, actions, locks; generated and binary files."""

import json

import pytest

from everycommit.result import NOTE, WARNING
from everycommit.rules import files
from everycommit.rules.dependencies import check
from everycommit.rules.locks import locked
from everycommit.rules.manifests import is_manifest, requirements
from support import Repo, change_of

SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"


BUILT = """\
[build-system]
requires = ["hatchling>=1"]
[project]
dependencies = ["Typing_Extensions[a]>=4; python_version<'3'"]
[project.optional-dependencies]
cli = ["click"]
[dependency-groups]
dev = ["pytest==8.1", {include-group = "cli"}]
"""
POETRY_PROJECT = """\
[tool.poetry.dependencies]
python = "^3.11"
httpx = {version = "^0.27"}
[tool.poetry.group.dev.dependencies]
ruff = "*"
[tool.uv]
dev-dependencies = ["mypy"]
"""
REQUIREMENTS = f"""\
# words
-r base.txt
httpx==0.27 \\
    --hash=sha256:aa
rich>=14  # nice
x @ git+https://a/b@{SHA}
https://a/b.whl
"""


def found(
    repo: Repo, before: dict[str, str | bytes | None], after: dict[str, str | bytes | None]
) -> list[tuple[str, str]]:
    return [(one.rule.removeprefix("policy/"), one.message) for one in check(*change_of(repo, before, after))]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "pyproject.toml",
            BUILT,
            [("typing-extensions", "[a]>=4"), ("hatchling", ">=1"), ("click", ""), ("pytest", "==8.1")],
        ),
        (
            "pyproject.toml",
            POETRY_PROJECT,
            [("mypy", ""), ("httpx", "^0.27"), ("ruff", "")],
        ),
        (
            "requirements/dev.txt",
            REQUIREMENTS,
            [("httpx", "==0.27"), ("rich", ">=14"), ("x", f"@ git+https://a/b@{SHA}"), ("https://a/b.whl", "")],
        ),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n    a>=1\n    # no\n[options.extras_require]\nx = b\n",
            [("a", ">=1"), ("b", "")],
        ),
        (
            "setup.py",
            "setup(install_requires=['a>=1'], extras_require={'x': ['b']}, name='c')\n",
            [("a", ">=1"), ("b", "")],
        ),
        (
            "package.json",
            '{"dependencies": {"left-pad": "^1.0"}, "devDependencies": {"x": "1.2.3"}}',
            [("left-pad", "^1.0"), ("x", "1.2.3")],
        ),
        ("Cargo.toml", '[dependencies]\nserde = "1"\na = {git = "https://b"}\n', [("serde", "1"), ("a", "https://b")]),
        (
            "go.mod",
            "module a\n\ngo 1.22\n\nrequire (\n\tb.org/c v1.2.3\n)\nrequire d.org/e v2.0.0\n",
            [("b.org/c", "v1.2.3"), ("d.org/e", "v2.0.0")],
        ),
        (
            ".github/workflows/ci.yml",
            f"      - uses: A/b@v4\n        uses: ./local@x\n      - uses: 'c/d/e@{SHA}' # v1\n",
            [("a/b", "v4"), ("c/d/e", SHA)],
        ),
        (
            ".pre-commit-config.yaml",
            "repos:\n  - repo: https://a/b\n    rev: v1\n    hooks: []\n  - repo: local\n    hooks: []\n",
            [("https://a/b", "v1")],
        ),
        (
            "Dockerfile",
            f"FROM python:3.12 AS base\nFROM base\nFROM x@sha256:{SHA}\nFROM scratch\n",
            [("python", "3.12"), ("x", f"sha256:{SHA}")],
        ),
    ],
    ids=[
        "pyproject",
        "poetry",
        "requirements",
        "setup.cfg",
        "setup.py",
        "npm",
        "cargo",
        "go",
        "workflow",
        "pre-commit",
        "docker",
    ],
)
def test_what_a_manifest_requires(path: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.name, one.asked) for one in requirements(path, text)] == expected


@pytest.mark.parametrize("path", ["pyproject.toml", "package.json", "setup.cfg", "setup.py", "Cargo.toml"])
@pytest.mark.parametrize("text", ["]", "{", '{"dependencies": []}', "project = 1\n", "[[a", "def f(:", "\0", ""])
def test_a_broken_manifest_requires_nothing(path: str, text: str) -> None:
    assert requirements(path, text) == []


def test_what_is_a_manifest() -> None:
    assert is_manifest("a/requirements-dev.txt")
    assert not is_manifest("docs/notes.txt")
    assert not is_manifest("workflows/a.yml")
    assert requirements("docs/notes.txt", "a==1\n") == []


def test_new_changed_and_dropped_requirements(repo: Repo) -> None:
    before = '[project]\ndependencies = [\n  "a==1",\n  "b",\n  "c>=1",\n]\n'
    after = '[project]\ndependencies = [\n  "a==2",\n  "c>=1",\n  "d",\n]\n'

    findings = check(*change_of(repo, {"pyproject.toml": before}, {"pyproject.toml": after}))

    assert [(one.rule, one.severity, one.line, one.message) for one in findings] == [
        ("policy/dependency-changed", NOTE, 3, "a: ==1 -> ==2 (pinned)"),
        ("policy/dependency-new", WARNING, 5, "new: d (not pinned)"),
        ("policy/dependency-changed", NOTE, None, "no longer required here: b"),
    ]


def test_a_requirement_that_moves_between_manifests_is_not_new(repo: Repo) -> None:
    before: dict[str, str | bytes | None] = {
        "setup.cfg": "[options]\ninstall_requires =\n  a>=1\n",
        "pyproject.toml": "[project]\nname = 'x'\n",
    }
    after: dict[str, str | bytes | None] = {
        "setup.cfg": "[options]\n",
        "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['a>=1']\n",
    }

    assert [rule for rule, _ in found(repo, before, after)] == ["dependency-changed"]


def test_an_action_by_a_tag_and_by_a_commit(repo: Repo) -> None:
    path, step = ".github/workflows/ci.yml", "      - uses: a/b@{}\n"

    assert found(repo, {}, {path: step.format("v4")}) == [("action-by-tag", "new: a/b@v4 (not pinned)")]
    assert found(repo, {}, {path: step.format(SHA)}) == [("dependency-new", f"new: a/b@{SHA} (pinned)")]
    assert found(repo, {path: step.format("v3")}, {path: step.format("v4")}) == [
        ("dependency-changed", "a/b: v3 -> v4 (not pinned)")
    ]


POETRY = '[[package]]\nname = "a"\nversion = "{}"\n\n[[package]]\nname = "b"\nversion = "1"\n'


def test_a_lock_without_its_manifest_and_the_reverse(repo: Repo) -> None:
    manifest = "[project]\nname = 'x'\ndependencies = ['a{}']\n"
    locks = [POETRY.format("1"), POETRY.format("2")]
    files = [manifest.format(""), manifest.format(">=2")]

    def rules(lock: int, requirement: int) -> list[str]:
        before: dict[str, str | bytes | None] = {"p/uv.lock": locks[0], "p/pyproject.toml": files[0]}
        after: dict[str, str | bytes | None] = {"p/uv.lock": locks[lock], "p/pyproject.toml": files[requirement]}
        return [rule for rule, _ in found(repo, before, after)]

    assert rules(1, 0) == ["lock-changed", "lock-without-manifest"]
    assert rules(0, 1) == ["dependency-changed", "lock-without-manifest"]
    assert rules(1, 1) == ["dependency-changed", "lock-changed"]
    assert ("lock-changed", "uv.lock changes: a 1 -> 2") in found(repo, {"uv.lock": locks[0]}, {"uv.lock": locks[1]})


def test_a_manifest_that_changes_in_words_leaves_the_lock_alone(repo: Repo) -> None:
    before: dict[str, str | bytes | None] = {"uv.lock": "", "pyproject.toml": "[project]\nname = 'x'\n"}
    after: dict[str, str | bytes | None] = {"uv.lock": "", "pyproject.toml": "[project]\nname = 'y'\n"}

    assert not found(repo, before, after)


def test_a_workspace_has_one_lock_above_its_manifests(repo: Repo) -> None:
    before: dict[str, str | bytes | None] = {"package-lock.json": "{}", "packages/a/package.json": "{}"}
    after: dict[str, str | bytes | None] = {
        "package-lock.json": json.dumps({"packages": {"": {}, "node_modules/x": {"version": "1"}}}),
        "packages/a/package.json": '{"dependencies": {"x": "^1"}}',
    }

    assert [rule for rule, _ in found(repo, before, after)] == ["dependency-new", "lock-changed"]


def test_the_versions_that_locks_hold() -> None:
    assert locked("poetry.lock", POETRY.format("1")) == {"a": "1", "b": "1"}
    assert locked("go.sum", "a.org/b v1.0.0 h1:x=\na.org/b v1.0.0/go.mod h1:y=\n") == {"a.org/b": "v1.0.0"}
    assert locked("package-lock.json", '{"packages": []}') == {}
    assert locked("package-lock.json", "{") == {}
    assert locked("yarn.lock", "x\n") == {}
    assert locked("uv.lock", None) == {}


def test_many_versions_are_counted(repo: Repo) -> None:
    text = "".join(f'[[package]]\nname = "p{number}"\nversion = "1"\n\n' for number in range(9))

    assert (
        "lock-changed",
        "Cargo.lock changes: p0 new -> 1, p1 new -> 1, p2 new -> 1, p3 new -> 1, p4 new -> 1, p5 new -> 1 and 3 more",
    ) in found(repo, {}, {"Cargo.lock": text})
    assert ("lock-changed", "yarn.lock changes: +1 -0 lines") in found(repo, {}, {"yarn.lock": "x\n"})


@pytest.mark.parametrize(
    ("path", "before", "after", "generated"),
    [
        ("a.py", "# @generated by x\nx = 1\n", "# @generated by x\nx = 2\n", True),
        ("a.go", "// Code generated by x. DO NOT EDIT.\nx\n", "// Code generated by x. DO NOT EDIT.\ny\n", True),
        ("a.py", '"""Do not edit."""\nx = 1\n', '"""Do not edit."""\nx = 2\n', True),
        ("a.py", None, "# This file is auto-generated\nx = 2\n", True),
        ("web/a.min.js", "x\n", "y\n", True),
        ("a.py", '"""Writes generated files."""\nx = 1\n', '"""Writes generated files."""\nx = 2\n', False),
        ("a.md", "<!-- generated by x -->\na\n", "<!-- generated by x -->\nb\n", False),
        ("a.py", "x = 1\n" * 20 + "# do not edit\n", "x = 1\n" * 21 + "# do not edit\n", False),
    ],
)
def test_generated_files(repo: Repo, path: str, before: str | None, after: str, *, generated: bool) -> None:
    findings = files.check(*change_of(repo, {path: before}, {path: after}))

    assert [one.rule for one in findings] == ["policy/generated-file"] * generated


@pytest.mark.parametrize(
    ("path", "severity"),
    [("tool.bin", WARNING), ("a.png", NOTE), ("tests/data/a.bin", NOTE), ("lib/a.so", WARNING)],
)
def test_binary_files(repo: Repo, path: str, severity: str) -> None:
    new = files.check(*change_of(repo, {}, {path: b"\0a"}))
    changed = files.check(*change_of(repo, {path: b"\0a"}, {path: b"\0b"}))
    gone = files.check(*change_of(repo, {path: b"\0a"}, {}))

    assert [(one.rule, one.severity, one.message) for one in new + changed + gone] == [
        ("policy/binary-file", severity, "a new binary file"),
        ("policy/binary-file", severity, "a binary file changes"),
    ]
