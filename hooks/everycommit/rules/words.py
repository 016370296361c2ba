"""The rules in words: what `everycommit explain` prints, and docs/rules.md."""

import json
from collections.abc import Callable, Iterator, Mapping
from difflib import unified_diff
from itertools import groupby
from textwrap import fill

from ..text import printable
from .catalog import examples, modes, rules
from .names import ELSEWHERE, FIXED, OWN, SEVERITIES, short
from .rule import Rule

_WIDTH = 100
_SHOWN = 12
"""Lines of an example; a long file is cut."""
_LONGEST = 96
Sides = Mapping[str, tuple[str | None, str | None]]
_OPENING = """\
# The rules of the policy

Made from the rules themselves (`everycommit explain RULE` prints the same); each example here is run by a test.

An `error` refuses; a `warning` is shown; a `note` is an aside. Settings say otherwise, everywhere or by path:

```toml
[tool.everycommit.policy.rules]
debug-print = "off"
secret-likely = {severity = "error", paths = ["src/**"]}
```

[The page of the gate](policy.md) says how a finding is accepted, and what a task's scope is.
"""


def listing() -> str:
    """Return a line a rule, by severity, the strictest first."""
    room = max(map(len, OWN))
    found = sorted(rules().values(), key=lambda rule: -SEVERITIES.index(rule.severity))
    lines = [f"{rule.severity:7}  {short(rule.id):{room}}  {rule.what}" for rule in found]
    return "".join(f"{line}\n" for line in lines) + "\n`everycommit explain RULE` says more of one.\n"


def explained(rule_id: str) -> str:
    """Return all there is to say of one rule of the policy, for a terminal."""
    return _explained(rules()[rule_id], _settable)


def read_by_rule(name: str) -> str | None:
    """Return the same of a rule of the static reader, None where *name* (``guard-removed``) is none."""
    from ..reader.catalog import PREFIX, RULES

    found = next((rule for rule in RULES if rule.id == f"{PREFIX}{name}"), None)
    return None if found is None else _explained(found, lambda _: "Its severity is warning; it never refuses.")


def _explained(rule: Rule, settable: Callable[[Rule], str]) -> str:
    parts = [f"{rule.id}  ({rule.severity} by default)", _filled(rule.what), _filled(f"Why: {rule.why}")]
    for title, sides in (("Found:", rule.bad), ("Not found:", rule.good)):
        diff = "".join(f"    {line}\n" for line in _diff(rule, sides))
        parts.append(f"{title}{_under(rule)}\n{diff}".rstrip())
    parts += [_filled(f"The way on: {rule.way_on}"), _filled(settable(rule)), _filled(_acceptable(rule))]
    return "\n\n".join(parts) + "\n"


def markdown() -> str:
    """Return docs/rules.md."""
    sections = []
    for severity, found in groupby(
        sorted(rules().values(), key=lambda rule: -SEVERITIES.index(rule.severity)), key=lambda rule: rule.severity
    ):
        sections.append(f"\n## By default: {severity}\n")
        sections += [_section(rule) for rule in found]
    return _OPENING + "".join(sections)


def _section(rule: Rule) -> str:
    parts = [f"### `{rule.id}`", f"{rule.what} {rule.why}"]
    for title, sides in (("Found:", rule.bad), ("Not found:", rule.good)):
        parts += [f"{title}{_under(rule)}", "\n".join(["```diff", *_diff(rule, sides), "```"])]
    parts += [rule.way_on, f"{_settable(rule)} {_acceptable(rule)}"]
    return "".join(f"\n{part}\n" for part in parts)


def _filled(text: str) -> str:
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _under(rule: Rule) -> str:
    said = examples().get(rule.id, {})
    return f" (with {', '.join(f'policy.{key} = {_value(value)}' for key, value in said.items())})" if said else ""


def _value(value: object) -> str:
    while isinstance(value, tuple) and value and isinstance(value[0], tuple):
        value = value[0]
    return json.dumps(value)


def _settable(rule: Rule) -> str:
    name = short(rule.id)
    if name in ELSEWHERE:
        return f"Its severity: {ELSEWHERE[name]}."
    other = "off" if rule.severity == "warning" else "warning"
    by_path = f'{{severity = "{other}", paths = [...]}}'
    return f'To set it: [tool.everycommit.policy.rules] {name} = "{other}", or {by_path}.'


def _acceptable(rule: Rule) -> str:
    if short(rule.id) in FIXED:
        return f"It cannot be accepted: {FIXED[short(rule.id)]}."
    return 'To accept one finding: everycommit accept FINGERPRINT --reason "...".'


def _diff(rule: Rule, sides: Sides) -> Iterator[str]:
    """Yield the lines of an example, as a small diff; characters that do not show are written out."""
    path_of_mode, before, after = modes().get(rule.id, ("", "", ""))
    for path, (old, new) in sides.items():
        if old == new and path == path_of_mode:
            yield f"{path}: mode {before} to {after}"
            continue
        if new is None:
            yield f"{path} is deleted"
            continue
        lines = list(_changed(old, new))
        yield f"{'new file ' if old is None else ''}{path}"
        yield from (printable(line[:_LONGEST]) for line in lines[:_SHOWN])
        if len(lines) > _SHOWN:
            yield f" ... and {len(lines) - _SHOWN} more lines"


def _changed(old: str | None, new: str) -> Iterator[str]:
    before, after = ((text or "").split("\n") for text in (old, new))
    for line in list(unified_diff(before, after, n=2, lineterm=""))[2:]:
        if not line.startswith("@@") and line.strip():
            yield line
