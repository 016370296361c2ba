"""Let the review read labelled changes: what it finds of the defects, and what it says of sound ones.

    python bench/review.py --cases FILE --reader static
    python bench/review.py --cases FILE --profile NAME [--samples N] [--repeats 5] [--out RESULTS]
    python bench/review.py --cases FILE --profile NAME --bare

FILE has a JSON object a line: ``id``, ``kind`` (bug or clean), ``before`` and ``after`` ({path: text}), and of a bug
its ``path`` and ``lines`` ([[first, last], ...] in the file after the change). Each case becomes a repository, before
as HEAD, after in the index, and `everycommit run review --fresh` judges it in a process of its own: with the user's
models, canary, votes, refuters, judge and all. Nothing else of a case is shown. With --bare the same model gets one
plain question a file instead: the diff with 12 lines around, in its numbers.

A defect counts as found where a finding is within 3 lines of it. Whether the finding *names* it is for somebody to
judge: RESULTS has all findings, a reading a line. A run that was broken off goes on where it was, and asks again what
was not reviewed. Intervals are Wilson's, at 95 %; findings of one change are not independent, so they are rather wider.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from review_readers import READERS, Bare, Gate, Reader, Setup
from review_report import Case, report


class Results:
    """What was read so far, a line a reading."""

    def __init__(self, path: Path | None, setup: str) -> None:
        self._path = path
        self._setup = setup
        self._known: dict[tuple[str, int], Mapping[str, Any]] = {}
        if path is None or not path.exists():
            return
        whole = []
        for line in path.read_text().splitlines(keepends=True):
            try:
                one = json.loads(line)
            except ValueError:
                break  # where the run was broken off
            if one["setup"] != setup:
                raise SystemExit(f"{path} holds a run of '{one['setup']}', not of '{setup}'; name another file")
            whole.append(line if line.endswith("\n") else f"{line}\n")
            self._known[one["id"], one["reading"]] = one
        path.write_text("".join(whole))

    def of(self, row: Mapping[str, Any], number: int) -> Mapping[str, Any] | None:
        """Return the reading of a case, None where it has yet to be read or was not read to the end."""
        known = self._known.get((row["id"], number))
        return known if known and not known["open"] else None

    def keep(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        whole = {"setup": self._setup, **said}
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps(whole) + "\n")
        return whole


def readings(rows: Sequence[Mapping[str, Any]], reader: Reader, results: Results, repeats: int) -> Iterator[Case]:
    """Yield each case with what was said of it, the repeats one after the other."""
    for at, row in enumerate(rows, 1):
        reads = []
        for number in range(repeats):
            said = results.of(row, number)
            if said is None:
                with tempfile.TemporaryDirectory(prefix="everycommit-case-") as top:
                    read = reader.read(row, Path(top))
                said = results.keep({"id": row["id"], "reading": number, "kind": row["kind"], **read._asdict()})
            reads.append(said)
        print(f"{at}/{len(rows)}", end="\r", file=sys.stderr, flush=True)
        yield Case(row, reads)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--reader", choices=READERS, help="whose findings count (default: model with a profile)")
    parser.add_argument("--profile", help="the model of yours that reads; 'env' is that of EVERYCOMMIT_MODEL_URL")
    parser.add_argument("--judge", help="the model that judges ('false': none); as your settings say by default")
    parser.add_argument("--samples", type=int, help="how often each hunk is read; as the profile says by default")
    parser.add_argument("--bare", action="store_true", help="one plain question a file, without the review around it")
    parser.add_argument("--repeats", type=int, default=1, help="how often each case is read")
    parser.add_argument("--out", type=Path, help="where every finding is written, a reading a line")
    parser.add_argument("--only", help="cases whose id has this in it")
    args = parser.parse_args()
    which = args.reader or ("model" if args.profile else "static")
    if which != "static" and not args.profile:
        parser.error(f"--reader {which} takes a --profile; `everycommit models list` shows yours")
    if args.bare and which != "model":
        parser.error("--bare asks a model alone; it goes with --profile and no other --reader")
    setup = Setup(reader=which, profile=args.profile, judge=args.judge, samples=args.samples, bare=args.bare)
    reader: Reader = Bare(setup) if args.bare else Gate(setup)
    rows = [json.loads(line) for line in args.cases.read_text().splitlines()]
    rows = [row for row in rows if not args.only or args.only in row["id"]]
    if not rows:
        raise SystemExit(f"{args.cases}: no cases")
    cases = [*readings(rows, reader, Results(args.out, setup.words()), args.repeats)]
    print(report(cases, setup.words()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
