"""Python source as these rules read it: parsed, or its comments alone."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ast

LARGEST = 400_000
"""Bytes; parsing a larger file takes too long for a hook, and nobody writes one by hand."""

# Each string ends at its quote, at the end of the line or of the text: nothing is scanned twice.
_ONE_LINE = r""""(?>[^"\\\n]|\\.)*+(?:"|(?=\n)|\\?\Z)|'(?>[^'\\\n]|\\.)*+(?:'|(?=\n)|\\?\Z)"""
_MANY_LINES = (
    r""""{3}(?>[^"\\]|\\.|"(?!""))*+(?:"{3}|\\?\Z)"""
    r"""|'{3}(?>[^'\\]|\\.|'(?!''))*+(?:'{3}|\\?\Z)"""
)
_COMMENTS = re.compile(
    rf"""(?>[^"'#]++|{_MANY_LINES}|{_ONE_LINE})*+#(?P<comment>[^\n]*+)""",
    re.DOTALL,
)
_STRINGS = re.compile(
    rf"""(?>[^"'#]++|\#[^\n]*+|(?!"{{3}}|'{{3}})(?:{_ONE_LINE}))*+(?P<string>{_MANY_LINES})""",
    re.DOTALL,
)


def is_python(path: str) -> bool:
    return path.endswith((".py", ".pyi"))


def module(content: bytes) -> "ast.Module | None":
    """Return the syntax tree of *content*; None where it is no Python that this Python knows, or too large."""
    import ast
    import warnings

    if len(content) > LARGEST:
        return None
    # An odd escape is a warning of the parser's; it is the linter's to report.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source in (content, content.decode("latin-1")):
            try:
                return ast.parse(source)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue  # an undeclared encoding: latin-1 gives each byte a character
    return None


def below(node: "ast.AST") -> "list[ast.AST]":
    """Return *node* and all below it; ``ast.walk`` asks for every field by its name and takes three times as long."""
    import ast

    found = [node]
    for one in found:
        for value in one.__dict__.values():
            if isinstance(value, list):
                found += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


def dumped(node: "ast.AST") -> str:
    """Return *node* as text that does not depend on its place, its comments or its layout."""
    import ast

    try:
        return ast.dump(node)
    except RecursionError:
        return f"too deep to compare: {type(node).__name__}"


class Block(NamedTuple):
    """A statement at the left margin with all below it; ``line`` is its first, from 1."""

    line: int
    text: str


_HEAD = 20
"""Lines in which the decorators of a class end."""
_GOES_ON = (" ", "\t", "#", ")", "]", "}", "else", "elif", "except", "finally", "\r", "\f")
_METHOD_GOES_ON = (*_GOES_ON, "'", '"')


def blocks(text: str, held: set[int]) -> list[Block]:
    """Return the statements at the left margin of Python source, decorators with what they decorate.

    *held* are the lines (from 0) that begin inside a string.
    """
    lines = text.split("\n")
    starts: list[int] = []
    decorated = False
    for number, line in enumerate(lines):
        if not line or line.startswith(_GOES_ON) or number in held:
            continue
        if not decorated:
            starts.append(number)
        decorated = line.startswith("@")
    return [Block(start + 1, "\n".join(lines[start:end]).rstrip()) for start, end in pairwise([*starts, len(lines)])]


def _inside_strings(text: str) -> set[int]:
    """Return the lines (from 0) that begin inside a string."""
    held: set[int] = set()
    if '"""' not in text and "'''" not in text:
        return held
    line, place = 0, 0
    while found := _STRINGS.match(text, place):
        line += text.count("\n", place, found.start("string"))
        lines = found["string"].count("\n")
        held.update(range(line + 1, line + 1 + lines))
        line, place = line + lines, found.end()
    return held


def differing(old: str, new: str) -> tuple[list[Block], list[Block]]:
    """Return the blocks that only *old* has and those that only *new* has; what merely moved is in neither.

    Of a class that is in both, the methods that did not change are empty: only what differs is worth parsing.
    """
    held_before, held_after = _inside_strings(old), _inside_strings(new)
    before, after = blocks(old, held_before), blocks(new, held_after)
    was, now = Counter(block.text for block in before), Counter(block.text for block in after)
    gone = [_Members.of(block, held_before) for block in _only(before, was - now)]
    came = [_Members.of(block, held_after) for block in _only(after, now - was)]
    both = Counter(key for one in gone for key in one.keyed()) & Counter(key for one in came for key in one.keyed())
    return [one.without(both) for one in gone], [one.without(both) for one in came]


class _Members(NamedTuple):
    """A block and, where it is a class, its methods: line from 0 in the block, text."""

    block: Block
    head: str = ""
    methods: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, block: Block, held: set[int]) -> "_Members":
        if not block.text.startswith(("class ", "@")):
            return cls(block)
        lines = block.text.split("\n")
        head = next((line for line in lines[:_HEAD] if line.startswith(("class ", "def ", "async def "))), "")
        if not head.startswith("class "):
            return cls(block)
        body = lines.index(head) + 1
        indent = next((line[: len(line) - len(line.lstrip())] for line in lines[body:] if line.strip()), "")
        starts: list[int] = []
        decorated = False
        for number, line in enumerate(lines[body:], start=body):
            if line.startswith(indent) and not line.startswith(_METHOD_GOES_ON, len(indent)) and line != indent:
                if block.line - 1 + number in held:
                    continue
                if not decorated:
                    starts.append(number)
                decorated = line.startswith("@", len(indent))
        parts = [(start, "\n".join(lines[start:end])) for start, end in pairwise([*starts, len(lines)])]
        methods = [(start, text) for start, text in parts if text.startswith(("def ", "async def ", "@"), len(indent))]
        return cls(block, head, tuple(methods))

    def keyed(self) -> Iterator[tuple[str, str]]:
        return ((self.head, text) for _, text in self.methods)

    def without(self, both: Counter[tuple[str, str]]) -> Block:
        """Return the block with ``pass`` for those of its methods that are in *both*."""
        if not self.methods or not both:
            return self.block
        lines = self.block.text.split("\n")
        for start, text in self.methods:
            if both[self.head, text] > 0:
                end = start + text.count("\n") + 1
                indent = text[: len(text) - len(text.lstrip())]
                lines[start:end] = [f"{indent}pass", *[""] * (end - start - 1)]
        return Block(self.block.line, "\n".join(lines))


def _only(given: Sequence[Block], wanted: Counter[str]) -> list[Block]:
    left = Counter(wanted)
    kept = []
    for block in given:
        if left[block.text] > 0:
            left[block.text] -= 1
            kept.append(block)
    return kept


def text_of(content: bytes) -> str:
    """Return source as text; bytes that are not UTF-8 become lone surrogates, a mark at the beginning goes."""
    return content.decode("utf-8", "surrogateescape").removeprefix("\ufeff").replace("\r\n", "\n")


def trees(found: Sequence[Block], whole: str) -> "list[tuple[ast.Module, int]] | None":
    """Return the syntax tree of each block and how many lines stand above it; None where *whole* is no Python."""
    parsed = []
    for block in found:
        tree = module(block.text.encode("utf-8", "surrogateescape"))
        if tree is None:
            # Not a statement by itself, say text at the margin inside brackets.
            tree = module(whole.encode("utf-8", "surrogateescape"))
            return None if tree is None else [(tree, 0)]
        parsed.append((tree, block.line - 1))
    return parsed


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield line (from 1) and text of each comment of Python source *text*, without the ``#``; never from a string."""
    line, place = 1, 0
    while found := _COMMENTS.match(text, place):
        line += text.count("\n", place, found.start("comment"))
        place = found.end()
        yield line, found["comment"]
