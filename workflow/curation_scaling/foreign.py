"""Files that others wrote: whatever a library says of their bytes becomes one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curation_scaling.errors import InputError


@contextmanager
def reading(path: Path | str, what: str = "cannot be read", mend: str = "fetch it again") -> Iterator[None]:
    """Turn every failure of the block, which does nothing but read a file, into an InputError.

    Parsers of damaged bytes fail in more ways than their libraries declare: syntax and overflow errors from headers,
    missing keys, failed allocations; polars' panics are no `Exception` at all.
    """
    try:
        yield
    except InputError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise InputError(f"{path} {what} ({first_line(error)}): {mend}") from None


def first_line(error: BaseException) -> str:
    """What an error says, as one line of text that can be printed, or what it is."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0][:300] if lines else type(error).__name__
    return "".join(c if c.isprintable() else " " for c in text)
