"""What is known of classes, objects and functions: the names through which they can be had, what they call."""

import sys
from collections.abc import Iterable, Iterator

from .recorded import IMPORT, Map
from .source import Class, Function, Source, Statement

_FINDS = frozenset({"__getattr__", "__getattribute__"})
_SILENT = frozenset({"pytest", "_pytest", "typing_extensions"})
"""Other packages that read no docstring of what they are given."""
_BEGINS = ("__init__", "__new__", "__call__", "__enter__", "__post_init__")


class Known:
    """Answers from the recorded map, and from the new sides of the changed files."""

    def __init__(self, recorded: Map) -> None:
        self.map = recorded
        self.new: dict[str, Source] = {}
        self._objects: dict[tuple[str, str], frozenset[str]] = {}

    def objects(self, path: str, scope: str) -> frozenset[str]:
        """Return the tokens through which an object of the class can be had; of a module where *scope* is empty.

        Its own, those of what derives from it, and of what is made of it at import. A scope that begins with ``=`` is a
        function, which can be had where it is more than called.
        """
        if (path, scope) not in self._objects:
            if scope[:1] == "=":
                outer, _, name = scope[1:].rpartition(".")
                found = {f"=.{name}" if outer else f"={path}:{name}"}
            else:
                top, *inner = scope.split(".")
                found = {f"{path}:{top}", *(f".{name}" for name in inner)}
            waiting = [*found]
            while waiting:
                one = waiting.pop()
                more = {token for place, said in self.map.stating(one) for token in bound(place, said)}
                if one[0] == "=":
                    imports = [item for item in self.map.stating(one[1:]) if item[1].kind == "import"]
                    more |= {f"={token}" for place, said in imports for token in bound(place, said)}
                for place, first, last in self.map.mentioning(one):
                    if self.map.ran(place, first, last) & IMPORT:
                        more |= self._made(place, first)
                waiting += more - found
                found |= more
            self._objects[path, scope] = frozenset(found)
        return self._objects[path, scope]

    def _made(self, path: str, line: int) -> set[str]:
        """Return what the statements bind during which the function at *line* ran."""
        found: set[str] = set()
        for function in self.map.functions_at(path, line):
            if function.first != line:
                for place, at in self.map.under(path, function.first, function.last):
                    for one in self.map.statements(place) if place else ():
                        if one.first <= at <= one.last:
                            found |= bound(place, one)
        return found

    def derived(self, path: str, scope: str) -> Iterator[tuple[str, Class]]:
        """Yield the class and those that may derive from it."""
        for word in self.objects(path, scope):
            place, _, name = word.lstrip("=").rpartition(":")
            for where, cls in self.classes(name.lstrip(".")):
                if not place or where == place:
                    yield where, cls

    def classes(self, name: str) -> Iterator[tuple[str, Class]]:
        yield from self.map.classes(name)
        for path, new in self.new.items():
            yield from ((path, cls) for cls in new.classes if cls.name == name)

    def functions(self, name: str) -> Iterator[tuple[str, Function]]:
        yield from self.map.functions(name)
        for path, new in self.new.items():
            yield from ((path, function) for function in new.functions if function.name == name)

    def statements(self, path: str) -> Iterator[Statement]:
        yield from self.map.statements(path)
        if path in self.new:
            yield from self.new[path].statements

    def plain(self, cls: Class, seen: set[str]) -> bool:
        """Tell whether all that others see of the class is asked for by name; *seen* are the classes on the way."""
        if not cls.plain:
            return False
        seen.add(cls.name)
        if any(
            function.scope.rpartition(".")[2] == cls.name for name in _FINDS for _, function in self.map.functions(name)
        ):
            return False
        for base in cls.bases:
            if base == "object" or base in seen:
                continue
            there = list(self.classes(base))
            if not there or not all(self.plain(one, seen) for _, one in there):
                return False
        return True

    def documented(self, path: str, lines: Iterable[int], bases: Iterable[str]) -> str | None:
        """Return another package that may read the docstring of what the statement at *lines* defines.

        One that decorates it or a base of it, or that a function mentions which runs there.
        """
        places = {(path, line) for line in lines}
        waiting, seen = [*bases], {*bases}
        while waiting:
            for place, cls in self.classes(waiting.pop()):
                places |= {(place, one.first) for one in self.statements(place) if cls.name in one.binds}
                waiting += {*cls.bases} - seen
                seen |= {*cls.bases}
        for place, line in sorted(places):
            mentioned = {
                token for one in self.statements(place) if one.first <= line <= one.last for token in one.mentions
            }
            for file, first in {(place, 0), *self.map.within(place, line)}:
                inside = self.map.functions_at(file, first)
                for token, module in self._foreign(file):
                    if token in mentioned or any(
                        where == file and one.first <= at <= one.last
                        for where, at, _ in (self.map.mentioning(token) if inside else ())
                        for one in inside
                    ):
                        return module
        return None

    def _foreign(self, path: str) -> list[tuple[str, str]]:
        """Return what the file *path* imports from other packages that may read docstrings."""
        return [
            (f"{path}:{one.binds[0]}", token[1:])
            for one in self.statements(path)
            if one.kind == "import"
            for token in one.mentions
            if token[0] == "^" and token[1:] not in sys.stdlib_module_names | _SILENT
        ]

    def meant(self, token: str) -> Iterator[Function]:
        """Yield the functions that a call of *token* may run."""
        path, _, name = token.rpartition(":")
        if token[0] in "'%^*@=":
            return
        for place, function in self.functions(name.lstrip(".")):
            if (path and place == path and not function.scope) or (not path and function.scope):
                yield function
        for place, cls in self.classes(name.lstrip(".")):
            if not path or place == path:
                for hidden in _BEGINS:
                    for where, function in self.functions(hidden):
                        if where == place and function.scope.rpartition(".")[2] == cls.name:
                            yield function


def bound(path: str, one: Statement) -> set[str]:
    """Return the tokens of what a statement binds."""
    return {f".{name}" if one.scope else f"{path}:{name}" for name in one.binds}


def leaf(path: str) -> str:
    """Return the last part of the name of the module *path*."""
    parts = path.removesuffix(".py").split("/")
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]


def parts(token: str) -> tuple[str, str, str]:
    """Return the token without its method, its path, and the method."""
    whole, _, method = token.partition("|")
    return whole, whole.rpartition(":")[0], method
