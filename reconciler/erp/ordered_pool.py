"""Work on several threads whose results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from functools import partial
from typing import TypeVar

from reconciler.core.threads import run_in_daemon_thread

Item = TypeVar("Item")
Found = TypeVar("Found")


def in_order(work: Callable[[Item], Found], items: Iterable[Item], parallelism: int) -> Iterator[Found]:
    """`work` of each item, in the items' order, with at most `parallelism` under way or waiting to be taken.

    The first failure ends it; what is under way is finished, except after Ctrl-C, and nothing more is started.
    """
    ahead: deque[Future[Found]] = deque()
    try:
        for item in items:
            ahead.append(run_in_daemon_thread(partial(work, item)))
            if len(ahead) >= parallelism:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    except KeyboardInterrupt:
        ahead.clear()
        raise
    finally:
        wait(ahead)
