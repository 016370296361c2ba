"""The rules by name with their own severities: what settings may say of which, without importing a family.

A test holds this table equal to what the families declare.
"""

from collections.abc import Mapping

from ..result import ERROR, NOTE, WARNING

ACCEPTED = ".everycommit/accepted.toml"
"""What a person accepts comes with the change: it is never out of scope, and its lines do not count."""
OFF = "off"
SEVERITIES = (OFF, NOTE, WARNING, ERROR)
"""From the loosest to the strictest."""

NAMES: Mapping[str, tuple[str, ...]] = {
    ERROR: (
        *("added-lines", "removed-lines", "files", "file-bytes", "file-added-lines", "settings-loosened"),
        *("mass-deletion", "file-truncated", "path-collision", "symlink-escapes"),
        *("protected-path", "frozen-path", "frozen-symbol", "out-of-scope"),
        *("test-uncollected", "test-skipped", "assertion-always-true", "suppression-whole-file"),
        *("gate-config-weakened", "gate-step-weakened", "merge-marker", "debugger", "code-left-out"),
        *("bidi", "invisible", "mixed-script", "lone-cr", "not-text", "secret", "denied-path"),
    ),
    WARNING: (
        *("file-deleted", "case-rename", "mode-change", "type-changed", "submodule-moved"),
        *("test-deleted", "test-skipped-sometimes", "test-cases-removed", "assertion-weakened"),
        *("swallowed-exception", "suppression-added", "gate-exception-added", "snapshots-updated"),
        *("debug-print", "placeholder", "secret-likely", "dependency-new", "action-by-tag", "lock-without-manifest"),
        "binary-file",
    ),
    NOTE: (
        *("timeout-raised", "tests-not-compared", "handlers-not-compared", "empty-body", "commented-code"),
        *("invisible-text", "dependency-changed", "lock-changed", "generated-file"),
    ),
}
OWN: Mapping[str, str] = {name: severity for severity, names in NAMES.items() for name in names}
"""The severity of each rule where settings do not say otherwise."""
SOFTEST: Mapping[str, str] = {"binary-file": NOTE, "merge-marker": WARNING}
"""Of rules that are softer in some places (tests, pictures): the softest."""
ELSEWHERE: Mapping[str, str] = {
    "settings-loosened": "a change may not say how its own loosening is judged",
    "file-deleted": "policy.deletions and policy.deletable say it",
}
"""Rules that ``policy.rules`` may not name, and why."""
FIXED: Mapping[str, str] = {
    "settings-loosened": "commit pyproject.toml by itself; alone it passes with a warning",
    "protected-path": "take the path out of policy.protected in a commit by itself",
    "frozen-path": "ask whoever froze it; everycommit scope show, policy.frozen",
    "frozen-symbol": "ask whoever froze it; everycommit scope show, policy.frozen",
    "out-of-scope": "commit it outside of this task, or have the scope widened: everycommit scope show",
}
"""Rules whose findings cannot be accepted: they hold what others decided. The way on instead."""


def short(rule: str) -> str:
    """Return ``debug-print`` for ``policy/debug-print`` and for itself."""
    return rule.removeprefix("policy/")
