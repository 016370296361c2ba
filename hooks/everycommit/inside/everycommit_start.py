"""Runs one command behind a prefix: ``python -I -S everycommit_start.py PLACE``, any Python from 3.8 on.

``PLACE.json`` says ``argv``, ``cwd``, ``env`` (on top of what is there) and ``path`` (before the PYTHONPATH that is
there). What the command writes goes to ``PLACE.out`` and ``PLACE.err``, how it ended to ``PLACE.code`` (negative: by
that signal): what stands before us may mix the streams, add words of its own, and end with another code.
"""

import json
import os
import signal
import subprocess
import sys


def main(place: str) -> None:
    """Run the command and write down how it ended."""
    with open(place + ".json", encoding="utf-8") as file:
        told = json.load(file)
    environ = dict(os.environ, **told["env"])
    places = [told["path"], environ.get("PYTHONPATH")]
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    # Not ignored, which the command would inherit: it reports what it has and we write down how it ended.
    signal.signal(signal.SIGINT, lambda *_: None)
    with open(place + ".out", "wb") as out, open(place + ".err", "wb") as err:
        done = subprocess.run(told["argv"], cwd=told["cwd"], env=environ, stdout=out, stderr=err, check=False)
    with open(place + ".code", "w", encoding="ascii") as file:
        file.write(str(done.returncode))


if __name__ == "__main__":
    main(sys.argv[1])
