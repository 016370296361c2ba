"""Reads what is staged here and lays it out as a folder: the part of a run before any gate. Timed by cost.py."""

import json
import os
import time
from pathlib import Path

from everycommit.config.schema import SnapshotSettings
from everycommit.deadline import Deadline
from everycommit.repo.cache import cache_folder, run_folder
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.read import staged
from everycommit.repo.repository import discover
from everycommit.repo.snapshot import Snapshots

began = time.perf_counter()
cache = cache_folder(None, os.environ)
repository = discover(Path.cwd(), os.environ)
with run_folder(cache) as folder:
    quarantine = Quarantine(repository, folder)
    target = staged(repository, quarantine).change.target
    with Snapshots(
        repository, quarantine, cache, SnapshotSettings(), target=target, deadline=Deadline.after(60)
    ) as trees:
        trees.target()
    quarantine.close()
print(json.dumps({"wall": time.perf_counter() - began}))
