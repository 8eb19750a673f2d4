"""Prototypicality: cosine distance to the nearest k-means centroid, or to the mean of the own class. High = hard.

Source: Sorscher et al. 2022 (arXiv 2206.14486), section 6 (self-supervised) and appendix (supervised prototypes).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError
from curation_scaling.ranking.difficulty import Scores
from curation_scaling.ranking.embeddings import BATCH, Matrix, unit_batches


class Clusters(NamedTuple):
    """Unit-norm centroids (clusters, dimensions), each sample's cluster (samples,), and its cosine distance to it."""

    centroids: Matrix
    cluster: npt.NDArray[np.int32]
    distance: Scores


def cluster(matrix: Matrix, clusters: int, *, seed: int = 0, passes: int = 3, batch: int = BATCH) -> Clusters:
    """k-means of unit-norm embeddings: scikit-learn's MiniBatchKMeans over `passes` in row order, then one assignment.

    Rows must be in an order that does not depend on their content, such as that of hashed uids.

    Raises:
        InputError: if there are fewer samples than clusters, or a row has norm 0 or is not finite.
    """
    from sklearn.cluster import MiniBatchKMeans

    if not 1 <= clusters <= len(matrix):
        raise InputError(f"{clusters} clusters of {len(matrix)} samples: choose from 1 to the number of samples")
    batch = max(batch, clusters)
    model = MiniBatchKMeans(
        clusters, batch_size=batch, init="k-means++", n_init=1, random_state=seed % 2**32, reassignment_ratio=0.0
    )
    for _ in range(passes):
        for _, part in unit_batches(matrix, batch):
            # The last, small batch of a first pass could not seed all clusters.
            if len(part) >= clusters or hasattr(model, "cluster_centers_"):
                model.partial_fit(part)
    centroids = model.cluster_centers_.astype(np.float32)
    norms = np.linalg.norm(centroids, axis=1, keepdims=True)
    centroids /= np.where(norms > 0, norms, 1)
    of, distance = np.empty(len(matrix), np.int32), np.empty(len(matrix))
    for place, part in unit_batches(matrix, batch):
        similarity = part @ centroids.T
        of[place] = similarity.argmax(axis=1)
        distance[place] = 1 - similarity[np.arange(len(part)), of[place]]
    return Clusters(centroids, of, distance)


def self_prototypes(matrix: Matrix, clusters: int, *, seed: int = 0, passes: int = 3) -> Scores:
    """Cosine distance to the nearest of `clusters` centroids; (samples,)."""
    return cluster(matrix, clusters, seed=seed, passes=passes).distance


def supervised_prototypes(matrix: Matrix, labels: npt.NDArray[np.integer]) -> Scores:
    """Cosine distance to the mean of the unit-norm embeddings of the own class; labels (samples,)."""
    if len(labels) != len(matrix):
        raise InputError(f"{len(labels)} labels for {len(matrix)} embeddings: give one each")
    classes, of = np.unique(labels, return_inverse=True)
    sums = np.zeros((len(classes), matrix.shape[1]))
    for place, part in unit_batches(matrix):
        np.add.at(sums, of[place], part)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    means = sums / np.where(norms > 0, norms, 1)
    scores = np.empty(len(matrix))
    for place, part in unit_batches(matrix):
        scores[place] = 1 - np.einsum("ij,ij->i", part, means[of[place]])
    return scores
