"""When an agent says that it is done: the fast gates over the working tree, and a few rounds of insisting."""

import gc
from typing import NamedTuple

from ..agent import rounds
from ..agent.event import NOT_DONE, Begin, Stop
from ..agent.feedback import of_round, still
from ..config.schema import AgentSettings
from ..result import Outcome, Verdict
from .call import Call
from .ending import parent_gone, signals
from .judge import Wish
from .place import configured, isolated, nearby
from .working import REPEAT, candidate, judged_in


class Told(NamedTuple):
    """What is said at a stop; nothing where all is well."""

    text: str = ""
    insists: bool = False
    """Whether the agent has to go on."""


def began(event: Begin, call: Call) -> None:
    """Remember the working tree as it is when a person asks for something: what is there is not the agent's.

    Raises:
        EverycommitError: It cannot be read.
    """
    repository = nearby(call)
    if repository is None:
        return
    with isolated(repository, call) as here:
        tree = candidate(here).change.target
    rounds.write(rounds.place(repository.git_dir, event.session), rounds.Before(target=tree))


def stopped(event: Stop, call: Call, *, most: int) -> Told:
    """Judge the working tree and return what to say; *most*: how often the client lets itself be told to go on.

    Raises:
        EverycommitError: Nothing could be judged.
    """
    repository = nearby(call)
    if repository is None:
        return Told()
    path = rounds.place(repository.git_dir, event.session)
    before = rounds.read(path)
    if event.again is False and before.number:
        # The person had a word in between.
        before = rounds.Before()
    with isolated(repository, call) as here:
        found = candidate(here)
        untouched = not before.number and found.change.target == before.target
        if found.change.empty or untouched:
            rounds.forget(path)
            return Told()
        config = configured(here, found, call)
        settings = config.settings.agent
        chosen = [name for name in config.settings.gates("commit") if name in settings.gates]
        if not chosen:
            return Told()
        gc.enable()  # the one way that is not over at once
        with signals():
            wish = Wish(gates=chosen, timeout=settings.seconds)
            verdict = judged_in(here, found, call, wish, gone=parent_gone(None))
    round_ = rounds.this(before, verdict)
    told = _told(round_, verdict, settings, most)
    if told.insists:
        rounds.write(path, rounds.after(before, round_, verdict))
    else:
        rounds.forget(path)
    return told


def _told(round_: rounds.Round, verdict: Verdict, settings: AgentSettings, most: int) -> Told:
    last = min(settings.rounds, most)
    left = still(verdict)
    if not round_.told:
        failed = any(gate.blocks and gate.outcome is Outcome.FAILED for gate in verdict.gates)
        word = "not insisted on, but a commit of all this is refused" if failed else "NOT VERIFIED"
        return Told(f"everycommit: {word}: {left} (`{REPEAT}`)." if left else "")
    if round_.same:
        why = "nothing changed since you were told"
    elif round_.number > last:
        why = f"told {last} {'time' if last == 1 else 'times'}, which is the limit (agent.rounds)"
    else:
        head = f"{NOT_DONE}, round {round_.number} of {last}. Mend these, then stop again:"
        text = of_round(verdict, round_.told, head=head, repeat=REPEAT, held_back=round_.held_back)
        return Told(text, insists=True)
    return Told(f"everycommit: REFUSED, and no longer insisted on: {why}. Left: {left}. A commit will be refused.")
