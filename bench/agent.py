"""What a coding agent waits for before each tool: CPU of a whole call against a bare Python start, interleaved.

    .venv/bin/python bench/agent.py        # 25 rounds
    .venv/bin/python bench/agent.py 50

everycommit is installed from this checkout into a clean environment and called as a client calls it, by its console
script. The repository has 100 modules.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from common import WORK, Cost, Row, bare, environment, in_turn, median, ratio, sh, table
from cost import fresh, installed, write

BOUND = 6
SCOPE = ("scope", "--only", "src/m1*", "--max-added", "100")
SETTINGS = '[tool.everycommit]\ncommit = ["policy", "lint"]\n'


def repository(name: str, *, settings: bool) -> Path:
    root = fresh(name)
    for number in range(100):
        write(root, f"src/m{number}.py", f"def f(x: int) -> int:\n    return x + {number}\n")
    if settings:
        write(root, "pyproject.toml", SETTINGS)
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    return root


def event(root: Path, tool: str, **given: str) -> bytes:
    about = {"hook_event_name": "PreToolUse", "session_id": "s", "cwd": str(root), "tool_name": tool}
    return json.dumps({**about, "tool_input": given}).encode()


def main(rounds: int) -> int:
    program = installed("everycommit-agent").parent / "everycommit"
    plain, held = repository("agent-plain", settings=False), repository("agent-held", settings=True)
    sh([str(program), *SCOPE], held)
    edit = {"old_string": "return x + 1", "new_string": "return x - 1"}
    cases = {
        "an edit": event(plain, "Edit", file_path=str(plain / "src/m1.py"), **edit),
        "an edit; settings in pyproject.toml, a task scope": event(
            held, "Edit", file_path=str(held / "src/m1.py"), **edit
        ),
        "the same out of scope, denied": event(
            held, "Edit", file_path=str(held / "src/m2.py"), old_string="x", new_string="y"
        ),
        "a command that writes nothing": event(held, "Bash", command="cd src && pytest -q | tail -5"),
        "`git commit --no-verify`, denied": event(held, "Bash", command="git commit -m x --no-verify"),
        "`rm` of a file, denied": event(held, "Bash", command="rm src/m2.py"),
    }

    def called(text: bytes) -> Callable[[], Cost]:
        root = Path(json.loads(text)["cwd"])
        return lambda: Cost([str(program), "agent", "claude"], root, environment(), text)

    start, *costs = in_turn(rounds, lambda: Cost(bare(), WORK, environment()), *map(called, cases.values()))
    rows = []
    for case, found in zip(cases, costs, strict=True):
        assert found[0].code == 0, found[0].out
        assert ("deny" in found[0].out) == ("denied" in case), found[0].out
        row = Row(case, "bare Python start", ratio(found, start, "cpu"), BOUND, times=False)
        rows.append([*row.cells(), f"{median(found, 'wall') * 1000:.0f} ms"])
    print(table(["before a tool, CPU", "against", "measured", "bound", "met", "wall"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
