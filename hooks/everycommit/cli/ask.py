"""Questions to a person: only where there is a terminal to answer from."""

from .call import Call

_YES = {"", "y", "yes"}
_NO = {"n", "no"}


def can_ask(call: Call) -> bool:
    """Tell whether somebody reads what we say and can answer."""
    return call.stdin.isatty() and call.stdout.isatty()


def agreed(call: Call, question: str) -> bool:
    """Ask until the answer is yes or no; return is yes, the end of the input no."""
    while True:
        call.stdout.write(f"{question} [Y/n] ")
        call.stdout.flush()
        line = call.stdin.readline()
        answer = line.strip().lower()
        if not line:
            call.stdout.write("\n")
            return False
        if answer in _YES | _NO:
            return answer in _YES
