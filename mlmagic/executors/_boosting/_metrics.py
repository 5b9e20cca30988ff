"""What a training measures each round, and what that is called in its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.evaluation import Asked
    from mlmagic.executors._boosting._custom import CustomMetric
    from mlmagic.executors._boosting._library import Measure


class Series(NamedTuple):
    """A column of the history: its name, whether more is better, and what is made of what the library measures."""

    name: str
    higher: bool
    made: Callable[[float], float]


@dataclass(frozen=True)
class Metrics:
    """The metrics of one training.

    Attributes
    ----------
    curves
        The library's name of what the history has, by the name there. One measure may be several curves: a loss is the
        square of a root that is asked for as well.
    own
        The library's names of what the objective measures by itself.
    asked
        What is measured beside that.
    roots
        The library's names of roots of a mean over the rows; a loss, as ``mse`` is, is the mean itself.
    hidden
        What is measured and has no curve.
    watched
        The series whose best round is kept ("val_loss"); None where no rows tell the rounds apart.
    computed
        What is measured here, since the library does not measure it as scikit-learn does.
    higher
        Whether more of ``watched`` is better; None for what the library says of it.
    """

    curves: Mapping[str, str]
    own: Sequence[str]
    asked: Sequence[str | CustomMetric]
    roots: Sequence[str] = ()
    hidden: Sequence[str] = ()
    watched: str | None = None
    computed: Sequence[Asked] = ()
    higher: bool | None = None

    def series(self, measure: Measure) -> list[Series]:
        """Where the values of a measure go in the history."""
        if measure.metric in self.hidden:
            return []
        names = [name for name, metric in self.curves.items() if metric == measure.metric]
        return [self._series(measure, name) for name in names or [measure.metric]]

    def remark(self, title: str) -> str | None:
        """What to say of a ranking whose best round is told by another NDCG than the library's; None of others."""
        name = (self.watched or "").partition("_")[2]
        if not name.startswith("ndcg"):
            return None
        return (
            f"The best round is told by {self.watched} as scikit-learn measures it, which the report has too: the mean "
            f"over groups, where a relevance gains itself; {title}'s own NDCG may be another number"
        )

    def _series(self, measure: Measure, name: str) -> Series:
        column = f"{measure.part}_{name}"
        if name == "accuracy" and not measure.higher:  # the share that is no error
            return Series(column, True, _complement)
        squared = name in ("loss", "mse") and measure.metric in self.roots
        return Series(column, measure.higher, _square if squared else float)


def _complement(value: float) -> float:
    return 1.0 - value


def _square(value: float) -> float:
    return float(value) ** 2
