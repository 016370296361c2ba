"""How much a mistake in a piece would cost, from what it names: the riskiest are read first."""

import re
from collections.abc import Iterable

from ...rules.sources import is_test
from .parts import Row

_NAMES = {
    3: (
        r"\b(?:subprocess|popen|os\.system|shell\s*=\s*true|eval|exec|pickle|marshal|yaml\.load|__import__)\b"
        r"|\b(?:execute|executemany|raw|cursor)\s*\(|\b(?:select|insert|update|delete)\b.{1,80}\b(?:from|into|set|where)\b"
        r"|\b(?:rmtree|unlink|drop\s+table|truncate|chmod|chown|setuid|sudo)\b|innerhtml|dangerouslysetinnerhtml"
    ),
    2: (
        r"auth|login|logout|passw|token|secret|permission|\brole|session|cookie|csrf|jwt|oauth|crypt|hmac|signature"
        r"|verify|certificate|\bssl\b|\btls\b|sanitiz|escape|is_admin|allow|deny|price|amount|balance|payment|refund"
    ),
    1: (
        r"\b(?:lock|mutex|thread|async|await|atomic|transaction|commit|rollback|timeout|retry|close|finally)\b"
        r"|\bexcept\b|\bcatch\b|\brange\s*\(|len\s*\(|<=|>=|\[[^\]]*[-+]\s*1\s*\]"
    ),
}
_PATHS = r"auth|login|secur|crypt|perm|session|payment|billing|migrat|admin|\.github/workflows|dockerfile"
_CHECK = (
    r"^\s*(?:if|elif|unless|assert|raise|throw|guard|require|except|catch|return\s+false|abort)\b"
    r"|validat|check|ensure"
)
_MANY = 30


def risk(path: str, rows: Iterable[Row], *, tested: bool) -> int:
    """Return the risk of changing *rows* of *path*; higher is riskier. *tested*: whether the change has tests, too."""
    rows = tuple(rows)
    changed = "\n".join(row.text for row in rows if row.kind != " ").lower()
    found = sum(4 * weight for weight, pattern in _NAMES.items() if re.search(pattern, changed))
    found += 4 if re.search(_PATHS, path.lower()) else 0
    found += 4 * max(0, min(2, _checks(rows, "-") - _checks(rows, "+")))
    found += 2 if not tested else 0
    found += min(3, sum(row.kind != " " for row in rows) // _MANY)
    # A mistake in a test costs less than one in what it tests.
    return found // 3 if is_test(path) else found


def _checks(rows: Iterable[Row], kind: str) -> int:
    return sum(row.kind == kind and bool(re.search(_CHECK, row.text.lower())) for row in rows)
