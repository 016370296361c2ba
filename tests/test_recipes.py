"""Which commands are proposed for a project that is not Python, and that they are those of the docs."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from everycommit.config import recipes as known
from everycommit.config.recipes import Recipe, recipes

PAGE = Path(__file__).resolve().parent.parent / "docs/commands.md"
ESLINT = {"devDependencies": {"eslint": "^9"}}


def names(paths: list[str], package: object = None, makefile: str = "") -> list[str]:
    texts = {"package.json": package if isinstance(package, str) else json.dumps(package)} if package else {}
    return [one.name for one in recipes(paths, {**texts, "Makefile": makefile})]


@pytest.mark.parametrize(
    ("paths", "package", "expected"),
    [
        (["eslint.config.mjs"], ESLINT, ["eslint"]),
        ([".eslintrc.json"], ESLINT, ["eslint"]),
        ([], ESLINT | {"eslintConfig": {}}, ["eslint"]),
        (["sub/eslint.config.js"], ESLINT, []),
        (["eslint.config.js"], {"scripts": {}}, []),
        (["tsconfig.json"], {"dependencies": {"typescript": "5"}}, ["tsc"]),
        ([], {"dependencies": {"typescript": "5"}}, []),
        ([".prettierrc"], {"devDependencies": {"prettier": "3"}}, ["prettier"]),
        ([], {"devDependencies": {"prettier": "3"}, "prettier": {}}, ["prettier"]),
        ([], {"devDependencies": {"prettier": "3"}}, []),
        ([], {"devDependencies": {"vitest": "4"}, "scripts": {"test": "vitest"}}, ["vitest"]),
        ([], {"scripts": {"test": "jest"}}, ["test"]),
        ([], {"scripts": {"test": 'echo "Error: no test specified" && exit 1'}}, []),
        ([], "{not json", []),
        ([], "[1]", []),
        ([], {"devDependencies": ["eslint"], "scripts": ["test"]}, []),
        (["Cargo.toml"], None, ["clippy", "cargo-test"]),
        (["go.mod"], None, ["vet", "go-test"]),
        (["sub/Cargo.toml"], None, []),
        ([".shellcheckrc", "a.sh"], None, ["shellcheck"]),
        (["a.sh"], None, []),
    ],
)
def test_what_is_configured_is_proposed(paths: list[str], package: object, expected: list[str]) -> None:
    assert names(paths, package) == expected


def test_make_tests_what_nothing_else_does() -> None:
    assert names([], makefile="all: test\n\ntest: all\n\ttrue\n") == ["test"]
    assert names([], makefile="test := 1\ntests:\n") == []
    assert names(["go.mod"], makefile="test:\n") == ["vet", "go-test"]


@pytest.mark.parametrize(
    ("lock", "manager"),
    [
        ("pnpm-lock.yaml", "pnpm"),
        ("yarn.lock", "yarn"),
        ("bun.lock", "bun"),
        ("package-lock.json", "npm"),
        ("a", "npm"),
    ],
)
def test_the_script_is_run_by_the_packages_manager(lock: str, manager: str) -> None:
    (one,) = recipes([lock], {"package.json": json.dumps({"scripts": {"test": "jest"}})})

    assert (one.run, one.link) == ((manager, "test"), "node_modules")


def test_the_recipes_of_the_docs_are_those_that_are_proposed() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    shown = tomllib.loads(blocks[-1])["tool"]["everycommit"]["command"]

    assert shown == {
        one.name: {"run": list(one.run), "files": list(one.files)}
        | ({"format": one.format} if one.format != "text" else {})
        | ({"report": one.report} if one.report else {})
        for one in vars(known).values()
        if isinstance(one, Recipe)
    }
