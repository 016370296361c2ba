"""How what changed spreads: from a name to the statements that mention it, to what these bind, to the tests."""

from collections.abc import Container, Iterable

from .known import Known, bound, leaf, parts
from .recorded import IMPORT, Map
from .resolve import FINDS, REFLECTS, ROAMS
from .source import Class, Function, Statement

_HOOK = "pytest_"
COLLECTING = ("", 1)
"""Where a function ran that pytest called by itself while it collected, outside of hooks and imports."""
_ALL = 1 << 30


class AllError(Exception):
    """Nothing less than all tests will do."""


class Taint:
    """The names that may mean something else now, and the tests that they reach."""

    def __init__(self, recorded: Map) -> None:
        self.map = recorded
        self.tests = 0
        self.reasons: list[tuple[int, str]] = []
        self.known = Known(recorded)
        self.at_rest = True
        """Whether nothing that changed has a part in what happens before the first test: imports, and collection."""
        self._names: dict[tuple[str, str], str] = {}
        self._waiting: list[tuple[str, str]] = []
        self._stated: set[tuple[str, int, int, tuple[str, ...]]] = set()
        self._classes: set[tuple[str, str, int]] = set()
        self._attributes: dict[tuple[str, str, str], str] = {}
        self._waiting_attributes: list[tuple[str, str, str]] = []
        self._files: dict[str, str] = {}
        self._scopes: dict[tuple[str, str], str] = {}
        self._reached: set[str] = set()
        self._changed_objects: set[tuple[str, bool]] = set()

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

    def name(self, path: str, name: str, why: str) -> None:
        """Let the global *name* of the file *path* mean something else from now on."""
        if name.startswith(_HOOK):
            raise AllError(f"{name}: a hook ({why})")
        if name and name != "*" and (path, name) not in self._names:
            self._names[path, name] = why
            self._waiting.append((path, name))

    def attribute(self, name: str, path: str, scope: str, why: str) -> None:
        """Let the attribute *name* of the class *scope* be another; of the module *path* where *scope* is empty."""
        key = (name, path, scope)
        if key not in self._attributes:
            self._attributes[key] = why
            self._waiting_attributes.append(key)

    def module(self, path: str, word: str, why: str) -> None:
        """Let the module *path*, whose last name is *word*, come or go."""
        self._mentioned((f"{path}:", f"%{word}", f"'{word}", f".{word}"), f"%{word}", why)

    def at_import(self, path: str, first: int, last: int, why: str) -> None:
        """Let what a function in these lines did while something was imported come out differently."""
        places = self.map.under(path, first, last)
        if COLLECTING in places:
            # What is collected is seen in each run; but what it changed on the way is there for the tests.
            for function in self.map.functions_at(path, first):
                for token in function.mutates:
                    self._mutates(token, why, _EVERY)
        self._at((place for place in places if place != COLLECTING), why)

    def _at(self, places: Iterable[tuple[str, int]], why: str) -> None:
        for path, line in places:
            if not path:
                raise AllError(f"{why}: it runs outside of tests and imports")
            for one in self.map.statements(path):
                if one.first <= line <= one.last:
                    self.statement(path, one, f"{why} -> {_label(path, one)}")

    def spread(self) -> None:
        """Follow every name to the statements and tests that mention it, until nothing new comes up."""
        while True:
            if self._waiting:
                self._follow(*self._waiting.pop(0))
            elif self._waiting_attributes:
                self._follow_attribute(*self._waiting_attributes.pop(0))
            elif not self._reflected():
                return

    def _follow(self, path: str, name: str) -> None:
        why = self._names[path, name]
        self._mentioned((f"{path}:{name}", f".{name}", f"'{name}"), name, why)
        for place, statement in self.map.stating(f"{path}:*"):
            self.statement(place, statement, f"{why} -> {_label(place, statement)}")
            self.name(place, name, f"{why} -> {place} imports everything")

    def _mentioned(self, tokens: Iterable[str], name: str, why: str) -> None:
        self.select(self.map.named(name), f"{why} -> {name}")
        self._at((place for place in self.map.asked(name) if place[0]), f"{why} -> {name}")
        for token in tokens:
            for place, first, last in self.map.mentioning(token):
                ran = self.map.ran(place, first, last)
                self.select(ran, f"{why} -> {place}:{first} mentions {name}")
                if ran & IMPORT:
                    self._around(place, first, f"{why} -> {name}")
            for place, statement in self.map.stating(token):
                self.statement(place, statement, f"{why} -> {_label(place, statement)}")

    def _around(self, path: str, line: int, why: str) -> None:
        """Follow a line that ran while something was imported to the statements during which it did."""
        for function in self.map.functions_at(path, line):
            if function.first != line:
                self.at_import(path, function.first, function.last, f"{why} -> {function.name} ({path}:{line})")

    # reflection

    def _reflected(self) -> bool:
        """Follow what reaches names without mentioning them; tell whether something new came of it."""
        if not self._files:
            return False
        why = next(iter(self._files.values()))
        words = {f"{path}:" for path in self._files}.union(*(self.known.objects(*scope) for scope in self._scopes))
        before = len(self._stated)
        for marker in (REFLECTS, ROAMS, FINDS):
            for path, statement in self.map.stating(marker):
                mentions = {*statement.mentions}
                if words & mentions or marker == ROAMS or (marker == FINDS and REFLECTS in mentions):
                    self.statement(path, statement, f"{why} -> reflection ({path}:{statement.first})")
            for path, first, last in self.map.mentioning(marker):
                if self.map.ran(path, first, last) & IMPORT:
                    self._reflected_at_import(path, first, marker, words, why)
        if len(self._stated) == before:
            self._reflecting_tests(words, why)
            return False
        return True

    def _reflecting_tests(self, words: set[str], why: str) -> None:
        reflecting = self._ran(REFLECTS)
        roaming = self._ran(ROAMS) | (self._ran(FINDS) & reflecting)
        if not roaming | reflecting:
            return
        touching = 0
        for word in words:
            touching |= self._touching(word)
        for path, scope in self._scopes:
            for place, cls in self.known.derived(path, scope):
                touching |= self.map.ran(place, cls.first, cls.last)
        self.select(reflecting & touching, f"{why} -> reflection")
        for path in self._files:
            touching |= self.map.ran(path, 1, _ALL)
        self.select(roaming & touching, f"{why} -> reflection")

    def _reflected_at_import(self, path: str, line: int, marker: str, words: set[str], why: str) -> None:
        for function in self.map.functions_at(path, line):
            if marker == FINDS and not self._mentions(path, function, REFLECTS):
                continue
            near = marker in {ROAMS, FINDS} or any(self._mentions(path, function, word) for word in words)
            for place, at in self.map.under(path, function.first, function.last):
                for one in self.map.statements(place):
                    if one.first <= at <= one.last and (near or words & {*one.mentions, *bound(place, one)}):
                        self.statement(place, one, f"{why} -> reflection ({path}:{line})")

    def _mentions(self, path: str, function: Function, token: str) -> bool:
        return any(
            place == path and function.first <= first <= function.last for place, first, _ in self.map.mentioning(token)
        )

    def _ran(self, token: str) -> int:
        found = 0
        for path, first, last in self.map.mentioning(token):
            found |= self.map.ran(path, first, last)
        return found

    def _touching(self, word: str) -> int:
        path, _, name = word.lstrip("=").rpartition(":")
        return self._ran(word) | self.map.named(name.lstrip(".") or f"%{leaf(path)}")

    # classes

    def _follow_attribute(self, name: str, path: str, scope: str) -> None:
        why = self._attributes[name, path, scope]
        self._scopes.setdefault((path, scope), why)
        words = self.known.objects(path, scope)
        touching = 0
        places: set[tuple[str, int]] = set()
        for word in words:
            touching |= self._touching(word)
        for place, cls in self.known.derived(path, scope):
            touching |= self.map.ran(place, cls.first, cls.last)
            places |= {*self.map.under(place, cls.first, cls.last)}
        self.select(self.map.named(name) & touching, f"{why} -> {name}")
        asked = (place for place in self.map.asked(name) if place[0])
        self._at((place for place in asked if self._touches(*place, words, places)), why)
        if not scope:
            self._mentioned([f"{path}:{name}"], "", why)
        for token in (f".{name}", f"'{name}", f"@{name}"):
            for place, first, last in self.map.mentioning(token):
                ran = self.map.ran(place, first, last)
                self.select(ran & touching, f"{why} -> {place}:{first} mentions {name}")
                if ran & IMPORT:
                    self._read_at_import(place, first, words, places, f"{why} -> {name}")
            for place, statement in self.map.stating(token):
                if (place == path and statement.scope == scope) or words & {*statement.mentions}:
                    self.statement(place, statement, f"{why} -> {_label(place, statement)}")

    def _read_at_import(
        self, path: str, line: int, words: frozenset[str], places: set[tuple[str, int]], why: str
    ) -> None:
        for function in self.map.functions_at(path, line):
            if function.first != line:
                near = any(self._mentions(path, function, word) for word in words)
                under = self.map.under(path, function.first, function.last)
                found = [one for one in under if near or one == ("", 0) or self._touches(*one, words, places)]
                self._at((one for one in found if one != COLLECTING), f"{why} -> {function.name} ({path}:{line})")

    def _touches(self, path: str, line: int, words: frozenset[str], places: set[tuple[str, int]]) -> bool:
        """Tell whether the statement at *line* has to do with one of *words*, or ran code of the class."""
        return (path, line) in places or any(
            words & {*one.mentions, *bound(path, one)}
            for one in self.map.statements(path)
            if one.first <= line <= one.last
        )

    def _within(self, path: str, one: Statement, why: str) -> None:
        """A statement of a class: an attribute that a name finds, unless the class may be seen without names."""
        if not one.scope:
            return
        own = one.scope.rpartition(".")[2]
        dunder = any(name.startswith("__") and name.endswith("__") for name in one.binds)
        for place, cls in self.known.classes(own):
            if place == path and (dunder or not self.known.plain(cls, set())):
                self.cls(path, cls, why)

    def cls(self, path: str, cls: Class, why: str) -> None:
        """Let all of a class be different: who mentions it, who runs its methods, what derives from it."""
        key = (path, cls.name, cls.first)
        if key in self._classes:
            return
        self._classes.add(key)
        if cls.scope:
            self.attribute(cls.name, path, cls.scope, why)
        else:
            self.name(path, cls.name, why)
        self._scopes.setdefault((path, f"{cls.scope}.{cls.name}" if cls.scope else cls.name), why)
        self.select(self.map.ran(path, cls.first, cls.last), f"{why} -> runs {cls.name}")
        self.at_import(path, cls.first, cls.last, f"{why} -> {cls.name}")

    # statements

    def statement(
        self, path: str, one: Statement, why: str, *, changed: bool = False, known: Container[str] = ()
    ) -> None:
        """Let an import-time statement come out differently: what it binds and changes, and who runs it."""
        key = (path, one.first, one.last, one.binds + (("*changed",) if changed else ()))
        # What nobody imported while the tests were recorded has no effect on them, unless a change imports it.
        if key in self._stated or not (changed or self.map.ran(path, 1, _ALL)):
            return
        self._stated.add(key)
        self._files.setdefault(path, why)
        if one.kind == "import" and one.binds == ("*",) and changed:
            raise AllError(f"{path} imports everything of a module")
        if not changed:
            self.select(self.map.ran(path, one.first, one.last), why)
        self._outside_effect(one, why)
        for name in one.binds:
            self._binds(path, name, one, why)
        self._within(path, one, why)
        self._effects(path, one, why)
        if changed:
            methods = {f".{method}" for _, _, method in map(parts, one.mutates) if method}
            self.calls([token for token in {*one.calls, *methods} if token not in known], why)
        if one.kind == "import" and changed:
            self._imports(path, one, why)

    def _binds(self, path: str, name: str, one: Statement, why: str) -> None:
        if one.scope:
            self.attribute(name, path, one.scope, why)
        else:
            self.name(path, name, why)
        if one.kind == "def":
            for place, function in self.map.functions(name):
                if place == path and function.first == one.first:
                    self.select(self.map.ran(path, function.first, function.last), why)
        elif one.kind == "class":
            for place, cls in self.map.classes(name):
                if place == path and cls.scope == one.scope:
                    self.cls(path, cls, why)

    def _outside_effect(self, one: Statement, why: str) -> None:
        module = next((token[1:] for token in one.mutates if token[0] == "^"), None)
        if module or (one.kind == "call" and not one.scope and not (one.mutates or one.calls)):
            raise AllError(f"{why}: a call into {module or 'something'} while it is imported")

    def _effects(self, path: str, one: Statement, why: str) -> None:
        """Taint what a statement may change: what it names, and what the functions change that ran during it."""
        ran = [
            function
            for line in range(one.first, one.last + 1)
            for place, first in self.map.within(path, line)
            for function in self.map.functions_at(place, first)
        ]
        names = {function.name for function in ran}
        for token in one.mutates:
            self._mutates(token, why, names, surely=one.kind == "call")
        inside = {token for function in ran for token in function.mutates}
        for token in inside:
            self._mutates(token, why, names)
        for token in {*one.mutates, *inside}:
            if token[0] == ".":
                self._mutates_attribute(token.partition("|")[0], path, one, why)
            elif token[0] == "@" and one.scope:
                self.attribute(token[1:].partition("|")[0], path, one.scope, why)

    def _mutates(self, token: str, why: str, ran: Container[str], *, surely: bool = False) -> None:
        """Let the object that *token* stands for be changed, if it can be."""
        whole, path, method = parts(token)
        if whole[0] in ".^'%*@=" or (method and method not in ran):
            return
        name = whole.rpartition(":")[2]
        assigned = surely or self.map.assigned(whole)
        if (whole, assigned) in self._changed_objects:
            return
        self._changed_objects.add((whole, assigned))
        if assigned:
            self.name(path, name, why)
        for said in self.map.statements(path) if name else ():
            # Under another name it is the same object; and it may hold what it was made of.
            if name in said.binds and not said.scope:
                same = said.mentions if said.kind in {"import", "alias"} else ()
                held = said.mutates if assigned and said.kind in {"other", "def"} else ()
                for other in (*same, *held):
                    self._mutates(other, why, ran)

    def _mutates_attribute(self, token: str, path: str, one: Statement, why: str) -> None:
        """Let the attribute be changed of the classes that the statement has to do with."""
        for place, said in self.map.stating(token) if self.map.assigned(token) else ():
            if said.scope and token[1:] in said.binds and said.kind in {"other", "block", "alias"}:
                words = self.known.objects(place, said.scope)
                ran = {
                    spot
                    for where, cls in self.known.derived(place, said.scope)
                    for spot in self.map.under(where, cls.first, cls.last)
                }
                near = words & {*one.mentions, *bound(path, one)}
                if near or any(spot == path and one.first <= line <= one.last for spot, line in ran):
                    self.attribute(token[1:], place, said.scope, why)
                    for other in said.mentions if said.kind == "alias" else ():
                        self._mutates(other, why, ())

    def _imports(self, path: str, one: Statement, why: str) -> None:
        """A module that nothing else imports does at import what it did not do before, or no longer does it."""
        for file in {token.rpartition(":")[0] for token in one.mentions if ":" in token}:
            others = {
                place
                for token in (f"{file}:", f"%{leaf(file)}")
                for place, statement in self.map.stating(token)
                if statement.kind == "import" and place != path
            }
            if not (self.map.ran(file, 1, _ALL) & IMPORT and others):
                for inner in self.known.statements(file):
                    self._outside_effect(inner, why)
                    self._effects(file, inner, why)

    def calls(self, tokens: Iterable[str], why: str) -> None:
        """Taint what functions may change that are called anew while something is imported."""
        waiting = [token for token in tokens if token not in self._reached]
        while waiting:
            token = waiting.pop()
            if token in self._reached:
                continue
            self._reached.add(token)
            for function in self.known.meant(token):
                for changed in function.mutates:
                    self._mutates(changed, why, _EVERY)
                waiting += function.calls
            path, _, name = token.rpartition(":")
            if path and name:
                for said in self.known.statements(path):
                    if said.kind == "import" and name in said.binds:
                        waiting += said.mentions


class _Every:
    def __contains__(self, name: object) -> bool:
        return True


_EVERY = _Every()


def _label(path: str, one: Statement) -> str:
    return f"{', '.join(one.binds[:2]) or 'a statement'} ({path}:{one.first})"
