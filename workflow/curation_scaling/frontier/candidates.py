"""What is compared at each budget: the study's pools and mixes, and what is generated from its buckets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import Mixture
from curation_scaling.study.frontier import Generate

MOST_CANDIDATES = 10_000


@dataclass(frozen=True)
class Candidate:
    """Pools sampled together under one name.

    epochs: only a random part of them, so large that the budget repeats it so often.
    """

    name: str
    mixture: Mixture
    epochs: float | None = None

    @property
    def unique(self) -> float:
        """Unique samples of all its pools."""
        return float(self.mixture.sizes.sum())

    def at(self, samples: float) -> Mixture | None:
        """The mixture that a run of so many samples draws from; None where the pools are too small for its epochs."""
        if self.epochs is None:
            return self.mixture
        share = samples / self.epochs / self.unique
        if share >= 1:
            return None
        return Mixture(self.mixture.pools, self.mixture.weights, self.mixture.sizes * share)


def by_size(parts: Mapping[str, float] | Mapping[str, int]) -> Mixture:
    """Pools sampled in proportion to their unique samples."""
    sizes = np.array(list(parts.values()), float)
    return Mixture(tuple(parts), sizes / sizes.sum(), sizes).sampled()


def generate(
    named: Mapping[str, Mapping[str, int]],
    sizes: Mapping[str, int],
    asked: Generate | None,
    mixes: Sequence[Candidate] = (),
) -> list[Candidate]:
    """All candidates: the named ones first, then what `asked` says; what samples alike stands there once.

    Args:
        named: unique samples of the components of each pool of the study that is a candidate.
        sizes: unique samples of each bucket that may be mixed, best first; they are disjoint.
        asked: what to generate, or None.
        mixes: more candidates, with weights of their own.

    Raises:
        InputError: if there is no candidate, or more than 10,000.
    """
    found: dict[tuple[object, ...], Candidate] = {}
    proposals = [Candidate(name, by_size(parts)) for name, parts in named.items()]
    for candidate in chain(proposals, mixes, _generated(sizes, asked) if asked else ()):
        found.setdefault(_key(candidate.mixture), candidate)
        if len(found) > MOST_CANDIDATES:
            raise InputError(
                f"key frontier.generate: more than {MOST_CANDIDATES} candidates; lower unions_up_to or simplex_steps"
            )
    plain = list(found.values())
    if not plain:
        raise InputError("key frontier.candidates: there is nothing to compare; name a pool, or generate candidates")
    parts = [Candidate(f"{c.name}@{e:g}x", c.mixture, e) for c in plain for e in (asked.epochs if asked else [])]
    return plain + parts


def _generated(sizes: Mapping[str, int], asked: Generate) -> Iterator[Candidate]:
    names = list(sizes)
    groups: list[Iterable[tuple[str, ...]]] = []
    if asked.prefixes:
        groups.append(tuple(names[:k]) for k in range(1, len(names) + 1))
    if asked.unions_up_to:
        groups += [combinations(names, k) for k in range(1, asked.unions_up_to + 1)]
    for group in groups:
        for members in group:
            yield Candidate("+".join(members), by_size({m: sizes[m] for m in members}))
    if asked.simplex_steps:
        for shares in lattice(len(names), asked.simplex_steps):
            weights = np.array(shares) / asked.simplex_steps
            name = "+".join(f"{w:.4g}*{n}" for n, w in zip(names, weights, strict=True) if w > 0)
            yield Candidate(name, Mixture(tuple(names), weights, np.array(list(sizes.values()), float)).sampled())


def lattice(pools: int, steps: int) -> Iterator[tuple[int, ...]]:
    """All ways to share `steps` among `pools`, in a fixed order."""
    if pools == 1:
        yield (steps,)
        return
    for first in range(steps, -1, -1):
        for rest in lattice(pools - 1, steps - first):
            yield (first, *rest)


def _key(mixture: Mixture) -> tuple[object, ...]:
    return (*mixture.pools, *np.round(mixture.weights, 12).tolist())
