"""A remote with a pull request from a fork, and clones of it as CI providers make them."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support import Repo


@dataclass
class Hosted:
    """A bare remote whose main has gone on since a fork branched off, and the fork's branch as pull request 7."""

    remote: Repo
    base: str
    """Main's newest commit."""
    left: str
    """The commit that the fork left main at."""
    head: str
    merge: str
    """What GitHub makes of both."""
    folder: Path

    def clone(self, name: str, fetch: Sequence[str], checkout: str, *, depth: int | None = None) -> Repo:
        """Return a clone that holds what *fetch* names, *checkout* being checked out."""
        clone = Repo.make(self.folder / name, self.folder / "home")
        clone.git("remote", "add", "origin", f"file://{self.remote.root}")
        clone.git("fetch", "--quiet", "--no-tags", *[f"--depth={depth}"] * (depth is not None), "origin", *fetch)
        clone.git("checkout", "--quiet", "--detach", checkout)
        return clone

    def pull_request(self, name: str = "pull_request") -> dict[str, str]:
        """Return the variables of a GitHub job for the pull request."""
        event = self.folder / "event.json"
        event.write_text(
            json.dumps({"pull_request": {"number": 7, "base": {"sha": self.base}, "head": {"sha": self.head}}})
        )
        summary = self.folder / "summary.md"
        summary.touch()
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_BASE_REF": "main",
            "GITHUB_SHA": self.merge if name == "pull_request" else self.base,
            "GITHUB_STEP_SUMMARY": str(summary),
        }


EVERYTHING = ("+refs/heads/*:refs/remotes/origin/*",)
"""What is fetched with ``fetch-depth: 0``."""


def hosted(folder: Path, *, start: dict[str, str], main: dict[str, str], fork: Sequence[dict[str, str]]) -> Hosted:
    """Make a remote: *start*, then *main* on main, and each of *fork* a commit of a fork's branch."""
    home = folder / "home"
    remote = Repo.make(folder / "remote.git", home, bare=True)
    work = Repo.make(folder / "work", home)
    work.git("remote", "add", "origin", f"file://{remote.root}")
    left = _committed(work, start, "start")
    work.git("checkout", "--quiet", "-b", "fork")
    for number, files in enumerate(fork):
        _committed(work, files, f"fork {number}")
    head = work.text("rev-parse", "HEAD")
    work.git("checkout", "--quiet", "main")
    base = _committed(work, main, "main goes on")
    work.git("checkout", "--quiet", "--detach")
    work.git("merge", "--quiet", "--no-edit", "fork")
    merge = work.text("rev-parse", "HEAD")
    work.git("push", "--quiet", "origin", "main", "fork:refs/pull/7/head", "HEAD:refs/pull/7/merge")
    return Hosted(remote, base, left, head, merge, folder)


def _committed(repo: Repo, files: dict[str, str], message: str) -> str:
    for name, content in files.items():
        repo.stage(name, content)
    return repo.commit(message).text("rev-parse", "HEAD")


def shell(repo: Repo, script: str, **env: str) -> tuple[int, str]:
    """Run *script* as a CI step does; return its exit code and all that it said but git's progress."""
    environ = repo.environ | env
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=repo.root,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    told = [line for line in done.stdout.splitlines(keepends=True) if not line.startswith(("From ", " * "))]
    return done.returncode, "".join(told)
