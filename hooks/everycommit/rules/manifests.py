"""Reads what manifests require: pyproject.toml, requirements files, setup.cfg, package.json, workflows and others."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

_NAME = r"\s*([A-Za-z0-9][A-Za-z0-9._\-]*)\s*(\[[^\]]*\])?\s*(.*)"


class Requirement(NamedTuple):
    name: str
    """Lower case, with ``-`` for ``_`` and ``.`` where it is Python's."""
    asked: str
    """The version asked for, as it is written; empty for any."""
    pinned: bool
    action: bool = False


def is_manifest(path: str) -> bool:
    return _reader(path) is not None


def requirements(path: str, text: str) -> list[Requirement]:
    """Return what *text*, a manifest by its *path*, requires, in order; what cannot be read requires nothing."""
    reader = _reader(path)
    if reader is None or not text:
        return []
    try:
        return list(reader(text))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return []  # a broken manifest is its tool's to report


def _reader(path: str) -> Callable[[str], Iterator[Requirement]] | None:
    folder, _, name = path.rpartition("/")
    exact = _READERS.get(name)
    if exact:
        return exact
    if name.endswith((".txt", ".in")) and (
        "requirements" in name or "constraints" in name or folder.endswith("requirements")
    ):
        return _requirements_file
    if name.endswith((".yml", ".yaml")) and folder.endswith(".github/workflows"):
        return _workflow
    return None


def _python(text: str) -> Iterator[Requirement]:
    """Yield the requirement of one line of PEP 508; nothing where it is none."""
    match = re.fullmatch(_NAME, text.partition(";")[0].strip(), re.DOTALL)
    if match:
        name, extras, version = match.groups()
        version = " ".join(version.split())
        pinned = version.startswith(("==", "===")) and "*" not in version
        yield Requirement(
            _normal(name), f"{extras or ''}{version}", pinned or bool(re.search(r"@[0-9a-f]{40}", version))
        )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pyproject(text: str) -> Iterator[Requirement]:
    import tomllib

    document = tomllib.loads(text)
    project, tool = document.get("project", {}), document.get("tool", {})
    lists = [project.get("dependencies", []), document.get("build-system", {}).get("requires", [])]
    lists += [*project.get("optional-dependencies", {}).values(), *document.get("dependency-groups", {}).values()]
    lists += [tool.get("uv", {}).get("dev-dependencies", []), *tool.get("pdm", {}).get("dev-dependencies", {}).values()]
    for one in (text for found in lists for text in found if isinstance(text, str)):
        yield from _python(one)
    poetry = tool.get("poetry", {})
    tables = [poetry.get("dependencies", {}), poetry.get("dev-dependencies", {})]
    tables += [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    for table in tables:
        yield from (one for one in _table(table) if one.name != "python")


def _table(table: Mapping[str, Any]) -> Iterator[Requirement]:
    """Yield the requirements of ``name = version`` tables: Poetry's, Cargo's, npm's."""
    for name, value in table.items():
        if isinstance(value, dict):
            asked = str(value.get("version") or value.get("rev") or value.get("git") or value.get("path") or "")
        else:
            asked = "" if value == "*" else str(value)
        yield Requirement(
            name.lower().replace("_", "-"), asked, bool(re.fullmatch(r"=?=?\s*v?\d+(?:\.\d+)+[\w.+\-]*", asked))
        )


def _cargo(text: str) -> Iterator[Requirement]:
    import tomllib

    document = tomllib.loads(text)
    for key in ("dependencies", "dev-dependencies", "build-dependencies"):
        for one in _table(document.get(key, {})):
            yield one._replace(pinned=one.asked.startswith("="))


def _package_json(text: str) -> Iterator[Requirement]:
    import json

    document = json.loads(text)
    for key in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        yield from _table(document.get(key) or {})


def _requirements_file(text: str) -> Iterator[Requirement]:
    for line in text.replace("\\\n", " ").split("\n"):
        bare = re.sub(r"(?:^|\s)#.*", "", line).partition(" --hash")[0].strip()
        if re.match(r"[a-z+]{2,12}://|\.{0,2}/", bare):
            yield Requirement(bare.lower(), "", pinned=bool(re.search(r"[0-9a-f]{40}", bare)))
        elif bare and not bare.startswith("-"):
            yield from _python(bare)


def _setup_cfg(text: str) -> Iterator[Requirement]:
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    found = [parser.get("options", key, fallback="") for key in ("install_requires", "setup_requires", "tests_require")]
    if parser.has_section("options.extras_require"):
        found += [value for _, value in parser.items("options.extras_require")]
    for line in "\n".join(found).split("\n"):
        if line.strip() and not line.strip().startswith("#"):
            yield from _python(line)


def _setup_py(text: str) -> Iterator[Requirement]:
    import ast

    from .sources import module

    tree = module(text)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.keyword) and node.arg in {"install_requires", "extras_require", "tests_require"}:
            values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            for value in (inner for one in values for inner in ast.walk(one)):
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield from _python(value.value)


def _workflow(text: str) -> Iterator[Requirement]:
    for match in re.finditer(
        r"^[ \t\-]*[\"']?uses[\"']?:[ \t]*[\"']?([^\s\"'#@]{3,200})@([^\s\"'#]{1,200})", text, re.MULTILINE
    ):
        name, ref = match.groups()
        if not name.startswith("."):
            pinned = re.fullmatch(r"[0-9a-f]{40}|sha256:[0-9a-f]{64}", ref) is not None
            yield Requirement(name.lower(), ref, pinned, action=True)


def _pre_commit(text: str) -> Iterator[Requirement]:
    pattern = (
        r"^[ \t]*-?[ \t]*repo:[ \t]*[\"']?(\S+?)[\"']?[ \t]*(?:#.*)?\n"
        r"(?:[ \t]+(?!rev:)[^\n]*\n){0,3}?[ \t]*rev:[ \t]*[\"']?([^\s\"'#]+)"
    )
    for match in re.finditer(pattern, text, re.MULTILINE):
        yield Requirement(match[1].lower(), match[2], re.fullmatch(r"[0-9a-f]{40}", match[2]) is not None)


def _go_mod(text: str) -> Iterator[Requirement]:
    for match in re.finditer(
        r"^(?:require)?[ \t]+([\w.\-]+\.?[\w./\-~]*)[ \t]+(v\d\S*)|^require (\S+) (v\S+)", text, re.MULTILINE
    ):
        name, asked = match[1] or match[3], match[2] or match[4]
        yield Requirement(name.lower(), asked, pinned=True)


def _dockerfile(text: str) -> Iterator[Requirement]:
    stages = {match[1].lower() for match in re.finditer(r"^FROM\s.*\sAS\s+(\S+)", text, re.MULTILINE | re.IGNORECASE)}
    for match in re.finditer(
        r"^FROM\s+(?:--\S+\s+)*([^\s:@]+)(?::([^\s@]+))?(?:@(\S+))?", text, re.MULTILINE | re.IGNORECASE
    ):
        if match[1].lower() not in stages and match[1] != "scratch":
            yield Requirement(match[1].lower(), match[3] or match[2] or "", pinned=bool(match[3]))


_READERS: Mapping[str, Callable[[str], Iterator[Requirement]]] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "setup.py": _setup_py,
    "package.json": _package_json,
    "Cargo.toml": _cargo,
    "go.mod": _go_mod,
    "Dockerfile": _dockerfile,
    "action.yml": _workflow,
    "action.yaml": _workflow,
    ".pre-commit-config.yaml": _pre_commit,
}
