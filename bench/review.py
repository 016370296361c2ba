"""Let a reader read labelled changes: what it finds of the defects, and what it says of sound ones.

    python bench/review.py --cases FILE --reader static
    python bench/review.py --cases FILE --profile NAME [--samples N] [--repeats 5] [--out FINDINGS]

FILE has a JSON object a line: ``id``, ``kind`` (bug or clean), ``before`` and ``after`` ({path: text}), and of a bug
``lines`` ([[first, last], ...] in the file after the change) and its ``path``. The reader gets a repository with the
two trees and nothing else of the case. With a profile it is `everycommit run review` as a user has it, with the user's
settings of models.

A defect counts as found where a finding is within 3 lines of it. Whether the finding *names* it is for somebody to
judge: every finding is written to ``--out``, a case a line. A run that was broken off goes on where it was: cases that
are in ``--out`` are not read again. Intervals are Wilson's, at 95 %.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from common import environment, sh, table
from everycommit.change import Blobs, Change
from everycommit.config.schema import Config, Settings
from everycommit.deadline import Deadline
from everycommit.errors import ToolError
from everycommit.gates.base import Job
from everycommit.gates.review.static import static
from everycommit.proc import Children
from everycommit.record import replace
from git_trees import Trees

NEAR = 3
_LATE = "2024"
"""A model may know what was fixed before this year by heart."""


class Read(NamedTuple):
    """What a reader said of one case."""

    findings: list[dict[str, Any]]
    seconds: float
    outcome: str = "passed"
    tokens: int = 0


Reader = Callable[[Path, str, str], Read]


def by_rules(folder: Path, base: str, target: str) -> Read:
    """Read by the static reader alone."""
    began = time.perf_counter()
    with Trees(folder, environment()) as trees, Children() as children:
        found = static(_job(trees.change(base, target), trees.blobs, children))
    said = [{"path": one.path, "line": one.line, "rule": one.rule, "message": one.message} for one in found]
    return Read(said, time.perf_counter() - began)


def by_model(samples: int | None, profile: str) -> Reader:
    """Return the reader that is the gate, with a model of the user's."""
    more = {"EVERYCOMMIT_REVIEW_FINDER": profile} | ({"EVERYCOMMIT_REVIEW_SAMPLES": str(samples)} if samples else {})
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    own = {name: value for name, value in os.environ.items() if name.startswith("EVERYCOMMIT_MODEL")}

    def read(folder: Path, base: str, target: str) -> Read:  # noqa: ARG001 - the index is what is read
        argv = [sys.executable, "-m", "everycommit", "run", "review", "--fresh", "--format", "json"]
        began = time.perf_counter()
        done = sh(argv, folder, check=False, XDG_CONFIG_HOME=home, **more, **own)
        seconds = time.perf_counter() - began
        if not done.stdout.startswith("{"):
            raise SystemExit(f"everycommit said no verdict: {done.stderr.strip()}")
        (verdict,) = json.loads(done.stdout)["verdicts"]
        (gate,) = (one for one in verdict["gates"] if one["gate"] == "review")
        tokens = sum(used["tokens_in"] + used["tokens_out"] for used in verdict["models"])
        return Read(gate["findings"], seconds, gate["outcome"], tokens)

    return read


def _job(change: Change, blobs: Blobs, children: Children) -> Job:
    def none() -> Any:
        raise ToolError("no Python of the project")

    settings = replace(Settings(), commit=("review",))
    return Job(
        change=change,
        config=Config(settings=settings),
        occasion="commit",
        deadline=Deadline.after(60),
        blobs=blobs,
        trees=none,  # type: ignore[arg-type] - nobody lays a tree out where no lint runs
        children=children,
        interpreter=none,
        environ={"PATH": os.environ["PATH"]},
        accepted=lambda _: False,
        say=lambda _: None,
    )


def read(row: Mapping[str, Any], reader: Reader) -> Read:
    """Return what *reader* says of one case."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top, "repo")
        sh(["git", "init", "--quiet", "--initial-branch=main", str(folder)], Path(top))
        base = _tree(folder, row["before"], commit=True)
        target = _tree(folder, row["after"], commit=False)
        return reader(folder, base, target)


def _tree(folder: Path, files: Mapping[str, str], *, commit: bool) -> str:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(errors="surrogateescape"))
    sh(["git", "-c", "core.autocrlf=false", "add", "--force", "--all"], folder)
    if commit:
        sh(["git", "commit", "--quiet", "--allow-empty", "-m", "base"], folder)
    return sh(["git", "write-tree"], folder).stdout.strip()


def near(row: Mapping[str, Any], finding: Mapping[str, Any]) -> bool:
    """Tell whether *finding* is where the defect is."""
    line = finding.get("line")
    return finding.get("path") == row["path"] and any(
        line is not None and first - NEAR <= line <= last + NEAR for first, last in row["lines"]
    )


def wilson(hits: int, of: int) -> str:
    """Return a share with its interval."""
    if not of:
        return "-"
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{hits}/{of} = {share:.2f} ({max(0.0, middle - half):.2f} to {min(1.0, middle + half):.2f})"


class Case(NamedTuple):
    """One case and what was said of it, the repeats one after the other."""

    row: Mapping[str, Any]
    reads: list[Mapping[str, Any]]

    @property
    def bug(self) -> bool:
        return bool(self.row["kind"] == "bug")

    @property
    def hit(self) -> bool:
        return any(near(self.row, one) for one in self.reads[0]["findings"]) if self.bug else self.spoke

    @property
    def spoke(self) -> bool:
        return bool(self.reads[0]["findings"])


def groups(cases: Sequence[Case]) -> Iterator[tuple[str, list[Case]]]:
    """Yield the parts of the cases that are told apart."""
    bugs = [case for case in cases if case.bug]
    yield "all", [*cases]
    yield "balanced", [case for case in cases if case.row.get("balanced")]
    for name in ("category", "visibility"):
        for value in sorted({str(case.row.get(name)) for case in bugs if case.row.get(name)}):
            yield f"{name} {value}", [case for case in bugs if case.row.get(name) == value]
    dated = [case for case in cases if case.row.get("source", {}).get("date")]
    yield f"before {_LATE}", [case for case in dated if case.row["source"]["date"] < _LATE]
    yield f"since {_LATE}", [case for case in dated if case.row["source"]["date"] >= _LATE]


def report(cases: Sequence[Case]) -> str:
    """Return what there is to say of *cases*, as tables."""
    rows = []
    for name, part in groups(cases):
        bugs, clean = [case for case in part if case.bug], [case for case in part if not case.bug]
        hits, alarms = sum(case.hit for case in bugs), sum(case.spoke for case in clean)
        wrong = alarms + sum(case.spoke and not case.hit for case in bugs)
        recall, precision = hits / len(bugs) if bugs else 0.0, hits / (hits + wrong) if hits + wrong else 0.0
        f1 = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
        rows.append(
            (name, wilson(hits, len(bugs)), wilson(alarms, len(clean)), wilson(hits, hits + wrong), f"{f1:.2f}")
        )
    parts = [table(("cases", "defects found", "sound ones with a finding", "precision", "F1"), rows)]
    parts.append(table(("rule", "defects", "other places of defects", "sound"), list(rules(cases))))
    flips = sum(len({bool(read["findings"]) for read in case.reads}) > 1 for case in cases)
    again = max(len(case.reads) for case in cases)
    if again > 1:
        parts.append(f"verdicts that differ between {again} readings: {wilson(flips, len(cases))}")
    first = [case.reads[0] for case in cases]
    open_ = sum(read["outcome"] == "inconclusive" for read in first)
    seconds, tokens = sorted(read["seconds"] for read in first), sum(read["tokens"] for read in first)
    parts.append(
        f"{len(cases)} cases, {open_} not read to the end; {seconds[len(seconds) // 2]:.2f} s in the middle, "
        f"{seconds[-1]:.2f} s at most; {tokens:,} tokens"
    )
    return "\n\n".join(parts)


def rules(cases: Iterable[Case]) -> Iterator[tuple[str, str, str, str]]:
    """Yield how often each rule spoke: of the defect, elsewhere in a change with one, in a sound change; by cases."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for case in cases:
        places: dict[str, int] = {}
        for one in case.reads[0]["findings"]:
            place = 2 if not case.bug else 0 if near(case.row, one) else 1
            places[one["rule"]] = min(place, places.get(one["rule"], place))
        for rule, place in places.items():
            counts[rule][place] += 1
    for rule, (hits, far, sound) in sorted(counts.items(), key=lambda item: (-item[1][0], item[0])):
        yield rule, str(hits), str(far), str(sound)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--reader", choices=("static", "model"), default="static")
    parser.add_argument("--profile", help="a model of yours reads, by this name")
    parser.add_argument("--samples", type=int)
    parser.add_argument("--repeats", type=int, default=1, help="how often each case is read")
    parser.add_argument("--out", type=Path, help="where every finding is written, a case and reading a line")
    args = parser.parse_args()
    reader = by_model(args.samples, args.profile or "auto") if args.profile or args.reader == "model" else by_rules
    rows = [json.loads(line) for line in args.cases.read_text().splitlines()]
    known: dict[tuple[str, int], Mapping[str, Any]] = {}
    if args.out and args.out.exists():
        known = {(one["id"], one["reading"]): one for one in map(json.loads, args.out.read_text().splitlines())}
    cases = []
    for row in rows:
        reads = []
        for number in range(args.repeats):
            said = known.get((row["id"], number))
            if said is None:
                said = {"id": row["id"], "reading": number, "kind": row["kind"], **read(row, reader)._asdict()}
                if args.out:
                    with args.out.open("a") as file:
                        file.write(json.dumps(said) + "\n")
            reads.append(said)
        cases.append(Case(row, reads))
    print(report(cases))
    return 0


if __name__ == "__main__":
    sys.exit(main())
