"""The one exception that bad input raises, and the hint that its sentence may hold."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input: one sentence that says what is wrong, where, and how to mend it.

    The command line prints the sentence without a traceback and exits with code 2; the workflow prints it before any
    job.
    """


def listed(word: str, known: Iterable[str]) -> str:
    """The words that are `known`, and which of them is meant, where one is close to `word`."""
    names = list(known)
    close = difflib.get_close_matches(word, names, 1)
    return (", ".join(names) or "none") + (f" (did you mean {close[0]!r}?)" if close else "")
