"""Lets every Python child of a gate import the snapshot where an editable install would give the working tree.

Python imports this by itself: its folder is on PYTHONPATH. Any Python from 3.8 on; the standard library only; it must
never break a child, so whatever goes wrong in here leaves the child as it would have been.

``EVERYCOMMIT_WORKTREE`` and ``EVERYCOMMIT_SNAPSHOT`` are the two roots, real paths. ``EVERYCOMMIT_REPORT`` plus
``.leaks`` gets a line ``module<TAB>file`` for each module that came from the working tree all the same, or from an
installed copy that differs from the snapshot, plus ``.missing`` a line for each file that only the working tree has and
an import asked for.
"""
# ruff: noqa: BLE001, S110 - nothing may break the child; contextlib would cost each child its import

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing would cost each child its import
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

# Where everycommit judges itself this folder lies in the working tree; its twin in the snapshot is not ours to load.
_HERE = os.path.dirname(os.path.realpath(__file__))
# The folder of links to each file that setuptools makes for `editable_mode=strict`.
_STRICT = os.sep + "__editable__."
_PACKAGES = (os.sep + "site-packages", os.sep + "dist-packages")
# Some distributions leave a folder of this name there by mistake.
_TESTS = ("tests" + os.sep, "test" + os.sep)


def _folder(path: str) -> str:
    return os.path.join(path, "")


class _Roots:
    """Tells which files belong to the working tree and where the snapshot has them."""

    def __init__(self, worktree: str, snapshot: str, prefixes: Iterable[str]) -> None:
        self.worktree = _folder(worktree)
        self.snapshot = _folder(snapshot)
        # A virtual environment in the working tree is no code of the project. A prefix *around* it (/usr and
        # /usr/src/app) says nothing.
        own = [_folder(os.path.realpath(prefix)) for prefix in prefixes]
        self.skipped = (*[prefix for prefix in own if prefix.startswith(self.worktree)], self.snapshot, _folder(_HERE))
        self.real: dict[str, str] = {}

    def moved(self, path: object) -> str | None:
        """Return where the snapshot has the file *path*, None where it is not the working tree's."""
        if not isinstance(path, str) or not os.path.isabs(path) or path.startswith(self.snapshot):
            return None
        folder, name = os.path.split(path)
        real = self.real.get(folder)
        if real is None:
            # An editable install may name the project through a symbolic link, or be one.
            real = self.real[folder] = os.path.realpath(folder)
        place = os.path.join(real, name)
        if real.endswith(_PACKAGES) and os.path.islink(place):
            place = os.path.realpath(place)
        if not place.startswith(self.worktree) or place.startswith(self.skipped):
            return None
        if any(part + os.sep in place for part in _PACKAGES):
            return None
        there = os.path.join(self.snapshot, place[len(self.worktree) :])
        if _STRICT in place and os.path.islink(place):
            there = self.moved(os.path.realpath(place)) or there
        return there

    def moved_folder(self, path: object) -> str | None:
        """Return where the snapshot has the folder *path*, None where it is not the working tree's."""
        if not isinstance(path, str):
            return None
        there = self.moved(os.path.join(path, "_"))
        return None if there is None else os.path.dirname(there)

    def copied(self, path: str) -> bool:
        """Tell whether *path* is an installed copy of a file in a package of the snapshot, and differs from it."""
        for packages in _PACKAGES:
            _, there, inner = path.partition(packages + os.sep)
            if not there or os.sep not in inner or inner.startswith(_TESTS) or not inner.endswith(".py"):
                continue
            for folder in ("src", ""):
                own = os.path.join(self.snapshot, folder, inner)
                package = os.path.join(self.snapshot, folder, inner.partition(os.sep)[0], "__init__.py")
                if os.path.isfile(package) and os.path.isfile(own):
                    with open(own, "rb") as one, open(path, "rb") as other:
                        return one.read() != other.read()
        return False

    def twin(self, path: object) -> str | None:
        """Return where the working tree has *path* of the snapshot, None where it is not the snapshot's."""
        if not isinstance(path, str) or not _folder(os.path.abspath(path)).startswith(self.snapshot):
            return None
        return os.path.join(self.worktree, os.path.abspath(path)[len(self.snapshot) :])


class _Finder:
    """Asks the other finders and gives the snapshot's file for a module of the working tree."""

    everycommit = True
    # Two of them would ask each other for ever.

    def __init__(self, roots: _Roots, report: str, replaced: Sequence[str]) -> None:
        self.roots = roots
        self.report = report
        self.replaced = replaced
        self.told: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            if finder is self:
                continue
            find = getattr(finder, "find_spec", None)
            if find is None:
                # Before 3.12 a finder may know find_module alone: leave what it finds to the import system.
                legacy = getattr(finder, "find_module", None)
                if sys.version_info < (3, 12) and legacy is not None and legacy(name, path) is not None:
                    return None
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                return self._moved(name, spec)
        self._missing(name, path)
        return None

    def find_distributions(self, *args: Any, **kwargs: Any) -> Iterable[Any]:
        """Find the metadata that lies beside the code in the working tree (``setup.py develop``)."""
        if not self.replaced:
            return ()
        from importlib.metadata import DistributionFinder, MetadataPathFinder

        context = args[0] if args else DistributionFinder.Context(**kwargs)
        if "path" in vars(context):
            return ()
        there = DistributionFinder.Context(name=context.name, path=list(self.replaced))
        return MetadataPathFinder.find_distributions(there)

    def _moved(self, name: str, spec: ModuleSpec) -> ModuleSpec | None:
        try:
            origin = self.roots.moved(spec.origin) if spec.has_location else None
            places = spec.submodule_search_locations
            there = None
            if places is not None:
                listed = list(places)
                mapped = [self.roots.moved_folder(place) or place for place in listed]
                if origin is not None and any(_STRICT in place for place in listed):
                    mapped = [os.path.dirname(origin)]
                there = None if mapped == listed else mapped
            if origin is None and there is None:
                return spec
            if origin is None:
                spec.submodule_search_locations = there
                return spec
            found = os.path.isfile(origin)
            if found:
                return self._from(name, spec, origin, there)
        except Exception:  # the exit check still tells of a leak
            return spec
        self._tell(".missing", spec.origin)
        # Going on would let the next finder give the working tree's file.
        raise ModuleNotFoundError("No module named %r (%s is not in the commit)" % (name, spec.origin), name=name)

    def _from(self, name: str, spec: ModuleSpec, origin: str, places: list[str] | None) -> ModuleSpec | None:
        from importlib.util import spec_from_file_location

        if places is None and spec.submodule_search_locations is not None:
            places = list(spec.submodule_search_locations)
        new = spec_from_file_location(name, origin, submodule_search_locations=places)
        if new is None:
            kind: Any = type(spec.loader)
            new = spec_from_file_location(name, origin, loader=kind(name, origin))
        return new

    def _missing(self, name: str, path: Sequence[str] | None) -> None:
        """Note a file of the working tree that would have satisfied an import which is about to fail."""
        try:
            leaf = name.rpartition(".")[2]
            for place in sys.path if path is None else path:
                twin = self.roots.twin(place or os.getcwd())
                if twin is None or not os.path.isdir(twin):
                    continue
                for there in (leaf + ".py", os.path.join(leaf, "__init__.py")):
                    if os.path.isfile(os.path.join(twin, there)):
                        return self._tell(".missing", os.path.join(twin, there))
                for there in os.listdir(twin):
                    if there.startswith(leaf + ".") and there.endswith((".so", ".pyd")):
                        return self._tell(".missing", os.path.join(twin, there))
        except Exception:
            pass

    def lacks(self, path: str) -> None:
        """Note that somebody failed for want of *path*, where only the working tree has it."""
        twin = self.roots.twin(path)
        if twin is not None and os.path.exists(twin) and not os.path.lexists(path):
            self._tell(".missing", twin)

    def _tell(self, ending: str, line: object) -> None:
        if isinstance(line, str) and line not in self.told:
            self.told.add(line)
            _append(self.report + ending, [line])

    def leaks(self) -> list[str]:
        """Return ``module<TAB>file`` for each loaded module of the project that is not the snapshot's."""
        found = []
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            # zip and frozen modules have odd ones
            if isinstance(file, str) and (self.roots.moved(file) is not None or self.roots.copied(file)):
                found.append("%s\t%s" % (name, file))
        return found


def _append(path: str, lines: Iterable[str]) -> None:
    """Append *lines* in one write, so that children that end together do not mix theirs."""
    data = "".join(line.replace("\n", "?") + "\n" for line in lines).encode("utf-8", "surrogateescape")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, data)
    finally:
        os.close(handle)


def _start() -> _Finder | None:
    worktree = os.environ.get("EVERYCOMMIT_WORKTREE")
    snapshot = os.environ.get("EVERYCOMMIT_SNAPSHOT")
    report = os.environ.get("EVERYCOMMIT_REPORT")
    if not worktree or not snapshot or not report:
        return None
    import atexit

    roots = _Roots(worktree, snapshot, {sys.prefix, sys.exec_prefix, sys.base_prefix})
    replaced = []
    for index, entry in enumerate(sys.path):
        there = roots.moved_folder(entry)
        if there is not None and _STRICT not in entry:
            replaced.append(entry)
            sys.path[index] = there
    finder = _Finder(roots, report, replaced)
    sys.meta_path.insert(0, finder)

    def check() -> None:
        try:
            found = finder.leaks()
            if found:
                _append(report + ".leaks", found)
        except Exception:
            pass

    atexit.register(check)
    return finder


def _next() -> None:
    """Run the sitecustomize that this one hides; Debian and many images have one."""
    here = os.path.dirname(os.path.abspath(__file__))
    places = [entry for entry in sys.path if os.path.abspath(entry) != here]
    # Taken from where it is: importing importlib.machinery would cost each child its start.
    finders = [finder for finder in sys.meta_path if getattr(finder, "__name__", None) == "PathFinder"]
    spec = next((finder.find_spec("sitecustomize", places) for finder in finders), None)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def start() -> _Finder | None:
    """Put the snapshot in the place of the working tree, where the environment names both; never raises."""
    try:
        return _start()
    except Exception:
        return None


if __name__ == "sitecustomize":
    # Else the server of runs has loaded it (everycommit_server), whose Python has run the other one.
    _ours = start()
    try:
        _next()
    finally:
        if _ours is not None and sys.meta_path[0] is not _ours:
            # The other sitecustomize put a finder of its own first.
            sys.meta_path.remove(_ours)
            sys.meta_path.insert(0, _ours)
