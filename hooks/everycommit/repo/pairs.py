"""Writes down the pairs of trees that passed, so that ``again`` can tell them without judging.

A pair is a small file of its own; environment and witnesses, the same for most of them, lie in files named by their
digest, which the reader holds them to.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ..change import ABSENT, FileChange
from ..digest import sha256
from .again import FORBIDDEN, FORMAT, FRAMEWORK, NO_MATTER, OTHERS, name_of, own_places, place_of, told, variable
from .known import NAMES, Unfit, Witnesses, plain_line, search_path

_FILES = 160
"""Files in the folder at which the older half is dropped: some 140 pairs, each under a kilobyte, and their facts."""


def keep(
    git_dir: Path,
    pairs: Iterable[tuple[str, str, str]],
    *,
    files: Sequence[FileChange],
    judged_at: float,
    symbol: str,
    top: Path,
    common_dir: Path,
    environ: Mapping[str, str],
    witnesses: Witnesses,
) -> None:
    """Write down *pairs*, each an occasion, the tree it began from and the one that passed.

    The trees are the same in all, and differ in *files*. *symbol* stands for a pass on the stream that it is told on,
    *judged_at* is in seconds since 1970.

    Raises:
        Unfit: Something cannot be said in a line.
        OSError: It cannot be written.
    """
    variables = _variables(environ)
    lines = [FORMAT, *own_places(), str(top), str(common_dir)]
    lines += [str(len(variables)), *variables, str(len(witnesses.lines)), *witnesses.lines, *witnesses.absent]
    facts = _text(lines)
    name = sha256(facts).hexdigest()
    place = Path(place_of(str(git_dir)))
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(place / name, facts)
    change = told(b"".join(_raw(files)))
    for pair in pairs:
        own = name_of(*pair, change)
        text = _text([FORMAT, own, name, repr(judged_at), symbol])
        _write(place / own, text + sha256(text.removesuffix(b"\n")).hexdigest().encode() + b"\n")
    _tidy(place)


def forget(common_dir: Path, pair: tuple[str, str] | None = None) -> None:
    """Take back what is known of *pair*, two trees, in all working trees of a clone; None: of all pairs.

    Where that cannot be done, nothing could be written down either.
    """
    part = "" if pair is None else name_of("", *pair)
    for git_dir in (common_dir, *common_dir.glob("worktrees/*")):
        with suppress(OSError):
            for file in Path(place_of(str(git_dir))).iterdir():
                if part in file.name:
                    file.unlink(missing_ok=True)


def _raw(files: Iterable[FileChange]) -> Iterator[bytes]:
    """Yield git's raw records (``again.RAW``): a file that was renamed is one that went and one that came."""
    halves: list[tuple[str, str, str, str, str, str]] = []
    for file in files:
        if file.old_path is None:
            halves.append((file.path, file.old_mode, file.mode, file.old_id, file.id, file.status))
        else:
            nobody = "0" * len(file.id)
            halves.append((file.old_path, file.old_mode, ABSENT, file.old_id, nobody, "D"))
            halves.append((file.path, ABSENT, file.mode, nobody, file.id, "A"))
    for path, *words in sorted(halves, key=lambda half: os.fsencode(half[0])):
        yield f":{' '.join(words)}".encode() + b"\0" + os.fsencode(path) + b"\0"


def _variables(environ: Mapping[str, str]) -> list[str]:
    for name in environ:
        if name in FORBIDDEN or (name.startswith(OTHERS) and name not in NAMES and name not in NO_MATTER):
            raise Unfit(f"the environment variable {name} is set")
    search_path(environ)
    return [variable(name, environ) for name in (*NAMES, "PATH", FRAMEWORK)]


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{plain_line(line)}\n" for line in lines).encode()


def _write(file: Path, content: bytes) -> None:
    fresh = file.with_name(f"{os.urandom(8).hex()}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
    fresh.replace(file)


def _tidy(place: Path) -> None:
    """Drop the older half where it has become many; a pair whose facts are gone is not known any more."""
    files = list(os.scandir(place))
    if len(files) >= _FILES:
        for old in sorted(files, key=lambda entry: entry.stat().st_mtime_ns)[: _FILES // 2]:
            with suppress(OSError):
                os.unlink(old)  # noqa: PTH108
