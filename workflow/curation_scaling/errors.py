"""The one exception that bad input raises, and the hint that its sentence may hold."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input: one sentence that says what is wrong, where, and how to mend it.

    The command line prints the sentence without a traceback and exits with code 2; the workflow prints it before any
    job.
    """


_LONGEST = 500  # characters of a list in a sentence


def listed(word: str, known: Iterable[str]) -> str:
    """The words that are `known`, which may be anything, and which of them is meant, where one is close to `word`."""
    names = [name if name.isprintable() else repr(name) for name in known]
    close = difflib.get_close_matches(word, names, 1)
    text = ", ".join(names) or "none"
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return short + (f" (did you mean {close[0]!r}?)" if close else "")
