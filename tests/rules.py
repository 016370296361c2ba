"""Runs one family of rules over a change of a real repository."""

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from everycommit.change import Blobs, Change
from everycommit.result import Finding
from everycommit.rules.rule import Rule
from support import Repo, change_of

LONG = 4.0
"""CPU seconds that no rule takes on a megabyte; it takes under one where the machine is idle."""
Tree = Mapping[str, bytes | str | None]


class Family(Protocol):
    @property
    def RULES(self) -> Sequence[Rule]: ...  # noqa: N802 - a constant of a module
    def check(self, change: Change, blobs: Blobs) -> list[Finding]: ...


def findings(repo: Repo, family: Family, before: Tree, after: Tree) -> list[Finding]:
    """Return what *family* finds, each inside the file it names."""
    change, blobs = change_of(repo, before, after)
    found = family.check(change, blobs)
    severities = {rule.id: rule.severity for rule in family.RULES}
    for finding in found:
        assert finding.severity == severities[finding.rule]
        assert finding.message.isprintable()
        content = after.get(finding.path or "") or ""
        held = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        assert finding.line is None or 1 <= finding.line <= max(held.count(b"\n") + 1, 1)
    return found


def rules(repo: Repo, family: Family, before: Tree, after: Tree) -> list[str]:
    """Return the rules that speak, once a finding, without their prefix."""
    return sorted(finding.rule.removeprefix("policy/") for finding in findings(repo, family, before, after))


def messages(repo: Repo, family: Family, before: Tree, after: Tree) -> list[str]:
    return [finding.message for finding in findings(repo, family, before, after)]


def example_holds(repo: Repo, family: Family, rule: Rule) -> None:
    """Assert that the rule finds its bad example and not its good one."""
    for sides, expected in ((rule.bad, True), (rule.good, False)):
        old, new = ({path: pair[side] for path, pair in sides.items()} for side in (0, 1))
        assert (rule.id in {finding.rule for finding in findings(repo, family, old, new)}) is expected


def seconds(repo: Repo, family: Family, before: Tree, after: Tree) -> float:
    """Return the CPU that the rules take, reading the diff left out."""
    change, blobs = change_of(repo, before, after)
    for file in change.files:
        list(file.hunks)
    started = time.process_time()
    family.check(change, blobs)
    return time.process_time() - started
