"""How what changed spreads: from a name to the statements that mention it, to what these bind, to the tests.

What a name can mean is not worked out: any statement that mentions it is taken to mean it.
"""

from collections.abc import Iterator

from .nodes import COMPUTES, REFLECTS
from .recorded import IMPORT, Map
from .source import Class, Function, Source, Statement

_HOOK = "pytest_"
_HIDDEN = frozenset({"__init_subclass__", "__set_name__", "__class_getitem__", "__getattr__", "__getattribute__"})


class AllError(Exception):
    """Nothing less than all tests will do."""


class Taint:
    """The names that may mean something else now, and the tests that they reach."""

    def __init__(self, recorded: Map) -> None:
        self.map = recorded
        self.tests = 0
        self.reasons: list[tuple[int, str]] = []
        self.new: dict[str, Source] = {}
        """The new sides of the files: what they call is looked up there as well."""
        self._names: dict[str, str] = {}
        self._imported: dict[str, str] = {}
        self._waiting: list[str] = []
        self._waiting_imported: list[str] = []
        self._stated: set[tuple[str, int, int, tuple[str, ...]]] = set()
        self._classes: set[tuple[str, str, int]] = set()
        self._attributes: dict[tuple[str, str, str], str] = {}
        self._waiting_attributes: list[tuple[str, str, str]] = []
        self._aliases: dict[str, set[str]] = {}
        self._files: dict[str, str] = {}
        self._scopes: dict[str, str] = {}
        self._reached: set[str] = set()

    def select(self, tests: int, why: str) -> None:
        more = tests & ~IMPORT & ~self.tests
        if more:
            self.tests |= more
            self.reasons.append((more, why))

    def outside(self, tests: int, why: str) -> None:
        """Select; where something outside of tests did it, nobody can tell for whom."""
        if tests & IMPORT:
            raise AllError(f"{why.partition(',')[0]}, which is read outside of the tests, changed")
        self.select(tests, why)

    def name(self, name: str, why: str) -> None:
        """Let *name* mean something else from now on."""
        if name.startswith(_HOOK):
            raise AllError(f"{name}: a hook ({why})")
        if name and name not in self._names and name != "*":
            self._names[name] = why
            self._waiting.append(name)

    def at_import(self, name: str, scope: str, why: str) -> None:
        """Let whatever calls *name* while it is imported come out differently."""
        # Special methods are called without their names, through their class.
        special = bool(scope) and name.startswith("__") and name.endswith("__")
        for one in (*([] if special else [name]), *scope.split(".")):
            if one.startswith(_HOOK):
                raise AllError(f"{one}: a hook ({why})")
            if one and one not in self._imported:
                self._imported[one] = why
                self._waiting_imported.append(one)

    def attribute(self, name: str, path: str, scope: str, why: str) -> None:
        """Let the attribute *name* of the class *scope* be another."""
        key = (name, path, scope)
        if key not in self._attributes:
            self._attributes[key] = why
            self._waiting_attributes.append(key)

    def spread(self) -> None:
        """Follow every name to the statements and tests that mention it, until nothing new comes up."""
        while True:
            if self._waiting:
                self._follow(self._waiting.pop(0))
            elif self._waiting_imported:
                self._follow_import(self._waiting_imported.pop(0))
            elif self._waiting_attributes:
                self._follow_attribute(*self._waiting_attributes.pop(0))
            elif not self._reflected():
                return

    def _reflected(self) -> bool:  # noqa: C901 - two ways in, each followed the same
        """Follow what reaches names without mentioning them; tell whether something new came of it."""
        if not self._files:
            return False
        words = self._objects()
        before = len(self._stated), len(self._imported)
        for marker in (REFLECTS, COMPUTES):
            for path, statement in self.map.stating(marker):
                if path in self._files or words & {*statement.mentions}:
                    why = self._files.get(path) or "what is reached by reflection"
                    self.statement(path, statement, f"{why} -> reflection ({path}:{statement.first})")
            for path, first, last in self.map.mentioning(marker):
                if path in self._files and self.map.ran(path, first, last) & IMPORT:
                    for function in self.map.functions_at(path, first):
                        self.at_import(function.name, function.scope, f"reflection ({path}:{first})")
        if (len(self._stated), len(self._imported)) != before:
            return True
        reflecting = touching = 0
        for path, first, last in self.map.mentioning(REFLECTS):
            reflecting |= self.map.ran(path, first, last)
        for path in self._files:
            touching |= self.map.ran(path, 1, 1 << 30)
        for word in words:
            touching |= self._touching(word)
        self.select(reflecting & touching, f"{next(iter(self._files.values()))} -> reflection")
        return False

    def _objects(self) -> set[str]:
        """Return the names of modules and classes whose names changed."""
        words = set()
        for path in self._files:
            parts = path.removesuffix(".py").split("/")
            words.add(parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1])
        for scope in self._scopes:
            words |= self._standing_for(scope)
        return words

    def _touching(self, word: str) -> int:
        found = self.map.named(word)
        for path, first, last in self.map.mentioning(word):
            found |= self.map.ran(path, first, last)
        return found

    def _standing_for(self, scope: str) -> set[str]:
        """Return the names through which an object of the class can be had.

        Its own, those of what derives from it, and of what is made of it at import.
        """
        name = scope.rpartition(".")[2]
        if name not in self._aliases:
            found, waiting = {name}, [name]
            while waiting:
                one = waiting.pop()
                bound = {new for _, statement in self.map.stating(one) for new in statement.binds}
                for path, first, last in self.map.mentioning(one):
                    if self.map.ran(path, first, last) & IMPORT:
                        around = [
                            function for function in self.map.functions_at(path, first) if function.first != first
                        ]
                        bound |= {function.name for function in around}
                waiting += bound - found
                found |= bound
            self._aliases[name] = found
        return self._aliases[name]

    def _follow_attribute(self, name: str, path: str, scope: str) -> None:
        why = self._attributes[name, path, scope]
        self._scopes.setdefault(scope, why)
        words = self._standing_for(scope)
        touching = 0
        for word in words:
            touching |= self._touching(word)
            for place, cls in self._classes_named(word):
                touching |= self.map.ran(place, cls.first, cls.last)
        self.select(self.map.named(name) & touching, f"{why} -> {name}")
        for place, first, last in self.map.mentioning(name):
            self.select(self.map.ran(place, first, last) & touching, f"{why} -> {place}:{first} mentions {name}")
        for place, statement in self.map.stating(name):
            if (place == path and statement.scope == scope) or words & {*statement.mentions}:
                bound = ", ".join(statement.binds[:2]) or name
                self.statement(place, statement, f"{why} -> {bound} ({place}:{statement.first})")
        self._handed_over(name, words, why)

    def _handed_over(self, name: str, words: set[str], why: str) -> None:
        """Follow the attribute *name* into functions that run at import."""
        near = {path for word in words for path, _, _ in self.map.mentioning(word)}
        far = False
        for path, first, last in self.map.mentioning(name):
            if self.map.ran(path, first, last) & IMPORT:
                for function in self.map.functions_at(path, first):
                    if function.first == first:
                        continue
                    if path in near:
                        self.at_import(function.name, function.scope, f"{why} -> {function.name} ({path}:{first})")
                    far = far or path not in near
        if not far:
            return
        # Only a statement that mentions the class or an object of it can hand it to code that knows neither.
        for word in words:
            for path, statement in self.map.stating(word):
                if statement.kind in {"call", "other", "def"} and statement.calls:
                    bound = ", ".join(statement.binds[:2]) or word
                    self.statement(path, statement, f"{why} -> {bound} ({path}:{statement.first})")

    def _follow(self, name: str) -> None:
        why = self._names[name]
        self.select(self.map.named(name), f"{why} -> {name}")
        for path, first, last in self.map.mentioning(name):
            self.select(self.map.ran(path, first, last), f"{why} -> {path}:{first} mentions {name}")
        for path, statement in self.map.stating(name):
            bound = ", ".join(statement.binds[:2]) or name
            self.statement(path, statement, f"{why} -> {bound} ({path}:{statement.first})")
        # A function that reads it while something is imported.
        self._callers(name, why)

    def _follow_import(self, name: str) -> None:
        why = self._imported[name]
        for path, statement in self.map.stating(name):
            self.statement(
                path, statement, f"{why} -> {', '.join(statement.binds[:2]) or name} ({path}:{statement.first})"
            )
        self._callers(name, why)

    def _callers(self, name: str, why: str) -> None:
        for path, first, last in self.map.mentioning(name):
            if not self.map.ran(path, first, last) & IMPORT:
                continue
            for function in self.map.functions_at(path, first):
                if function.first != first:
                    self.at_import(function.name, function.scope, f"{why} -> {function.name} ({path}:{first})")

    def statement(self, path: str, one: Statement, why: str, *, changed: bool = False) -> None:  # noqa: C901 - a rule a kind
        """Let an import-time statement come out differently: what it binds and changes, and who runs it."""
        key = (path, one.first, one.last, one.binds + (("*changed",) if changed else ()))
        # What nobody imported while the tests were recorded has no effect on them, unless a change imports it.
        if key in self._stated or not (changed or self.map.ran(path, 1, 1 << 30)):
            return
        self._stated.add(key)
        self._files.setdefault(path, why)
        if one.kind == "import" and "*" in one.mentions and changed:
            raise AllError(f"{path} imports everything of a module")
        if not changed:
            self.select(self.map.ran(path, one.first, one.last), why)
        if one.kind == "call":
            self._outside_effect(path, one, why)
        for name in one.binds:
            if one.scope:
                self.attribute(name, path, one.scope, why)
            if not one.scope or one.kind == "class":
                self.name(name, why)
            if one.kind == "def":
                self._defined(path, name, one, why)
            elif one.kind == "class":
                for place, cls in self.map.classes(name):
                    if place == path:
                        self.cls(name, path, cls, why)
        self._within(path, one, why)
        self._effects(path, one, why)
        if one.kind == "import" and changed:
            self._imports(one, why)

    def _effects(self, path: str, one: Statement, why: str) -> None:
        for name in one.mutates:
            if (one.kind == "call" or self.map.assigned(name)) and not self.map.foreign(path, name):
                self.name(name, why)
        for name in one.calls:
            self._called(name, why)

    def _imports(self, one: Statement, why: str) -> None:
        """A module that nothing else imports does at import what it did not do before, or no longer does it."""
        for name in one.mentions:
            for path in self.map.modules(name):
                others = {place for place, statement in self.map.stating(name) if statement.kind == "import"}
                if self.map.ran(path, 1, 1 << 30) & IMPORT and len(others) > 1:
                    continue
                for inner in self.map.statements(path):
                    self._effects(path, inner, why)

    def _outside_effect(self, path: str, one: Statement, why: str) -> None:
        if one.kind != "call" or one.scope:
            return
        names = (*one.mutates, *one.calls)
        module = next((found for found in (self.map.foreign(path, name) for name in names) if found), None)
        if module or not (one.mutates or one.calls):
            raise AllError(f"{why}: a call into {module or 'something'} while it is imported")

    def _defined(self, path: str, name: str, one: Statement, why: str) -> None:
        for place, function in self.map.functions(name):
            if place == path and function.first == one.first:
                self.select(self.map.ran(path, function.first, function.last), why)

    def _within(self, path: str, one: Statement, why: str) -> None:
        """A statement of a class: an attribute that a name finds, unless the class may be seen without names."""
        if not one.scope:
            return
        own = one.scope.rpartition(".")[2]
        dunder = any(name.startswith("__") and name.endswith("__") for name in one.binds)
        for place, cls in self._classes_named(own):
            if place == path and (dunder or not self._plain(cls, set())):
                self.cls(own, path, cls, why)

    def _classes_named(self, name: str) -> Iterator[tuple[str, Class]]:
        yield from self.map.classes(name)
        for path, new in self.new.items():
            yield from ((path, cls) for cls in new.classes if cls.name == name)

    def _plain(self, cls: Class, seen: set[str]) -> bool:
        if not cls.plain:
            return False
        seen.add(cls.name)
        if any(
            function.scope.rpartition(".")[2] == cls.name
            for name in _HIDDEN
            for _, function in self.map.functions(name)
        ):
            return False
        for base in cls.bases:
            if base == "object" or base in seen:
                continue
            there = list(self._classes_named(base))
            if not there or not all(self._plain(one, seen) for _, one in there):
                return False
        return True

    def cls(self, name: str, path: str, cls: Class, why: str) -> None:
        """Let all of a class be different: who mentions it, who runs its methods, what derives from it."""
        key = (path, name, cls.first)
        if key in self._classes:
            return
        self._classes.add(key)
        self.name(name, why)
        self.select(self.map.ran(path, cls.first, cls.last), f"{why} -> runs {name}")
        for hidden in _HIDDEN:
            for _, function in self.map.functions(hidden):
                for one in (*function.mutates, *function.scope.split(".")):
                    if self.map.assigned(one):
                        self.name(one, why)

    def _called(self, name: str, why: str) -> None:
        """Taint what a function that is called while something is imported may change."""
        seen = self._reached
        waiting = [] if name in seen else [name]
        seen.add(name)
        while waiting:
            one = waiting.pop()
            for path, function in self._functions_named(one):
                for changed in function.mutates:
                    if self.map.assigned(changed) and not self.map.foreign(path, changed):
                        self.name(changed, why)
                for inner in function.calls:
                    if inner not in seen:
                        seen.add(inner)
                        waiting.append(inner)

    def _functions_named(self, name: str) -> Iterator[tuple[str, Function]]:
        yield from self.map.functions(name)
        for path, new in self.new.items():
            yield from ((path, function) for function in new.functions if function.name == name)
        for path, cls in self._classes_named(name):
            for hidden in ("__init__", "__new__", "__call__", "__enter__", "__post_init__"):
                for place, function in self.map.functions(hidden):
                    if place == path and function.scope.rpartition(".")[2] == cls.name:
                        yield place, function
