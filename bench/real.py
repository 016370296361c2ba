"""Judges ten changes on each of a dozen real projects through the installed hook; every verdict must be as it should.

    .venv/bin/python bench/real.py                     # all
    .venv/bin/python bench/real.py click rich          # these
    .venv/bin/python bench/real.py --mirrors DIR       # repositories from a folder OWNER+NAME each, not from GitHub

Each project is set up as its own guide says, then by ``everycommit init --yes`` and ``everycommit install --yes``, and
no setting is written by hand. Exit code 0 when all verdicts agree.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common import OWN, sh, table
from projects import PROJECTS, Checkout, Project


def tested(project: Project, module: str) -> str:
    """Return a file of tests of the good function in *module*."""
    return project.header + project.texts.good_test.replace("{module}", module)


def good(here: Checkout) -> None:
    texts, project = here.project.texts, here.project
    here.append(project.module, texts.good)
    if project.tests:
        here.append(f"{project.tests}/{texts.test}", tested(project, project.module_name))


def lint(here: Checkout) -> None:
    here.append(f"{Path(here.project.module).parent}/{here.project.texts.extra}", here.project.texts.lint)


def types(here: Checkout) -> None:
    here.append(here.project.module, here.project.texts.types)


def failing(here: Checkout) -> None:
    if here.project.breaking:
        here.replace(*here.project.breaking)
    else:
        here.append(f"tests/{here.project.texts.test}", here.project.texts.failing_test)


def forgotten(here: Checkout) -> None:
    texts, project = here.project.texts, here.project
    here.append(f"{Path(project.module).parent}/{texts.extra}", texts.good.lstrip(), stage=False)
    at, new = project.module_name, Path(texts.extra).stem
    cut = max(at.rfind("."), at.rfind("/")) + 1
    if project.tests:
        here.append(f"{project.tests}/{texts.test}", tested(project, at[:cut] + new))
    else:
        # In a function: at its place an import at the end of the file would be a finding of lint.
        here.append(
            project.module, f"\n\ndef everycommit_use() -> None:\n    import {at[:cut] + new}\n\n    {at[:cut] + new}\n"
        )


def partial(here: Checkout) -> None:
    good(here)
    here.append(here.project.module, here.project.texts.broken, stage=False)


def rename(here: Checkout) -> None:
    here.git("mv", *here.project.rename)


def delete(here: Checkout) -> None:
    here.git("rm", "--quiet", here.project.delete)


def data(here: Checkout) -> None:
    here.append(f"{here.project.tests or 'tests'}/everycommit_data.json", '{ "a": 1 }\n')


def docs(here: Checkout) -> None:
    here.append(here.project.docs, "\nOne more sentence.\n")


CHANGES: tuple[tuple[str, Callable[[Checkout], None], str], ...] = (
    ("good", good, "passed"),
    ("lint finding", lint, "refused: lint"),
    ("type error", types, "refused: types"),
    ("failing test", failing, "refused: tests"),
    ("forgotten file", forgotten, "refused: tests"),
    ("partially staged, the rest broken", partial, "passed"),
    ("rename of a test file", rename, "passed"),
    ("deleted module", delete, "refused: types, tests"),
    ("data file", data, "passed"),
    ("docs only", docs, "passed"),
)


def said(output: str, code: int) -> str:
    """Return ``passed``, ``refused: lint, types`` or ``not verified`` from what the hook printed."""
    if code == 0:
        return "passed" if "NOT VERIFIED" not in output else "not verified"
    line = next((line for line in output.splitlines() if line.startswith("Refused: ")), None)
    if line is None:
        return f"not verified ({code})"
    # Of several projects the gates alone: `types packages/a, types packages/b`.
    gates = [step.split()[0] for step in line.removeprefix("Refused: ").split(". ")[0].split(", ")]
    return f"refused: {', '.join(dict.fromkeys(gates))}"


def in_the_end(here: Checkout) -> str:
    """Return the same of a commit whose budget ended before its gates, once these have ended in the background."""
    done = sh([str(OWN / "everycommit"), "status", "--wait", "--format", "json"], here.root, check=False)
    gates = json.loads(done.stdout)["runs"][0]["gates"]
    failed = dict.fromkeys(gate["gate"] for gate in gates if gate["outcome"] == "failed")
    if failed:
        return f"refused: {', '.join(failed)}"
    return "passed" if all(gate["outcome"] in {"passed", "skipped"} for gate in gates) else "not verified"


def proposed(output: str) -> str:
    """Return what ``init`` had to propose beyond the two settings that it always writes."""
    tables = re.findall(r"^ +\[tool\.everycommit\.(?!policy)(.+?)\]\n((?: +\S.*\n)+)", output, re.MULTILINE)
    settings = []
    for name, lines in tables:
        if name.startswith("command."):
            # Its run, files and format are those of the recipe.
            settings.append(f"`{name}`")
        else:
            settings += [f"`{name}.{line.strip().partition('  #')[0].strip()}`" for line in lines.splitlines()]
    return ", ".join(settings) or "nothing"


def judged(project: Project, mirrors: Path | None) -> tuple[list[list[str]], list[str], bool]:
    """Return a row a change, the row of the project, and whether all verdicts are as they should be."""
    here = Checkout(project, mirrors)
    began = time.perf_counter()
    init = here.everycommit("init", "--yes")
    install = here.everycommit("install", "--yes")
    set_up = time.perf_counter() - began
    print(init, install, sep="\n")
    here.git("add", "--all")
    here.git("commit", "--quiet", "--no-verify", "-m", "everycommit")
    here.git("tag", "--force", "start")
    rows, right, spent, behind = [], 0, [], 0
    for name, change, usual in CHANGES:
        here.reset()
        change(here)
        began = time.perf_counter()
        done = sh(["git", "commit", "-m", name], here.root, check=False)
        spent.append(time.perf_counter() - began)
        late = "Not finished" in done.stdout + done.stderr
        verdict = in_the_end(here) if late else said(done.stdout + done.stderr, done.returncode)
        behind += late
        expected = project.expected.get(name, usual)
        agrees = verdict == expected
        right += agrees
        later = " (the rest in the background)" if late else ""
        rows.append([project.name, name, verdict, expected, "yes" if agrees else "NO", f"{spent[-1]:.1f}{later}"])
        print("  ".join(rows[-1]), flush=True)
        if not agrees:
            print(done.stdout + done.stderr, flush=True)
    seconds = f"{min(spent):.1f} to {max(spent):.1f}" + (f", {behind} in the background" if behind else "")
    row = [project.name, project.what, f"{right} of {len(CHANGES)}", f"{set_up:.1f}", seconds, proposed(init)]
    return rows, row, right == len(CHANGES)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="*", choices=[*(one.name for one in PROJECTS), []])
    parser.add_argument("--mirrors", type=Path, metavar="DIR", help="git mirrors, a folder OWNER+NAME each")
    args = parser.parse_args()
    rows, projects, right = [], [], True
    for project in PROJECTS:
        if not args.projects or project.name in args.projects:
            found, row, agreed = judged(project, args.mirrors)
            rows += found
            projects.append(row)
            right &= agreed
    print("\n" + table(["project", "change", "verdict", "expected", "agrees", "seconds"], rows))
    heads = ["project", "what is odd", "as expected", "init and install, s", "a verdict, s", "proposed by init"]
    print("\n" + table(heads, projects))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
