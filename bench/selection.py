"""Is any test missed? Mutants of real packages: the tests that fail on a full run against those that are selected.

    .venv/bin/python bench/selection.py run boltons --mirrors DIR --count 20 --seed 1   # 20 of each class; goes on
    .venv/bin/python bench/selection.py table                           # what came out, by class and by package
    .venv/bin/python bench/selection.py rest boltons                    # where the files of the selected are enough

A mutant is *killed* when a recorded test fails that passed before; what cannot be collected is counted apart: every run
sees it. A test is *missed* when it fails and was not selected, twice again alone, and not on the unchanged tree. Tests
that do not pass twice on the unchanged tree are out. Results are JSON lines in the folder of measurements.
"""

import argparse
import ast
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import mutants
from common import WORK, table
from everycommit.selection.facts import facts
from everycommit.selection.reach import Changed, selected
from everycommit.testmap import TestMap, bits
from packages import PACKAGES, Checkout, Package, common_arguments

AGAIN = 2
"""Times that a test has to fail again to count as missed."""
WANTED = 15
"""Killed mutants of a class that a proof needs."""
Result = dict[str, object]


class Selection:
    """Which tests an edit selects."""

    def __init__(self, there: TestMap, edit: mutants.Edit) -> None:
        path, old, new = edit
        found = selected([Changed(path, old, new)], there)
        self.all = found.all or there.meta.get("always")
        everyone = there.everyone()
        wanted = everyone if self.all else found.tests | there.always()
        self.recorded = {node for node, _, _ in there.tests.values()}
        self.left = {there.tests[number][0] for number in bits(everyone & ~wanted)}
        self.share = 1 - len(self.left) / len(there.tests)
        narrow = self._by_lines(there, edit) | there.always()
        self.narrow_left = {there.tests[number][0] for number in bits(everyone & ~narrow)}
        self.narrow = 1 - len(self.narrow_left) / len(there.tests)

    @staticmethod
    def _by_lines(there: TestMap, edit: mutants.Edit) -> int:
        """Return the tests that ran what changed: coverage alone, nothing widened."""
        path, old, new = edit
        found = there.beneath(path) | there.touched("opened", path)
        if path.endswith(".py"):
            for fact in facts(ast.parse(old), ast.parse(new)):
                if fact.kind != "added":
                    found |= there.ran(path, fact.first, fact.last)
        return found & ~1


def run(package: Package, args: argparse.Namespace) -> None:
    here = Checkout(package, args.mirrors)
    results = WORK / "selection" / f"{package.name}.jsonl"
    done = set()
    if results.exists():
        done = {(one["class"], one["seed"], one["number"]) for one in map(json.loads, results.open())}
    before = unsure(here)
    with closing(TestMap(here.map)) as there:
        plans = {
            name: list(
                islice(mutants.drawn(here.root, mutants.edits(here, there, name), f"{args.seed} {name}"), args.count)
            )
            for name in args.only or mutants.ALL
        }
        for number in range(args.count):
            for name, edits in plans.items():
                if number < len(edits) and (name, args.seed, number) not in done:
                    told = judged(here, there, edits[number], before)
                    record = {"package": package.name, "class": name, "seed": args.seed, "number": number, **told}
                    with results.open("a") as file:
                        file.write(json.dumps(record) + "\n")
                    if told["missed_tests"]:
                        print(json.dumps(record), flush=True)


def unsure(here: Checkout) -> set[str]:
    """Return the tests that do not pass twice on the unchanged tree."""
    place = WORK / "selection" / f"{here.package.name}.unsure.json"
    if not place.exists():
        runs = [here.failing() or set() for _ in range(2)]
        place.write_text(json.dumps(sorted(set().union(*runs))))
    return set(json.loads(place.read_text()))


def judged(here: Checkout, there: TestMap, edit: mutants.Edit, before: set[str]) -> Result:
    path, old, new = edit
    began = time.monotonic()
    found = Selection(there, edit)
    rewrite(here.copy / path, new)
    try:
        failing = here.failing()
        broken = (failing or set()) - before
        killed = broken & found.recorded
        missed = killed & found.left
        for _ in range(AGAIN if missed else 0):
            # One that fails now and then by itself is no test of this.
            missed &= (here.failing(sorted(missed)) or set()) if missed else set()
    finally:
        rewrite(here.copy / path, old)
    flaky: set[str] = set()
    if missed:
        flaky = missed & (here.failing(sorted(missed)) or set())
    return {
        "path": path,
        "edit": difference(old, new),
        "late": failing is None,
        "killed": len(killed),
        "uncollected": len(broken - found.recorded),
        "missed_tests": sorted(missed - flaky),
        "share": found.share,
        "all": found.all,
        "narrow": found.narrow,
        "narrow_missed": len(killed & found.narrow_left),
        "seconds": round(time.monotonic() - began, 1),
    }


def rewrite(path: Path, content: bytes) -> None:
    """Write *content* with a second of its own: byte code trusts size and second."""
    path.write_bytes(content)
    rewrite.second = getattr(rewrite, "second", int(time.time()) - 10_000_000) + 1  # type: ignore[attr-defined]
    os.utime(path, (rewrite.second, rewrite.second))  # type: ignore[attr-defined]


def difference(old: bytes, new: bytes) -> str:
    one, two = old.decode(errors="replace").splitlines(), new.decode(errors="replace").splitlines()
    place_ = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
    return f"{place_ + 1}: {one[place_].strip() if place_ < len(one) else ''} => {two[place_].strip()}"[:200]


def at_rest(package: Package, mirrors: Path | None) -> bool:
    """Tell of the mutants that were judged for how many only the selected tests' files would be collected.

    False where one of those was seen by a file that could not be collected; look at each: it is seen all the same where
    the files of the selected tests import what changed.
    """
    here = Checkout(package, mirrors)
    results = list(map(json.loads, (WORK / "selection" / f"{package.name}.jsonl").open()))
    all_, rest, unseen = 0, 0, []
    with closing(TestMap(here.map)) as there:
        for key in sorted({(one["class"], one["seed"]) for one in results}):
            own = {one["number"]: one for one in results if (one["class"], one["seed"]) == key}
            drawn = mutants.drawn(here.root, mutants.edits(here, there, key[0]), f"{key[1]} {key[0]}")
            for number, (path, old, new) in enumerate(islice(drawn, max(own) + 1)):
                one = own.get(number)
                if one is None or (path, difference(old, new)) != (one["path"], one["edit"]):
                    continue
                found = selected([Changed(path, old, new)], there)
                all_, rest = all_ + 1, rest + (found.at_rest and not found.all)
                unseen += [one] if found.at_rest and not found.all and one["uncollected"] else []
    print(f"{package.name}: the files of the selected tests are enough for {rest} of {all_} mutants", flush=True)
    for one in unseen:
        print(f"  a file could not be collected: {one['path']} {one['edit']}")
    return not unseen


def show() -> int:
    results: list[Result] = []
    for path in sorted((WORK / "selection").glob("*.jsonl")):
        results += map(json.loads, path.open())
    print(table(HEAD, [row(str(key), found) for key, found in grouped(results, "class").items()]) + "\n")
    print(table(["package", *HEAD[1:]], [row(str(key), found) for key, found in grouped(results, "package").items()]))
    few = [
        key for key, found in grouped(results, "class").items() if sum(bool(one["killed"]) for one in found) < WANTED
    ]
    if few:
        print(f"\nfewer than {WANTED} killed: {', '.join(map(str, few))}")
    return 1 if any(one["missed_tests"] for one in results) else 0


HEAD = ["class", "mutants", "killed", "uncollected", "missed", "share mean", "median", "lines alone", "missed by lines"]


def grouped(results: Sequence[Result], key: str) -> dict[object, list[Result]]:
    groups: dict[object, list[Result]] = defaultdict(list)
    for one in results:
        groups[one[key]].append(one)
    return {**groups, "all": list(results)}


def row(name: str, found: Sequence[Result]) -> list[str]:
    shares, narrow = ([float(str(one[key])) for one in found] for key in ("share", "narrow"))
    counts = [
        len(found),
        sum(bool(one["killed"]) for one in found),
        sum(not one["killed"] and bool(one["uncollected"]) for one in found),
        sum(bool(one["missed_tests"]) for one in found),
    ]
    figures = [
        f"{figure:.2f}" for figure in (statistics.mean(shares), statistics.median(shares), statistics.mean(narrow))
    ]
    return [name, *map(str, counts), *figures, str(sum(bool(one["narrow_missed"]) for one in found))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "table", "rest"))
    common_arguments(parser)
    parser.add_argument("--count", type=int, default=20, help="mutants of each class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=mutants.ALL, help="only this class")
    args = parser.parse_args()
    if args.what == "run":
        for name in args.packages or PACKAGES:
            run(PACKAGES[name], args)
    if args.what == "rest":
        held = {name: at_rest(PACKAGES[name], args.mirrors) for name in args.packages or PACKAGES}
        return 0 if all(held.values()) else 1
    return show()


if __name__ == "__main__":
    sys.exit(main())
