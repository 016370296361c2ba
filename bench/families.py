"""What all families of rules find under the settings' defaults."""

from everycommit.change import Blobs, Change
from everycommit.config.schema import PolicySettings
from everycommit.result import Finding
from everycommit.rules.catalog import find


def findings(change: Change, blobs: Blobs, *, sizes: bool = True) -> list[Finding]:
    """Return it; with *sizes* also what goes beyond the default limits."""
    return find(change, blobs, PolicySettings(), sizes=sizes)
