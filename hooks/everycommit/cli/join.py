"""`run --join`: one verdict of what the shards of a run wrote, or the sentence that says why they make no whole."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import UsageError
from ..gates.joined import doubted, joined
from ..record import replace
from ..report.read import read
from ..result import GateResult, Outcome, Verdict
from ..shards import Sharded
from .call import Call
from .outputs import Outputs
from .show import show

_OID = 12
_WAY_ON = "write each shard's with `everycommit run --shard i/n --format json`"


class Shard(NamedTuple):
    """One file and the verdict in it."""

    file: str
    tool: str
    verdict: Verdict
    of: Sharded


def join(files: Sequence[str], call: Call, outputs: Outputs) -> int:
    """Show the one verdict of the results in *files*; return its exit code.

    Raises:
        UsageError: One of them is no result of a shard.
    """
    verdict = whole([_read(name, call) for name in files])
    base, target = verdict.base_commit, verdict.target_commit
    which = f" --range {base[:_OID]}..{target[:_OID]}" if base and target else ""
    at = f" --at {verdict.occasion}" if verdict.occasion != "commit" else ""
    return show([verdict], call, outputs, repeat=f"everycommit run{which}{at}")


def _read(name: str, call: Call) -> Shard:
    try:
        tool, verdicts = read((call.cwd / name).read_bytes())
    except OSError as error:
        raise UsageError(f"--join '{name}': cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"--join '{name}': not a result of everycommit; {_WAY_ON}") from None
    of = verdicts[0].shard if len(verdicts) == 1 else None
    if of is None:
        raise UsageError(f"--join '{name}': a result of everycommit, but of no shard; {_WAY_ON}")
    return Shard(name, tool, verdicts[0], of)


def whole(shards: Sequence[Shard]) -> Verdict:
    """Return the verdict that one run over everything would have given; inconclusive where *shards* are not all of it.

    What does not fit to the first of them is left out, and said.
    """
    first = shards[0]
    there: dict[int, Shard] = {}
    doubts: list[str] = []
    for one in shards:
        odd = next(_differences(first, one), None)
        if odd is None and one.of.number in there:
            odd = f"{one.of} is there twice: {there[one.of.number].file} and {one.file}"
        if odd is None:
            there[one.of.number] = one
        else:
            doubts.append(odd)
    missing = [str(number) for number in range(1, first.of.of + 1) if number not in there]
    if missing:
        doubts.append(f"{_shards(missing)} of {first.of.of} {'is' if len(missing) == 1 else 'are'} missing")
    gates = _gates(there, "; ".join(doubts))
    judged = [one.verdict for one in there.values()]
    return replace(
        first.verdict,
        gates=gates,
        seconds=max(one.seconds for one in judged),
        notes=tuple(dict.fromkeys(note for one in judged for note in one.notes if note != part_note(one.shard))),
        used=tuple(used for one in judged for used in one.used),
        shard=None,
    )


def part_note(of: Sharded | None) -> str:
    """Return what the verdict of a part has to say of itself."""
    return f"this is {of}, a part: `everycommit run --join` makes one verdict of all"


def _shards(numbers: Sequence[str]) -> str:
    return f"shard {numbers[0]}" if len(numbers) == 1 else f"shards {', '.join(numbers[:-1])} and {numbers[-1]}"


def _differences(first: Shard, one: Shard) -> Iterator[str]:
    """Yield how *one* is of another run than *first*."""
    who = f"{one.of} ({one.file})"
    if one.of.of != first.of.of:
        yield f"{who} is one of {one.of.of}, {first.of} ({first.file}) one of {first.of.of}"
    mine, theirs = one.verdict, first.verdict
    for name, got, expected in (
        ("target tree", mine.change.target, theirs.change.target),
        ("base tree", mine.change.base, theirs.change.base),
        ("parents", " ".join(mine.change.parents), " ".join(theirs.change.parents)),
        ("occasion", mine.occasion, theirs.occasion),
        ("commit", str(mine.target_commit), str(theirs.target_commit)),
        ("base commit", str(mine.base_commit), str(theirs.base_commit)),
        ("version", one.tool, first.tool),
    ):
        if got != expected:
            yield f"{who} is of another {name} than {first.file}: {_short(got)}, not {_short(expected)}"
    if one.of.settings != first.of.settings:
        yield f"{who} was judged under other settings or other gates than {first.file}"
    if one.of.durations != first.of.durations:
        yield f"{who} was split by other durations than {first.file}: hand the same --durations to all"


def _short(word: str) -> str:
    """Return *word*, names of objects in it shortened."""
    return " ".join(part[:_OID] if len(part) >= 40 else part for part in word.split(" "))


def _gates(there: dict[int, Shard], doubt: str) -> tuple[GateResult, ...]:
    """Return each gate's word on the whole, in the order in which they are shown."""
    names = dict.fromkeys((gate.gate, gate.project) for one in there.values() for gate in one.verdict.gates)
    found = []
    for name in names:
        results = {
            number: gate
            for number, one in sorted(there.items())
            for gate in one.verdict.gates
            if (gate.gate, gate.project) == name
        }
        # A gate that is left to a shard which is not there.
        homes = {result.part.by for result in results.values() if result.part is not None} - {None}
        result = next(iter(results.values())) if homes - results.keys() else joined(results)
        found.append(doubted(result, doubt) if doubt else result)
    if doubt and not found:
        found.append(GateResult(gate="shards", outcome=Outcome.INCONCLUSIVE, reason=doubt, blocks=True))
    return tuple(found)
