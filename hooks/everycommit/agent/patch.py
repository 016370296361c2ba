"""Patches as codex's ``apply_patch`` takes them, turned into edits.

Source: codex-rs/apply-patch/apply_patch_tool_instructions.md in github.com/openai/codex.
"""

from collections.abc import Iterator

from .event import DELETE, REPLACE, TOUCH, WRITE, Edit, Swap

_ADD, _DELETE, _UPDATE, _MOVE = "*** Add File: ", "*** Delete File: ", "*** Update File: ", "*** Move to: "


def patched(text: str) -> Iterator[Edit]:
    """Yield the edits of a patch, also where it stands among other words, such as a shell's here-document."""
    path, verb, body, target = "", "", list[str](), ""
    for line in [*text.split("\n"), "*** End Patch"]:
        stripped = line.rstrip()
        begun = next((word for word in (_ADD, _DELETE, _UPDATE) if stripped.startswith(word)), "")
        if begun or stripped == "*** End Patch":
            yield from _edits(path, verb, body, target)
            path, verb, body, target = stripped[len(begun) :] if begun else "", begun, [], ""
        elif stripped.startswith(_MOVE):
            target = stripped[len(_MOVE) :]
        elif verb:
            body.append(line)


def _edits(path: str, verb: str, body: list[str], target: str) -> Iterator[Edit]:
    if not path:
        return
    if verb == _DELETE:
        yield Edit(path, DELETE)
    elif verb == _ADD:
        yield Edit(path, WRITE, "".join(f"{line[1:]}\n" for line in body if line.startswith("+")))
    elif target:
        # What it will hold is known only to who applies the patch to the old file.
        yield Edit(path, DELETE)
        yield Edit(target, TOUCH, "\n".join(line[1:] for line in body if line.startswith("+")))
    else:
        yield Edit(path, REPLACE, swaps=tuple(_swaps(body)))


def _swaps(body: list[str]) -> Iterator[Swap]:
    """Yield what each stretch between ``@@`` lines replaces."""
    old, new = list[str](), list[str]()
    for line in [*body, "@@"]:
        if line.startswith("@@"):
            if old != new:
                yield Swap("".join(old), "".join(new))
            old, new = [], []
        elif line.startswith("-"):
            old.append(f"{line[1:]}\n")
        elif line.startswith("+"):
            new.append(f"{line[1:]}\n")
        elif not line.startswith("***"):
            old.append(f"{line[1:]}\n")
            new.append(f"{line[1:]}\n")
