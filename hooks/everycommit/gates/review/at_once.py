"""Several pieces of work at once, in threads."""

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

_Item = TypeVar("_Item")


def at_once(items: Iterable[_Item], work: Callable[[_Item], None], *, many: int) -> None:
    """Do *work* on each of *items*, in order, at most *many* at a time; return when all is done.

    Raises:
        BaseException: What *work* raised first, in whichever thread; nothing new is begun then.
    """
    waiting = list(items)
    lock = threading.Lock()
    failures: list[BaseException] = []

    def go_on() -> None:
        while True:
            with lock:
                if not waiting or failures:
                    return
                item = waiting.pop(0)
            try:
                work(item)
            except BaseException as failure:  # noqa: BLE001 - raised again where somebody waits for it
                failures.append(failure)

    threads = [threading.Thread(target=go_on, daemon=True) for _ in range(max(1, min(many, len(waiting))))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
