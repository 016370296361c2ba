"""What a rule of the policy is, in words and in code."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..change import Blobs, Change
from ..result import Finding


class Rule(NamedTuple):
    """One thing the policy looks for; `everycommit explain` and docs/rules.md are made of this text."""

    id: str
    """``policy/test-skipped``."""
    severity: str
    """Its severity where settings do not say otherwise: error, warning, note or off."""
    what: str
    """One sentence: what is found."""
    why: str
    """One or two sentences: what goes wrong without it."""
    bad: Mapping[str, tuple[str | None, str | None]]
    """An example that is found: ``{path: (old text or None, new text or None)}``."""
    good: Mapping[str, tuple[str | None, str | None]]
    """The nearest change that is not."""
    way_on: str
    """What to do about it."""


Check = Callable[[Change, Blobs], Sequence[Finding]]
"""A family's check: findings with the rule's own severity; whoever asked overrides it from the settings."""
