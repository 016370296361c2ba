"""What the rules and the models both say of a line, said once."""

from collections.abc import Iterable, Mapping, Sequence

from ...record import replace
from ...result import ERROR, Finding

_SAME: Mapping[str, frozenset[str]] = {
    f"review/{rule}": frozenset(f"review/{category}" for category in categories)
    for rule, categories in {
        "anchor-loosened": ("logic", "security"),
        "argument-dropped": ("api", "logic"),
        "arguments-swapped": ("api", "logic"),
        "await-removed": ("concurrency", "logic"),
        "case-removed": ("boundary", "logic"),
        "close-removed": ("resource",),
        "comparison-turned": ("boundary", "logic"),
        "condition-loosened": ("boundary", "logic", "null", "security"),
        "conversion-dropped": ("api", "data-loss", "logic", "security"),
        "element-dropped": ("data-loss", "logic", "security"),
        "guard-removed": ("boundary", "exception", "logic", "null", "security"),
        "handler-removed": ("exception",),
        "limit-raised": ("boundary", "logic", "performance", "security"),
        "lock-removed": ("concurrency",),
        "other-name": ("logic",),
        "return-lost": ("api", "logic", "null"),
    }.items()
}
"""What a model calls the defect that a rule sees."""
_NEAR = 1
_AND = "A model: "
"""What stands before a model's scenario in the hint of a rule."""


def said_once(by_rules: Sequence[Finding], by_models: Iterable[Finding]) -> list[Finding]:
    """Return both without doubles: the rule's word stays, with the model's scenario, unless the model's refuses."""
    out = [*by_rules]
    for one in by_models:
        place = next((place for place, rule in enumerate(out) if _same(rule, one)), None)
        if place is None:
            out.append(one)
        elif one.severity == ERROR != out[place].severity:
            out[place] = one
        elif one.hint and one.hint not in (hint := out[place].hint or ""):
            out[place] = replace(out[place], hint=f"{hint} {_AND}{one.hint}".strip())
    return out


def of_both(hint: str | None) -> bool:
    """Tell by its *hint* whether a finding of the rules is what a model says, too."""
    return _AND in (hint or "")


def _same(rule: Finding, model: Finding) -> bool:
    if rule.path != model.path or rule.line is None or model.line is None:
        return False
    return abs(rule.line - model.line) <= _NEAR and model.rule in _SAME.get(rule.rule, frozenset())
