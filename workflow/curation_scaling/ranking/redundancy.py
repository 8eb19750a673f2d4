"""Redundant embeddings: SemDeDup's near duplicates inside clusters, and D2's message passing on a kNN graph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError
from curation_scaling.ranking.difficulty import Scores
from curation_scaling.ranking.embeddings import Matrix, unit_rows
from curation_scaling.ranking.prototypes import cluster

Rows = npt.NDArray[np.int64]
_BLOCK = 2048  # rows of a cluster at once


def semantic_duplication(matrix: Matrix, clusters: int, *, seed: int = 0) -> Scores:
    """Largest cosine to a sample of the same cluster that is kept before it; -1 for the first. High = redundant.

    Inside a cluster those farthest from its centroid come first, ties by row. Dropping all above 1 - eps is SemDeDup
    at eps; keeping the lowest scores is SemDeDup at the eps that keeps so many. Source: Abbas et al. 2023
    (arXiv 2303.09540).
    """
    found = cluster(matrix, clusters, seed=seed)
    rows = unit_rows(matrix)
    scores = np.full(len(rows), -1.0)
    order = np.lexsort((np.arange(len(rows)), -found.distance, found.cluster))
    edges = np.flatnonzero(np.diff(found.cluster[order])) + 1
    for members in np.split(order, edges):
        vectors = rows[members]
        for first in range(0, len(members), _BLOCK):
            last = min(first + _BLOCK, len(members))
            similarity = vectors[first:last] @ vectors[:last].T
            above = np.arange(last) >= np.arange(first, last)[:, None]
            similarity[above] = -1.0
            scores[members[first:last]] = similarity.max(axis=1)
    return scores


def semantic_duplicates(matrix: Matrix, clusters: int, epsilon: float, *, seed: int = 0) -> Rows:
    """The rows that SemDeDup keeps at a threshold: no kept-before neighbour has a cosine above 1 - epsilon."""
    if not 0 < epsilon < 2:
        raise InputError(f"epsilon is {epsilon:g}, but must be a cosine distance above 0 and below 2")
    return np.flatnonzero(semantic_duplication(matrix, clusters, seed=seed) <= 1 - epsilon)


def diverse_difficult(
    matrix: Matrix, scores: Scores, count: int, *, neighbours: int = 10, forward: float = 1.0, reverse: float = 1.0
) -> Rows:
    """Rows in order of choice: difficulty spread over a kNN graph, then taken greedily and drained from neighbours.

    Weights are exp(-gamma d^2), d the distance of unit-norm embeddings. Forward: s_i += sum_j w_ij s_j. Then take the
    highest s_i and lower its neighbours by w_ij s_i with gamma = `reverse`. Source: D2 pruning, Maharana et al. 2023
    (arXiv 2310.07931).
    """
    from sklearn.neighbors import NearestNeighbors

    rows = unit_rows(matrix)
    if not (1 <= count <= len(rows) and 1 <= neighbours < len(rows)):
        raise InputError(
            f"{count} of {len(rows)} samples with {neighbours} neighbours: keep 1 to all, fewer neighbours"
        )
    distance, nearest = NearestNeighbors(n_neighbors=neighbours, metric="euclidean").fit(rows).kneighbors()
    shifted = scores - min(float(scores.min()), 0.0)
    spread = shifted + (np.exp(-forward * distance**2) * shifted[nearest]).sum(axis=1)
    drain = np.exp(-reverse * distance**2)
    chosen = np.empty(count, np.int64)
    for i in range(count):
        best = int(np.argmax(spread))
        chosen[i] = best
        spread[nearest[best]] -= drain[best] * spread[best]
        spread[best] = -np.inf
    return chosen
