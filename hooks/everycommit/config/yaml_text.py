"""An entry added to a YAML file in its own style, every line that is there staying as it is.

No parser: of a file in block style, indentation says enough. What is written in another way is left to its author.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

Value = str | bool | Sequence[str] | Sequence[Mapping[str, "Value"]] | Mapping[str, "Value"]


class Unclear(Exception):  # noqa: N818 - not an error: whoever asked shows the lines instead
    """The file writes this part in a way that a few added lines do not fit to."""


class _Style(NamedTuple):
    step: int
    """Columns from a key to the keys below it."""
    offset: int
    """Columns from a key to the dashes of its list."""
    gap: int
    """Columns from a dash to its text."""


class _Block(NamedTuple):
    """What lies below a key, the file itself being the outermost: its lines, from *start* to before *end*."""

    start: int
    end: int
    indent: int
    """Of its entries; -1 where it has none."""


def added(
    text: str, path: Sequence[str], entries: Mapping[str, Value] | Sequence[Mapping[str, Value]], *, like: str = ""
) -> str:
    """Return *text* with *entries* behind those that *path* has: a mapping's keys, or items of a list.

    Keys of *path* that are not there are made. The indentation is that of *text*, of an empty one that of *like*.

    Raises:
        Unclear: A key of *path* has a value in flow style, an anchor or the like, or the file is several documents.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    _check(lines)
    style = _style((text or like).splitlines())
    here, parent, left = _Block(0, len(lines), 0), -1, list(path)
    value: Value = entries
    while left and (at := _key(lines, left[0], here)) is not None:
        parent = at
        here = _below(lines, at)
        del left[0]
    for key in reversed(left):
        value = {key: value}
    if parent >= 0 and here.indent < 0:
        lines[parent] = _opened(lines[parent], "{}" if isinstance(value, Mapping) else "[]")
    base = 0 if parent < 0 else _indent(lines[parent])
    if isinstance(value, Mapping):
        new = _mapping(value, here.indent if here.indent >= 0 else base + style.step, style)
        is_list = False
    else:
        new = _items(value, here.indent if here.indent >= 0 else base + style.offset, style)
        is_list = True
    first = next((line for line in lines[here.start : here.end] if _is_content(line)), None)
    if first is not None and _dash(first) is not is_list:
        raise Unclear
    if (parent < 0 and lines) or _is_airy(lines, here):
        new.insert(0, "")
    lines[here.end : here.end] = new
    return newline.join([*lines, ""])


def _check(lines: Sequence[str]) -> None:
    content = [line for line in lines if _is_content(line)]
    marks = [line for line in content if re.match(r"---(\s|$)|\.\.\.(\s|$)|%", line)]
    if any("\t" in line[: len(line) - len(line.lstrip())] for line in content) or marks not in ([], content[:1]):
        raise Unclear
    if any(mark.rstrip() != "---" for mark in marks) or (content and _dash(content[0])):
        raise Unclear


def _style(lines: Sequence[str]) -> _Style:
    step = offset = gap = 0
    for line, following in pairwise([line for line in lines if _is_content(line)]):
        deeper = _indent(following) - _indent(line)
        if not re.search(r":\s*(#.*)?$", line):
            continue
        if _dash(following) and not gap:
            dash = re.match(r" *-( +)", following)
            # A key behind a dash stands where the dash's text begins.
            held = re.match(r" *(- +)?", line)
            offset = _indent(following) - len(held[0] if held else "")
            gap = len(dash[1]) + 1 if dash else 2
        elif deeper > 0 and not _dash(line) and not step:
            step = deeper
    return _Style(step or 2, max(offset, 0) if gap else 2, gap or 2)


def _key(lines: Sequence[str], key: str, block: _Block) -> int | None:
    """Return the line of *key* among the entries of *block*, None where it has none.

    Raises:
        Unclear: Its value is on the same line.
    """
    quoted = re.escape(key)
    for at in range(block.start, block.end):
        line = lines[at]
        if not _is_content(line) or _indent(line) != block.indent:
            continue
        found = re.match(rf" *(?:{quoted}|\"{quoted}\"|'{quoted}')\s*:(?P<rest>\s.*|)$", line)
        if found:
            if found["rest"].partition(" #")[0].strip() not in {"", "[]", "{}"}:
                raise Unclear
            return at
    return None


def _below(lines: Sequence[str], at: int) -> _Block:
    """Return what lies below the key on line *at*: its entries, and comments that stand as deep as they do."""
    own = _indent(lines[at])
    end, indent, is_list = at + 1, -1, False
    for number in range(at + 1, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        deep = _indent(line)
        if not _is_content(line):
            if indent >= 0 and deep > own and deep >= indent and number == end:
                end = number + 1
            continue
        if indent < 0:
            is_list = _dash(line)
        if deep < own or (deep == own and not (is_list and _dash(line))):
            break
        indent = deep if indent < 0 else indent
        end = number + 1
    if re.search(r":\s*(\[\]|\{\})", lines[at]) and indent >= 0:
        raise Unclear
    return _Block(at + 1, end, indent)


def _opened(line: str, empty: str) -> str:
    """Return the line of a key without the empty value that it has, which may be *empty*.

    Raises:
        Unclear: It is an empty list where a mapping is wanted, or the other way round.
    """
    found = re.search(r":\s*(\[\]|\{\})", line)
    if found and found[1] != empty:
        raise Unclear
    return line if found is None else f"{line[: found.start()]}:{line[found.end() :]}"


def _is_airy(lines: Sequence[str], block: _Block) -> bool:
    """Tell whether blank lines stand between the entries of *block*."""
    starts = [
        at for at in range(block.start, block.end) if _is_content(lines[at]) and _indent(lines[at]) == block.indent
    ]
    return len(starts) > 1 and all(_has_gap(lines, at) for at in starts[1:])


def _has_gap(lines: Sequence[str], at: int) -> bool:
    """Tell whether a blank line comes before the entry on line *at*, or before the comment over it."""
    while lines[at - 1].lstrip().startswith("#"):
        at -= 1
    return not lines[at - 1].strip()


def _mapping(value: Mapping[str, Value], indent: int, style: _Style) -> list[str]:
    lines = []
    for key, held in value.items():
        if isinstance(held, Mapping):
            lines += [f"{' ' * indent}{key}:", *_mapping(held, indent + style.step, style)]
        elif isinstance(held, bool):
            lines.append(f"{' ' * indent}{key}: {'true' if held else 'false'}")
        elif isinstance(held, str):
            lines.append(f"{' ' * indent}{key}: {held}")
        elif all(isinstance(item, str) for item in held):
            lines.append(f"{' ' * indent}{key}: [{', '.join(map(str, held))}]")
        else:
            lines += [f"{' ' * indent}{key}:", *_items(held, indent + style.offset, style)]
    return lines


def _items(value: Value, indent: int, style: _Style) -> list[str]:
    lines: list[str] = []
    for item in value if not isinstance(value, (str, bool, Mapping)) else ():
        first, *rest = _mapping(item, indent + style.gap, style) if isinstance(item, Mapping) else [str(item)]
        lines += [f"{' ' * indent}-{' ' * (style.gap - 1)}{first.strip()}", *rest]
    return lines


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _dash(line: str) -> bool:
    return line.lstrip(" ").startswith("- ") or line.strip() == "-"
