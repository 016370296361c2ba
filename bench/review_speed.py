"""How long a review takes at a set speed of the model, beside what that speed alone costs.

    .venv/bin/python bench/review_speed.py [--repeats 20]

A change of 400 lines is read by a simulated endpoint (1,200 tokens a second, 150 ms to the first, 8 slots), three
samples and the judge. The floor is what no reader can go below: two times the first token, for finder and judge, and
the longest answer at that speed. Its answers are made by a rule: this measures the way there and back, no model.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from common import OWN, WORK, Cost, bare, environment, in_turn, median, ratio, sh, table
from cost import EVERYCOMMIT, fresh, write
from endpoint import Endpoint, simulated
from review_speed_rule import COUNTS, PATHS

SPEED, FIRST, SLOTS, SAMPLES = 1200.0, 0.15, 8, 3
WAIT = 8.0
"""Seconds that the project's one test takes."""


def repository() -> Path:
    """Return a repository with a change of 400 lines staged, two of them wrong."""
    root = fresh("review-speed")
    write(root, "pyproject.toml", '[tool.pytest.ini_options]\npythonpath = ["src"]\n')
    write(root, ".gitignore", ".venv\n")
    write(root, "tests/test_wait.py", f"import time\n\n\ndef test_wait() -> None:\n    time.sleep({WAIT})\n")
    for path in PATHS:
        write(root, path, '"""Part of a shop."""\n\n\ndef first(count: int) -> int:\n    return count\n')
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    sh([sys.executable, "-m", "venv", ".venv"], root)
    sh([".venv/bin/python", "-m", "pip", "install", "--quiet", "pytest"], root)
    for number, path in enumerate(PATHS):
        added = [
            f"\n\ndef part_{at}(count):\n    more = count + {at}\n    return more * 1{number}\n" for at in range(8)
        ]
        write(root, path, (root / path).read_text() + "".join(added))
    wrong = "\n\ndef total(items: list[int]) -> int:\n    return sum(items[at] for at in range(len(items) - 1))\n"
    write(root, PATHS[0], (root / PATHS[0]).read_text() + wrong)
    mean = "\n\ndef mean(price: int, count: int) -> float:\n    return price / count\n"
    write(root, PATHS[-1], (root / PATHS[-1]).read_text() + mean)
    sh(["git", "add", "."], root)
    return root


def asking(endpoint: Endpoint) -> dict[str, str]:
    return environment(
        EVERYCOMMIT_MODEL_URL=endpoint.url,
        EVERYCOMMIT_MODEL="simulated",
        EVERYCOMMIT_MODEL_SLOTS=str(SLOTS),
        EVERYCOMMIT_MODEL_CONTEXT="128000",
        EVERYCOMMIT_REVIEW_SAMPLES=str(SAMPLES),
    )


def everycommit(root: Path, environ: dict[str, str], *argv: str) -> Cost:
    python = str(OWN / "python")
    cost = Cost([python, "-I", "-c", EVERYCOMMIT[3], "run", *argv, "--format", "json"], root, environ)
    assert cost.code == 0, cost.out
    return cost


def gate(cost: Cost) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cost.out)["verdicts"][0]["gates"][-1]
    return found


def word(cost: Cost) -> str:
    """Return all of a verdict that must not differ between two readings of equal bytes."""
    told = gate(cost)
    findings = [[one["path"], one["line"], one["rule"], one["fingerprint"]] for one in told["findings"]]
    return json.dumps([told["outcome"], told["counts"], sorted(findings)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--runs", type=int, default=5, help="rounds of what is compared")
    args = parser.parse_args()
    root = repository()
    shutil.rmtree(WORK / "cache", ignore_errors=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        simulated(
            Path(folder),
            rule="review_speed_rule:answer",
            also=[Path(__file__).resolve().parent, OWN.parent / "lib"],
            records="",
            tokens_out=SPEED,
            first_seconds=FIRST,
            slots=SLOTS,
        ) as endpoint,
    ):
        environ = asking(endpoint)
        read = [everycommit(root, environ, "review", "--fresh") for _ in range(args.repeats)]
        counts = [line.split() for line in (Path(folder) / COUNTS).read_text().splitlines()]
        floor = 2 * FIRST + max(int(number) for _, number in counts) / SPEED
        known = [everycommit(root, environ, "review") for _ in range(args.runs)]
        again, start = in_turn(
            args.runs, lambda: everycommit(root, environ, "review"), lambda: Cost(bare(), root, environment())
        )
        alone, both = in_turn(
            args.runs,
            lambda: everycommit(root, environ, "tests", "--fresh"),
            lambda: everycommit(root, environ, "tests", "review", "--fresh"),
        )
    words = {word(cost) for cost in (*read, *known)}
    wall = median(read, "wall")
    told = gate(read[0])
    found = told["findings"]
    print(f"review: {told['summary']}; {len(found)} findings; {len(counts) / args.repeats:.0f} questions a run")
    rows = [
        ["400 lines, 3 samples and the judge, wall", f"the floor, {floor:.2f} s", f"{wall / floor:.2f}x", "1.3x"],
        ["the same", "", f"{wall:.2f} s", "4 s"],
        ["nothing new, CPU", "bare Python start", f"{ratio(again, start, 'cpu'):.1f}", "6"],
        [
            f"tests of {WAIT:.0f} s and the review, wall",
            "the tests",
            f"{ratio(both, alone, 'wall'):.2f}x",
            "1.1x",
        ],
        [f"verdicts of {args.repeats} readings of equal bytes, and {args.runs} known", "", str(len(words)), "1"],
    ]
    print(table(["simulated endpoint", "against", "measured", "bound"], rows))
    walls = sorted(one.wall for one in read)
    print(f"\nwall {walls[0]:.2f} to {walls[-1]:.2f} s; load {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
