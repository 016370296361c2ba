"""Starts a simulated endpoint; the first line of its output is ``{"url": ...}``."""

import argparse
import json
import os
import sys
import threading
from dataclasses import fields

from endpoint.server import serve
from endpoint.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="endpoint", description="A simulated endpoint on loopback.")
    parser.add_argument("--json", help="all settings as one JSON object; ends with its input")
    for one in fields(Settings):
        if one.type in {str, int, float}:
            parser.add_argument("--" + one.name.replace("_", "-"), type=one.type, default=one.default)
    arguments = vars(parser.parse_args())
    told = arguments.pop("json")
    if told:
        threading.Thread(target=_end_with_input, daemon=True).start()
        serve(Settings(**json.loads(told)))
    else:
        serve(Settings(**arguments))


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
