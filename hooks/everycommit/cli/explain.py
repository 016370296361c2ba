"""Say what a rule of the policy or the static reader finds, why, with examples, how to set it and how to accept it.

Without a rule it lists all with their severities.
"""

import argparse

from ..errors import UsageError
from ..rules.names import OWN, short
from ..text import printable
from .call import Call


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("rule", nargs="?", metavar="RULE", help="debug-print, policy/debug-print, review/guard-removed")


def main(args: argparse.Namespace, call: Call) -> int:
    """Write the words; return 0."""
    from ..rules import words

    if args.rule is None:
        call.stdout.write(words.listing())
        return 0
    name = short(args.rule)
    read = words.read_by_rule(name.removeprefix("review/")) if name not in OWN else None
    if read is not None:
        call.stdout.write(read)
        return 0
    if name not in OWN:
        raise UsageError(_unknown(args.rule, name))
    call.stdout.write(words.explained(f"policy/{name}"))
    return 0


def _unknown(given: str, name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name[:100], OWN, 1)
    mean = f"did you mean '{near[0]}'?" if near else "`everycommit explain` lists them"
    if "/" in name:
        mean = "rules of lint and types are explained by their tools (ruff rule F401); " + mean
    return f"'{printable(given)}': no such rule of the policy; {mean}"
