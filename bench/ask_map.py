"""Asks the map here which tests the staged change can affect, and prints what the asking alone cost; see starts.py."""

import json
import os
import sys
import time
from pathlib import Path

from everycommit.cli.call import Call
from everycommit.cli.hook import commit
from everycommit.cli.judge import Wish, place, prepared
from everycommit.cli.show import Silent
from everycommit.gates.tests import Tests

call = Call(stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr, environ=dict(os.environ), cwd=Path.cwd())
with place(call) as here:
    candidate = commit(call, here, framework=False)
    with prepared(here, candidate, call, Wish(gates=["tests"]), watch=Silent(), gone=lambda: False) as ready:
        gate, job = Tests(call.environ), ready.steps[0].job
        gate.circumstances(job)  # the ledger asks for the same, map or not
        began = time.process_time()
        plan = gate.plan(job)
        spent = time.process_time() - began
print(json.dumps({"work": spent, "all": plan.all, "chosen": len(plan.chosen), "left out": len(plan.left_out)}))
