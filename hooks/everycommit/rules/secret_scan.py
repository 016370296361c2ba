"""Finds what looks like a secret in any text: an added line, a file, the body of a request."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .secret_examples import entropy, is_example
from .secret_formats import AFTER, BEFORE, FORMATS, Format

PRIVATE_KEY = "private key"
PASSWORD_IN_URL = "password in a URL"  # noqa: S105 - a kind of secret, not one
ASSIGNED = "value that looks like a secret"
_PUTTY = "PuTTY-User-Key-File-"
_KEY_BODY = 6000
_LEAST_BASE64 = 64
_LONGEST_PART = 12
"""Of a path; base64 holds slashes too, but not so close together."""
_WORDS = ("password", "passwd", "passphrase", "pwd", "secret", "token", "api_key", "api-key", "apikey", "access_key")
_WORDS_MORE = ("private_key", "auth_key", "credential")
_ORDINARY = frozenset(
    {
        *("admin", "guest", "mysql", "none", "null", "pass", "passw0rd", "password", "postgres", "postgresql"),
        *("qwerty", "rabbitmq", "redis", "root", "secret", "test", "user", "username"),
    }
)
_HERE = ("localhost", "127.0.0.1", "0.0.0.0", "[::1]", "example.", "host.", "db:", "postgres:", "redis:", "mysql:")  # noqa: S104 - compared, not bound
_SCHEMES = (
    *("postgres", "postgresql", "mysql", "mariadb", "mongodb", "mongodb+srv", "redis", "rediss", "amqp", "amqps"),
    *("mssql", "sqlserver", "oracle", "clickhouse", "cockroachdb", "ldap", "ldaps", "smtp", "smtps", "ftp", "sftp"),
    *("http", "https", "ssh"),
)


class Hit(NamedTuple):
    """A stretch of text that looks like a secret; ``text[start:end]`` must never be shown."""

    kind: str
    start: int
    end: int
    likely: bool
    """Whether it may well be something else: no well-known form, or one whose checksum does not hold."""
    checked: bool
    """Whether its own checksum, or what it decodes to, says that it is real."""


def secrets_in(text: str, *, unquoted: bool = False) -> list[Hit]:
    """Return what looks like a secret in *text*, in order; nothing that is plainly an example, no two that overlap.

    With *unquoted*, ``password: value`` counts without quotes too, as settings files have it.
    """
    found = [*_formats(text), *_private_keys(text), *_urls(text), *_assigned(text, unquoted=unquoted)]
    # Where two overlap, the surer one stays: a token in a URL, a key in a setting.
    found.sort(key=lambda hit: (hit.likely, hit.start - hit.end))
    kept: list[Hit] = []
    for hit in found:
        if not any(hit.start < other.end and other.start < hit.end for other in kept[-_NEAR:]):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


_NEAR = 200
"""Overlaps are looked for among so many: a text with more secrets than that has worse problems than a double."""


def masked(text: str) -> str:
    """Return *text* with each secret in it replaced by ``***``."""
    for hit in reversed(secrets_in(text, unquoted=True)):
        text = text[: hit.start] + "***" + text[hit.end :]
    return text


def _formats(text: str) -> Iterator[Hit]:
    for form in FORMATS:
        if form.keyword in text:
            yield from _of_form(form, text)


def _of_form(form: Format, text: str) -> Iterator[Hit]:
    for match in _matches(form, re.compile(BEFORE + "(?:" + form.pattern + ")" + AFTER), text):
        if is_example(match[1]):
            continue
        real = form.valid(match[0]) if form.valid else None
        yield Hit(form.kind, *match.span(), likely=form.likely or real is False, checked=bool(real))


def _matches(form: Format, pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of *form*. Looking for its literal first is twenty times faster than the pattern alone."""
    keyword, place = form.keyword, text.find(form.keyword)
    if form.pattern.lstrip("(").startswith(keyword.replace(".", r"\.")):
        while place >= 0:
            match = pattern.match(text, place)
            if match:
                yield match
            place = text.find(keyword, match.end() if match else place + len(keyword))
        return
    while place >= 0:
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        yield from pattern.finditer(text, text.rfind("\n", 0, place) + 1, end)
        place = text.find(keyword, end)


def _private_keys(text: str) -> Iterator[Hit]:
    if "PRIVATE KEY" in text:
        for match in re.finditer(r"-----BEGIN ((?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?)-----", text):
            body, fence, _ = text[match.end() : match.end() + _KEY_BODY].partition("-----")
            if _is_key(body):
                end = match.end() + len(body) + (len("-----END ") + len(match[1]) + len("-----") if fence else 0)
                yield Hit(PRIVATE_KEY, match.start(), min(end, len(text)), likely=False, checked=False)
    place = text.find(_PUTTY)
    while place >= 0:
        end = text.find("Private-Lines:", place, place + _KEY_BODY)
        # The format's version stands behind it: code that looks for keys has no version there.
        if end > 0 and text[place + len(_PUTTY) : place + len(_PUTTY) + 1].isdigit():
            yield Hit(PRIVATE_KEY, place, end + len("Private-Lines:"), likely=False, checked=False)
        place = text.find(_PUTTY, place + len(_PUTTY))


def _is_key(body: str) -> bool:
    """Tell whether *body* is the inside of a key: base64 of some length, whatever quotes and breaks it lies in."""
    packed = re.sub(r"\\[nr]|[\s\"',\\]", "", re.sub(r"^[\w\-]+: .*$", "", body, flags=re.MULTILINE))
    run = re.match(r"[+]?([A-Za-z0-9+/=]*)", packed)
    inside = run[1] if run else ""
    # OpenSSH's keys begin with a name and many zeros: what counts comes later.
    return len(inside) >= _LEAST_BASE64 and len(set(inside)) > 20 and "example" not in inside.lower()


def _urls(text: str) -> Iterator[Hit]:
    if "://" not in text or "@" not in text:
        return
    pattern = r"(?<![A-Za-z0-9+.])([a-z][a-z0-9+.]{1,20})://([^\s:/@\"'<>`]{0,60}):([^\s/@\"'<>`]{3,120})@([^\s/\"'<>`]{1,80})"
    for match in re.finditer(pattern, text):
        scheme, user, password, host = match.groups()
        if text[match.start() - 1 : match.start()] == "\\":
            scheme = scheme[1:]  # the n of an escaped newline
        if scheme.partition("+")[0] not in _SCHEMES and scheme not in _SCHEMES:
            continue
        if password.lower() in _ORDINARY or password == user or _is_reference(password) or is_example(password):
            continue
        weak = not _random(password) or host.lower().startswith(_HERE) or ".example" in host or "example.com" in host
        yield Hit(PASSWORD_IN_URL, *match.span(3), likely=weak, checked=False)


def _assigned(text: str, *, unquoted: bool) -> Iterator[Hit]:
    lower = text.lower()
    patterns = [re.compile(pattern) for pattern in ([_QUOTED, _UNQUOTED] if unquoted else [_QUOTED])]
    for word in (*_WORDS, *_WORDS_MORE):
        place = lower.find(word)
        while place >= 0:
            for pattern in patterns:
                match = pattern.match(text, place + len(word))
                if match and _random(match["value"]) and not _is_reference(match["value"]):
                    yield Hit(ASSIGNED, *match.span("value"), likely=True, checked=False)
                    break
            place = lower.find(word, place + len(word))


_BETWEEN = (
    r"[A-Za-z0-9_\-]{0,24}[\"'\]]{0,2}[ \t]{0,8}(?::[ \t]{0,4}(?:str|string|String)[ \t]{0,4})?(?:=>|:=|=|:)[ \t]{0,8}"
)
_QUOTED = _BETWEEN + r"[bru]{0,2}(?P<quote>[\"'])(?P<value>[^\s\"'`]{8,200})(?P=quote)"
_UNQUOTED = _BETWEEN + r"(?P<value>[^\s\"'`#,;(){}\[\]<>$]{12,200})[ \t]{0,8}(?:[#;]|\r?$|\r?\n)"


def _random(value: str) -> bool:
    """Tell whether *value* looks drawn by lot: letters and digits, many different ones, no word of an example."""
    return (
        any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and entropy(value) >= (3.0 if len(value) < 16 else 3.4)
        and not is_example(value)
    )


def _is_reference(value: str) -> bool:
    """Tell whether *value* names where a secret is, or is plainly another thing: a path, a URL, a version, a call."""
    if value.startswith(
        ("$", "{", "%", "@", "/", "./", "~", "http://", "https://", "file:", "arn:", "env:", "secret:")
    ):
        return True
    if "/" in value and all(len(part) <= _LONGEST_PART for part in value.split("/")):
        return True
    return bool(
        re.fullmatch(r"[A-Za-z_]\w*(?:[.\-:/][A-Za-z_]\w*)+", value)
        or re.fullmatch(r"[A-Z][A-Z0-9_]+|[a-z][a-z0-9]*(?:[_\-][a-z0-9]+)+|[a-z]+(?:[A-Z][a-z]+)+\d{0,2}", value)
        or re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value)
        or any(sign in value for sign in ("(", "{", "[", "\\u", "::"))
    )
