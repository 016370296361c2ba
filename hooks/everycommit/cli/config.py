"""Print the JSON Schema of the settings: editors complete and check [tool.everycommit] with it.

What judges here, and where each value comes from, is `everycommit settings`.
"""

import argparse
import json

from .call import Call


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("what", choices=("schema",), help="of [tool.everycommit] in pyproject.toml")
    parser.add_argument("--user", action="store_true", help="of your own settings file, which may say more")


def main(args: argparse.Namespace, call: Call) -> int:
    """Print it; return 0."""
    from ..config.json_schema import json_schema

    call.stdout.write(json.dumps(json_schema(own=args.user), indent=2) + "\n")
    return 0
