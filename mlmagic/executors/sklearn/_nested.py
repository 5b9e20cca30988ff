"""What sees the table first in an estimator that wraps others. By their looks: a config imports no framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# They hand what they wrap an array, whose columns have no names; a test asks each.
ARRAYS = frozenset(
    {
        "AdaBoostClassifier",
        "AdaBoostRegressor",
        "BaggingClassifier",
        "BaggingRegressor",
        "OneVsOneClassifier",
        "SelfTrainingClassifier",
    }
)
# Parameters whose estimators see something else: what the others answer, and the target.
_ELSEWHERE = ("final_estimator", "transformer")


def prepares_itself(given: Mapping[str, Any]) -> bool:
    """Whether the estimators among these parameters prepare a table's columns themselves, and so take it as it is.

    A pipeline does, and what wraps pipelines only. Where some others stand beside them, a part that chooses columns
    decides: it would not find them again.
    """
    found = _seeing(given)
    return any(map(chooses, found)) or (bool(found) and all(map(_is_pipeline, found)))


def chooses(estimator: Any) -> bool:
    """Whether a part that sees the table first chooses among its columns, as a ``ColumnTransformer`` does."""
    return hasattr(estimator, "transformers") or any(map(chooses, _first(estimator)))


def chosen_columns(estimator: Any) -> set[str]:
    """The names of columns that its parts choose, however deep they lie."""
    parts = [estimator, *estimator.get_params().values()]
    rules = [rule for part in parts for rule in getattr(part, "transformers", None) or ()]
    # A rule is a name, a transformer and columns: one, several, a slice, or what finds them.
    chosen = [rule[2] for rule in rules if len(rule) == 3]
    several = [[names] if isinstance(names, str) else names for names in chosen]
    return {name for names in several if isinstance(names, Iterable) for name in names if isinstance(name, str)}


def reads_text(estimator: Any) -> bool:
    """Whether it takes texts, shape (n,), and no table: what sees them first are vectorizers."""
    parts = _first(estimator)
    return hasattr(estimator, "analyzer") or (bool(parts) and all(map(reads_text, parts)))


def handing_arrays(estimator: Any) -> str | None:
    """The name of what hands an array to a part that chooses columns by name; None where nothing does."""
    name = type(estimator).__name__
    if name in ARRAYS and type(estimator).__module__.startswith("sklearn.") and chooses(estimator):
        return name
    return next(filter(None, map(handing_arrays, _first(estimator))), None)


def _is_pipeline(estimator: Any) -> bool:
    parts = _first(estimator)
    return hasattr(estimator, "named_steps") or (bool(parts) and all(map(_is_pipeline, parts)))


def _first(estimator: Any) -> list[Any]:
    """The parts that are given what ``estimator`` is given."""
    if hasattr(estimator, "named_steps"):
        return list(_estimators(step for _, step in estimator.steps))[:1]
    if hasattr(estimator, "transformers") or not hasattr(estimator, "get_params"):
        return []
    return _seeing(estimator.get_params(deep=False))


def _seeing(parameters: Mapping[str, Any]) -> list[Any]:
    return list(_estimators(value for name, value in parameters.items() if name not in _ELSEWHERE))


def _estimators(values: Iterable[Any]) -> Iterator[Any]:
    """Those that are estimators, and those of the lists of (name, estimator)."""
    for value in values:
        if isinstance(value, list):
            pairs = (item for item in value if isinstance(item, tuple) and len(item) > 1)
            yield from _estimators(pair[1] for pair in pairs)
        elif hasattr(value, "fit") and hasattr(value, "get_params") and not isinstance(value, type):
            yield value
