"""What everycommit costs, against bare tools and against what people use today: one table of ratios.

    .venv/bin/python bench/compare.py                 # all cases; half an hour, more on a busy machine
    .venv/bin/python bench/compare.py docs line-click # some of them
    .venv/bin/python bench/compare.py --short         # a form for CI: ends with 1 where a bound, or what is published
                                                      # of one that is not met, is missed by half

Every side runs once a round, in turn; ratios are taken within a round, and the table has their medians. Packages,
pre-commit, prek and lefthook come from the package registries, at the first run.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

import starts
import warm
from common import WORK, NotMeasuredError, Row, table

CASES: dict[str, Callable[[int], list[Row]]] = {
    "known-100": partial(starts.known, files=100),
    "known-20000": partial(starts.known, files=20_000),
    "docs": starts.docs,
    "again": starts.again,
    "asking": starts.asking,
    "large": starts.large,
    "line-click": partial(warm.one_line, package="click"),
    "line-boltons": partial(warm.one_line, package="boltons"),
    "server": warm.server,
    "recording": warm.recording,
}
# CPU alone, which other work on the machine disturbs little; nothing that takes long to set up.
SHORT: dict[str, Callable[[int], list[Row]]] = {
    "known-100": partial(starts.known, files=100, figure="cpu", names=()),
    "docs": starts.docs,
    "again": starts.again,
    "large": partial(starts.large, many=10_000),
    "small": warm.small,
}
SLACK = 1.5
RUNS, SHORT_RUNS = 9, 5


def short(names: Sequence[str]) -> tuple[list[Row], bool]:
    """Return the rows of the short form, and whether each is within the slack; a case that is not gets a second try."""
    rows: list[Row] = []
    held = True
    for name in names or SHORT:
        try:
            found = SHORT[name](SHORT_RUNS)
            if not all(row.held(SLACK) for row in found):
                print(f"{name}: over its bound, measured once more", flush=True)
                found = SHORT[name](2 * SHORT_RUNS)
        except (NotMeasuredError, subprocess.CalledProcessError) as error:
            # It could not be set up, for want of a registry say: that is no verdict on its speed.
            print(f"{name}: not measured: {error}\n{getattr(error, 'stderr', '')}", flush=True)
            continue
        held &= all(row.held(SLACK) for row in found)
        rows += found
    return rows, held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[*CASES, *SHORT, []], help="which (default: all)")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"rounds that count (default: {RUNS})")
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    held = True
    if args.short:
        rows, held = short(args.cases)
    else:
        rows = []
        for name in args.cases or CASES:
            found = CASES[name](args.runs)
            rows += found
            # A case takes minutes, and a later one may fail.
            print("".join(f"{' | '.join(row.cells())}\n" for row in found), flush=True)
    print(table(["case", "against", "measured", "bound", "met"], [row.cells() for row in rows]))
    print(f"\n{time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
