"""The view of a piece in which only code speaks: comments, docstrings and texts made neutral, line by line.

A comment can talk a reader out of what the code shows; what only this view's reader finds is marked so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ...change import Blobs, Change, FileChange
from ...record import replace
from ...rules.sources import content, extension, is_python, old_content
from .enclosing import row
from .parts import Piece, Row

_WORD = r"[\w.:/%+\-]{0,24}"
"""A text that is kept: a key, a mode, a name; a sentence does not fit into it."""
_WORDS_OF_A_NAME = 4
_DOUBLE, _SINGLE, _BACK = r'"(?:[^"\\\n]|\\.)*+"', r"'(?:[^'\\\n]|\\.)*+'", r"`(?:[^`\\]|\\.)*+`"
_CHARACTER = r"'(?:[^'\\\n]|\\.{1,8}?)'"
_SLASHES, _BLOCK, _HASH, _DASHES, _TAG = (
    r"//[^\n]*+",
    r"/\*.*?\*/",
    r"(?<![\w$&{])#[^\n]*+",
    r"--[^\n]*+",
    r"<!--.*?-->",
)
_THREE = r'"""(?:[^"\\]|\\.|"(?!""))*+"""'


class _Language(NamedTuple):
    comments: tuple[str, ...]
    texts: tuple[str, ...]


_C = _Language((_SLASHES, _BLOCK), (_THREE, _DOUBLE, _CHARACTER, _BACK))
_JS = _Language((_SLASHES, _BLOCK), (_DOUBLE, _SINGLE, _BACK))
_SHELL = _Language((_HASH,), (_DOUBLE, _SINGLE))
_SQL = _Language((_DASHES, _BLOCK), (_SINGLE,))
_HTML = _Language((_TAG,), ())
_LANGUAGES: Mapping[str, _Language] = {
    **dict.fromkeys(("c", "cc", "cpp", "cxx", "h", "hh", "hpp", "m", "mm", "cs", "java", "go", "rs", "zig"), _C),
    **dict.fromkeys(("kt", "kts", "scala", "swift", "dart", "groovy", "gradle"), _C),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "css", "scss", "less", "sass"), _JS),
    "php": _Language((_SLASHES, _BLOCK, _HASH), (_DOUBLE, _SINGLE)),
    **dict.fromkeys(("sh", "bash", "zsh", "fish", "rb", "pl", "r", "ex", "exs", "jl", "nix", "mk", "cmake"), _SHELL),
    **dict.fromkeys(("toml", "yaml", "yml", "ini", "cfg", "conf", "tf", "ps1"), _SHELL),
    "sql": _SQL,
    **dict.fromkeys(("hs", "elm"), _Language((_DASHES,), (_DOUBLE,))),
    "lua": _Language((_DASHES,), (_DOUBLE, _SINGLE)),
    **dict.fromkeys(("html", "htm", "xml", "vue", "svelte"), _HTML),
}


class Views:
    """The stripped views of a change's files, each made when it is first asked for."""

    def __init__(self, change: Change, blobs: Blobs) -> None:
        self._files = {file.path: file for file in change.files}
        self._blobs = blobs
        self._lines: dict[str, tuple[list[str], list[str]]] = {}

    def of(self, piece: Piece) -> Piece:
        """Return *piece* as it reads without words; the numbers of its lines stay. Not for several threads at once."""
        file = self._files.get(piece.path)
        if file is None:
            return without_words(piece)
        if piece.path not in self._lines:
            self._lines[piece.path] = self._both(file)
        old, new = self._lines[piece.path]
        return replace(piece, rows=_plain(piece.rows, old, new), around=_plain(piece.around, old, new))

    def _both(self, file: FileChange) -> tuple[list[str], list[str]]:
        texts = Texts()
        before, after = old_content(file, self._blobs), content(file, self._blobs)
        return stripped(before or "", file.source, texts), stripped(after or "", file.path, texts)


def without_words(piece: Piece) -> Piece:
    """Return *piece* stripped by itself: for one that belongs to no file."""
    texts = Texts()
    rows = stripped("\n".join(one.text for one in piece.rows), piece.path, texts)
    return replace(piece, rows=tuple(replace(one, text=text) for one, text in zip(piece.rows, rows, strict=True)))


def without_name(piece: Piece) -> Piece:
    """Return *piece* under a path in which nothing speaks: a part of it that is a sentence becomes a mere word."""
    *folders, name = piece.path.split("/")
    plain = ["folder" if _speaks(one) else one for one in folders]
    stem, dot, end = name.rpartition(".")
    return replace(piece, path="/".join([*plain, f"file{dot}{end}" if _speaks(stem or name) else name]))


def _speaks(name: str) -> bool:
    """Tell whether a name is more than a few words; those that tests have are, and lose nothing by it."""
    return not name.isascii() or len(re.findall(r"[A-Za-z]+", name)) > _WORDS_OF_A_NAME or " " in name


def _plain(rows: Iterable[Row], old: Sequence[str], new: Sequence[str]) -> tuple[Row, ...]:
    return tuple(_row(one, old, new) for one in rows)


def _row(one: Row, old: Sequence[str], new: Sequence[str]) -> Row:
    lines, number = (old, one.old) if one.number is None else (new, one.number)
    # A file that is not to be had has no stripped lines: what cannot be made neutral stays as it is.
    found = row(one.kind, None, lines[number - 1]).text if number is not None and number <= len(lines) else one.text
    return replace(one, text=found)


class Texts:
    """Gives equal texts the same neutral name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def named(self, text: str) -> str:
        """Return *text* where it is a mere word, else its name."""
        if re.fullmatch(_WORD, text):
            return text
        return self._names.setdefault(text, f"text {len(self._names) + 1}")


def stripped(text: str, path: str, texts: Texts) -> list[str]:
    """Return the lines of *text* made neutral, as many as there were; *path* tells the language."""
    if is_python(path):
        cuts = _python(text)
        if cuts is not None:
            return _replaced(text, ((start, end, _neutral(text[start:end], texts)) for start, end in cuts))
        return _generic(text, _Language((_HASH,), (_THREE, _DOUBLE, _SINGLE)), texts)
    language = _LANGUAGES.get(extension(path))
    return _generic(text, language, texts) if language else text.split("\n")


def _python(text: str) -> list[tuple[int, int]] | None:
    """Return where the comments and strings of Python *text* begin and end, in order; None where it does not parse."""
    import io
    import tokenize

    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    found = []
    try:
        # newline="": a lone carriage return is no line of ours.
        for token in tokenize.generate_tokens(io.StringIO(text, newline="\n").readline):
            if token.type in kinds:
                (first, column), (last, end) = token.start, token.end
                found.append((starts[first - 1] + column, starts[last - 1] + end))
    except (tokenize.TokenError, SyntaxError, ValueError, IndexError):
        return None
    return found


def _generic(text: str, language: _Language, texts: Texts) -> list[str]:
    pattern = "|".join(f"(?:{one})" for one in (*language.texts, *language.comments))
    cuts = ((found.start(), found.end(), _neutral(found[0], texts)) for found in re.finditer(pattern, text, re.DOTALL))
    return _replaced(text, cuts)


def _replaced(text: str, cuts: Iterable[tuple[int, int, str]]) -> list[str]:
    parts, at = [], 0
    for start, end, neutral in cuts:
        # A text over several lines keeps them: what follows stays at its number.
        parts += [text[at:start], neutral, "\n" * (text.count("\n", start, end) - neutral.count("\n"))]
        at = end
    return "".join([*parts, text[at:]]).split("\n")


def _neutral(token: str, texts: Texts) -> str:
    """Return what stands for a comment or a text."""
    for mark in ("#", "//", "--", "/*", "<!--"):
        if token.startswith(mark):
            return {"/*": "/* */", "<!--": "<!-- -->"}.get(mark, mark)
    found = re.fullmatch(r"([A-Za-z]{0,3})(\"{3}|'{3}|[\"'`])(.*)\2", token, re.DOTALL)
    if not found:
        # The inside of an f-string, which Python 3.12 and newer tell apart.
        return texts.named(token)
    prefix, quote, inside = found.groups()
    if "f" in prefix.lower() or quote == "`":
        return f"{prefix}{quote}{''.join(_formatted(inside, texts))}{quote}"
    return f"{prefix}{quote}{texts.named(inside)}{quote}"


def _formatted(inside: str, texts: Texts) -> Iterator[str]:
    """Yield the parts of a text with values in it: those stay, they are code."""
    at = 0
    for field in re.finditer(r"\$?\{[^{}\n]*\}", inside):
        yield texts.named(inside[at : field.start()])
        yield field[0]
        at = field.end()
    yield texts.named(inside[at:])
