"""What share of the tests do real commits select? The last commits of real packages against one recording.

    .venv/bin/python bench/history.py --mirrors DIR [click jinja2 boltons] [--commits 20] [--commit REV --explain]

The map is recorded at the newest commit. History is a model: each of the last commits that change the package's source
is taken back from there, alone, as `git revert` would, so that the environment is the same for all; merges and those
whose source no longer comes off are passed over. Files outside of the source that do not come off stay as they are.
``source`` counts the package's own files alone, ``commit`` all that the commit changed.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import closing

from common import sh, table
from everycommit.selection.reach import Changed, Selected, selected
from everycommit.testmap import TestMap
from packages import PACKAGES, Checkout, common_arguments

BOUNDS = {"click": (0.40, 0.20), "jinja2": (0.40, 0.20), "boltons": (0.05, 1.0)}
"""Mean and median that may not be passed."""


class History:
    """The commits of a checkout, each as what it changes in the newest tree when it is taken back."""

    def __init__(self, here: Checkout) -> None:
        self.here = here
        self.index = {"GIT_INDEX_FILE": str(here.root / ".git/everycommit-bench-index")}

    def commits(self) -> Iterator[str]:
        """Yield the commits that change the source, newest first."""
        words = [
            "rev-list",
            "--no-merges",
            "--min-parents=1",
            "--max-count=400",
            "HEAD",
            "--",
            self.here.package.source,
        ]
        yield from self.here.git(*words).split()

    def taken_back(self, commit: str) -> list[Changed] | None:
        """Return what taking back *commit* changes; None where its source does not come off."""
        self.here.git("read-tree", "HEAD", f"--index-output={self.index['GIT_INDEX_FILE']}")
        listed = self.here.git("diff-tree", "--name-only", "--no-renames", "-r", f"{commit}^", commit)
        for path in listed.splitlines():
            patch = self.here.root / ".git/everycommit-bench-patch"
            patch.write_bytes(
                os.fsencode(self.here.git("diff-tree", "-p", "--binary", f"{commit}^", commit, "--", path))
            )
            done = sh(["git", "apply", "--cached", "-R", str(patch)], self.here.root, check=False, **self.index)
            if done.returncode and self.ours(path):
                return None
        changed = sh(["git", "diff-index", "--cached", "--no-renames", "HEAD"], self.here.root, **self.index).stdout
        return [self._changed(line) for line in changed.splitlines()]

    def _changed(self, line: str) -> Changed:
        told, path = line.split("\t")
        old, new = told.split()[2:4]
        return Changed(
            path, *(self._blob(oid) if path.endswith(".py") or not oid.strip("0") else b"" for oid in (old, new))
        )

    def _blob(self, oid: str) -> bytes | None:
        return os.fsencode(self.here.git("cat-file", "blob", oid)) if oid.strip("0") else None

    def ours(self, path: str) -> bool:
        return path.startswith(f"{self.here.package.source}/") and path.endswith(".py")


def share(found: Selected, there: TestMap) -> float:
    everyone = there.everyone()
    whole = found.all or there.meta.get("always")
    return (everyone if whole else found.tests | there.always()).bit_count() / everyone.bit_count()


def measured(here: Checkout, wanted: int, *, told: bool) -> tuple[list[float], list[float]]:
    """Print the share of each commit; return those of the source and those of whole commits."""
    history, shares = History(here), ([], [])
    with closing(TestMap(here.map)) as there:
        print(f"\n{here.package.name}: {len(there.tests)} tests, {there.always().bit_count()} always")
        for commit in history.commits():
            changes = history.taken_back(commit)
            own = [one for one in changes or () if history.ours(one.path)]
            if not changes or not own:
                continue
            results = [selected(own, there), selected(changes, there)]
            for found, into in zip(results, shares, strict=True):
                into.append(share(found, there))
            subject = here.git("log", "-1", "--format=%s", commit).strip()
            why = results[0].all or (results[1].all and f"({results[1].all})") or ""
            print(f"{commit[:10]} {shares[0][-1]:.3f} {shares[1][-1]:.3f} {subject[:60]} {why}", flush=True)
            if told:
                explain(results[0])
            if len(shares[0]) == wanted:
                break
    return shares


def explain(found: Selected) -> None:
    for tests, why in found.reasons:
        print(f"      {tests.bit_count():5} {why}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common_arguments(parser)
    parser.add_argument("--commits", type=int, default=20)
    parser.add_argument("--commit", metavar="REV", help="explain this one instead")
    parser.add_argument("--explain", action="store_true", help="say how the source reaches the tests")
    args = parser.parse_args()
    rows, passed = [], True
    for name in args.packages or BOUNDS:
        here = Checkout(PACKAGES[name], args.mirrors)
        if args.commit:
            with closing(TestMap(here.map)) as there:
                history = History(here)
                changes = history.taken_back(here.git("rev-parse", args.commit).strip()) or []
                found = selected([one for one in changes if history.ours(one.path)], there)
                print(found.all or f"{share(found, there):.3f}")
                explain(found)
            continue
        for word, found_ in zip(("source", "commit"), measured(here, args.commits, told=args.explain), strict=True):
            mean, median = statistics.mean(found_), statistics.median(found_)
            rows.append([name, word, str(len(found_)), f"{mean:.3f}", f"{median:.3f}"])
            if word == "source":
                passed = passed and mean <= BOUNDS[name][0] and median <= BOUNDS[name][1]
    if rows:
        print("\n" + table(["package", "counted", "commits", "share mean", "share median"], rows))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
