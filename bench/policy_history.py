"""How often the rules speak on the history of a real repository.

    python bench/policy_history.py --repo DIR [--commits 300] [--rev HEAD] [--list]

DIR is a clone, or a git directory without a working tree. Its last non-merge commits are judged one by one against
their first parent. A rule at ``error`` that fires there stopped somebody's commit: each is listed with its line.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from common import environment, sh, table
from everycommit.result import ERROR, Finding
from families import findings
from git_trees import Trees

RULES_OF_SIZE = frozenset({"policy/added-lines", "policy/removed-lines", "policy/files", "policy/file-bytes"})


def clone(repo: Path, folder: Path) -> Path:
    """Return a repository with an empty working tree that sees the objects of *repo*."""
    git_dir = sh(["git", "-C", str(repo), "rev-parse", "--absolute-git-dir"], repo).stdout.strip()
    sh(["git", "clone", "--quiet", "--shared", "--no-checkout", git_dir, str(folder)], folder.parent)
    return folder


def commits(folder: Path, rev: str, number: int) -> list[tuple[str, str, str]]:
    """Return (commit, tree, first parent's tree) of the last *number* commits that are no merges, newest first."""
    listed = sh(
        ["git", "rev-list", "--no-merges", "--min-parents=1", f"--max-count={number}", rev], folder
    ).stdout.split()
    asked = "\n".join(f"{oid}^{{tree}}\n{oid}^^{{tree}}" for oid in listed)
    done = subprocess.run(
        ["git", "cat-file", "--batch-check=%(objectname)"],
        cwd=folder,
        env=environment(),
        input=asked + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    trees = done.stdout.split("\n")
    return [(oid, trees[2 * place], trees[2 * place + 1]) for place, oid in enumerate(listed)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--commits", type=int, default=300)
    parser.add_argument("--rev", default="HEAD")
    parser.add_argument("--list", action="store_true", help="warnings and notes too")
    args = parser.parse_args()
    shares, total, stopped, seconds = Counter[tuple[str, str]](), 0, [], 0.0
    with tempfile.TemporaryDirectory() as top:
        folder = clone(args.repo.resolve(), Path(top, "repo"))
        with Trees(folder, environment()) as trees:
            for oid, tree, base in commits(folder, args.rev, args.commits):
                change = trees.change(base, tree)
                began = time.process_time()
                found = findings(change, trees.blobs)
                seconds += time.process_time() - began
                total += 1
                shares.update({(one.severity, one.rule) for one in found})
                stopped += _lines(oid, found, every=args.list)
                errors = {one.rule for one in found if one.severity == ERROR}
                shares[ERROR, "any"] += bool(errors)
                shares[ERROR, "any but size"] += bool(errors - RULES_OF_SIZE)
    print("\n".join(stopped))
    order = sorted(shares.items(), key=lambda item: (("error", "warning", "note").index(item[0][0]), -item[1]))
    rows = [(rule, severity, str(number), f"{100 * number / total:.1f} %") for (severity, rule), number in order]
    print(table(("rule", "severity", "commits", "share"), rows))
    print(f"{total} commits, {1000 * seconds / max(total, 1):.1f} ms of CPU each beyond reading the change")
    return 0


def _lines(oid: str, found: Sequence[Finding], *, every: bool) -> list[str]:
    return [
        f"{oid[:10]} {one.severity} {one.rule} {one.path}:{one.line} {one.message[:140]} | {one.source.strip()[:80]}"
        for one in found
        if (every or one.severity == ERROR) and one.rule not in RULES_OF_SIZE
    ]


if __name__ == "__main__":
    sys.exit(main())
