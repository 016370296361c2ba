"""Which findings came with this change."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ..change import Change
from ..record import replace
from ..result import Finding, identity


def marked(change: Change, findings: Sequence[Finding], older: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Return *findings*, in order, each marked new or old.

    *older* holds what each parent has. As multisets: of three equal findings in the target and two in a parent, one
    is new, and it is one on a line that the change added where there is such a line. Old in any parent is old.
    """
    groups: defaultdict[tuple[str | None, str, str, str], list[int]] = defaultdict(list)
    for place, finding in enumerate(findings):
        groups[identity(finding)].append(place)
    counts = [Counter(map(identity, parent)) for parent in older]
    old: set[int] = set()
    for same, places in groups.items():
        known = max((count[same] for count in counts), default=0)
        places.sort(key=lambda place: _touched(change, findings[place]))
        old.update(places[:known])
    return tuple(replace(finding, new=place not in old) for place, finding in enumerate(findings))


def _touched(change: Change, finding: Finding) -> bool:
    return finding.path is not None and finding.line is not None and change.touches(finding.path, finding.line)
