"""How well clusters are told apart, and how well they match labels that are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

# A silhouette looks at every pair of rows.
MOST_PAIRED = 5_000
NOISE = -1


def clusters(X: np.ndarray, labels: np.ndarray, truth: pd.Series | None = None, seed: int = 0) -> dict[str, Any]:
    """Measure clusters, in the shape of the report.

    Parameters
    ----------
    X
        What was clustered, shape (n, columns).
    labels
        Cluster of each row, shape (n,); -1 for a row that belongs to none, which the scores leave out.
    truth
        Labels that are known, shape (n,); rows with a gap are left out. None where there are none.
    seed
        Of the rows that the silhouette is taken of, where there are more than 5,000.

    Returns
    -------
    dict
        clusters, clusterSizes by label, silhouette (Rousseeuw 1987), daviesBouldin (1979) and calinskiHarabasz (1974),
        as scikit-learn has them; noise and noiseShare where rows belong to no cluster, silhouetteSamples where not all
        were looked at; with truth adjustedRandIndex and normalizedMutualInformation. ``undefined`` says why one is
        None.
    """
    labels = np.asarray(labels)
    inside = labels != NOISE
    names, sizes = np.unique(labels[inside], return_counts=True)
    found: dict[str, Any] = {
        "clusters": len(names),
        "clusterSizes": {str(name): int(size) for name, size in zip(names, sizes, strict=True)},
    }
    if not inside.all():
        found |= {"noise": int((~inside).sum()), "noiseShare": float((~inside).mean())}
    found |= _separation(np.asarray(X)[inside], labels[inside], len(names), seed)
    return found | ({} if truth is None else _agreement(labels, truth))


def _separation(X: np.ndarray, labels: np.ndarray, count: int, seed: int) -> dict[str, Any]:
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

    if not 2 <= count < len(labels):
        why = f"{count} clusters of {len(labels)} rows: it takes at least 2, and fewer than rows"
        names = ("silhouette", "daviesBouldin", "calinskiHarabasz")
        return {**dict.fromkeys(names), "undefined": dict.fromkeys(names, why)}
    size = None if len(labels) <= MOST_PAIRED else MOST_PAIRED
    try:
        silhouette = float(silhouette_score(X, labels, sample_size=size, random_state=seed))
        undefined = {}
    except ValueError:  # one cluster has nearly all rows, and the sample none of another
        silhouette, undefined = None, {"silhouette": f"{size} rows drawn at random are all of one cluster"}
    return {
        "silhouette": silhouette,
        **({"silhouetteSamples": size} if size else {}),
        "daviesBouldin": float(davies_bouldin_score(X, labels)),
        "calinskiHarabasz": float(calinski_harabasz_score(X, labels)),
        **({"undefined": undefined} if undefined else {}),
    }


def _agreement(labels: np.ndarray, truth: pd.Series) -> dict[str, Any]:
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    known = truth.notna().to_numpy(bool)
    codes = pd.factorize(truth[known])[0]
    return {
        "adjustedRandIndex": float(adjusted_rand_score(codes, labels[known])),
        "normalizedMutualInformation": float(normalized_mutual_info_score(codes, labels[known])),
    }
