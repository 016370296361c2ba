"""Ends the children's process groups when we die, by whatever signal: a tiny shell at the other end of a pipe."""

import os
from collections.abc import Sequence
from contextlib import suppress

from .errors import ToolError

SHELL = "/bin/sh"
_PATIENCE = 2.0

# Reads `add GROUP` and `del GROUP`. The pipe ends when the last writer is gone: we, whatever ended us, and children
# that have not yet become their program. Then it ends what is still listed. It ignores signals and lies in a session
# of its own, so that what is sent to our group or by our terminal misses it.
_WATCH = """
trap '' HUP INT QUIT TERM PIPE
listed=
while read -r word group; do
    left=
    for each in $listed; do [ "$each" = "$group" ] || left="$left $each"; done
    [ "$word" = add ] && left="$left $group"
    listed=$left
done
[ -n "$listed" ] || exit 0
for each in $listed; do kill -s TERM -- "-$each"; done
sleep 0.2 || sleep 1
for each in $listed; do kill -s KILL -- "-$each"; done
"""

# The child begins as this shell, with the watcher's pipe as its stdin: its group is in the pipe before the program
# runs, and the pipe cannot end in between. `exec` replaces stdin, which closes this copy. $0 is the file for stdin:
# a variable could be one that the program's environment has.
_ANNOUNCED = 'echo "add $$" >&0 && exec "$@" <"$0"'


def announced(argv: Sequence[str], stdin: str) -> list[str]:
    """Return the argv that announces its own process group, then becomes *argv* with file *stdin* as its input.

    Start it as leader of a group of its own, with ``Watcher.pipe`` as its stdin.
    """
    return [SHELL, "-c", _ANNOUNCED, stdin, *argv]


class Watcher:
    """The watching process and our end of its pipe. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        import subprocess

        theirs, self.pipe = os.pipe()
        try:
            self._process = subprocess.Popen(
                [SHELL, "-c", _WATCH, "everycommit-watcher"],
                stdin=theirs,
                # Whoever reads our output waits until every holder of it is gone: the watcher holds none.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath)},
                start_new_session=True,
            )
        except OSError as error:
            os.close(self.pipe)
            raise ToolError(f"cannot start {SHELL!r}, which watches over child processes: {error.strerror}") from error
        finally:
            os.close(theirs)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def forget(self, group: int) -> None:
        """Take a process group that is gone off the list, before its number can be used again."""
        with suppress(BrokenPipeError):  # where somebody ended the watcher; the next child gets a new one
            os.write(self.pipe, b"del %d\n" % group)

    def close(self) -> None:
        """End the watching; what is still listed is ended."""
        import subprocess

        os.close(self.pipe)
        try:
            self._process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            # Only if a stranger holds the pipe: end it rather than wait for them.
            self._process.kill()
            self._process.wait()
