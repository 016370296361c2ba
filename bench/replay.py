"""Replays a repository's last commits and counts the verdicts that are known when they come again.

    .venv/bin/python bench/replay.py --repo DIR [--commits 100] [--gates lint types] [--install pytest ...]

Each commit without a merge is judged once, as at commit. Then the same work comes again: amended (another message),
moved (rebased onto a base in which another file changed: other trees, which have to be judged), pushed alone, and
pushed five at a time. What is counted are verdicts of gates that had something to judge. DIR is only read.
"""

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from common import WORK, sh, table, venv
from cost import installed

AT_ONCE = 5
MAIN = "from everycommit.cli.main import main; raise SystemExit(main())"


class Replay:
    """A clone of the repository, and what was counted in it."""

    def __init__(self, repo: Path, gates: Sequence[str], python: Path, packages: Sequence[str]) -> None:
        self.root = WORK / "replay" / repo.resolve().as_posix().strip("/").replace("/", "-")
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.parent.mkdir(parents=True, exist_ok=True)
        sh(["git", "clone", "--quiet", "--shared", str(repo), str(self.root)], WORK)
        own = venv("-".join(["replay", *packages]), *packages)
        (self.root / ".git/info/exclude").write_text(".venv\n")
        (self.root / ".venv").symlink_to(own.parent.parent)
        if "tests" in gates:
            # As a developer has it: the project's own code in its Python, out of the working tree.
            sh([str(own), "-m", "pip", "install", "--quiet", "--editable", str(self.root)], WORK)
        self.gates, self.python = gates, python
        self.counts: Counter[tuple[str, str, bool]] = Counter()
        self.doubts: Counter[str] = Counter()

    def git(self, *argv: str) -> str:
        return sh(["git", *argv], self.root).stdout.strip()

    def commits(self, count: int) -> list[str]:
        """Return the last commits of the first line that are no merges and have a parent, oldest first."""
        listed = self.git(
            "rev-list", "--first-parent", "--no-merges", "--min-parents=1", f"--max-count={count}", "HEAD"
        )
        return listed.split("\n")[::-1]

    def judge(self, how: str, *argv: str) -> None:
        """Judge as *argv* says and count what was known, under the name *how*."""
        words = ["run", *self.gates, "--run-code", "--format", "json", *argv]
        done = sh([str(self.python), "-I", "-c", MAIN, *words], self.root, check=False)
        if not done.stdout:
            raise SystemExit(f"{how} {argv}: {done.stderr}")
        for gate in json.loads(done.stdout)["verdicts"][0]["gates"]:
            if gate["outcome"] in {"passed", "failed"}:
                self.counts[how, gate["gate"], gate["reused"]] += 1
            elif gate["outcome"] != "skipped":
                self.doubts[f"{gate['gate']}: {(gate['reason'] or '')[:80]}"] += 1

    def again(self, parents: str, message: str, tree: str) -> str:
        """Return a new commit of *tree* on *parents*."""
        return self.git("commit-tree", tree, "-p", parents, "-m", message)

    def moved(self, commit: str) -> tuple[str, str]:
        """Return base and commit with one more file in both."""
        blob = self.git("hash-object", "-w", ".git/HEAD")
        trees = []
        index = str(self.root / ".git/replay-index")
        for rev in (f"{commit}^", commit):
            sh(["git", "read-tree", rev], self.root, GIT_INDEX_FILE=index)
            entry = f"100644,{blob},docs/moved-base.txt"
            sh(["git", "update-index", "--add", "--cacheinfo", entry], self.root, GIT_INDEX_FILE=index)
            trees.append(sh(["git", "write-tree"], self.root, GIT_INDEX_FILE=index).stdout.strip())
        base = self.again(f"{commit}^", "base", trees[0])
        return base, self.again(base, "moved", trees[1])


def replay(the: Replay, count: int) -> None:
    commits = the.commits(count)
    for number, commit in enumerate(commits, 1):
        the.judge("first", f"--commit={commit}")
        amended = the.again(f"{commit}^", "another message", f"{commit}^{{tree}}")
        the.judge("amended", f"--commit={amended}")
        the.judge("pushed alone", f"--range={commit}^..{amended}", "--at=push")
        base, moved = the.moved(commit)
        the.judge("moved to another base", f"--range={base}..{moved}")
        print(f"{number}/{len(commits)}", end="\r", file=sys.stderr, flush=True)
    for start in range(0, len(commits) - AT_ONCE + 1, AT_ONCE):
        the.judge("pushed five at a time", f"--range={commits[start]}^..{commits[start + AT_ONCE - 1]}", "--at=push")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--gates", nargs="+", default=["lint", "types", "tests"])
    parser.add_argument("--install", nargs="*", default=[], help="packages of the project's Python")
    args = parser.parse_args()
    the = Replay(args.repo, args.gates, installed("replay-everycommit"), args.install)
    replay(the, args.commits)
    rows = []
    for how in dict.fromkeys(how for how, _, _ in the.counts):
        cells = []
        for gate in args.gates:
            known, new = the.counts[how, gate, True], the.counts[how, gate, False]
            cells.append(f"{known} of {known + new}" if known + new else "-")
        known = sum(the.counts[how, gate, True] for gate in args.gates)
        whole = sum(the.counts[how, gate, reused] for gate in args.gates for reused in (True, False))
        rows.append([how, *cells, f"{known / whole:.0%}" if whole else "-"])
    print(table(["the same work", *args.gates, "known"], rows))
    print("".join(f"not verified, never kept: {count} times {text}\n" for text, count in the.doubts.items()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
