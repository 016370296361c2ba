"""Show what was judged before, and why a verdict is or is not used again.

Verdicts are kept in the git folder, under all that they depend on, for all worktrees of this clone. Losing them costs
time and nothing else.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from .. import misses
from ..config.schema import OCCASIONS
from ..engine.why import Changed, why
from ..entries import Entry, written
from ..errors import UsageError
from ..kept import LEAST, Kept
from ..record import replace
from ..repo.repository import discover
from ..text import printable
from .call import Call
from .hook import commit
from .judge import Wish, place, prepared
from .show import Silent

_SHOWN = 10
_COST = 1024


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, text in (
        ("list", "every kept verdict, newest first"),
        ("explain", "of what is staged now (else HEAD): which gate is known, and if not, what changed"),
        ("check", "look at every entry; 1 where one is not as it was written"),
        ("clear", "forget all"),
        ("size", "how much is kept, and how much may be"),
        ("misses", "tests that failed at push and that the selection of affected tests had left out"),
    ):
        one = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        if name != "clear":
            one.add_argument("--format", choices=("text", "json"), default="text")
        if name == "explain":
            one.add_argument("gates", nargs="*", metavar="GATE", help="which (default: those of the occasion)")
            one.add_argument("--commit", metavar="REV", help="of this commit")
            one.add_argument("--at", choices=OCCASIONS, default="commit", help="whose gates (default: commit)")
        if name == "misses":
            one.add_argument("--clear", action="store_true", help="forget them")
        if name == "size":
            one.add_argument(
                "--max", metavar="BYTES", help="keep at most so much: 8000000, 500K, 32M; least used go first"
            )


def main(args: argparse.Namespace, call: Call) -> int:
    """Do it; return 0, 1 where `check` found something, 2 where the ledger cannot be read."""
    what: Callable[[argparse.Namespace, Call, Kept], int] = {
        "list": _list,
        "explain": _explain,
        "check": _check,
        "clear": _clear,
        "size": _size,
        "misses": _misses,
    }[args.what]
    with closing(Kept(discover(call.cwd, call.environ).common_dir)) as kept:
        code = what(args, call, kept)
        if kept.note:
            call.stderr.write(f"everycommit: {printable(kept.note)}\n")
            return 2
    return code


def _list(args: argparse.Namespace, call: Call, kept: Kept) -> int:
    entries = [entry for entry in kept.entries() if isinstance(entry, Entry)]
    if args.format == "json":
        _json(call, {"entries": [_plain(entry) for entry in entries]})
        return 0
    for entry in entries:
        result = entry.result
        name = result.label
        words = f"{_moment(entry.judged_at)}  {name:8} {result.outcome:8} {_trees(entry)}  {_bytes(_length(entry)):>7}"
        call.stdout.write(printable(f"{words}  {result.summary}".rstrip()) + "\n")
    if not entries and not kept.note:
        call.stdout.write("Nothing was judged yet.\n")
    return 0


def _explain(args: argparse.Namespace, call: Call, kept: Kept) -> int:
    with place(call) as here:
        if args.commit is not None:
            from ..repo.read import one_commit

            candidate = one_commit(here.repository, here.quarantine, args.commit)
        else:
            candidate = commit(call, here, framework=False)
        candidate = replace(candidate, occasion=args.at)
        # Nothing is run: only what a verdict would depend on is looked at.
        wish = Wish(gates=args.gates, run_code=True)
        with prepared(here, candidate, call, wish, watch=Silent(), gone=lambda: False) as ready:
            rows = [why(step, kept) for step in ready.steps]
    if args.format == "json":
        _json(
            call,
            {
                "target": candidate.change.target,
                "gates": [row._asdict() | {"changed": dict(row.changed)} for row in rows],
            },
        )
        return 0
    for row in rows:
        mark = "known" if row.known else "-" if row.known is None else "not known"
        at = "" if row.at is None else f" {_moment(row.at)}" if row.known else f"since {_moment(row.at)} "
        text = f"{row.why}{at}" if row.known else f"{at}{row.why}"
        call.stdout.write(printable(f"{row.gate:8} {mark:9}  {text}") + "\n")
        call.stdout.write("".join(printable(f"{'':20}{line}") + "\n" for line in _changes(row.changed)))
    return 0


def _changes(changed: Changed) -> Iterator[str]:
    for name, (then, now) in changed.items():
        yield f"{name}: {_short(then)} -> {_short(now)}"


def _check(args: argparse.Namespace, call: Call, kept: Kept) -> int:
    entries = list(kept.entries())
    broken = [entry for entry in entries if isinstance(entry, str)]
    whole = not kept.path.exists() or kept.sound()
    if args.format == "json":
        _json(call, {"entries": len(entries), "broken": broken, "file": whole})
    else:
        state = "the file is whole" if whole else "the file is damaged: everycommit ledger clear"
        call.stdout.write(f"{len(entries)} entries, {len(broken)} not as written; {state}\n")
        call.stdout.write("".join(f"not as written, never used: {printable(name)}\n" for name in broken))
    return 1 if broken or not whole else 0


def _clear(args: argparse.Namespace, call: Call, kept: Kept) -> int:  # noqa: ARG001 - the table's signature
    from ..repo import known, pairs

    common_dir = kept.path.parent.parent
    known.forget(common_dir)
    pairs.forget(common_dir)
    try:
        kept.clear()
    except OSError as error:
        raise UsageError(f"{kept.path}: cannot be removed: {error.strerror}") from error
    call.stdout.write("Forgotten: every change is judged anew.\n")
    return 0


def _size(args: argparse.Namespace, call: Call, kept: Kept) -> int:
    if args.max is not None:
        kept.set_limit(_number(args.max))
    size = kept.size() if args.max is not None or kept.path.exists() else None
    count, used, limit = size or (0, 0, None)
    if args.format == "json":
        _json(call, {"entries": count, "bytes": used, "limit": limit})
    else:
        most = f" of {_bytes(limit)}" if limit else ""
        call.stdout.write(f"{count} entries, {_bytes(used)}{most}\n")
    return 0


def _misses(args: argparse.Namespace, call: Call, kept: Kept) -> int:
    common_dir = kept.path.parent.parent
    if args.clear:
        try:
            misses.clear(common_dir)
        except OSError as error:
            raise UsageError(f"{misses.place(common_dir)}: cannot be removed: {error.strerror}") from error
        call.stdout.write("Forgotten: no misses.\n")
        return 0
    found = misses.listed(common_dir)
    if args.format == "json":
        _json(call, {"misses": [miss._asdict() for miss in found]})
        return 0
    for miss in reversed(found):
        where = miss.commit or miss.tree
        changed = ", ".join(miss.changed) + (f" and {miss.more} more" if miss.more else "")
        call.stdout.write(printable(f"{_moment(miss.at)}  {where[:_SHOWN]}  {miss.test}") + "\n")
        call.stdout.write(printable(f"    {miss.message}") + "\n")
        recorded = f"{miss.map_tree[:_SHOWN]}, recorded {_moment(miss.map_at)}"
        call.stdout.write(printable(f"    map of tree {recorded}; changed since: {changed or 'nothing'}") + "\n")
    call.stdout.write(
        'Each of them is a bug of everycommit: please report it. Until then: tests.select_commit = "all".\n'
        if found
        else "No test failed at push that the selection at commit had left out.\n"
    )
    return 0


def _number(text: str) -> int:
    units = {"K": 1024, "M": 1024**2, "G": 1024**3}
    digits, unit = (text[:-1], units[text[-1:].upper()]) if text[-1:].upper() in units else (text, 1)
    if not (digits.isascii() and digits.isdigit() and len(digits) < 13):
        raise UsageError(f"--max '{text}': not a number of bytes; write 8000000, 500K or 32M")
    if int(digits) * unit < LEAST:
        raise UsageError(f"--max '{text}': less than {_bytes(LEAST)} holds nothing")
    return int(digits) * unit


def _plain(entry: Entry) -> dict[str, Any]:
    result = entry.result
    return {
        "key": entry.key,
        "gate": result.gate,
        "project": result.project,
        "outcome": str(result.outcome),
        "judged_at": entry.judged_at,
        "valid_until": result.valid_until,
        "bytes": _length(entry),
        "inputs": dict(entry.inputs),
    }


def _length(entry: Entry) -> int:
    found = written(entry.key, replace(entry.result, inputs=entry.inputs))
    return len(found[0]) if found else 0


def _trees(entry: Entry) -> str:
    parents = " ".join(tree[:_SHOWN] for tree in entry.inputs.get("parents", "").split()) or "nothing"
    return f"{parents} -> {entry.inputs.get('target', '?')[:_SHOWN]}"


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def _bytes(number: int) -> str:
    if number < _COST:
        return f"{number} B"
    return f"{number / _COST:.1f} KB" if number < _COST**2 else f"{number / _COST**2:.1f} MB"


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}...'"


def _json(call: Call, found: Mapping[str, Any] | Sequence[Any]) -> None:
    call.stdout.write(json.dumps(found, ensure_ascii=True) + "\n")
