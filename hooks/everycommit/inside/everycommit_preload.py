"""Imports what a run of pytest will need and what is plain: importing it leaves the process as it was.

Plain are modules of the standard library, and of installed distributions that are Python code only, are not editable,
and are no pytest plugin. Importing them must not warn, start a thread, read files or the current folder, change the
environment, signals, import system or the random numbers. What a module does is seen in a fork that is thrown away;
only what did nothing there is imported here, and looked at once more.
"""
# ruff: noqa: BLE001 - whatever goes wrong with a module, it is not preloaded

from __future__ import annotations

import builtins
import importlib
import logging
import os
import random
import select
import signal
import sys
import sysconfig
import threading
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

_getcwd = os.getcwd
_SECONDS = 60.0
"""For the fork to try all modules."""
_DOES_SOMETHING = (
    *("socket.", "subprocess.", "shutil.", "tempfile.", "ctypes.", "sqlite3.", "urllib.", "http.", "mmap."),
    *("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.putenv", "os.unsetenv", "os.chdir"),
    *(
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.kill",
        "fcntl.",
        "resource.",
        "sys.settrace",
        "sys.setprofile",
        "sys.addaudithook",
    ),
)
# What the trial itself and pytest's server need is not asked of a module again.
_SKIPPED = frozenset({"__main__", "sitecustomize", "usercustomize", "site"})


class NotPlainError(Exception):
    """A module that was plain in the fork was not so here: this process is spoilt."""


def preloaded(wanted: Iterable[str], own: Collection[str]) -> list[str]:
    """Import those of *wanted* that are plain; return the files of all that was loaded.

    *own* are names at the top that the project's code has: they are never imported.
    """
    plain = _Plain(own)
    names = [name for name in wanted if name not in _SKIPPED and name not in sys.modules and plain.named(name)]
    while True:
        # What came with a module that is not plain has to show what it does by itself.
        good = _tried(names, plain)
        if good == names:
            break
        names = good
    state = _State()
    for name in names:
        before = set(sys.modules)
        if not _imported(name, state, plain, before):
            raise NotPlainError(name)
    return [file for module in list(sys.modules.values()) for file in _files(module)]


def _files(module: Any) -> list[str]:
    file = getattr(module, "__file__", None)
    return [file] if isinstance(file, str) and os.path.isabs(file) else []


class _Plain:
    """Tells which modules may be preloaded by where they come from."""

    def __init__(self, own: Collection[str]) -> None:
        self.own = frozenset(own)
        paths = sysconfig.get_paths()
        self.packages = _folders(paths["purelib"], paths["platlib"])
        self.library = _folders(paths["stdlib"], paths["platstdlib"])
        self.without_file = {*sys.builtin_module_names, *getattr(sys, "stdlib_module_names", ())}
        self.tops = _plain_tops()

    def named(self, name: str) -> bool:
        return name.partition(".")[0] not in self.own

    def has(self, module: Any, key: str) -> bool:
        """Tell whether *module*, loaded as *key*, may be there; some are there under two names."""
        tops = {key.partition(".")[0], str(getattr(module, "__name__", key)).partition(".")[0]}
        if tops & self.own:
            return False
        file = getattr(module, "__file__", None)
        if not isinstance(file, str):
            # Built in, or made by one that is: pyexpat makes its own parts.
            return tops <= self.without_file
        if file.startswith(self.packages):
            return file.endswith(".py") and tops <= self.tops
        return file.startswith(self.library) and "site-packages" not in file


def _folders(*paths: str) -> tuple[str, ...]:
    """Return *paths* as they are written and as they are, each with a slash behind it."""
    return tuple({os.path.join(one, "") for path in paths for one in (path, os.path.realpath(path))})


def _plain_tops() -> set[str]:
    """Return the names at the top of the distributions that are nothing but Python code."""
    from importlib.metadata import distributions

    plain: set[str] = set()
    others: set[str] = set()
    for one in distributions():
        files = [str(file) for file in one.files or ()]
        tops = {file.partition("/")[0].partition(".py")[0] for file in files if file.endswith(".py")}
        compiled = any(file.endswith((".so", ".pyd", ".pth")) for file in files)
        plugin = any(entry.group == "pytest11" for entry in one.entry_points)
        editable = "editable" in (one.read_text("direct_url.json") or "")
        (others if compiled or plugin or editable or not files else plain).update(tops)
    return plain - others


class _State:
    """What importing a plain module leaves alone."""

    def __init__(self) -> None:
        self.found = self._look()

    def changed(self) -> bool:
        return self._look() != self.found

    def _look(self) -> list[Any]:
        return [
            dict(os.environ),
            _getcwd(),
            list(sys.path),
            list(map(id, sys.meta_path)),
            list(map(id, sys.path_hooks)),
            [sys.excepthook, sys.displayhook, sys.unraisablehook, sys.gettrace(), sys.getprofile()],
            [id(sys.stdin), id(sys.stdout), id(sys.stderr), sys.getrecursionlimit(), sys.getswitchinterval()],
            {name: id(thing) for name, thing in vars(builtins).items() if name != "_"},
            [signal.getsignal(number) for number in range(1, signal.NSIG)],
            threading.active_count(),
            list(logging.root.handlers),
            random.getstate(),
        ]


def _imported(name: str, state: _State, plain: _Plain, before: set[str]) -> bool:
    """Import *name*; return whether that was all that happened."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        importlib.import_module(name)
        quiet = not said and list(warnings.filters) == filters
    new = [(key, module) for key, module in list(sys.modules.items()) if key not in before]
    return quiet and not state.changed() and all(plain.has(module, key) for key, module in new)


def _tried(names: list[str], plain: _Plain) -> list[str]:
    """Return those of *names* that are plain, by importing them in a fork."""
    theirs, ours = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(theirs)
            found = _trial(names, plain)
            with os.fdopen(ours, "w") as out:
                out.write("\n".join(found))
            code = 0
        finally:
            os._exit(code)
    os.close(ours)
    with os.fdopen(theirs, "rb") as answer:
        ready, _, _ = select.select([answer], [], [], _SECONDS)
        told = answer.read() if ready else b""
    if not ready:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return told.decode().split("\n") if status == 0 and told else []


def _trial(names: list[str], plain: _Plain) -> list[str]:
    """Import *names* one after the other, watched; return those that did nothing else."""
    did = _watched((*plain.packages, *plain.library))
    good: list[str] = []
    spoilt: set[str] = set()
    state = _State()
    for name in names:
        before = set(sys.modules)
        if name in before:
            # Came with another one.
            if name not in spoilt:
                good.append(name)
            continue
        did.clear()
        try:
            fine = _imported(name, state, plain, before) and not did
        except BaseException:
            fine = False
        if fine:
            good.append(name)
        else:
            spoilt |= set(sys.modules) - before
            state = _State()
    return good


def _watched(roots: tuple[str, ...]) -> list[str]:
    """Return a list that grows by whatever is done in this process from now on but reading files in *roots*."""
    did: list[str] = []

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[0], (str, bytes)):
            if not os.fsdecode(args[0]).startswith(roots):
                did.append(event)
        elif event.startswith(_DOES_SOMETHING) and not _of_imports(sys._getframe(1)):  # noqa: SLF001
            did.append(event)

    sys.addaudithook(hook)
    for name in ("getcwd", "getcwdb"):
        real = _noting(getattr(os, name), did)
        for module in ("os", "posix"):
            setattr(sys.modules[module], name, real)
    return did


def _noting(real: Any, did: list[str]) -> Any:
    def asking(*args: Any) -> Any:
        if not _of_imports(sys._getframe(1)):  # noqa: SLF001
            did.append("os.getcwd")
        return real(*args)

    return asking


def _of_imports(frame: Any) -> bool:
    """Tell whether the import system itself asks: it writes byte code, and looks where an empty entry leads."""
    return bool(frame.f_code.co_filename.startswith("<frozen importlib"))
