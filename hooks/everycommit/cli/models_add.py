"""`everycommit models add`: asks on a terminal for what the flags leave open, shows the table, and writes it."""

import argparse
import os
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..config.load import user_file, user_settings
from ..config.models import RESERVED, loopback, wrong, wrong_url
from ..config.own import block, tables, with_table, write
from ..config.schema import ModelSettings
from ..deadline import Deadline
from ..errors import EverycommitError, UsageError
from ..model.measured import Known
from ..model.profile import Profile
from ..model.profiles import made
from ..model.servers import SERVERS, Server, listed, server
from ..report.style import style_for
from .ask import agreed, can_ask
from .call import Call
from .models import WAYS, key_words

_SECONDS = 10.0
"""How long the list of models is waited for."""
_MANY = 20


def add(args: argparse.Namespace, call: Call) -> int:
    """Set up a model; return 0, also when the answer was no."""
    asking = can_ask(call) and not args.yes
    place = _server(args.server)
    own = user_settings(call.environ)
    content = own[1] if own else b""
    name = args.name or place.name
    _free(name, content)
    path = user_file(call.environ)
    if path == Path(os.devnull):
        raise UsageError("there is no place for settings of yours: set HOME or XDG_CONFIG_HOME")
    values = _values(args, place, call, asking=asking)
    table = f"model.{name}"
    after = with_table(content, table, values)
    style = style_for(call.stdout, call.environ)

    def tell(text: str) -> None:
        call.stdout.write(f"{style.text(text)}\n")

    shown = own[0] if own else str(path)
    tell(f"Would add to {shown}:" if own else f"Would write {shown}:")
    tell("".join(f"    {line}\n" for line in block(table, values).splitlines()).rstrip("\n"))
    if not args.yes and not asking:
        raise UsageError("nothing was written, as there is no terminal to ask on; add --yes")
    if asking and not agreed(call, "Write this?"):
        tell("Nothing was written.")
        return 0
    write(path, after)
    words, missing = key_words(_profile(name, values), call)
    tell(f"Written.{f' Its {words}.' if missing else ''}")
    tell(f"Next: `everycommit models test {name}`, then `everycommit models bench {name}` measures how fast it is.")
    return 0


def _values(args: argparse.Namespace, place: Server, call: Call, *, asking: bool) -> dict[str, Any]:
    """Return the model's settings in the order in which they are written.

    Raises:
        UsageError: They do not go together, or something is open and there is nobody to ask.
    """
    values: dict[str, Any] = {"url": place.url, "model": args.model, **_key(args, place, call, asking=asking)}
    if not values["model"]:
        values["model"] = _model(place, values, call, asking=asking)
    values["transport"], values["api"] = args.transport, args.api
    values["strong"] = args.strong or (asking and _no_by_default(call, "Is it large, to judge rather than to find?"))
    values |= {key: getattr(args, key) for key in ("rank", "context", "slots", "samples", "price_in", "price_out")}
    for key, what in wrong(values):
        raise UsageError(f"{key}: {what}")
    return {key: value for key, value in values.items() if value is not None and value is not False}


def _server(text: str) -> Server:
    """Return where a server listens: a known one, or one that the address names.

    Raises:
        UsageError: It is neither.
    """
    found = server(text)
    if found:
        return found
    if "/" not in text and ":" not in text:
        from ..config.values import nearest

        near = nearest(text, [one.name for one in SERVERS])
        raise UsageError(f"'{text}': no such server{near}; there are {WAYS}")
    mistake = wrong_url(text)
    if mistake:
        raise UsageError(f"the address: {mistake}")
    host = urlsplit(text).hostname or ""
    if loopback(host):
        return Server(name="local", url=text.rstrip("/"))
    words = [word for word in re.split(r"[^a-z0-9]+", host.lower()) if word not in {"", "api", "www"}]
    return Server(name=(words or ["model"])[0], url=text.rstrip("/"), key_env="")


def _free(name: str, content: bytes) -> None:
    """Raise ``UsageError`` unless a model may be called *name*."""
    if not re.fullmatch(r"[a-z0-9-]+", name) or name in RESERVED:
        raise UsageError(f"'{name}' cannot be a model's name here: write a-z, 0-9 and -, and not 'env' or 'auto'")
    if name in tables(content, "model"):
        raise UsageError(
            f"there is a model '{name}' already; choose another name with --name, or first "
            f"`everycommit models remove {name}`"
        )


def _key(args: argparse.Namespace, place: Server, call: Call, *, asking: bool) -> dict[str, Any]:
    """Return the setting that says where the key lies, none where it needs none."""
    if args.key_env is not None:
        return {"key_env": _variable(args.key_env, call)}
    if args.key_command is not None:
        try:
            words = tuple(shlex.split(args.key_command))
        except ValueError as error:
            raise UsageError(f"--key-command '{args.key_command}': {error}") from error
        if not words:
            raise UsageError("--key-command '': it names no program")
        return {"key_command": words}
    if args.keyring is not None:
        return {"keyring": args.keyring}
    if args.no_key or place.local:
        return {}
    usual = place.key_env or ""
    if asking:
        shown = f" [{usual}]" if usual else " (empty: it needs none)"
        answer = _line(call, f"Environment variable that holds its key{shown}: ") or usual
        return {"key_env": _variable(answer, call)} if answer else {}
    if not usual:
        raise UsageError("say where its key lies: --key-env NAME, --key-command LINE, --keyring SERVICE, or --no-key")
    return {"key_env": usual}


def _variable(name: str, call: Call) -> str:
    """Return *name* where it can be that of a variable.

    Raises:
        UsageError: It cannot. A person may have typed the key itself: it must not come back on a screen or in a file.
    """
    if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) or (name in call.environ and name.isidentifier()):
        return name
    raise UsageError(
        "--key-env takes the name of an environment variable, not the key itself; a name that is not in capitals has "
        "to be set here (what was given is not shown, as it may be a key)"
    )


def _model(place: Server, values: dict[str, Any], call: Call, *, asking: bool) -> str:
    """Return the model that is meant: the only one, or the one that is chosen from those that the server has."""
    names, why = _names(place, values, call)
    if len(names) == 1:
        call.stdout.write(f"It has one model: {names[0]}\n")
        return names[0]
    if not asking:
        known = f"it has {', '.join(names[:_MANY])}" if names else why
        raise UsageError(f"say which model: --model NAME; {known}")
    if not names:
        call.stdout.write(f"Its models are not known here: {why}\n")
    for number, name in enumerate(names[:_MANY], 1):
        call.stdout.write(f"  {number:2}  {name}\n")
    if len(names) > _MANY:
        call.stdout.write(f"      and {len(names) - _MANY} more\n")
    while True:
        answer = _line(call, "Which model, by number or by name? " if names else "Which model, by name? ")
        if answer is None:
            raise UsageError("nothing was written, as no model was named")
        if answer.isdecimal() and 1 <= int(answer) <= min(len(names), _MANY):
            return names[int(answer) - 1]
        if answer and not answer.isdecimal():
            return answer


def _names(place: Server, values: dict[str, Any], call: Call) -> tuple[tuple[str, ...], str]:
    """Return the server's models, or why they are not known."""
    from .models_bench import endpoint

    profile = _profile(place.name, values | {"model": "-"})
    try:
        with endpoint(profile, call, _SECONDS) as carrier:
            status, page = carrier.get(profile, "/models", deadline=Deadline.after(_SECONDS))
    except EverycommitError as error:
        return (), str(error)
    names = listed(page) if status == 200 else None
    if names is None:
        return (), f"{place.url}/models answered {status}" + ("" if status != 200 else " with no list of models")
    return tuple(sorted(names)), f"{place.url}/models names no model"


def _profile(name: str, values: dict[str, Any]) -> Profile:
    known = {key: value for key, value in values.items() if value is not None}
    return made(name, ModelSettings(**known), Known())


def _line(call: Call, question: str) -> str | None:
    """Return what a person types, None at the end of the input."""
    call.stdout.write(question)
    call.stdout.flush()
    line = call.stdin.readline()
    if not line:
        call.stdout.write("\n")
        return None
    return line.strip()


def _no_by_default(call: Call, question: str) -> bool:
    return (_line(call, f"{question} [y/N] ") or "").lower() in {"y", "yes"}
