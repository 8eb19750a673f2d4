"""Docstrings of installed packages by the module that they come from; whole modules are held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.docstrings import docstrings, texts_of
from curation_scaling.pools.sources.installed import modules, versions
from curation_scaling.pools.sources.source import POOL, TEST, Source, uids

SMALL = "module with too few"


def read_modules(
    *, packages: Sequence[str], chunk: int, smallest: int, test_modules: int, test_chunks: int, seed: int
) -> Source:
    """Chunks of docstrings, group = module, in modules that hold at least `smallest` of them.

    The first `test_modules` of them in seeded order are held out whole and give `test_chunks` each; a chunk that was
    there before, in any module, is rejected, and so is the rest of a docstring. Payload `text`.

    Raises:
        InputError: if a package is not installed, or no module is left to train on.
    """
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    rows: list[tuple[str, str, str]] = []
    held, found = 0, 0
    for name, path in modules(packages, seed):
        texts = texts_of(path, docstrings, counts)
        pieces = [text[end - chunk : end] for text in texts for end in range(chunk, len(text) + 1, chunk)]
        rests = sum(len(text) % chunk > 0 for text in texts)
        fresh = [piece for piece in dict.fromkeys(pieces) if piece not in seen]
        seen.update(fresh)
        counts.update(
            {"read": len(pieces) + rests, "shorter than a chunk": rests, "duplicate": len(pieces) - len(fresh)}
        )
        if len(fresh) < smallest:
            counts.update({SMALL: len(fresh)})
            continue
        test = held < test_modules
        kept = fresh[:test_chunks] if test else fresh
        counts.update({"beyond test_chunks": len(fresh) - len(kept), "kept": len(kept)})
        rows += [(name, TEST if test else POOL, piece) for piece in kept]
        held, found = held + test, found + 1
    if found <= test_modules:
        raise InputError(
            f"key trainings.source: {found} modules of {', '.join(packages)} hold {smallest} samples of {chunk} "
            f"characters, and test_modules takes {test_modules}: lower one of the three, or name more packages"
        )
    frame = pl.DataFrame(rows, schema={"group": pl.String, "role": pl.String, "text": pl.String}, orient="row")
    high, low = uids(text.encode("ascii") for text in frame["text"])
    frame = frame.with_columns(
        uid_hi=pl.Series(high), uid_lo=pl.Series(low), size=pl.col("text").str.len_chars().cast(pl.Int64)
    )
    return Source(frame.sort("uid_hi", "uid_lo"), dict(counts), versions(set(packages)))
