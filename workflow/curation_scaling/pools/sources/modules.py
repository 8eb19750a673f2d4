"""Docstrings of installed packages by the module that they come from; whole modules of each domain are held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.docstrings import docstrings, texts_of
from curation_scaling.pools.sources.installed import modules, versions
from curation_scaling.pools.sources.source import POOL, TEST, Source, uids

SMALL = "module with too few"


def read_modules(
    *, domains: Mapping[str, Sequence[str]], chunk: int, smallest: int, test_modules: int, test_chunks: int, seed: int
) -> Source:
    """Chunks of docstrings, group = module, in modules that hold at least `smallest` of them.

    The first `test_modules` of each domain in seeded order are held out whole and give `test_chunks` each; a chunk
    that was there before, in any module, is rejected, and so is the rest of a docstring. Payload `text`.

    Args:
        domains: the packages of each domain.
        chunk: characters a sample.
        smallest: samples that a module must hold.
        test_modules: modules of each domain that are held out.
        test_chunks: samples of each of them.
        seed: of the order of modules.

    Raises:
        InputError: if a package is not installed, or no module of a domain is left to train on.
    """
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    rows = [
        row
        for packages in domains.values()
        for row in _domain(packages, chunk, smallest, test_modules, test_chunks, seed, counts, seen)
    ]
    frame = pl.DataFrame(rows, schema={"group": pl.String, "role": pl.String, "text": pl.String}, orient="row")
    high, low = uids(text.encode("ascii") for text in frame["text"])
    frame = frame.with_columns(
        uid_hi=pl.Series(high), uid_lo=pl.Series(low), size=pl.col("text").str.len_chars().cast(pl.Int64)
    )
    read = {package for packages in domains.values() for package in packages}
    return Source(frame.sort("uid_hi", "uid_lo"), dict(counts), versions(read))


def _domain(
    packages: Sequence[str],
    chunk: int,
    smallest: int,
    test_modules: int,
    test_chunks: int,
    seed: int,
    counts: Counter[str],
    seen: set[str],
) -> list[tuple[str, str, str]]:
    """Group, role and text of the samples of some packages; `counts` and `seen` grow."""
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
    return rows
