"""What a boosting library has to tell and to do; everything else is the same for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mlmagic.config import RunConfig
    from mlmagic.executors._boosting._computed import Computed
    from mlmagic.executors._boosting._custom import CustomMetric
    from mlmagic.executors._boosting._rows import Columns
    from mlmagic.executors._boosting.config import Kind


@dataclass(frozen=True)
class Part:
    """Rows as a library takes them, sorted by group where they have groups.

    Attributes
    ----------
    X
        Shape (n, columns): the table as it is, or what the preparation makes of it.
    y
        Labels or numbers, shape (n,).
    weight
        How much each row counts, shape (n,); None where all count alike.
    group
        The number of each row's group, shape (n,); None without groups.
    """

    X: np.ndarray | pd.DataFrame
    y: np.ndarray
    weight: np.ndarray | None = None
    group: np.ndarray | None = None


@dataclass(frozen=True)
class Fitting:
    """What an estimator is fitted to.

    Attributes
    ----------
    parts
        By the prefix of their metrics: "train", and "val" where there are validation rows or, to be looked at only,
        "test".
    columns
        What the estimator sees.
    metrics
        What is measured each round beside the objective's own metrics: the library's names, and functions.
    own
        Names of the objective's own.
    threads
        How many to fit with.
    """

    parts: Mapping[str, Part]
    columns: Columns
    metrics: Sequence[str | CustomMetric | Computed] = ()
    own: Sequence[str] = ()
    threads: int = 1


class Measure(NamedTuple):
    """What is measured each round: on which part, the library's name of the metric, and whether more is better."""

    part: str
    metric: str
    higher: bool


class Listener(Protocol):
    """Who is told of each round."""

    @property
    def best(self) -> int | None:
        """The best round so far, counted from 1; None where nothing tells them apart."""
        ...

    def begin(self, measures: Sequence[Measure]) -> None:
        """Learn, before the first round is told, what the values of each round are."""
        ...

    def round_ended(self, values: Iterable[float]) -> bool:
        """Take the values of a round, in the order of the measures; True if training shall end."""
        ...


class Library(Protocol):
    """One boosting library. It is imported in the methods only.

    Attributes
    ----------
    title
        Its name as people write it.
    package, install
        What is imported, and the command that installs it.
    model_file, saving, suffixes
        The file of a stored model, how a person writes one, and the suffixes of those that :meth:`parse` reads.
    estimators
        What each estimator is, by class name; the first of a kind is the usual one.
    reserved
        Hyperparameters that a key of the run gives, and that key; {} stands for the value.
    metrics
        Names of metrics in a config and the library's own, a pair where there is one for two classes and one for more;
        by the kind of estimator; "" for what it does not have as people mean it, which is computed. The first name of a
        metric is the one that the history has.
    equal
        Of scikit-learn's names the library's own, as in ``metrics``, where both measure the same; "" where not.
    roots
        The library's names of metrics that are the root of a mean over the rows. Where an objective makes that small,
        the loss is the mean, as all libraries tell it of other objectives. What a loss is but for the root is left to
        each: of counts XGBoost adds a term of the targets alone, of ``gamma`` it tells the deviance and LightGBM the
        likelihood, and XGBoost's pseudo-Huber is another function than Huber's.
    objectives
        Which kinds of estimator take an objective, by its name; where it takes one kind alone, it asks for it.
    objective_spellings
        Names of the hyperparameter that is the objective.
    two_labels
        Objectives of classifiers that tell no more than two labels apart.
    more_labels
        Those that the library's own measures of two labels contradict.
    settings
        The hyperparameter that an objective cannot be without, by the objective, with an example.
    functions_classify
        Whether the objective of a classifier may be a function of the user's.
    label_weights
        Hyperparameters that let labels count differently.
    areas
        Names of the area under the ROC curve, in a config and the library's own.
    ranges
        What hyperparameters take, by the estimator's own name, where the library would not say it all if it were asked.
    fragile
        Whether a wrong number can crash it.
    shuffles
        Whether it holds the training rows in an order of its own.
    unfit
        Letters that no column's name may have.
    setting
        What separates the name of a metric from its settings: "ndcg@5".
    importance
        How :meth:`importances` are found, in the field's own words.
    endless
        Why some models cannot be cut off after a round.
    """

    title: ClassVar[str]
    package: ClassVar[str]
    install: ClassVar[str]
    model_file: ClassVar[str]
    saving: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    estimators: ClassVar[Mapping[str, Kind]]
    reserved: ClassVar[Mapping[str, str]]
    metrics: ClassVar[Mapping[Kind, Mapping[str, str | tuple[str, str]]]]
    equal: ClassVar[Mapping[Kind, Mapping[str, str | tuple[str, str]]]]
    roots: ClassVar[tuple[str, ...]] = ()
    objectives: ClassVar[Mapping[str, tuple[Kind, ...]]]
    objective_spellings: ClassVar[tuple[str, ...]]
    two_labels: ClassVar[tuple[str, ...]]
    more_labels: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[Mapping[str, str]] = {}
    functions_classify: ClassVar[bool] = True
    label_weights: ClassVar[tuple[str, ...]] = ("scale_pos_weight",)
    areas: ClassVar[tuple[str, ...]]
    ranges: ClassVar[Mapping[str, str]] = {}
    fragile: ClassVar[bool] = False
    shuffles: ClassVar[bool] = False
    unfit: ClassVar[str]
    setting: ClassVar[str] = "@"
    importance: ClassVar[str] = "gain"
    endless: ClassVar[str]

    def estimator_class(self, name: str) -> type:
        """The class of an estimator."""
        ...

    def spellings(self, kind: type) -> Mapping[str, str]:
        """Every accepted spelling of a hyperparameter, and the estimator's own name for it."""
        ...

    def copy(self, estimator: Any) -> Any:
        """An estimator with the same parameters that is not fitted, as scikit-learn makes one."""
        from sklearn.base import clone

        return clone(estimator)

    def is_fitted(self, estimator: Any) -> bool:
        """Whether it predicts."""
        return bool(estimator.__sklearn_is_fitted__())

    def defaults(self, config: RunConfig) -> dict[str, Any]:
        """Hyperparameters of a run that the user did not give."""
        ...

    def own_objective(self, estimator: Any) -> bool:
        """Whether the objective is the user's own, so that nobody else knows what it measures."""
        return callable(estimator.objective)

    def measures_predictions(self, estimator: Any) -> bool:
        """Whether what it measures of a regression is of what the model predicts, not of what the trees add up to."""
        return True

    def asked_threads(self, estimator: Any) -> int | None:
        """How many threads it asks for, below 0 counted from all of them; None where it does not."""
        asked: int | None = estimator.get_params()["n_jobs"]
        return asked

    def keeps_best(self, estimator: Any) -> bool:
        """Whether a model of fewer rounds can be cut from one of more."""
        ...

    def rounds(self, estimator: Any) -> int:
        """How many rounds it is to be fitted with."""
        ...

    def tells_late(self, estimator: Any) -> bool:
        """Whether :meth:`fit` tells of all rounds after the last."""
        return False

    def fit(self, estimator: Any, fitting: Fitting, listener: Listener) -> Any:
        """Fit, telling of each round and ending where the listener says so; the estimator, of the best round only."""
        ...

    def cuda(self) -> str | None:
        """Why it cannot train on a GPU here; None where it can."""
        ...

    def on_cuda(self, estimator: Any) -> None:
        """Make it train on the GPU."""
        ...

    def shorten(self, estimator: Any) -> None:
        """Make it take one round and few rows, and say nothing."""
        ...

    def cores(self) -> int:
        """How many threads it gains from at the most: all that this process may use."""
        from joblib import cpu_count

        return int(cpu_count())

    def complaint(self, error: Exception) -> str:
        """An error of the library in its own words, without places in its source."""
        ...

    def rule(self, complaint: str) -> str | None:
        """What a hyperparameter takes, "numbers >= 0", by a complaint of its value; None where that does not say."""
        return None

    def between(self, estimator: Any, columns: Columns) -> Any:
        """A transformer from what a preparation gives to what the estimator takes; None where both are the same."""
        return None

    def rows(self, estimator: Any) -> Any:
        """Rows to try a fitted estimator on, one of them all gaps."""
        import numpy as np

        width = int(estimator.n_features_in_)
        return np.vstack([np.full((1, width), np.nan), np.random.default_rng(0).normal(size=(20, width))])

    def width(self, estimator: Any) -> int:
        """How many numbers a fitted regressor or ranker predicts for a row."""
        return 1

    def columns(self, estimator: Any) -> Sequence[str] | None:
        """Names of the columns that a fitted estimator takes, in order; None where it goes by position."""
        ...

    def probabilities(self, estimator: Any) -> bool:
        """Whether ``predict_proba`` of a fitted classifier gives probabilities."""
        ...

    def importances(self, estimator: Any) -> np.ndarray | None:
        """How much each column gained, shape (columns,), summing to 1; None where it has none."""
        ...

    def write(self, estimator: Any) -> bytes:
        """A fitted estimator's trees, in the library's own format without code."""
        ...

    def rebuild(self, content: bytes, name: str, parameters: Mapping[str, Any], classes: np.ndarray | None) -> Any:
        """The estimator again whose trees these are."""
        ...

    def parse(self, content: bytes) -> Any:
        """A fitted estimator around the trees of a file that another program wrote. Any error means a bad file."""
        ...

    def wrap(self, booster: Any) -> Any:
        """A fitted estimator around a booster of the library; None where it is something else."""
        ...
