"""Progress of a long job on standard error: a bar where that is a terminal, else nothing.

The workflow sends a job's standard error to its log and sets `CURATION_SCALING_PROGRESS=log`: then a line is written
there now and then, so that `tail -f logs/<study>/laws.log` shows how far a job is. Jobs that are quicker than that
write nothing and do not even load the library. Nothing here touches what is computed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

T = TypeVar("T")
VARIABLE = "CURATION_SCALING_PROGRESS"
INTERVAL = 10.0  # seconds between two lines of a log, and before the first
_LINE = "{desc}{n_fmt} of {total_fmt} ({percentage:.0f} %), {elapsed} passed, {remaining} left"


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """The items, one after another, counted as they are done; `total` where they have no length."""
    with counting(what, len(items) if total is None else total) as done:  # type: ignore[arg-type]
        for item in items:
            yield item
            done(1)


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], Any]]:
    """A function that counts so many more of `total` as done."""
    if sys.stderr.isatty():
        bar = _bar(what, total, leave=False)
        try:
            yield bar.update
        finally:
            bar.close()
    elif os.environ.get(VARIABLE) == "log":
        yield _Log(what, total).update
    else:
        yield lambda count: None


def _bar(what: str, total: int, **options: Any) -> tqdm[Any]:
    from tqdm import tqdm

    return tqdm(desc=what, total=total, file=sys.stderr, dynamic_ncols=True, **options)


class _Log:
    """A line every INTERVAL seconds; the bar that words it is made with the first one."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._started = self._last = time.monotonic()

    def update(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._last < INTERVAL:
            return
        self._last = now
        from tqdm import tqdm

        passed = now - self._started
        words = tqdm.format_meter(self._done, self._total, passed, prefix=f"{self._what}: ", bar_format=_LINE)
        print(words, file=sys.stderr, flush=True)
