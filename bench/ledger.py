"""Looks for false hits over random changes of one dependency each, and kills processes that write one ledger.

    .venv/bin/python bench/ledger.py [--changes 10000] [--seconds 30] [--processes 8]

Ends with 1 where a verdict would have been reused wrongly, or an entry is not what was kept.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from hammer import hammered
from ledgers import DEPENDENCIES, World, wrong


def changes(count: int, seed: int) -> Iterator[str]:
    """Yield what is wrong in *count* random changes of one dependency each."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder).resolve())
        for _ in range(count):
            state = {name: chance.choice(values) for name, (values, _) in DEPENDENCIES.items()}
            name = chance.choice(sorted(DEPENDENCIES))
            value = chance.choice([value for value in DEPENDENCIES[name][0] if value != state[name]])
            yield from wrong(world, state, name, value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    mistakes = list(changes(args.changes, args.seed))
    false = [text for text in mistakes if text.endswith("hit")]
    print(f"{args.changes} changes of one dependency (seed {args.seed}): {len(false)} false hits,", end=" ")
    print(f"{len(mistakes) - len(false)} misses for nothing")
    print("".join(f"  {text}\n" for text in mistakes[:20]), end="")
    with tempfile.TemporaryDirectory() as folder:
        found = hammered(Path(folder), seconds=args.seconds, processes=args.processes)
    print(
        f"{args.processes} processes, {args.seconds:.0f} s: {found.kills} killed, {found.hits} hits, {found.entries} "
        f"entries left, {len(found.broken)} torn, the file is {'whole' if found.sound else 'damaged'}"
        f"{', one was set aside' if found.set_aside else ''}"
    )
    print("".join(f"  {text}\n" for text in found.broken[:20]), end="")
    return 1 if false or found.broken or not found.sound else 0


if __name__ == "__main__":
    sys.exit(main())
