"""What a model's table has to say as a whole, and what the environment says of one."""

from collections.abc import Iterator, Mapping
from typing import Any

from .fields import MODEL
from .values import shown

ENV = "env"
"""The profile that the environment makes."""
RESERVED = frozenset({ENV, "auto"})
PREFIX = "EVERYCOMMIT_MODEL"
KEY = f"{PREFIX}_KEY"
_SOURCES = ("key_env", "key_command", "keyring")
_LOOPBACK = frozenset({"localhost", "::1"})
_LONGEST_NAME = 253
"""Characters of a host's name (RFC 1035)."""


def wrong(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield setting and mistake of what does not go together in one model's *values*, by name."""
    if not values.get("url"):
        yield "url", "missing; write the base of its API, https://api.example.com/v1"
    elif mistake := wrong_url(values["url"]):
        yield "url", mistake
    if not values.get("model"):
        yield "model", "missing; write the model's name as the server knows it"
    if values.get("api") == "responses" and values.get("transport") != "sdk":
        yield "api", 'responses is what the package openai knows; write transport = "sdk" too'
    keys = [name for name in _SOURCES if values.get(name)]
    if len(keys) > 1:
        yield keys[1], f"a key has one place, and {keys[0]} names one already"
    for name in ("context", "slots", "samples"):
        if values.get(name) == 0:
            yield name, "0 is none; write 1 or more, or false"


def wrong_url(url: str) -> str | None:
    """Return what is wrong with the address of an API, None where nothing is. Never names a password."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        return f"{shown(url)} is no address: {error}"
    if parts.username is not None or parts.password is not None:
        return "it holds a user or a password; take them out and name where the key lies: key_env, key_command, keyring"
    plain = url.isprintable() and " " not in url and len(host) <= _LONGEST_NAME
    if parts.scheme not in {"http", "https"} or not host or not plain:
        return f"{shown(url)} is no address of an API; write it like https://api.example.com/v1"
    # Azure names the version of its API there, and nothing else.
    if parts.fragment or (parts.query and not parts.query.startswith("api-version=")) or "&" in parts.query:
        return f"{shown(url)} has more behind the path; write only the base, like https://api.example.com/v1"
    if parts.scheme == "http" and not loopback(host):
        return f"{shown(url)} would send code and key in the clear; https is needed, but for this machine itself"
    return None


def loopback(host: str) -> bool:
    """Tell whether *host* is this machine: by name or by address, nobody being asked."""
    if host in _LOOPBACK:
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def variables() -> dict[str, str]:
    """Return the key of the settings that each variable of a model stands for; the key's own is not among them."""
    from .fields import model_table

    names = {name: f"{PREFIX}_{name.upper()}" for name in model_table() if name not in _SOURCES}
    names["model"] = PREFIX
    return {variable: f"{MODEL}.{ENV}.{name}" for name, variable in names.items()}
