"""What does recording the map of the tests cost, as ratio to a plain run of them?

    .venv/bin/python bench/recording.py --mirrors DIR [click jinja2 boltons] [--python PATH] [--runs 2]

The suite runs plain and with the recorder, in turn, in a copy of the tree.
"""

import argparse
import os
import sys
from pathlib import Path

import everycommit
from common import Cost, environment, in_turn, median, ratio, table
from packages import PACKAGES, Checkout, common_arguments

INSIDE = Path(everycommit.__file__).parent / "inside"
BOUND = 8.0


class Suite:
    """The tests of one package."""

    def __init__(self, here: Checkout, python: Path | None) -> None:
        self.folder = here.root.parent / f"{here.package.name}-plain"
        if not self.folder.exists():
            here.git("checkout-index", "--all", f"--prefix={self.folder}/")
        self.source = str(self.folder / Path(here.package.source).parent)
        own = python or here.root / ".venv/bin/python"
        self.argv = [str(own), "-m", "pytest", "-q", "-p", "no:cacheprovider", *here.package.args]

    def plain(self) -> Cost:
        return Cost(self.argv, self.folder, environment(PYTHONPATH=self.source))

    def recorded(self) -> Cost:
        report = self.folder.with_suffix(".report")
        report.with_suffix(".report.lines").unlink(missing_ok=True)
        words = environment(
            PYTHONPATH=os.pathsep.join([str(INSIDE), self.source]),
            EVERYCOMMIT_SNAPSHOT=str(self.folder),
            EVERYCOMMIT_REPORT=str(report),
        )
        return Cost([*self.argv, "-p", "everycommit_record"], self.folder, words)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common_arguments(parser)
    parser.add_argument("--python", type=Path, help="one that has what the tests need, instead of the package's own")
    parser.add_argument("--runs", type=int, default=2)
    args = parser.parse_args()
    rows, passed = [], True
    for name in args.packages or ("click", "jinja2", "boltons"):
        suite = Suite(Checkout(PACKAGES[name], args.mirrors), args.python)
        ours, theirs = in_turn(args.runs, suite.recorded, suite.plain)
        told = ours[-1].out.strip().splitlines()[-1:]
        cpu = ratio(ours, theirs, "cpu")
        passed = passed and cpu <= BOUND
        rows.append([name, f"{cpu:.1f}", f"{ratio(ours, theirs, 'wall'):.1f}", f"{median(theirs, 'cpu'):.1f}"])
        print(name, rows[-1][1], *told, flush=True)
    print(table(["package", "CPU of a plain run", "wall", "plain, CPU seconds"], rows))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
