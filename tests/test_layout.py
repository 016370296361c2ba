"""The walls of the house: imports point down, and starting costs little."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import everycommit
from support import Repo

PACKAGE = Path(everycommit.__file__).parent
FLOORS = (
    {
        "record",
        "errors",
        "change",
        "result",
        "deadline",
        "text",
        "digest",
        "rules",
        "selection",
        "reader",
        "shards",
        "projects",
        "inside",
    },
    {
        "proc",
        "following",
        "watcher",
        "environment",
        "distributions",
        "managed",
        "prefixed",
        "config",
        "repo",
        "model",
        "ledger",
        "entries",
        "pending",
        "relay",
        "kept",
        "maps",
        "testmap",
        "mapped",
        "carried",
        "misses",
    },
    {"gates"},
    {"engine", "report"},
    {"agent", "versions"},
    {"cli", "__main__", "__init__"},
)
HEAVY = {
    "httpx",
    "openai",
    "unidiff",
    "sqlite3",
    "asyncio",
    "importlib.metadata",
    "concurrent.futures",
    "rich",
    "click",
}


def floor(part: str) -> int:
    return next(level for level, parts in enumerate(FLOORS) if part in parts)


def running(path: Path) -> list[ast.AST]:
    """Return the nodes of the module at *path* without what only types need."""
    module = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    return [node for node in ast.walk(module) if id(node) not in typing_only]


def imported(path: Path) -> set[str]:
    """Return the top parts of the package that the module at *path* imports, typing-only imports left out."""
    package = path.relative_to(PACKAGE).parts[:-1]
    found = set()
    for node in running(path):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - node.level + 1]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {(*above, *name.split("."))[0] for name in names}
    return found


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "inside" not in path.relative_to(PACKAGE).parts]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    """A module imports only from its own floor's rooms below it, never from above."""
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]

    above = {part for part in imported(path) - {own, "__version__"} if floor(part) > floor(own)}

    assert not above, f"{path} imports from a floor above: {above}"


def test_engine_and_report_do_not_know_each_other() -> None:
    for path in modules():
        room = path.relative_to(PACKAGE).parts[0]
        if room in {"engine", "report"}:
            assert not imported(path) & ({"engine", "report"} - {room}), path


def test_engine_and_report_know_no_concrete_gate() -> None:
    """They see the protocol in gates/base.py and nothing else of gates/."""
    for room in ("engine", "report"):
        for path in (PACKAGE / room).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and node.level == 2 and (node.module or "").startswith("gates"):
                    assert node.module == "gates.base", path


def test_what_runs_inside_a_project_imports_nothing_of_ours() -> None:
    for path in (PACKAGE / "inside").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name == "everycommit" or name.startswith("everycommit.") for name in names), path


def test_only_two_modules_start_programs() -> None:
    """git is started by repo/git.py, all else by proc.py with its watcher; the demo plays the user at a terminal."""
    starters = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        for node in running(path)
        if (isinstance(node, ast.Import) and any(alias.name == "subprocess" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "subprocess")
    }

    assert starters <= {"proc.py", "watcher.py", "cli/demo.py"}


def loaded(repo: Repo, *argv: str) -> set[str]:
    """Return the modules that a command loads, in a process of its own."""
    script = (
        "import sys, json\nfrom everycommit.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, *argv],
        cwd=repo.root,
        env={name: value for name, value in repo.environ.items() if not name.startswith("COV")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_loads_nothing_heavy(repo: Repo) -> None:
    found = loaded(repo, "--help")

    assert not found & (HEAVY | {"subprocess", "tomllib"})


def test_a_policy_only_run_loads_nothing_heavy(repo: Repo) -> None:
    repo.stage("README.md", "one\n").commit().stage("README.md", "one\ntwo\n")

    found = loaded(repo, "run", "policy")

    assert not found & (HEAVY | {"subprocess", "argparse", "_hashlib"})
    assert "everycommit.gates.policy" in found
    assert not any(name.startswith(("everycommit.gates.tests", "everycommit.report.live")) for name in found)


def test_a_docs_only_run_loads_nothing_of_the_review_but_its_gate(repo: Repo) -> None:
    """Also where a model is set up."""
    repo.stage("README.md", "one\n").commit().stage("README.md", "one\ntwo\n")
    repo.environ |= {"EVERYCOMMIT_MODEL_URL": "http://127.0.0.1:9/v1", "EVERYCOMMIT_MODEL": "m"}

    found = loaded(repo, "run", "policy", "review")

    review = {name.removeprefix("everycommit.gates.review.") for name in found if "gates.review." in name}
    assert review == {"gate"}
    assert not found & (HEAVY | {"subprocess", "tomllib"})
    assert not any(name.startswith(("everycommit.model.worker", "everycommit.model.models")) for name in found)
