"""A person at a terminal: what a command shows there, and what it makes of the answers typed."""

import os
import pty
import select
import subprocess

from support import EVERYCOMMIT, Repo

SECONDS = 60


def on_a_terminal(repo: Repo, *argv: str, answers: str) -> tuple[int, str]:
    """Run a command of ours, type *answers*; return its exit code and what the terminal showed, echo included."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*EVERYCOMMIT, *argv],
        cwd=repo.root,
        env=repo.environ | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(ours, answers.encode())
        said = b""
        while select.select([ours], [], [], SECONDS)[0]:
            try:
                more = os.read(ours, 65536)
            except OSError:  # Linux's way to say that the other end is closed
                break
            if not more:
                break
            said += more
        os.close(ours)
        code = process.wait(SECONDS)
    return code, said.decode().replace("\r\n", "\n")
