"""Up to which places of a group a ranking is measured. LightGBM measures every metric up to the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightgbm.basic import _ConfigAliases

from mlmagic.executors._boosting._computed import is_listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.executors._boosting._library import Fitting

# LightGBM takes no group of more rows.
WHOLE = 10_000
# Spellings of the hyperparameter.
PLACES = frozenset(_ConfigAliases.get("eval_at"))


@dataclass(frozen=True)
class Places:
    """The places of one fit.

    Attributes
    ----------
    given
        The hyperparameter's, for every metric.
    asked
        Names with a place, for themselves alone: "ndcg@5".
    """

    given: Sequence[int]
    asked: Sequence[str]

    @classmethod
    def of(cls, estimator: Any, fitting: Fitting) -> Places:
        """Those that a user asks for."""
        found = [value for key, value in estimator.get_params().items() if key in PLACES]
        given = found[0] if found else ()
        names = [*fitting.own, *(metric for metric in fitting.metrics if isinstance(metric, str))]
        asked = [metric for metric in names if "@" in metric]
        return cls(list(given) if isinstance(given, (list, tuple)) else [given], asked)

    @property
    def all(self) -> list[int]:
        """What LightGBM is told: the whole group beside those that are asked for."""
        return sorted({*self.given, *(int(metric.partition("@")[2]) for metric in self.asked), WHOLE})

    def name(self, metric: str) -> str | None:
        """What is called how: of the whole group without a place; None for what nobody asked for."""
        if is_listed(metric):
            return metric
        base, _, place = metric.partition("@")
        if place == str(WHOLE):
            return base
        return metric if not place or metric in self.asked or int(place) in self.given else None
