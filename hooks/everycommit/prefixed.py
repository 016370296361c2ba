"""The project's Python behind a command prefix: asked what it is, and how its tools are started there."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from .config.schema import RunSettings
from .deadline import Deadline
from .digest import sha256
from .distributions import listed, stamp
from .environment import Interpreter
from .errors import ToolError
from .ledger import doubt
from .record import dataclass

_ASKING_SECONDS = 60.0
_MARK = '["everycommit", '
# Any Python from 3.8 on. Values of variables do not come out, only their digest.
_QUESTION = r"""
import hashlib, json, os, re, site, sys
def stamp(path, name):
    try:
        found = os.stat(path)
    except OSError:
        return name
    return "%s %d %d" % (name, found.st_size, found.st_mtime_ns)
places = [place for place in sys.path if os.path.isdir(place)]
user = site.getusersitepackages() if hasattr(site, "getusersitepackages") else ""
places += [user] if user and os.path.isdir(user) else []
names, told, elsewhere = [], [], []
for place in places:
    for entry in sorted(os.scandir(place), key=lambda one: one.name):
        name = entry.name
        if name.endswith((".dist-info", ".egg-info")):
            names.append(name)
            told.append(stamp(entry.path + "/RECORD", name))
        elif name.endswith((".py", ".pth", ".egg-link")):
            told.append(stamp(entry.path, name))
            if name.endswith((".pth", ".egg-link")) or name.startswith("__editable__"):
                text = open(entry.path, encoding="utf-8", errors="replace").read()
                found = re.findall(r"^/.*$|(?<=['\"])/[^'\"\n]+(?=['\"])", text, re.M)
                elsewhere += [path for path in found if os.path.exists(path) and not path.startswith(sys.prefix + "/")]
        elif name != "__pycache__":
            told.append(name)
for place in os.environ.get("PATH", "").split(os.pathsep):
    told.append(stamp(place, place))
told.append(stamp(os.path.realpath(sys.executable), "python"))
passing = ["PWD", "OLDPWD", "SHLVL", "_", "HOSTNAME", "PYTHONHASHSEED", "NIX_BUILD_TOP", "PATH"]
passing += ["TMP", "TMPDIR", "TEMP", "TEMPDIR"]
told += sorted("%s=%s" % one for one in os.environ.items() if one[0] not in passing)
word = hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).hexdigest()
version = "%d.%d.%d" % sys.version_info[:3]
print(json.dumps(["everycommit", sys.executable, version, sys.prefix, names, elsewhere, word]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A prefix, and where things are behind it."""

    argv: tuple[str, ...]
    python: str
    top: Path
    """The working tree, in which the prefix is started."""
    cache: Path
    """The folder that holds the snapshots."""
    folder: str | None
    """Where *cache* is behind the prefix; None where it is at the same place."""
    worktree: str | None
    """The same for *top*."""
    environ: Mapping[str, str]
    """What the prefix sees."""

    def to(self, text: str) -> str:
        """Return *text* with paths below the snapshots' folder as they are behind the prefix."""
        return text if self.folder is None else text.replace(f"{self.cache}{os.sep}", f"{self.folder}/")

    def back(self, output: bytes) -> bytes:
        """Return *output* with paths as they are here."""
        if self.folder is not None:
            output = _moved(output, self.folder, self.cache)
        return output if self.worktree is None else _moved(output, self.worktree, self.top)

    def told(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> bytes:
        """Return what ``inside/everycommit_start.py`` reads: how to run *argv* in *cwd*, with *env* on top.

        A file, as prefixes read what is put behind them: poetry takes options for its own, hatch braces, and conda
        refuses line ends.
        """
        env = {**env, "EVERYCOMMIT_WORKTREE": self.worktree or str(self.top)}
        path = self.to(env.pop("PYTHONPATH", ""))
        told = {
            "argv": [self.to(word) for word in argv],
            "cwd": self.to(str(cwd)),
            "path": path,
            "env": {name: self.to(value) for name, value in env.items()},
        }
        return json.dumps(told).encode()

    def started(self, code: Path, place: Path) -> list[str]:
        """Return the command line that starts *code* with what is told at *place*."""
        return [*self.argv, self.python, "-I", "-S", self.to(str(code)), self.to(str(place))]

    def no_folder(self, cwd: Path) -> ToolError:
        """Return what to say where *cwd* is not there behind the prefix."""
        return ToolError(
            f"'{self.to(str(cwd))}' is not there behind run.prefix; mount '{self.cache}' there, "
            "and say in run.folder as what (docs/environments.md)"
        )

    def unseen(self) -> str | None:
        """Return what to say where a file that is written here is not there behind the prefix; None where it is."""
        import tempfile

        from .proc import Children

        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix="seen-", dir=self.cache) as file, Children() as children:
            look = f"import os; print('everycommit', os.path.exists({self.to(file.name)!r}))"
            done = children.run(
                [*self.argv, self.python, "-I", "-S", "-c", _one_line(look)],
                cwd=self.top,
                env=self.environ,
                deadline=Deadline.after(_ASKING_SECONDS),
            )
        return None if b"everycommit True" in done.out else str(self.no_folder(self.cache / "worktrees"))


def behind(settings: RunSettings, *, top: Path, cache: Path, environ: Mapping[str, str]) -> Behind:
    """Return the prefix of *settings*; *environ* is ours, of which it sees what any child does and ``run.env``.

    Raises:
        ToolError: A variable of ``run.env`` is never handed on.
    """
    from .proc import child_environment

    return Behind(
        argv=settings.prefix,
        python=settings.python or "python",
        top=top,
        cache=cache,
        folder=settings.folder.rstrip("/") if settings.folder else None,
        worktree=settings.worktree.rstrip("/") if settings.worktree else None,
        environ=child_environment(environ, settings.env, ceiling=top.parent),
    )


def asked(prefix: Behind) -> Interpreter:
    """Start the Python behind *prefix* once; return what it says of itself.

    Raises:
        ToolError: It does not answer.
    """
    from .proc import Children

    with Children() as children:
        done = children.run(
            [*prefix.argv, prefix.python, "-I", "-c", _one_line(_QUESTION)],
            cwd=prefix.top,
            env=prefix.environ,
            deadline=Deadline.after(_ASKING_SECONDS),
        )
    try:
        # Some prefixes say what they do, before and after.
        [answer] = [line for line in done.out.decode(errors="replace").splitlines() if line.startswith(_MARK)]
        _, executable, version, home, names, elsewhere, word = json.loads(answer)
    except ValueError:
        told = (done.err or done.out).decode(errors="replace").strip().splitlines()[-1:]
        why = f"gave no answer within {_ASKING_SECONDS:.0f} s" if done.late else f"said: {''.join(told) or 'nothing'}"
        raise ToolError(
            f"no Python behind run.prefix ({' '.join(prefix.argv)}): '{prefix.python}' {why}; start what it needs, or "
            "mend run.prefix and run.python"
        ) from None
    return Interpreter(
        python=Path(executable),
        version=version,
        prefix=Path(home),
        distributions=listed(names),
        origin=" ".join(prefix.argv),
        top=prefix.top,
        places=(Path(home),),
        behind=prefix,
        said=_word(prefix, word, elsewhere),
    )


def _one_line(code: str) -> str:
    """Return *code* without a line end and without what a shell in between could take for its own."""
    import base64

    return f"exec(__import__('base64').b64decode('{base64.b64encode(code.encode()).decode()}'))"


def _word(prefix: Behind, word: str, elsewhere: Sequence[str]) -> str:
    """Return what the verdicts of this Python depend on, or a doubt."""
    top = prefix.worktree or str(prefix.top)
    if any(path != top and not path.startswith(f"{top}/") for path in elsewhere):
        return doubt("an editable install of the Python behind run.prefix lies outside the working tree")
    import shutil

    program = shutil.which(prefix.argv[0], path=prefix.environ.get("PATH")) or prefix.argv[0]
    parts = [*prefix.argv, prefix.python, prefix.folder or "", prefix.worktree or "", stamp(program, program), word]
    return sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()


def _moved(output: bytes, there: str, here: Path) -> bytes:
    # At the beginning of a path only: `/app` is part of many.
    start = re.escape(os.fsencode(there)) + rb"(?=/)"
    return re.sub(rb"(?<![\w/.~-])" + start, lambda _: os.fsencode(here), output)
