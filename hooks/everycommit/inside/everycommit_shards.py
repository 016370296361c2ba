"""Which shard of a suite has which test, or which file; the same wherever it is asked.

Any Python from 3.8 on. pytest's process asks it once all tests are collected, everycommit for the files of lint.
Whole numbers only: floating sums could come out differently elsewhere.
"""

from __future__ import annotations

import heapq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_DEEPEST = 6
# A parameter's text may hold any number of the marks that part an id.


def shares(names: Iterable[str], costs: Mapping[str, int], loads: Sequence[int]) -> dict[str, int]:
    """Return ``{name: shard, from 0}`` for *names*, node ids or paths; as many shards as there are *loads*.

    *costs* are milliseconds; a name that is not in it costs what the others do on average. *loads* are the
    milliseconds of what each shard does besides. What stands in one file stays together, so that module fixtures run
    once; a file that costs more than a shard's part comes apart by classes, a class by tests. Longest first, each to
    the shard that has the least so far.
    """
    listed = sorted(names)
    known = [costs[name] for name in set(listed) if name in costs]
    usual = max(1, sum(known) // len(known)) if known else 1
    cost = {name: max(1, costs.get(name, usual)) for name in listed}
    fair = -(-(sum(cost[name] for name in listed) + sum(loads)) // len(loads))
    pieces = list(_pieces(listed, cost, fair, 1))
    pieces.sort(key=lambda piece: (-piece[0], piece[1][0]))
    heap = [(load, number) for number, load in enumerate(loads)]
    heapq.heapify(heap)
    out = {}
    for costing, together in pieces:
        load, number = heapq.heappop(heap)
        heapq.heappush(heap, (load + costing, number))
        out.update(dict.fromkeys(together, number))
    return out


def _pieces(names: Sequence[str], cost: Mapping[str, int], fair: int, depth: int) -> Iterable[tuple[int, list[str]]]:
    """Yield what each piece costs and holds; *names* are sorted, *depth* is how many parts of an id say where it is."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        groups.setdefault(tuple(name.split("::")[:depth]) if depth < _DEEPEST else (name,), []).append(name)
    for together in groups.values():
        costing = sum(cost[name] for name in together)
        # The last part of an id holds all of it: equal names cannot come apart.
        if costing > fair and together[0] != together[-1]:
            yield from _pieces(together, cost, fair, depth + 1)
        else:
            yield costing, together
