"""XGBoost's objectives, and which estimators take them. A test asks the library for the names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._boosting.config import Kind

SPELLINGS = ("objective",)
_PREFIXES: dict[str, tuple[tuple[Kind, ...], tuple[str, ...]]] = {
    "reg": (
        ("regressor",),
        (
            "squarederror",
            "absoluteerror",
            "expectileerror",
            "quantileerror",
            "squaredlogerror",
            "pseudohubererror",
            "gamma",
            "tweedie",
            "linear",
        ),
    ),
    "count": (("regressor",), ("poisson",)),
    "survival": (("regressor",), ("aft", "cox")),
    "rank": (("ranker",), ("ndcg", "map", "pairwise")),
    "binary": (("classifier",), ("logistic", "logitraw", "hinge")),
    "multi": (("classifier",), ("softprob", "softmax")),
}
OBJECTIVES: dict[str, tuple[Kind, ...]] = {
    **{f"{prefix}:{name}": kinds for prefix, (kinds, names) in _PREFIXES.items() for name in names},
    # The same as binary:logistic, of shares too: the target decides.
    "reg:logistic": ("classifier", "regressor"),
}
MORE_LABELS = ("multi:softmax", "multi:softprob")
SETTINGS = {"reg:quantileerror": "quantile_alpha: 0.9"}
TWO_LABELS = ("binary:logistic", "binary:logitraw", "binary:hinge", "reg:logistic")
