"""Sees what code does: the lines that run, the names and paths that it asks for, the programs that it starts.

PYTEST_DONT_REWRITE. Any Python from 3.8 on. Used by ``everycommit_record``, which says when a test begins.
"""
# ruff: noqa: SLF001, ARG002 - what breaks in here must not break a test; hooks' names are fixed

from __future__ import annotations

import os
import re
import sys
import sysconfig
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PROGRAMS = frozenset(
    ["subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "os.fork", "os.forkpty", "os.spawn", "pty.spawn"]
)
_WORD = re.compile(r"[^\W\d]\w*")
getattr_ = getattr
"""Ours asks without being seen."""
_HOOKS = ("pytest_", "load_tests", "<")
"""How names of functions begin that decide on what is collected."""
_OFTEN = 16
"""Calls after which it is worth while to see whether lines of a function are still unseen."""
_FUNCTION = 1
"""A flag of code objects (CO_OPTIMIZED) that the bodies of modules and classes do not have."""


class Seen:
    """What one test, or all that is not a test, was seen to do."""

    def __init__(self) -> None:
        self.files: dict[str, set[int]] = {}
        self.names: set[str] = set()
        self.paths: dict[str, set[str]] = {"opened": set(), "statted": set(), "listed": set()}
        self.always: str | None = None
        self.modules: dict[str, str] = {}


class Imports:
    """What ran while something was imported, and during which statements: a path and a line each.

    Of what ran outside of any import, in a hook of pytest, the path is empty.
    """

    def __init__(self) -> None:
        self.under: dict[tuple[str, int], set[tuple[str, int]]] = {}
        self.asked: dict[str, set[tuple[str, int]]] = {}


class Recorder:
    """Sees lines by ``sys.monitoring`` where there is one, else by ``sys.settrace``."""

    def __init__(self, root: str) -> None:
        self.root = os.path.join(os.path.realpath(root), "")
        self.given = os.path.join(root, "")
        self.seen = Seen()
        self.imports = Imports()
        self.in_test = False
        self.foreign = _foreign()
        self.tracers: dict[str, Any] = {}
        self.calls: dict[int, list[Any]] = {}
        self.paths: dict[str, str | None] = {}
        self.monitoring: Any = getattr(sys, "monitoring", None)
        self.tool = 4
        if self.monitoring is not None and self.monitoring.get_tool(self.tool) is not None:
            self.monitoring = None

    def begin(self) -> None:
        """Begin anew: forget what was seen and see everything again."""
        self.seen = Seen()
        self.tracers = {}
        self.calls = {}
        if self.monitoring is not None:
            self.monitoring.restart_events()
        else:
            threading.settrace(self.call)
            sys.settrace(self.call)

    def start(self) -> None:
        if self.monitoring is None:
            threading.settrace(self.call)
            sys.settrace(self.call)
            return
        events = self.monitoring.events
        self.monitoring.use_tool_id(self.tool, "everycommit")
        self.monitoring.register_callback(self.tool, events.LINE, self.line)
        self.monitoring.register_callback(self.tool, events.PY_START, self.py_start)
        self.monitoring.set_events(self.tool, events.LINE | events.PY_START)

    def undisturbed(self) -> bool:
        """Tell whether nobody took our place."""
        if self.monitoring is None:
            return sys.gettrace() == self.call
        return bool(self.monitoring.get_tool(self.tool) == "everycommit")

    def inside(self, name: object) -> str | None:
        """Return the path *name* from the root of the snapshot; None where it lies outside."""
        if isinstance(name, bytes):
            name = os.fsdecode(name)
        if not isinstance(name, str):
            return None
        if not os.path.isabs(name):
            try:
                name = os.path.join(os.getcwd(), name)
            except OSError:
                return None
        name = os.path.normpath(name)
        for root in (self.root, self.given):
            if name.startswith(root):
                return name[len(root) :]
            if name + os.sep == root:
                return "."
        return None

    def code_path(self, filename: str) -> str | None:
        """Return the path of a code object's file; ``""`` where it was made up as the program ran; None: foreign."""
        try:
            known: str | None = self.paths[filename]
        except KeyError:
            pass
        else:
            return known
        found: str | None
        if filename.startswith("<frozen"):
            found = None
        elif filename.startswith("<") or not filename.endswith(".py"):
            found = ""
        else:
            found = self.inside(filename)
            if found is None:
                real = os.path.realpath(filename)
                found = self.inside(real) if real != filename else None
                if found is None and not filename.startswith(self.foreign) and not real.startswith(self.foreign):
                    # A test wrote it.
                    found = ""
        self.paths[filename] = found
        return found

    # sys.settrace

    def call(self, frame: Any, event: str, arg: Any) -> Any:
        code = frame.f_code
        tracer = self.tracers.get(code.co_filename, self)
        if tracer is self:
            tracer = self._tracer(code)
        if tracer is None:
            return None
        if not self.in_test or code.co_name == "<module>":
            self.entered(frame)
        # By identity: equal code of two files is equal. Held, so that no other takes its place.
        calls = self.calls.get(id(code))
        if calls is None:
            calls = self.calls[id(code)] = [code, 0, False]
        calls[1] += 1
        if calls[2] or (calls[1] > _OFTEN and self.whole(calls)):
            return None
        return tracer(frame, event, arg)

    def whole(self, calls: list[Any]) -> bool:
        """Tell whether all lines of a code object were seen already; looked up now and then."""
        code, times, _ = calls
        if times & (times - 1) or not hasattr(code, "co_lines"):
            return False
        path = self.code_path(code.co_filename)
        lines = {line for _, _, line in code.co_lines() if line} - {code.co_firstlineno}
        calls[2] = bool(path) and lines <= self.seen.files.get(path or "", set())
        return bool(calls[2])

    def _tracer(self, code: Any) -> Any:
        path = self.code_path(code.co_filename)
        if path is None:
            tracer = None
        elif path == "":

            def tracer(frame: Any, event: str, arg: Any) -> Any:  # noqa: ARG001
                self.made_up(frame)

        else:
            add = self.seen.files.setdefault(path, set()).add

            def tracer(frame: Any, event: str, arg: Any) -> Any:  # noqa: ARG001
                if event == "line":
                    add(frame.f_lineno)
                return tracer

        self.tracers[code.co_filename] = tracer
        return tracer

    # sys.monitoring

    def line(self, code: Any, number: int) -> Any:
        path = self.code_path(code.co_filename)
        if path:
            self.seen.files.setdefault(path, set()).add(number)
        return self.monitoring.DISABLE

    def py_start(self, code: Any, offset: int) -> Any:
        path = self.code_path(code.co_filename)
        if path is None:
            return self.monitoring.DISABLE
        frame = sys._getframe(1)
        self.entered(frame)
        if path == "":
            self.made_up(frame)
        # While something is imported each call counts: it may be another statement's.
        return self.monitoring.DISABLE if self.in_test else None

    # what runs while something is imported

    def entered(self, frame: Any) -> None:
        """Note which module begins, and outside of tests during which statement a function runs."""
        code = frame.f_code
        if code.co_name == "<module>":
            path = self.code_path(code.co_filename)
            name = frame.f_globals.get("__name__")
            if path and isinstance(name, str):
                self.seen.modules[name] = path
        elif not self.in_test and code.co_flags & _FUNCTION:
            path = self.code_path(code.co_filename)
            if path:
                places = self.imports.under.setdefault((path, code.co_firstlineno), set())
                places.add(self.statement(frame) or ("", 0))

    def statement(self, frame: Any) -> tuple[str, int] | None:
        """Return where the statement of a module or of a class in one stands during which *frame* runs.

        The path is empty where project code runs, but no import: with line 0 in a hook, with line 1 where pytest calls
        it as it collects. None where none of it runs.
        """
        line = 0
        outermost: Any = None
        while frame is not None:
            code = frame.f_code
            path = self.code_path(code.co_filename)
            if path:
                outermost = code
                if code.co_name == "<module>":
                    return path, line or frame.f_lineno
                # The body of a class belongs to the module when nothing is between them.
                line = 0 if code.co_flags & _FUNCTION else line or frame.f_lineno
            else:
                line = 0
            frame = frame.f_back
        if outermost is None:
            return None
        return "", 0 if outermost.co_name.startswith(_HOOKS) else 1

    def made_up(self, frame: Any) -> None:
        """Note the names that code without a file of its own mentions: a compiled template, a generated method."""
        code = frame.f_code
        origin = frame.f_globals.get("__file__")
        if isinstance(origin, str) and self.code_path(origin) is None:
            # Made by another package for itself: a method of a data class of pytest.
            return
        names = set(code.co_names)
        for constant in code.co_consts:
            if isinstance(constant, str):
                names.update(_WORD.findall(constant[:400]))
        if self.in_test:
            self.seen.names |= names
        else:
            self.asked_at_import(names, frame)

    def asked_at_import(self, names: Any, frame: Any) -> None:
        place = self.statement(frame)
        if place is not None:
            for name in names:
                self.imports.asked.setdefault(name, set()).add(place)

    # what is asked for by name, by path, and who is started

    def asked(self, name: Any, frame: Any) -> None:
        if type(name) is str:
            self.all_asked((name,), frame)

    def of_others(self, thing: Any, name: Any) -> bool:
        """Tell whether a special name of another package's class is asked for."""
        if not isinstance(thing, type) or not isinstance(name, str) or not name.startswith("__"):
            return False
        module = sys.modules.get(thing.__module__)
        origin = getattr_(module, "__file__", None)
        return isinstance(origin, str) and self.code_path(origin) is None

    def all_asked(self, names: Any, frame: Any) -> None:
        if self.in_test:
            self.seen.names.update(names)
        else:
            self.asked_at_import(names, frame)

    def path(self, kind: str, name: Any) -> None:
        found = self.inside(name)
        if found is None or "__pycache__" in found:
            return
        if not self.in_test and (found.endswith(".py") or not self.ours_on_stack()):
            return
        self.seen.paths[kind].add(found)

    def ours_on_stack(self) -> bool:
        """Tell whether code of the project is what asks: not pytest, nor another package as it is imported."""
        frame: Any = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            path = self.code_path(code.co_filename)
            if path:
                return True
            if path is None and code.co_name == "<module>" and not code.co_filename.startswith("<"):
                return False
            frame = frame.f_back
        return False

    def event(self, event: str, args: Any) -> None:
        if event in ("open", "os.listdir") and sys._getframe(2).f_code.co_filename.startswith("<frozen importlib"):
            # The import system reads sources and folders, too: that a module ran is in its lines.
            return
        if event == "open":
            self.path("opened", args[0])
        elif event in ("os.listdir", "os.scandir"):
            folder = _of_number(args[0]) if isinstance(args[0], int) else args[0] or "."
            if folder is None:
                self.must("it lists a folder by number")
            else:
                self.path("listed", folder)
        elif event in ("sqlite3.connect", "ctypes.dlopen"):
            self.path("opened", args[0])
        elif event in _PROGRAMS:
            self.must("it starts programs")
        elif event == "pickle.find_class" and self.in_test:
            self.seen.names.update(f"%{part}" for part in str(args[0]).split("."))
            self.seen.names.update(str(args[1]).split("."))
        elif event == "import" and self.in_test:
            self.seen.names.update(f"%{part}" for part in str(args[0]).split("."))

    def must(self, why: str) -> None:
        if self.seen.always is None and (self.in_test or self.ours_on_stack()):
            self.seen.always = why


def _foreign() -> tuple[str, ...]:
    """Return the beginnings of the paths of code that is neither the project's nor made by a test."""
    folders = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, sys.exec_prefix}
    folders.add(os.path.dirname(os.path.abspath(__file__)))
    return tuple(os.path.join(folder, "") for folder in folders if folder.strip(os.sep))


def _of_number(number: int) -> Any:
    """Return the path of the open folder *number*; None where the system does not tell."""
    try:
        if sys.platform == "darwin":
            import fcntl

            return fcntl.fcntl(number, 50, b"\0" * 1024).rstrip(b"\0")  # F_GETPATH
        return os.readlink("/proc/self/fd/%d" % number)
    except OSError:
        return None
