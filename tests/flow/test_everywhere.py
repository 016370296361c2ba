"""The same change, at every place where it can be asked about: one outcome, the same findings, the same fingerprints.

What a place writes as JSON is compared whole; where people read, by the findings that its text holds. The ledger is
cleared before each place, so that each one judges by itself, but for the case whose tools take seconds.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from acting import stop
from flow.conftest import PRICES, PRICES_TEST
from support import Repo, clean_environment

BIN = Path(sys.executable).parent
SETTINGS = """\
[project]
name = "shop"
version = "1.0"

[tool.mypy]
strict = true

[tool.pytest.ini_options]
pythonpath = ["src"]

[tool.everycommit]
commit = [{gates}]
push = [{gates}]
ci = [{gates}]
budget = 200                            # however busy the machine is

[tool.everycommit.policy]
max_added_lines = 20
"""
CONFIG = """\
repos:
  - repo: local
    hooks:
      - id: everycommit
        name: everycommit
        entry: {python} -m everycommit hook pre-commit
        language: system
        pass_filenames: false
        always_run: true
        verbose: true
"""
BASE = {"src/shop/__init__.py": "", "src/shop/prices.py": PRICES, "tests/test_prices.py": PRICES_TEST}
SMALL, ALL = '"policy", "lint"', '"policy", "lint", "types", "tests"'
FINDING = re.compile(r"^ *(?:(\S+?)(?::(\d+))?(?::\d+)?: )?(error|warning)  (\w+/[\w-]+)", re.MULTILINE)
TOLD = re.compile(r"^- (?:(\S+?)(?::(\d+))?(?::\d+)?: )?(\w+/[\w-]+): ", re.MULTILINE)


class Case(NamedTuple):
    """A change and what becomes of it."""

    files: Mapping[str, str]
    code: int
    rules: frozenset[str]
    gates: str = SMALL


CASES = {
    "clean": Case({"src/shop/prices.py": PRICES + "\n\nRATE = 19\n"}, 0, frozenset()),
    "lint": Case({"src/shop/prices.py": "import os\n" + PRICES}, 1, frozenset({"lint/F401", "lint/I001"})),
    "policy": Case(
        {"src/shop/more.py": "".join(f"X{number} = {number}\n" for number in range(30))},
        1,
        frozenset({"policy/added-lines"}),
    ),
    "a warning": Case({"src/shop/prices.py": PRICES + "\n\nprint(1)\n"}, 0, frozenset({"policy/debug-print"})),
    "types and tests": Case(
        {"src/shop/prices.py": PRICES.replace("+ 50", "+ 150") + '\n\nRATE: int = "19"\n'},
        1,
        frozenset({"types/assignment", "tests/failed"}),
        ALL,
    ),
}


class Word(NamedTuple):
    """What a place says."""

    code: int
    found: frozenset[tuple[str | None, str | None, str, str]]
    """Path, line, severity and rule."""
    fingerprints: frozenset[str] | None = None
    """None where the place does not tell."""
    said: str = ""


def of_machine(whole: Mapping[str, Any]) -> Word:
    findings = [
        one for verdict in whole["verdicts"] for gate in verdict["gates"] for one in gate["findings"] if one["new"]
    ]
    found = {(one["path"], one["line"] and str(one["line"]), one["severity"], one["rule"]) for one in findings}
    return Word(whole["exit"], frozenset(found), frozenset(one["fingerprint"] for one in findings))


def of_text(code: int, text: str) -> Word:
    found = frozenset(
        (path or None, line or None, severity, rule) for path, line, severity, rule in FINDING.findall(text)
    )
    return Word(code, found, said=text)


def by_run(repo: Repo) -> Word:
    return of_machine(json.loads(repo.everycommit("run", "--format", "json").stdout))


def by_mcp(repo: Repo) -> Word:
    greeting = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    messages = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": greeting},
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "verify", "arguments": {"what": "staged"}},
        },
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "everycommit", "mcp"],
        cwd=repo.root,
        env=repo.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write("".join(json.dumps(one) + "\n" for one in messages).encode())
        server.stdin.flush()
        server.stdout.readline()
        answer = json.loads(server.stdout.readline())
        server.stdin.close()
    return of_machine(answer["result"]["structuredContent"])


def by_hook(repo: Repo) -> Word:
    assert repo.everycommit("install", "--yes", "--no-fill").returncode == 0
    done = repo.attempt("commit", "-m", "change")
    _back(repo, done.returncode)
    assert repo.everycommit("uninstall").returncode == 0
    return of_text(done.returncode, done.stdout + done.stderr)


def by_framework(name: str) -> Callable[[Repo], Word]:
    def judged(repo: Repo) -> Word:
        done = subprocess.run(
            [BIN / name, "install"], cwd=repo.root, env=repo.environ, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        made = repo.attempt("commit", "-m", "change")
        _back(repo, made.returncode)
        (repo.root / ".git/hooks/pre-commit").unlink()
        return of_text(made.returncode, re.sub(r"\x1b\[[0-9;]*m", "", made.stdout + made.stderr))

    return judged


def by_stop(repo: Repo) -> Word:
    """An agent is told what blocks, and nothing else."""
    said = stop(repo, session=repo.text("write-tree"))
    reason = said.json["reason"] if said.out.strip() not in {"", "{}"} else ""
    found = frozenset((path or None, line or None, "error", rule) for path, line, rule in TOLD.findall(reason))
    return Word(1 if reason else 0, found, said=reason)


def by_ci(repo: Repo) -> Word:
    repo.git("commit", "--quiet", "--no-verify", "-m", "change")
    done = repo.everycommit("ci", "--base", "HEAD^", "--format", "json")
    _back(repo, 0)
    return of_machine(json.loads(done.stdout))


def _back(repo: Repo, code: int) -> None:
    if code == 0:
        repo.git("reset", "--quiet", "--soft", "HEAD^")


PLACES: Mapping[str, Callable[[Repo], Word]] = {
    "run": by_run,
    "mcp": by_mcp,
    "the installed hook": by_hook,
    "pre-commit": by_framework("pre-commit"),
    "prek": by_framework("prek"),
    "an agent's stop": by_stop,
    "ci": by_ci,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    top = tmp_path_factory.mktemp("everywhere")
    repo = Repo.make(top / "shop", top / "home")
    repo.environ |= {**clean_environment(top / "home"), "VIRTUAL_ENV": sys.prefix, "CI": ""}
    repo.stage(".pre-commit-config.yaml", CONFIG.format(python=sys.executable))
    return repo


@pytest.mark.parametrize("name", CASES)
def test_the_same_change_gets_the_same_verdict_everywhere(shop: Repo, name: str) -> None:
    case = CASES[name]
    for path, text in (BASE | {"pyproject.toml": SETTINGS.format(gates=case.gates)}).items():
        shop.stage(path, text)
    shop.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", "base")
    for path, text in case.files.items():
        shop.stage(path, text)

    words = {}
    for place, judged in PLACES.items():
        if case.gates == SMALL:
            assert shop.everycommit("ledger", "clear").returncode == 0
        words[place] = judged(shop)

    first = words["run"]
    assert (first.code, frozenset(rule for _, _, _, rule in first.found)) == (case.code, case.rules)
    for place, word in words.items():
        errors = frozenset(one for one in first.found if one[2] == "error")
        assert word.code == first.code, f"{place}: {word.said}"
        assert word.found == (errors if place == "an agent's stop" else first.found), f"{place}: {word.said}"
        assert word.fingerprints in {None, first.fingerprints}, place
    assert sum(word.fingerprints is not None for word in words.values()) == 3
    shop.git("reset", "--quiet", "--hard")
    for path in case.files:
        (shop.root / path).unlink(missing_ok=True)
