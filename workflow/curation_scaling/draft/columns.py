"""Which column of a file plays which role: recognised by name, most telling names first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from curation_scaling.errors import InputError, listed

# Role: names as people give them, in lower case; letters and digits alone count.
SAMPLES: dict[str, tuple[str, ...]] = {
    "id": ("uid", "id", "sampleid", "docid", "documentid", "key", "sha256", "md5", "hash", "name", "url"),
    "score": ("score", "quality", "qualityscore", "similarity", "clipscore", "perplexity", "ppl", "educationalscore"),
    "size": ("tokens", "ntokens", "numtokens", "tokencount", "characters", "nchars", "length", "size"),
    "group": ("group", "language", "lang", "domain", "source", "category", "class", "label", "cluster"),
}
RUNS: dict[str, tuple[str, ...]] = {
    "pool": ("pool", "bucket", "subset", "filter", "mixture", "dataset", "data"),
    "samples_seen": ("samplesseen", "samples", "tokensseen", "tokens", "examplesseen", "examples", "seen"),
    "error": ("error", "errorrate", "loss", "valloss", "validationloss", "evalloss", "testerror", "testloss"),
    "accuracy": ("accuracy", "acc", "acc1", "top1", "imagenetacc", "imagenetaccuracy"),
    "size": ("uniquesamples", "uniquetokens", "poolsize", "unique"),
    "metric": ("metric",),
    "run_id": ("runid", "run", "model"),
    "draw": ("draw",),
    "seed": ("seed",),
    "params": ("params", "parameters", "nparams"),
    "flops": ("flops",),
    "schedule": ("schedule",),
}
_PARTS = {"score": ("score", "similarity", "quality", "perplexity"), "accuracy": ("acc", "accuracy")}
LOW_IS_GOOD = ("perplexity", "ppl", "loss", "entropy", "error", "toxic")


def recognise(
    columns: Sequence[str], roles: Mapping[str, Sequence[str]], given: Mapping[str, str], where: str
) -> dict[str, str]:
    """Role: column, for the roles that a column was found for; `given` ones are taken as they are.

    Raises:
        InputError: if a given role or column is unknown.
    """
    for role, column in given.items():
        if role not in roles:
            raise InputError(f"--column {role}={column}: there is no role {role!r}; these are: {listed(role, roles)}")
        if column not in columns:
            raise InputError(f"{where} has no column {column!r}: it has {listed(column, columns)}")
    found = dict(given)
    plain = {re.sub(r"[^a-z0-9]", "", column.lower()): column for column in reversed(columns)}
    for role, names in roles.items():
        taken = set(found.values())
        exact = [plain[name] for name in names if name in plain and plain[name] not in taken]
        telling = {*_PARTS.get(role, ())}
        parts = [c for c in columns if c not in taken and telling & set(re.split(r"[^a-z0-9]+", c.lower()))]
        if role not in found and (exact or parts):
            found[role] = (exact or parts)[0]
    return found
