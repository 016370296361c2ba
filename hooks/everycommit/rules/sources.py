"""What the families share: what a path is, the added lines of a change, a finding at a line."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ..change import LINK, Blobs, Change, FileChange, Line
from ..errors import RepositoryError
from ..result import Finding

if TYPE_CHECKING:
    import ast

READ_AT_MOST = 8 << 20
"""Bytes of a file that are still read whole where git showed no hunks."""
_SHOWN = 400
_PARSED_AT_MOST = 400_000
_PYTHON = frozenset({"py", "pyi", "pyw", "pyx"})
_SCRIPT = frozenset({"js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte"})
_OTHER = frozenset(
    {
        *("bash", "bat", "c", "cc", "cfg", "clj", "cljs", "cpp", "cs", "css", "cxx"),
        *("dart", "ex", "exs", "fish", "go", "gradle", "groovy", "h", "hh", "hpp", "hs"),
        *("java", "jl", "kt", "kts", "less", "lua", "m", "mk", "ml", "mm", "nix"),
        *("php", "pl", "pm", "ps1", "r", "rb", "rs", "sass", "scala", "scss", "sh"),
        *("sql", "swift", "tf", "toml", "vb", "yaml", "yml", "zig", "zsh"),
    }
)
_NAMES = frozenset({"Dockerfile", "Makefile", "GNUmakefile", "Jenkinsfile", "Rakefile", "Gemfile", "Vagrantfile"})
_PROSE = frozenset(
    {"adoc", "eml", "log", "markdown", "md", "mdx", "mbox", "org", "po", "pot", "rst", "tex", "textile", "txt"}
)
_TEST_FOLDERS = frozenset(
    {"test", "tests", "testing", "_tests", "__tests__", "spec", "specs", "fixtures", "testdata", "test_data"}
)


def extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name[1:] else ""


def is_python(path: str) -> bool:
    return extension(path) in _PYTHON


def is_script(path: str) -> bool:
    """Tell whether *path* is JavaScript or TypeScript by its name."""
    return extension(path) in _SCRIPT


def is_code(path: str) -> bool:
    """Tell whether *path* is source or settings that a machine reads, by its name."""
    end = extension(path)
    return end in _PYTHON or end in _SCRIPT or end in _OTHER or path.rpartition("/")[2] in _NAMES


def is_prose(path: str) -> bool:
    return extension(path) in _PROSE


def is_test(path: str) -> bool:
    """Tell whether *path* is a test, or data of one, by the usual names."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    return (
        bool(_TEST_FOLDERS.intersection(map(str.lower, folders)))
        or stem.startswith(("test_", "conftest"))
        or stem.endswith(("_test", "_spec"))
        or ".test." in name
        or ".spec." in name
    )


class Added(NamedTuple):
    """The lines that a change adds to a file."""

    file: FileChange
    lines: list[Line]
    text: str
    """The lines joined by newlines: one quick look for all of them."""


def added(files: Iterable[FileChange], blobs: Blobs) -> Iterator[Added]:
    """Yield the files that get lines. Where git showed no hunks of a text, the old and the new content say it."""
    for file in files:
        if file.deleted:
            continue
        lines = file.added_lines() if file.unread is None else _compared(file, blobs)
        if lines:
            yield Added(file, lines, "\n".join([line.text for line in lines]))


def _compared(file: FileChange, blobs: Blobs) -> list[Line]:
    """Return the lines of the new content that the old one has fewer of; none where it is too large or not here."""
    new = content(file, blobs)
    if new is None:
        return []
    known = Counter((old_content(file, blobs) or "").split("\n"))
    lines = []
    for number, text in enumerate(new.split("\n"), start=1):
        if known[text] > 0:
            known[text] -= 1
        elif text:
            lines.append(Line("+", None, number, text))
    return lines


def content(file: FileChange, blobs: Blobs) -> str | None:
    """Return what stands at the path in the target; None where no file does, it is too large or not in this clone."""
    return _decoded(file.id, file, blobs) if file.is_file or file.mode == LINK else None


def old_content(file: FileChange, blobs: Blobs) -> str | None:
    """Return what stood at the path's old name in the base; None as in ``content``."""
    return _decoded(file.old_id, file, blobs) if file.was_file or file.old_mode == LINK else None


def _decoded(oid: str, file: FileChange, blobs: Blobs) -> str | None:
    raw = read(oid, blobs, sized=file.binary or file.unread is not None)
    return None if raw is None else raw.decode("utf-8", "surrogateescape")


def read(oid: str, blobs: Blobs, *, sized: bool) -> bytes | None:
    """Return a blob's bytes; None where it is not in this clone or, asked first if *sized*, over ``READ_AT_MOST``."""
    try:
        # A file that git showed hunks of has at most 1 MiB: no need for the question, which starts a git.
        if sized and blobs.sizes([oid]).get(oid, READ_AT_MOST + 1) > READ_AT_MOST:
            return None
        return blobs.read(oid)
    except RepositoryError:
        return None


@lru_cache(maxsize=4)
def module(text: str) -> "ast.Module | None":
    """Return the syntax tree of Python *text*; None where it does not parse or is too large for that."""
    import ast
    import warnings

    if len(text) > _PARSED_AT_MOST:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text.encode("utf-8", "surrogateescape"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


class Gone:
    """The lines that a change takes away, wherever: what comes back elsewhere was moved and is not new."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._counts: Counter[str] | None = None

    def holds(self, text: str) -> bool:
        """Tell whether a line like *text*, indentation aside, was taken away and not yet found again."""
        if self._counts is None:
            self._counts = Counter(
                line.text.strip() for file in self._change.files if file.removed for line in file.removed_lines()
            )
        key = text.strip()
        if not key or self._counts[key] <= 0:
            return False
        self._counts[key] -= 1
        return True


def finding(
    rule: str, severity: str, path: str | None, line: int | None, message: str, *, hint: str, source: str = ""
) -> Finding:
    return Finding(
        path=path, line=line, rule=rule, severity=severity, message=message, hint=hint, source=source[:_SHOWN]
    )
