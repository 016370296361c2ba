"""A world of dependencies to change one by one."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from unittest import mock

from everycommit.config.schema import (
    CommandSettings,
    Config,
    LintSettings,
    PolicySettings,
    Settings,
    SnapshotSettings,
    TestsSettings,
    TypesSettings,
)
from everycommit.engine import run
from everycommit.engine.plan import Step
from everycommit.environment import Interpreter
from everycommit.gates.base import Gate
from everycommit.gates.catalog import gates
from everycommit.repo.links import contents
from given import Objects, change, changed, job

LINT, TYPES, TESTS, COMMAND = "lint", "types", "tests", "docs"
EVERY = frozenset({LINT, TYPES, TESTS, COMMAND})
PYTHON = frozenset({TYPES, TESTS, COMMAND})
NONE: frozenset[str] = frozenset()
OIDS = [digit * 40 for digit in "cdef0123456789"]
WORDS = ["", "x", "xy", "a" * 50]
TIMES = [10**18, 10**18 + 1, 10**18 + 10**9]

DEPENDENCIES: Mapping[str, tuple[list[Any], frozenset[str]]] = {
    "everycommit": (["0.1.0 a", "0.1.0 b", "0.2.0 a"], EVERY),
    "target": (OIDS, EVERY),
    "parents": ([(oid,) for oid in OIDS] + [(), (OIDS[0], OIDS[1])], frozenset({LINT, TYPES, TESTS})),
    "lint.format": (["auto", "always", "never"], frozenset({LINT})),
    "types.paths": ([(), ("src",), ("src", "tests")], frozenset({TYPES})),
    "tests.args": ([(), ("-x",), ("-x", "-q")], frozenset({TESTS})),
    "value of tests.env": (WORDS, frozenset({TESTS})),
    "value of command.env": (WORDS, frozenset({COMMAND})),
    "command.run": ([("tool",), ("tool", "a"), ("tool", "a", "b"), ("tool", "a b")], frozenset({COMMAND})),
    "program of the command": (WORDS, frozenset({COMMAND})),
    "snapshot.git": ([False, True], EVERY),
    "contents of snapshot.link": (WORDS, EVERY),
    "names in a linked folder": (["a", "b", "c"], EVERY),
    "LANG": (["C", "C.UTF-8", "de_DE.UTF-8"], PYTHON),
    "LD_LIBRARY_PATH": (["/a", "/b"], PYTHON),
    "programs on PATH": (TIMES, PYTHON),
    "Python's version": (["3.11.1", "3.11.2", "3.12.0"], PYTHON),
    "Python's program": (WORDS, PYTHON),
    "a distribution's version": (["1.0", "1.0.1", "2.0"], PYTHON),
    "a distribution installed anew": (TIMES, PYTHON),
    "a .pth file": (WORDS, PYTHON),
    "mypy's version": (["1.18.0", "1.18.1"], PYTHON),
    "ruff's version": (["0.12.0", "0.12.1"], EVERY),
    "ruff's program": (WORDS, frozenset({LINT})),
    "the user's ruff settings": ([None, "line-length = 80", "line-length = 81"], frozenset({LINT})),
    "ruff settings above": ([None, "line-length = 80", "line-length = 81"], frozenset({LINT})),
    "pytest settings above": ([None, "[pytest]", "[pytest]\naddopts = -x"], frozenset({TESTS})),
    "pytest's settings before": ([None, b"[pytest]\naddopts = -q\n", b"[pytest]\naddopts = -v\n"], frozenset({TESTS})),
    # What a verdict must not depend on, or nothing would be known at push.
    "occasion": (["commit", "push", "ci"], NONE),
    "TERM": (["xterm", "dumb"], NONE),
    "git's own folder on PATH": ([False, True], NONE),
    "policy.max_added_lines": ([400, 500], NONE),
    "timeout": ([300.0, 60.0], NONE),
}
"""``{name: (values, the gates whose verdict depends on it)}``."""


class _Objects(Objects):
    def entries(self, tree: str, paths: object) -> dict[str, tuple[str, str]]:
        return {}


@dataclass
class _Trees:
    top: Path

    def linked(self) -> str:
        return contents(self.top, ("data.txt", "built"))


class World:
    """A machine in *folder* whose dependencies can be set."""

    def __init__(self, folder: Path) -> None:
        self.top, self.home, self.bin = folder / "top", folder / "home", folder / "bin"
        self.site = self.top / ".venv/lib/python3/site-packages"
        for path in (
            self.site,
            self.top / "built",
            self.bin,
            self.home / "config/ruff",
            self.home / "cache/everycommit",
        ):
            path.mkdir(parents=True)
        (self.top / ".venv/bin").mkdir()

    def keys(self, state: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """Return the keys of each gate in *state*, ``{name of a dependency: value}``."""
        python = self._python(state)
        self._files(state)
        settings = Settings(
            timeout=state["timeout"],
            policy=PolicySettings(max_added_lines=state["policy.max_added_lines"]),
            lint=LintSettings(format=state["lint.format"]),
            types=TypesSettings(paths=state["types.paths"]),
            tests=TestsSettings(args=state["tests.args"], env=("A",)),
            snapshot=SnapshotSettings(link=("data.txt", "built"), git=state["snapshot.git"]),
            command={COMMAND: CommandSettings(run=state["command.run"], env=("B",))},
        )
        blobs = _Objects()
        before = state["pytest's settings before"]
        files = [changed("pytest.ini", 1, old=blobs.put(before), new=blobs.put(b"[pytest]\n"))] if before else []
        where = replace(change(*files), target=state["target"], parents=state["parents"])
        places = [str(self.bin), "/usr/bin"]
        environ = {
            "PATH": os.pathsep.join(["/usr/lib/git-core", *places] if state["git's own folder on PATH"] else places),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "GIT_CEILING_DIRECTORIES": str(self.home / "cache/everycommit"),
            **{name: state[name] for name in ("LANG", "LD_LIBRARY_PATH", "TERM")},
        }
        the = job(where, config=Config(settings=settings), occasion=state["occasion"], blobs=blobs, environ=environ)
        the = replace(the, interpreter=lambda: python, trees=cast("Any", _Trees(self.top)))
        values = {"A": state["value of tests.env"], "B": state["value of command.env"]}
        every = gates(settings, values)
        with mock.patch.object(run, "itself", return_value=state["everycommit"]):
            return {name: self._keys(every[name], Step(every[name], the)) for name in (LINT, TYPES, TESTS, COMMAND)}

    def _keys(self, gate: Gate, step: Step) -> tuple[str, ...]:
        found = run.keys(gate, ".", run.depends(step))
        assert found, f"{gate.name} would never be kept: {run.depends(step)}"
        return found

    def _python(self, state: Mapping[str, Any]) -> Interpreter:
        versions = {
            "shop": state["a distribution's version"],
            "mypy": state["mypy's version"],
            "ruff": state["ruff's version"],
            "pytest": "8.0",
        }
        return Interpreter(
            python=self.top / ".venv/bin/python",
            version=state["Python's version"],
            prefix=self.top / ".venv",
            distributions=versions,
            origin=".venv",
            top=self.top,
        )

    def _files(self, state: Mapping[str, Any]) -> None:
        _write(self.top / ".venv/bin/python", state["Python's program"])
        _write(self.top / ".venv/bin/ruff", state["ruff's program"])
        _write(self.top / "data.txt", state["contents of snapshot.link"])
        # Times of a linked folder's files count: touched only where something changes.
        name = state["names in a linked folder"]
        if not (self.top / "built" / name).exists():
            for path in (self.top / "built").iterdir():
                path.unlink()
            (self.top / "built" / name).write_text("x")
        _write(self.site / "a.pth", state["a .pth file"])
        (self.site / "shop.dist-info").mkdir(exist_ok=True)
        _write(self.site / "shop.dist-info/RECORD", "", time=state["a distribution installed anew"])
        _write(self.bin / "tool", state["program of the command"])
        os.utime(self.bin, ns=(0, state["programs on PATH"]))
        _write(self.home / "config/ruff/ruff.toml", state["the user's ruff settings"])
        _write(self.home / "ruff.toml", state["ruff settings above"])
        _write(self.home / "pytest.ini", state["pytest settings above"])


def _write(path: Path, text: str | None, *, time: int = 10**18) -> None:
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(text)
        path.chmod(0o755)
        os.utime(path, ns=(0, time))


def wrong(world: World, state: Mapping[str, Any], name: str, value: object) -> Iterator[str]:
    """Yield what is wrong when dependency *name* changes from *state* to *value*: false hits, misses for nothing."""
    before, after = world.keys(state), world.keys({**state, name: value})
    for gate in sorted(EVERY):
        # The last key of a gate is the one of a clean pass, which holds whatever it is compared with.
        clean = name == "parents" and gate == TESTS
        pairs = (
            zip(before[gate][:1], after[gate][:1], strict=True)
            if clean
            else zip(before[gate], after[gate], strict=True)
        )
        depends = gate in DEPENDENCIES[name][1]
        if any((one == other) == depends for one, other in pairs):
            yield f"{gate}: {name}: {state[name]!r} -> {value!r} {'is a false hit' if depends else 'is a miss'}"
