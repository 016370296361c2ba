"""What a name in a file can mean: a global of a file of the project, an attribute, something of another package.

A *token* is one of

- ``path:name``: the global *name* of a file; ``path:`` the module itself, as a value; ``path:*`` all that it exports
- ``.name``: an attribute of something that is not known; a keyword of a call
- ``@name``: a name in the body of a class, which may be another attribute of it
- ``'name``: a word in a string, or a name that nothing in the file binds; it may mean anything of that name
- ``%name``: a part of the name of a module that is imported
- ``=token``: the same where it is more than called: handed on, stored, returned
- ``^name``: another package, where it is imported or changed
- ``token|method``: what such a method of it changes only where it is the project's
"""

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

FOREIGN: tuple[str, ...] = ()
"""The files of a module of another package."""
REFLECTS = "*reflects*"
"""Stands among the mentions of a statement that reaches names of what it is given without mentioning them."""
ROAMS = "*roams*"
"""The same of one that reaches modules and classes without being given them."""
FINDS = "*finds*"
"""The same of one that finds a module by a computed name: it roams where it reflects as well."""
_REFLECTING_CALLS = frozenset(["vars", "dir", "globals", "locals"])
_REFLECTING = frozenset(
    [
        "attrgetter",
        "methodcaller",
        "getmembers",
        "getmembers_static",
        "__dict__",
        "__annotations__",
        "get_type_hints",
        "get_annotations",
        "signature",
        "getfullargspec",
        "getsource",
        "iter_modules",
        "walk_packages",
    ]
)
_ROAMING = frozenset(["__subclasses__", "__globals__", "f_globals", "get_objects", "get_referrers", "iter_modules"])
_WORD = re.compile(r"[^\W\d]\w*")
_FIELD = re.compile(r"\{([^{}]*)\}|%\((\w+)\)")
_LONGEST = 2000
_BUILTINS = frozenset(dir(builtins))


def identifiers(text: str) -> set[str]:
    """Return the words in a string constant that could be names: of a sentence only those in its fields."""
    if any(map(str.isspace, text)):
        text = " ".join("".join(field) for field in _FIELD.findall(text))
    return set(_WORD.findall(text[:_LONGEST]))


class Modules:
    """Which files an import can mean: by the end of their paths, and by the names under which they were imported."""

    def __init__(self, paths: Iterable[str], imported: Mapping[str, Iterable[str]]) -> None:
        self._ends: dict[str, list[str]] = {}
        self._imported = {name: set(found) for name, found in imported.items()}
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        """Let there be the file *path*."""
        self._ends.setdefault(last_part_of(path), []).append(path)

    def ending(self, name: str) -> list[str]:
        """Return the files whose modules have *name* as the last part of their names."""
        return self._ends.get(name, [])

    def imported(self, dotted: str) -> set[str]:
        """Return the files that were imported under the name *dotted*."""
        return self._imported.get(dotted, set())

    def _exactly(self, parts: tuple[str, ...]) -> list[str]:
        return [path for path in self.ending(parts[-1] if parts else "") if module_parts(path) == parts]

    def absolute(self, dotted: str) -> tuple[str, ...]:
        """Return the files of the module *dotted*."""
        wanted = tuple(dotted.split("."))
        found = {path for path in self.ending(wanted[-1]) if module_parts(path)[-len(wanted) :] == wanted}
        return tuple(sorted(found | self.imported(dotted)))

    def relative(self, path: str, level: int, dotted: str) -> tuple[str, ...]:
        """Return the files of ``from ...dotted`` in *path*, with *level* dots."""
        folder = path.split("/")[:-level]
        return tuple(self._exactly((*folder, *(dotted.split(".") if dotted else ()))))

    def beneath(self, files: Iterable[str], name: str) -> tuple[str, ...]:
        """Return the files of the submodule *name* of packages."""
        found: list[str] = []
        for path in files:
            if path.endswith("__init__.py"):
                found += self._exactly((*module_parts(path), name))
        return tuple(found)


def module_parts(path: str) -> tuple[str, ...]:
    parts = path.removesuffix(".py").split("/")
    return tuple(parts[:-1] if parts[-1] == "__init__" else parts)


def last_part_of(path: str) -> str:
    """Return the last part of the name of the module *path*; empty for a package at the root."""
    parts = module_parts(path)
    return parts[-1] if parts else ""


class Imported(NamedTuple):
    """One name that an import binds."""

    name: str
    tokens: frozenset[str]
    """What it is an import of."""
    files: tuple[str, ...] | None
    """The files that it is if it is a module; ``FOREIGN``; None where it is no module of ours."""
    module: str
    """The first part of the module outside of the project; empty for one inside."""


class Names:
    """Resolves the names of one file."""

    def __init__(self, path: str, tree: ast.Module, modules: Modules) -> None:
        self.path = path
        self.modules = modules
        self.star = False
        self.bound: set[str] = set()
        """What is bound by other means than an import."""
        self.anywhere = _stored(tree)
        """What is bound in any scope of the file."""
        self.aliases: dict[str, tuple[str, ...] | None] = {}
        for node in _not_in_functions(tree):
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                for one in self.imported(node):
                    self.star = self.star or one.name == "*"
                    self._alias(self.aliases, one)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                self.bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                self.bound.add(name)
            case _:
                pass

    @staticmethod
    def _alias(into: dict[str, tuple[str, ...] | None], one: Imported) -> None:
        known = into.get(one.name, one.files)
        into[one.name] = None if known is None or one.files is None else tuple({*known, *one.files})

    def imported(self, node: ast.Import | ast.ImportFrom) -> list[Imported]:
        """Return what *node* binds."""
        found = []
        for alias in node.names:
            if isinstance(node, ast.Import):
                first = alias.name.split(".")[0]
                whole, top = self.modules.absolute(alias.name), self.modules.absolute(first)
                files = whole if alias.asname else top
                # Without its parents' files, as where they have none, the name may still lead to a file.
                opaque = None if whole and not files else files
                tokens = {f"{path}:" for path in files} | {f"%{part}" for part in alias.name.split(".")}
                if not whole and not top:
                    tokens.add(f"^{first}")
                name = alias.asname or first
                found.append(Imported(name, frozenset(tokens), opaque, "" if whole or top else first))
                continue
            dotted = node.module or ""
            if node.level:
                inside = self.modules.relative(self.path, node.level, dotted)
                sub = self.modules.relative(self.path, node.level, ".".join(filter(None, (dotted, alias.name))))
            else:
                inside = self.modules.absolute(dotted)
                sub = self.modules.absolute(f"{dotted}.{alias.name}")
            tokens = {f"{path}:{alias.name}" for path in inside} | {f"{path}:" for path in sub}
            tokens |= {f"%{part}" for part in (*dotted.split("."), alias.name) if part}
            foreign = not inside and not sub and not node.level
            if foreign:
                tokens.add(f"^{dotted.split('.')[0]}")
            files_ = sub or (FOREIGN if foreign else None)
            name = alias.asname or alias.name
            found.append(Imported(name, frozenset(tokens), files_, dotted.split(".")[0] if foreign else ""))
        return found

    def within(self, local: frozenset[str], node: ast.AST, around: "Scope | None" = None) -> "Scope":
        """Return the scope of the function *node*: its variables, and what it imports, like what is *around* it."""
        aliases = {**around.aliases} if around else {}
        for one in ast.walk(node):
            if isinstance(one, ast.Import | ast.ImportFrom):
                for imported in self.imported(one):
                    self._alias(aliases, imported)
        return Scope(self, local, aliases)

    def top(self, *, in_class: bool = False) -> "Scope":
        return Scope(self, frozenset(), {}, in_class=in_class)


class Scope:
    """Resolves names in one function, or in what runs at import."""

    def __init__(
        self,
        names: Names,
        local: frozenset[str],
        aliases: Mapping[str, tuple[str, ...] | None],
        *,
        in_class: bool = False,
    ) -> None:
        self.file = names
        self.local = local
        self.aliases = aliases
        self.in_class = in_class

    def module(self, node: ast.AST) -> tuple[str, ...] | None:
        """Return the files of the module that *node* is; ``FOREIGN``; None where it may be anything."""
        match node:
            case ast.Name(id=name):
                if name in self.aliases:
                    return None if name in self.local else self.aliases[name]
                if name in self.local or name in self.file.bound:
                    return None
                return self.file.aliases.get(name)
            case ast.Attribute(value=value, attr=name):
                files = self.module(value)
                if not files:
                    return files
                return self.file.modules.beneath(files, name) or None
            case _:
                return None

    def name(self, name: str) -> set[str]:
        """Return the tokens of the plain *name*."""
        if name in self.local:
            return set()
        found = {f"{self.file.path}:{name}"}
        if self.file.star or (name not in _BUILTINS and name not in self.file.anywhere):
            found.add(f"'{name}")
        if self.in_class:
            found.add(f"@{name}")
        return found

    def builtin(self, name: str) -> bool:
        """Tell whether nothing here hides the builtin *name*."""
        here = (self.local, self.aliases, self.file.bound, self.file.aliases)
        return not self.file.star and not any(name in names for names in here)

    def attribute(self, node: ast.Attribute) -> set[str]:
        """Return the tokens of the attribute alone."""
        files = self.module(node.value)
        if files is None:
            return {f".{node.attr}"}
        found = {f"{path}:{node.attr}" for path in files}
        return found | {f"{path}:" for path in self.file.modules.beneath(files, node.attr)}

    def mentions(self, *nodes: ast.AST | None) -> set[str]:
        """Return the tokens of all that *nodes* mention, of functions and classes inside as well."""
        found: set[str] = set()
        for root in nodes:
            if root is not None:
                self._visit(root, found)
        return found

    def _visit(self, root: ast.AST, found: set[str]) -> None:
        waiting = [(root, "")]
        while waiting:
            node, how = waiting.pop()
            own = self._own(node)
            if how == "looked up":
                # One name of them: a constant is a word in a string, of a module its attributes are asked for by name.
                own = own - {ROAMS} | ({FINDS} if ROAMS in own and getattr(node, "attr", "") == "modules" else set())
            elif how == "receiver":
                # A module of which an attribute is read is not handed on.
                own -= {f"{path}:" for path in self.module(node) or ()}
            found |= own
            if how != "called" and isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                found |= {f"={token}" for token in own if token[0] not in "'%*@"}
            looked = _looked_up_in(node)
            if looked is not None:
                waiting += [(one, "looked up" if one is looked else "") for one in _children_but_method(node)]
            elif isinstance(node, ast.Attribute):
                waiting.append((node.value, "receiver"))
            elif isinstance(node, ast.Call):
                waiting.append((node.func, "called"))
                waiting += [(one, "") for one in (*node.args, *node.keywords)]
            else:
                waiting += [(one, "") for one in ast.iter_child_nodes(node)]

    def _own(self, node: ast.AST) -> set[str]:  # noqa: C901, PLR0911, PLR0912 - a kind of node a case
        match node:
            case ast.Name(id=name):
                found = self.name(name)
                if name in _REFLECTING:
                    found.add(REFLECTS)
                if name in _REFLECTING_CALLS and name not in self.local and name not in self.file.bound:
                    # Without an argument they mean the module.
                    found |= {REFLECTS, f"{self.file.path}:"}
                return found | {f"{path}:" for path in self.module(node) or ()}
            case ast.Attribute(attr=name):
                found = self.attribute(node)
                if name in _REFLECTING:
                    found.add(REFLECTS)
                if name in _ROAMING or (name == "modules" and _is_sys(node.value)):
                    found.add(ROAMS)
                return found
            case ast.Constant(value=str() as text):
                return {f"'{word}" for word in identifiers(text)}
            case ast.Import() | ast.ImportFrom():
                return {token for one in self.file.imported(node) for token in one.tokens}
            case ast.keyword(arg=str() as name):
                return {f".{name}"}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                return self.name(name) | {f".{name}"}
            case ast.Global(names=listed) | ast.Nonlocal(names=listed):
                return {f"{self.file.path}:{name}" for name in listed}
            case ast.MatchClass(kwd_attrs=listed):
                return {f".{name}" for name in listed}
            case _:
                return set()

    def chain(self, node: ast.AST) -> tuple[set[str], bool]:
        """Return the tokens on the way along ``a.b[c].d``, and whether it begins at a variable."""
        found: set[str] = set()
        while True:
            match node:
                case ast.Attribute(value=value):
                    found |= self.attribute(node)
                    node = value
                case ast.Subscript(value=value) | ast.Starred(value=value) | ast.Call(func=value):
                    node = value
                case ast.Name(id=name):
                    if self.module(node) == FOREIGN:
                        return found | {f"^{name}"}, False
                    return found | self.name(name), name in self.local
                case _:
                    return found, False


def _looked_up_in(node: ast.AST) -> ast.AST | None:
    """Return the mapping in which *node* looks one key up: of the globals of something only where it is a constant."""
    match node:
        case ast.Subscript(value=ast.Attribute() as where, slice=key):
            pass
        case ast.Call(func=ast.Attribute(value=ast.Attribute() as where, attr="get"), args=[key, *_]):
            pass
        case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[ast.Attribute() as where]):
            pass
        case _:
            return None
    if where.attr == "modules" and _is_sys(where.value):
        return where
    return where if where.attr in {"f_globals", "__globals__"} and isinstance(key, ast.Constant) else None


def _children_but_method(node: ast.AST) -> Iterator[ast.AST]:
    for one in ast.iter_child_nodes(node):
        yield one.value if isinstance(node, ast.Call) and one is node.func and isinstance(one, ast.Attribute) else one


def _is_sys(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "sys"


def _stored(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.ExceptHandler(name=str() as name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name.split(".")[0])
            case _:
                pass
    return found


def _not_in_functions(tree: ast.AST) -> Iterator[ast.AST]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
