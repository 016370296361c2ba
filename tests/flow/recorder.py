"""A hook that notes the repository's state: ``recorder.py OUT INDEX``."""

import hashlib
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import Repo, state


def main() -> None:
    out, index = sys.argv[1:]
    environ = {name: value for name, value in os.environ.items() if name != "GIT_INDEX_FILE"}
    found = dict(state(Repo(Path.cwd(), environ)))
    found["index"] = hashlib.sha256(Path(index or ".git/index").read_bytes()).hexdigest()
    Path(out).write_text(json.dumps(found))


main()
