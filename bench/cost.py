"""What a run costs beside what it must do; ratios of runs taken in turn, medians.

.venv/bin/python bench/cost.py                 # all three
.venv/bin/python bench/cost.py docs reading tools
"""

import argparse
import json
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from common import OWN, WORK, Cost, bare, environment, in_turn, median, ratio, sh, table, venv

EVERYCOMMIT = [str(OWN / "python"), "-I", "-c", "from everycommit.cli.main import main; raise SystemExit(main())"]


def fresh(name: str) -> Path:
    root = WORK / "cost" / name
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    sh(["git", "init", "--quiet", "--initial-branch=main"], root)
    return root


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def installed(name: str, *packages: str) -> Path:
    """Return the Python of a clean environment that has everycommit as a user would have it: no editable install."""
    checkout = str(Path(__file__).resolve().parent.parent)
    python = venv(name, checkout, *packages)
    again = [str(python), "-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", checkout]
    sh(again, WORK)  # the environment is kept between runs; what is measured is this checkout
    return python


def command(python: Path, *argv: str) -> list[str]:
    return [str(python), "-I", "-c", EVERYCOMMIT[3], *argv]


def docs(runs: int) -> list[list[str]]:
    """Entry to exit of the hook where only the policy applies."""
    root = fresh("docs")
    for number in range(100):
        write(root, f"src/shop/m{number}.py", f"X = {number}\n")
    write(root, "README.md", "# Shop\n")
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    write(root, "README.md", "# Shop\n\nMore words.\n")
    sh(["git", "add", "."], root)
    python = installed("everycommit")
    ours = command(python, "hook", "pre-commit")
    check = Cost(ours, root, environment())
    assert check.code == 0, check.out
    a, b = in_turn(runs, lambda: Cost(ours, root, environment()), lambda: Cost(bare(), root, environment()))
    return [["docs-only commit, entry to exit", "bare Python start, CPU", f"{ratio(a, b, 'cpu'):.1f}", "8"]]


def reading(runs: int) -> list[list[str]]:
    """Reading a one-file change and laying it out, among 20,000 files."""
    root = fresh("reading")
    for number in range(20_000):
        write(root, f"d{number % 200}/s{number % 7}/f{number}.py", f"X = {number}\n")
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    sh(["git", "status"], root)
    python = installed("everycommit")
    lay_out = [str(python), "-I", str(Path(__file__).with_name("lay_out.py"))]
    count = 0

    def ours() -> Cost:
        nonlocal count
        count += 1
        write(root, "d1/s1/f1.py", f"X = {count}  # changed\n")
        sh(["git", "add", "d1/s1/f1.py"], root)
        cost = Cost(lay_out, root, environment())
        assert cost.code == 0, cost.out
        return cost

    ours()
    a, b = in_turn(runs, ours, lambda: Cost(["git", "status"], root, environment()))
    for cost in a:
        cost.work = json.loads(cost.out.splitlines()[-1])["wall"]
    work = statistics.median(ours.work / status.wall for ours, status in zip(a, b, strict=True))
    what = "read a one-file change and lay it out, 20,000 files"
    return [
        [f"{what}, wall", "git status", f"{work:.1f}", "3"],
        [f"{what}: the whole process with Python's start, wall", "git status", f"{ratio(a, b, 'wall'):.1f}", ""],
        [f"{what}: the whole process with Python's start, CPU", "git status", f"{ratio(a, b, 'cpu'):.1f}", ""],
    ]


def tools(runs: int) -> list[list[str]]:
    """A run of lint, types and tests, warm, against the same three tools started bare at the same time."""
    from real import PROJECTS, Checkout

    here = Checkout(PROJECTS[0])
    return [_against_tools(here.root, "src/click/utils.py", ["src/click/utils.py"], [], runs, "click")]


def quick(runs: int) -> list[list[str]]:
    """The same on a project whose slowest tool takes about a second."""
    root = fresh("quick")
    write(
        root,
        "pyproject.toml",
        '[tool.mypy]\nstrict = true\nfiles = ["src"]\n[tool.pytest.ini_options]\npythonpath = ["src"]\n',
    )
    write(root, ".gitignore", ".venv\n.mypy_cache\n.pytest_cache\n__pycache__\n")
    write(root, "src/shop/__init__.py", "")
    for number in range(20):
        write(root, f"src/shop/m{number}.py", f"def f(x: int) -> int:\n    return x + {number}\n")
        write(
            root,
            f"tests/test_m{number}.py",
            f"from shop.m{number} import f\n\n\ndef test_f() -> None:\n    assert f(1) == {number + 1}\n",
        )
    write(root, "tests/test_wait.py", "import time\n\n\ndef test_wait() -> None:\n    time.sleep(0.5)\n")
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    sh([sys.executable, "-m", "venv", ".venv"], root)
    sh([".venv/bin/python", "-m", "pip", "install", "--quiet", "pytest"], root)
    return [
        _against_tools(
            root, "src/shop/m1.py", ["src/shop/m1.py"], ["tests"], runs, "slowest tool 1 s", bound_seconds=0.25
        )
    ]


def _against_tools(
    root: Path,
    path: str,
    linted: Sequence[str],
    tested: Sequence[str],
    runs: int,
    name: str,
    bound_seconds: float = 0.0,
) -> list[str]:
    python = installed("everycommit")
    plain = root.with_name(root.name + "-plain")
    shutil.rmtree(plain, ignore_errors=True)
    shutil.copytree(root, plain, symlinks=True)
    shutil.rmtree(plain / ".venv", ignore_errors=True)
    interpreter = str(root / ".venv/bin/python")
    ruff = str(python.with_name("ruff"))
    mypy = [str(python), "-m", "mypy", "--python-executable", interpreter]
    original = (root / path).read_text()
    # Three contents in turn: with two, mypy and the caches would meet a content that they just had.
    contents = [original + f"\n# edition {number}\nEVERYCOMMIT_{number} = {number}\n" for number in range(3)]
    count = {"ours": 0, "plain": 0}

    def ours() -> Cost:
        count["ours"] += 1
        (root / path).write_text(contents[count["ours"] % 3])
        sh(["git", "add", path], root)
        cost = Cost(command(python, "run", "--fresh", "lint", "types", "tests"), root, environment())
        assert cost.code == 0, cost.out
        return cost

    def bare_tools() -> Cost:
        count["plain"] += 1
        (plain / path).write_text(contents[count["plain"] % 3])
        return together(
            [
                ([ruff, "check", "--no-fix", "--no-cache", "--output-format=json", *linted], {}),
                (mypy, {}),
                ([interpreter, "-m", "pytest", "-q", *tested], {"PYTHONPATH": str(plain / "src")}),
            ],
            plain,
        )

    a, b = in_turn(runs, ours, bare_tools)
    if bound_seconds:
        more = median(a, "wall") - median(b, "wall")
        return [
            f"lint, types and tests at once, warm, {name}",
            "the same tools, bare, at once",
            f"{more:+.2f} s",
            "+0.25 s",
        ]
    return [
        f"lint, types and tests at once, warm, {name}",
        "the same tools, bare, at once",
        f"{ratio(a, b, 'wall'):.2f}",
        "1.15",
    ]


def together(
    commands: Sequence[tuple[Sequence[str], dict[str, str]]], cwd: Path, *, codes: Collection[int] = (0,)
) -> Cost:
    """Return the cost of several commands started at the same time, the wall of the slowest; they end with *codes*."""
    costs: list[Cost] = []

    def one(argv: Sequence[str], more: dict[str, str]) -> None:
        costs.append(Cost(argv, cwd, environment(**more)))

    threads = [threading.Thread(target=one, args=pair) for pair in commands]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = costs[0]
    whole.wall = time.perf_counter() - began
    for cost in costs:
        assert cost.code in codes, cost.out
    return whole


PARTS: dict[str, Callable[[int], list[list[str]]]] = {"docs": docs, "reading": reading, "tools": tools, "quick": quick}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which (default: all)")
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    rows = [row for name in args.parts or PARTS for row in PARTS[name](args.runs)]
    print(table(["what", "against", "ratio", "bound"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
