"""What has no value for the rows that it is measured on, although some libraries give one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.evaluation import Ranking
from mlmagic.executors._watch import valueless

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from mlmagic.executors._boosting._library import Library, Part


@dataclass(frozen=True)
class Undefined:
    """Tells of a metric what the report says of it.

    Parameters
    ----------
    parts
        The rows that are watched.
    classes
        The labels that are told apart, shape (k,); None where numbers are predicted.
    """

    library: Library
    parts: Mapping[str, Part]
    classes: np.ndarray | None

    def reason(self, part: str, metric: str) -> str | None:
        """Why a metric, however the library calls it, has no value for a part; None where it may have one."""
        if part not in self.parts:
            return None
        base, y, group = metric.partition(self.library.setting)[0], self.parts[part].y, self.parts[part].group
        if group is not None:
            return Ranking(y, group).reason if base.lower().startswith("ndcg") else None
        if self.classes is None:
            return "all true values are equal" if base.lower() == "r2" and y.min() == y.max() else None
        if part == "train":  # of the training rows are all labels
            return None
        return valueless("roc_auc" if base in self.library.areas else metric, y, self.classes)

    def hides(self, part: str, metric: str) -> bool:
        """Whether the library gives a value all the same; what is computed here is none by itself."""
        native = metric.partition(self.library.setting)[0]
        told = self.classes is None or native in self.library.areas
        return told and self.reason(part, metric) is not None
