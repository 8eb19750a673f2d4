"""English and Python from the installed packages: docstrings of a target, docstrings of others, and plain code.

The target is what the model shall be good at. Its docstrings are split, whole docstrings at a time, into a held-out
test, a reference that defines the target for quality scores, and a share of the pool.
"""

import ast
import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.alphabet import normalise
from curation_scaling.pools.sources.installed import python_files, versions
from curation_scaling.pools.sources.source import POOL, REFERENCE, TEST, Source, uids

_BLOCKS = frozenset({"body", "orelse", "handlers", "finalbody", "cases"})  # fields that hold lists of statements
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def read_docstrings(
    *,
    target: Sequence[str],
    other: Sequence[str],
    code: Sequence[str],
    seed: int,
    chunk: int = 1000,
    pool_chunks: int = 1500,
    reference_characters: int = 300_000,
    test_characters: int = 60_000,
) -> Source:
    """Cut docstrings and code of installed packages into chunks of equal length.

    Files are read in seeded order until each group has enough; nothing is imported and nothing fetched. A docstring
    gives its whole chunks, its rest is rejected, and so is every chunk that was there before.

    Args:
        target: import names of the packages whose docstrings are group `target`.
        other: the same for group `other`.
        code: packages whose code, without docstrings, is group `code`.
        seed: of the order of files and of the split of the target.
        chunk: characters per chunk.
        pool_chunks: a group is complete with this many pool chunks; its last file is used whole.
        reference_characters: characters of role reference, rounded down to chunks.
        test_characters: the same for role test.

    Returns:
        The source, payload `text` in the alphabet of `alphabet.py`; `provenance` gives the packages' versions.

    Raises:
        InputError: if a package is not installed or the target has too little text.
    """
    counts: Counter[str] = Counter(read=0, kept=0)
    seen: set[str] = set()
    rows: list[tuple[str, str, str]] = []  # group, role, text
    quota = {TEST: test_characters // chunk, REFERENCE: reference_characters // chunk}

    enough = pool_chunks + sum(quota.values())
    documents = _documents(target, docstrings, seed=seed, chunk=chunk, enough=enough, counts=counts, seen=seen)
    # By content, so that neighbours in a file fall into different roles.
    documents.sort(key=lambda chunks: hashlib.blake2b(f"{seed} {chunks[0]}".encode()).digest())
    for chunks in documents:
        # The first role that has room for the whole docstring: no docstring is in two roles.
        role = next((role for role, room in quota.items() if len(chunks) <= room), POOL)
        if role != POOL:
            quota[role] -= len(chunks)
        rows += [("target", role, text) for text in chunks]
    if missing := sum(quota.values()):
        raise InputError(
            f"source keys test_characters, reference_characters: the docstrings of {', '.join(target)} are {missing} "
            f"chunks of {chunk} characters short: ask for less or add target packages"
        )
    for group, packages, read in (("other", other, docstrings), ("code", code, undocumented)):
        found = _documents(packages, read, seed=seed, chunk=chunk, enough=pool_chunks, counts=counts, seen=seen)
        for chunks in found:
            rows += [(group, POOL, text) for text in chunks]

    counts["kept"] = len(rows)
    return Source(_frame(rows), dict(counts), versions({*target, *other, *code}))


def docstrings(source: str) -> Iterator[str]:
    """Docstrings of the module, classes and functions of a Python file, indentation removed, in order of appearance.

    Raises:
        SyntaxError: if the file is not Python.
    """
    for node in _statements(_parse(source)):
        if isinstance(node, _Documented) and (text := ast.get_docstring(node)):
            yield text


def undocumented(source: str) -> Iterator[str]:
    """The file's code without docstrings, with at most one blank line in a row.

    Raises:
        SyntaxError: if the file is not Python.
    """
    lines = source.split("\n")
    for node in _statements(_parse(source)):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            lines[first.lineno - 1 : first.end_lineno] = [""] * (first.end_lineno - first.lineno + 1)  # type: ignore[operator]
    yield re.sub(r"\n(\s*\n)+", "\n\n", "\n".join(lines)).strip()


def _documents(
    packages: Sequence[str],
    read: Callable[[str], Iterator[str]],
    *,
    seed: int,
    chunk: int,
    enough: int,
    counts: Counter[str],
    seen: set[str],
) -> list[list[str]]:
    """The new chunks of each document, reading file after file until there are `enough`; `counts` and `seen` grow."""
    documents, total = [], 0
    for path in python_files(packages, seed):
        for text in texts_of(path, read, counts):
            ends = range(chunk, len(text) + 1, chunk)
            pieces = [text[end - chunk : end] for end in ends]
            fresh = [piece for piece in dict.fromkeys(pieces) if piece not in seen]
            seen.update(fresh)
            rest = int(len(text) % chunk > 0)
            counts.update(
                {"read": len(pieces) + rest, "duplicate": len(pieces) - len(fresh), "shorter than a chunk": rest}
            )
            if fresh:
                documents.append(fresh)
            total += len(fresh)
        if total >= enough:
            break
    return documents


def texts_of(path: Path, read: Callable[[str], Iterator[str]], counts: Counter[str]) -> list[str]:
    """What `read` finds in a file, in the alphabet; none, and counted, where the file is not Python."""
    try:
        return [normalise(text) for text in read(path.read_text(encoding="utf-8"))]
    except (SyntaxError, UnicodeDecodeError, ValueError):  # templates and samples of broken code do occur in packages
        counts.update({"read": 1, "file not Python": 1})
        return []


def _statements(module: ast.Module) -> Iterator[ast.AST]:
    """The module and all statements in it, level by level; expressions, which hold no statement, are not walked."""
    level: list[ast.AST] = [module]
    while level:
        yield from level
        level = [child for node in level for name in node._fields if name in _BLOCKS for child in getattr(node, name)]


def _parse(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # invalid escapes in other people's strings
        return ast.parse(source)


def _frame(rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={"group": pl.String, "role": pl.String, "text": pl.String}, orient="row")
    high, low = uids(text.encode("ascii") for text in frame["text"])
    return frame.select(
        pl.Series("uid_hi", high),
        pl.Series("uid_lo", low),
        "group",
        "role",
        pl.col("text").str.len_chars().cast(pl.Int64).alias("size"),
        "text",
    ).sort("uid_hi", "uid_lo")
