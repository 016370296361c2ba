"""What a reading of labelled changes came to, as tables."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from common import table
from everycommit.gates.review.scores import Score, Share, Spoken, near, score

_YEARS = (("before 2022", "", "2022"), ("2022 and 2023", "2022", "2024"), ("2024", "2024", "2025"))
_YEARS = (*_YEARS, ("2025 on", "2025", "9"))
"""Dates of the commits: a model may know by heart what is older than its training."""


class Case(NamedTuple):
    """One case and what was said of it, the repeats one after the other."""

    row: Mapping[str, Any]
    reads: Sequence[Mapping[str, Any]]

    @property
    def bug(self) -> bool:
        return bool(self.row["kind"] == "bug")

    @property
    def open(self) -> str:
        """Return why the first reading is not whole; empty where it is."""
        return str(self.reads[0]["open"])

    def spoken(self, number: int = 0) -> Spoken:
        found = self.reads[number]["findings"]
        close = sum(self.is_near(one) for one in found)
        return Spoken(self.bug, 1.0 if close else 0.0, len(found) - close)

    def is_near(self, finding: Mapping[str, Any]) -> bool:
        return self.bug and finding["path"] == self.row["path"] and near(self.row["lines"], finding["line"])

    def verdicts(self) -> set[bool]:
        """Return what the readings that are whole say: found or not; of a sound change whether anything was said."""
        whole = [at for at, read in enumerate(self.reads) if not read["open"]]
        every = [self.spoken(at) for at in whole]
        return {one.hit > 0 if self.bug else one.far > 0 for one in every}

    def sayings(self) -> set[tuple[tuple[str, int], ...]]:
        """Return what the whole readings say, each as places."""
        return {
            tuple(sorted((one["path"] or "", one["line"] or 0) for one in read["findings"]))
            for read in self.reads
            if not read["open"]
        }


def report(cases: Sequence[Case], setup: str) -> str:
    """Return all there is to say of *cases*."""
    read = [case for case in cases if not case.open]
    parts = [f"{setup}; {len(read)} of {len(cases)} cases read to the end"]
    parts += [*_open(cases)]
    rows = [(name, *_cells(score(case.spoken() for case in part))) for name, part in _groups(read) if part]
    parts.append(table(("cases", "defects found", "sound ones with a finding", "precision", "F1"), rows))
    if told := list(_rules(read)):
        parts.append(table(("rule", "at the defect", "elsewhere in a change with one", "sound"), told))
    again = max(len(case.reads) for case in cases)
    if again > 1:
        several = [case for case in cases if sum(not one["open"] for one in case.reads) > 1]
        flips = Share(sum(len(case.verdicts()) > 1 for case in several), len(several))
        moved = Share(sum(len(case.sayings()) > 1 for case in several), len(several))
        parts.append(f"over {again} readings: {flips} verdicts that differ, {moved} with findings at other places")
    return "\n\n".join([*parts, _spent(cases)])


def _open(cases: Sequence[Case]) -> Iterator[str]:
    """Yield what was not read, and what that would make of the recall."""
    open_ = [case for case in cases if case.open]
    if not open_:
        return
    whys = Counter(case.open.partition("\n")[0][:120] for case in open_)
    yield "\n".join(
        [f"not reviewed, and in no row below: {len(open_)}", *(f"  {n} x {why}" for why, n in whys.items())]
    )
    least = score(Spoken(case.bug, 0.0, 0.0) if case.open else case.spoken() for case in cases)
    yield f"with what was not reviewed counted as not found: {least.recall}"


def _cells(found: Score) -> tuple[str, ...]:
    f1 = f"{found.f1:.2f}" if found.recall.of and found.precision.of else "-"
    return str(found.recall), str(found.alarms), str(found.precision), f1


def _groups(cases: Sequence[Case]) -> Iterator[tuple[str, list[Case]]]:
    """Yield the parts of *cases* that are told apart; sound changes have neither category nor visibility."""
    yield "all", [*cases]
    yield "balanced: as much added as removed", [case for case in cases if case.row.get("balanced")]
    for label, low, high in _YEARS:
        yield label, [case for case in cases if low <= str(case.row.get("source", {}).get("date", "~")) < high]
    bugs = [case for case in cases if case.bug]
    yield from _by("visibility", bugs, lambda case: case.row.get("visibility"))
    yield from _by("category", bugs, lambda case: case.row.get("category"))
    yield from _by("origin", bugs, lambda case: case.row.get("origin"))
    yield "a comment in the diff explains it", [case for case in bugs if case.row.get("hint_in_diff")]


def _by(name: str, cases: Sequence[Case], value: Callable[[Case], object]) -> Iterator[tuple[str, list[Case]]]:
    for one in sorted({str(value(case)) for case in cases if value(case)}):
        yield f"{name} {one}", [case for case in cases if value(case) == one]


def _rules(cases: Iterable[Case]) -> Iterator[tuple[str, str, str, str]]:
    """Yield in how many cases each rule spoke: at the defect, elsewhere in a change with one, in a sound one."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for case in cases:
        places: dict[str, int] = {}
        for one in case.reads[0]["findings"]:
            place = 2 if not case.bug else 0 if case.is_near(one) else 1
            places[one["rule"]] = min(place, places.get(one["rule"], place))
        for rule, place in places.items():
            counts[rule][place] += 1
    for rule, numbers in sorted(counts.items(), key=lambda item: (-item[1][0], item[0])):
        yield rule, *map(str, numbers)


def _spent(cases: Sequence[Case]) -> str:
    reads = [one for case in cases for one in case.reads]
    seconds = sorted(one["seconds"] for one in reads)
    prices = [one["cost"] for one in reads if one["cost"] is not None]
    priced = f"{sum(prices):.4g} at its price ({sum(prices) / len(reads):.2g} a reading)" if prices else "no price set"
    return (
        f"{len(reads)} readings; {seconds[len(seconds) // 2]:.2f} s in the middle, {seconds[-1]:.2f} s at most; "
        f"{sum(one['questions'] for one in reads):,} questions, {sum(one['tokens_in'] for one in reads):,} tokens in, "
        f"{sum(one['tokens_out'] for one in reads):,} out; {priced}"
    )
