"""Whether our own hook stands over this process: it judges next, so what a hook manager starts leaves it to that."""

import os
from pathlib import Path

_HIGHEST = 64


def stands_over(pid: str | None) -> bool:
    """Tell whether the process *pid* is an ancestor of this one; False in any doubt, then a change is judged twice.

    A number alone proves nothing: what a hook leaves running keeps the variable that it stood in.

    Source: proc(5), the fourth field of ``stat``; where there is no /proc nothing is known.
    """
    here = os.getpid()
    for _ in range(_HIGHEST):
        try:
            stat = Path(f"/proc/{here}/stat").read_text(errors="replace")
            here = int(stat.rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return False
        if str(here) == pid:
            return True
    return False
