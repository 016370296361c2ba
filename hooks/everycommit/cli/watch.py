"""Judge the working tree whenever it rests, on the whole terminal: for a person beside a coding agent.

Keys: j and k choose a finding, o opens it in your editor, a accepts it, e explains its rule, r judges anew, ? helps,
q quits. Through a pipe, or with --plain, each verdict is a report. `pip install 'everycommit[watch]'` lets the system
tell of changes; without it the tree is looked at every one and a half seconds.
"""

import io
import os
import queue
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EverycommitError, Interrupted, UsageError
from ..record import replace
from ..report.style import style_for
from ..report.watching import HELP, View, frame
from ..result import exit_code
from .call import Call
from .ending import signals
from .judge import Wish
from .place import nearby
from .rests import Resting
from .screen import Screen, asked
from .working import REPEAT

if TYPE_CHECKING:
    import argparse

    from ..result import Finding

_TICK = 0.15
_IDLE = 30.0
_AT_LINE = frozenset({"vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "micro", "kak", "hx", "joe", "mg"})
"""Editors that take ``+LINE FILE``."""


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.add_argument("gates", nargs="*", metavar="GATE", help="only these (default: those of a commit)")
    parser.add_argument("--plain", action="store_true", help="a report for each verdict, also on a terminal")


def main(args: "argparse.Namespace", call: Call) -> int:
    """Watch until the person quits; return 0."""
    repository = nearby(call)
    if repository is None:
        raise UsageError("there is no working tree here to watch; go into a repository")
    # Watched is all of it, wherever in it the command was called.
    call = replace(call, cwd=repository.top)
    plain = args.plain or not (call.stdin.isatty() and style_for(call.stdout, call.environ).terminal)
    try:
        with signals():
            return _plain(call, args.gates) if plain else _Watching(call, args.gates).run()
    except Interrupted:
        return 0


def _plain(call: Call, gates: list[str]) -> int:
    """Write a report for each verdict until somebody ends it."""
    from ..report.formats import rendered

    bell: queue.Queue[None] = queue.Queue()
    resting = Resting(call, Wish(gates=gates), changed=lambda: bell.put(None))
    style = style_for(call.stdout, call.environ)
    shown, wrong = 0.0, ""
    resting.start()
    try:
        while True:
            bell.get()
            view = resting.view
            if view.error and view.error != wrong:
                call.stdout.write(f"everycommit: NOT VERIFIED: {style.text(view.error)}\n")
            wrong = view.error
            if view.verdict is not None and view.judged_at != shown and not view.judging:
                shown = view.judged_at
                code = exit_code([view.verdict])
                call.stdout.write(rendered("text", [view.verdict], exit=code, style=style, repeat=REPEAT))
            call.stdout.flush()
    finally:
        resting.close()


class _Watching:
    """The whole terminal."""

    def __init__(self, call: Call, gates: list[str]) -> None:
        self._call = call
        self._style = style_for(call.stdout, call.environ)
        self._screen = Screen(call)
        self._resting = Resting(call, Wish(gates=gates), changed=self._screen.wake)

    def run(self) -> int:
        """Show and obey keys until the person quits; return 0."""
        tick = 0
        with self._screen:
            self._resting.start()
            try:
                while True:
                    view = self._resting.view
                    width, height = self._screen.size()
                    # One column stays free: a full line makes some terminals wrap at once.
                    self._screen.draw(frame(view, self._style, width - 1, height, tick))
                    key = self._screen.key(_TICK if view.judging else _IDLE)
                    tick += 1
                    if key is not None and not self._obeyed(key, view):
                        return 0
            except EOFError:
                return 0
            finally:
                self._resting.close()

    def _obeyed(self, key: str, view: View) -> bool:
        """Do what *key* asks for; False: to quit."""
        if key == "q":
            return False
        if key in {"j", "down", "k", "up", "page down", "page up"}:
            self._move({"j": 1, "down": 1, "k": -1, "up": -1, "page down": 10, "page up": -10}[key], view)
        elif key == "esc":
            self._resting.told(page=(), scrolled=0, message="")
        elif key == "?":
            self._resting.told(page=HELP, scrolled=0, message="")
        elif key == "r":
            self._resting.again()
        elif key in {"o", "enter", "e", "a"}:
            if not view.found:
                self._resting.told(message="there is no finding to choose")
            else:
                finding = view.found[min(view.selected, len(view.found) - 1)][1]
                {"e": self._explain, "a": self._accept}.get(key, self._open)(finding)
        return True

    def _move(self, by: int, view: View) -> None:
        if view.page:
            self._resting.told(scrolled=max(0, view.scrolled + by))
        else:
            last = max(0, len(view.found) - 1)
            self._resting.told(selected=max(0, min(last, view.selected + by)), message="")

    def _open(self, finding: "Finding") -> None:
        """Open the file in the person's editor, at the line."""
        if finding.path is None or not (self._call.cwd / finding.path).is_file():
            self._resting.told(message="this finding is at no file that is there")
            return
        line = editor(self._call.environ, self._call.cwd / finding.path, finding.line or 1)
        with self._screen.away():
            try:
                code = os.spawnvpe(os.P_WAIT, line[0], line, dict(self._call.environ))  # noqa: S606 - the person's own
            except OSError:
                code = 127
        if code == 127:
            self._resting.told(message=f"'{line[0]}' could not be started; VISUAL or EDITOR says which editor is yours")

    def _explain(self, finding: "Finding") -> None:
        try:
            text = _said(self._call, "explain", [finding.rule])
        except EverycommitError as error:
            hint = f"\n\n{finding.hint}" if finding.hint else ""
            text = f"{finding.rule}\n\n{finding.message}{hint}\n\n{error}"
        self._resting.told(page=tuple(text.splitlines()), scrolled=0, message="")

    def _accept(self, finding: "Finding") -> None:
        with self._screen.away():
            reason = asked(self._call, f"Accept {finding.rule}: {finding.message[:100]!r}\nWhy is it right here? ")
        if not reason:
            self._resting.told(message="nothing was accepted: it takes a reason")
            return
        try:
            said = _said(self._call, "accept", [finding.fingerprint[:16], "--reason", reason])
        except EverycommitError as error:
            said = f"not accepted: {error}"
        self._resting.told(message=said.strip().partition("\n")[0])


def editor(environ: Mapping[str, str], path: Path, line: int) -> list[str]:
    """Return the command line that opens *path* at *line* in the editor that the environment names."""
    words = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "vi") or ["vi"]
    name = Path(words[0]).name
    if name in {"code", "codium", "cursor", "windsurf"}:
        return [*words, "--goto", f"{path}:{line}"]
    if name in {"subl", "zed"}:
        return [*words, f"{path}:{line}"]
    return [*words, *([f"+{line}"] if name in _AT_LINE else []), str(path)]


def _said(call: Call, name: str, argv: list[str]) -> str:
    """Return what another command of ours says."""
    from .main import parser_of

    out = io.StringIO()
    module, parser = parser_of(name)
    module.main(parser.parse_args(argv), replace(call, stdin=io.StringIO(), stdout=out, stderr=io.StringIO()))
    return out.getvalue()
