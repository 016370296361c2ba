"""Make cases for bench/review.py out of the history of real repositories: fixes taken back, and other commits.

    python bench/review_history.py --out FILE [--each 70] DIR...

DIR is a clone or a git directory. Of its last 6,000 commits those count that change one Python file outside of tests
by at most 60 lines (25 for a fix). A commit whose subject speaks of a fix is taken back and is a ``bug``; one that
speaks of neither a fix nor of tests, docs or style is ``clean`` as it is. Both labels are guesses by a subject line:
what a rule says more often of the first than of the second it says of something, and no more is claimed.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

from common import environment
from everycommit.gates.review.history import labelled

_COMMITS = 6000


def git(repo: Path, *argv: str) -> str | None:
    done = subprocess.run(["git", "-C", str(repo), *argv], env=environment(), capture_output=True, check=False)
    return None if done.returncode else done.stdout.decode(errors="replace")


class Commit(NamedTuple):
    """As ``history.labelled`` reads it."""

    oid: str
    subject: str
    files: tuple[tuple[int, str], ...]


def commits(repo: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield kind, commit, subject and path of the commits that count."""
    log = git(repo, "log", "--no-merges", f"-n{_COMMITS}", "--format=%x01%H%x00%s", "--numstat") or ""
    every: dict[str, Commit] = {}
    for part in log.split("\x01")[1:]:
        head, _, rest = part.partition("\n")
        oid, _, subject = head.partition("\0")
        counted = [line.split("\t") for line in rest.strip().split("\n") if line.count("\t") == 2]
        files = tuple((-1 if "-" in one[:2] else int(one[0]) + int(one[1]), one[2]) for one in counted)
        every[oid] = Commit(oid, subject, files)
    for one in labelled(every.values(), quiet_for=0):
        yield one.kind, one.oid, every[one.oid].subject, one.path


def case(repo: Path, kind: str, oid: str, subject: str, path: str) -> dict[str, Any] | None:
    old, new = git(repo, "show", f"{oid}^:{path}"), git(repo, "show", f"{oid}:{path}")
    if old is None or new is None:
        return None
    before, after = (new, old) if kind == "bug" else (old, new)
    matcher = SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    places = [(start + 1, max(start + 1, end)) for tag, _, _, start, end in matcher.get_opcodes() if tag != "equal"]
    date = (git(repo, "show", "-s", "--format=%cs", oid) or "").strip()
    return {
        "id": f"{repo.parent.name if repo.name == 'repo' else repo.name}-{oid[:12]}",
        "kind": kind,
        "description": subject,
        "source": {"commit": oid, "date": date},
        "path": path,
        "lines": places,
        "before": {path: before},
        "after": {path: after},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repos", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--each", type=int, default=70, help="cases of each kind and repository, chosen at random")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    chosen = random.Random(7)
    with args.out.open("w") as out:
        for repo in args.repos:
            found = list(commits(repo))
            for kind in ("bug", "clean"):
                own = [one for one in found if one[0] == kind]
                for one in chosen.sample(own, min(args.each, len(own))):
                    made = case(repo, *one)
                    if made:
                        out.write(json.dumps(made) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
