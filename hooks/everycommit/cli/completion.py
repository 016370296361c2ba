"""Print what completes commands, flags and values in bash, zsh or fish.

    bash:  everycommit completion bash > ~/.local/share/bash-completion/completions/everycommit
    zsh:   everycommit completion zsh > a folder of your $fpath, as _everycommit
    fish:  everycommit completion fish > ~/.config/fish/completions/everycommit.fish

Write it again after an update. gates and models print the names that this repository and your settings add; the scripts
ask for them at TAB, and no parser and no git is started for it.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import EverycommitError, UsageError
from .call import Call

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SHELLS = ("bash", "zsh", "fish")
VALUES = ("gates", "models")


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.add_argument("what", choices=(*SHELLS, *VALUES), metavar="SHELL", help=", ".join((*SHELLS, *VALUES)))


def main(args: "argparse.Namespace", call: Call) -> int:
    """Print; return 0."""
    return answer(args.what, call)


def answer(what: str, call: Call) -> int:
    """Print the script of a shell, or the names of this place; return 0.

    Raises:
        UsageError: *what* is neither.
    """
    if what in VALUES:
        names = _gates(call) if what == "gates" else _models(call)
        call.stdout.write("".join(f"{name}\n" for name in names))
        return 0
    if what not in SHELLS:
        raise UsageError(f"completion '{what}': no such shell here; there are {', '.join(SHELLS)}")
    from .completion_scripts import script

    call.stdout.write(script(what))
    return 0


def _gates(call: Call) -> "Iterator[str]":
    """Yield the gates that are built in, then the commands of the project around and of the user."""
    from ..config.schema import BUILT_IN

    yield from BUILT_IN
    folder = next((one for one in (call.cwd, *call.cwd.parents) if (one / ".git").exists()), None)
    names: set[str] = set()
    if folder is not None:
        from ..config.parse import repository

        with suppress(OSError):
            names |= _named(repository((folder / "pyproject.toml").read_bytes()).values, "command")
    yield from sorted(names | _own(call, "command"))


def _models(call: Call) -> "Iterator[str]":
    yield from sorted(_own(call, "model"))


def _own(call: Call, table: str) -> set[str]:
    """Return the names that *table* of the user's settings holds; none of a file that cannot be read."""
    from ..config.load import user_settings
    from ..config.parse import user

    try:
        held = user_settings(call.environ)
    except EverycommitError:
        return set()
    if held is None or table.encode() not in held[1]:
        return set()
    return _named(user(*held).values, table)


def _named(values: object, table: str) -> set[str]:
    return {key.split(".")[1] for key in values if key.startswith(f"{table}.")} if isinstance(values, dict) else set()
