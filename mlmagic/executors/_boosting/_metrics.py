"""Which metrics a training measures, and what they are called in its history."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic._suggest import closest, listed
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.evaluation import METRICS, SPELLINGS, Asked, better_higher
from mlmagic.executors._boosting._computed import listed as listed_as

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from mlmagic.config._early_stopping import EarlyStopping
    from mlmagic.data import TrainingData
    from mlmagic.executors._boosting._library import Library, Measure
    from mlmagic.executors._boosting.config import Kind

# Accuracy beside the loss costs a pass over the rows each round: a few per cent of training where they are many.
ACCURACY_ROWS = 50_000


class CustomMetric:
    """A metric of the user's own.

    Parameters
    ----------
    function
        ``f(y_true, y_pred)``, or with ``sample_weight`` or ``weight`` as well; ``y_true`` are numbers or codes of
        classes, ``y_pred`` predictions or probabilities. It gives a number, or (name, number, is_higher_better). A
        number is better the lower it is, unless the function's name ends in ``_score``, as in scikit-learn.
    taken
        Names that other metrics have.

    Attributes
    ----------
    higher
        Whether more is better.
    """

    def __init__(self, function: Callable[..., Any], taken: Iterable[str] = ()) -> None:
        self._function = function
        name = getattr(function, "__name__", type(function).__name__)
        name = name if name.isidentifier() and name != "loss" else "custom"
        self.__name__ = f"{name}_" if name in taken else name
        self.higher = self.__name__.endswith("_score")
        self._weighs = _weight_argument(function)

    def __call__(self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
        """Measure. What the function says of its direction is known afterwards."""
        keys = {self._weighs: sample_weight} if self._weighs and sample_weight is not None else {}
        given = self._function(y_true, y_pred, **keys)
        if isinstance(given, tuple):
            _, given, higher = given
            self.higher = bool(higher)
        return float(given)

    def measured(
        self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> list[tuple[str, float, bool]]:
        """Its name, its value, and whether more is better."""
        value = self(y_true, y_pred, sample_weight)
        return [(self.__name__, value, self.higher)]


def _weight_argument(function: Callable[..., Any]) -> str | None:
    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a builtin that does not say
        return None
    return next((name for name in ("sample_weight", "weight") if name in names), None)


class Series(NamedTuple):
    """A column of the history: its name, whether more is better, and whether it is 1 less what the library measures."""

    name: str
    higher: bool
    complement: bool


@dataclass(frozen=True)
class Metrics:
    """The metrics of one training.

    Attributes
    ----------
    names
        What each is called in the history, by the library's name.
    own
        The library's names of what the objective measures by itself.
    asked
        What is measured beside that.
    watched
        The series whose best round is kept ("val_loss"); None where no rows tell the rounds apart.
    computed
        What is measured on the validation rows here, since the library does not measure it as scikit-learn does.
    counted
        What is measured on the training rows here, where rows have weights: the library would count them by those.
    higher
        Whether more of ``watched`` is better; None for what the library says of it.
    """

    names: Mapping[str, str]
    own: Sequence[str]
    asked: Sequence[str | CustomMetric]
    watched: str | None
    computed: Sequence[Asked] = ()
    higher: bool | None = None
    counted: Sequence[Asked] = ()

    def series(self, measure: Measure) -> Series:
        """Where the values of a measure go in the history."""
        name = self.names.get(measure.metric, measure.metric)
        # Accuracy is the share that is no error.
        complement = name == "accuracy" and not measure.higher
        return Series(f"{measure.part}_{name}", measure.higher or complement, complement)


def choose(
    library: Library,
    kind: Kind,
    data: TrainingData,
    own: Sequence[Measure],
    asked: Any,
    early: EarlyStopping | None,
    *,
    custom: bool,
    named: Sequence[Asked] = (),
    alike: bool = False,
) -> Metrics:
    """Choose what is measured.

    Parameters
    ----------
    own
        What the objective measures by itself.
    asked
        What the user asks for: a name, a function or a list of both; None for nothing.
    custom
        Whether the objective is the user's own function.
    named
        What the user asks for by scikit-learn's names, and functions of labels or numbers.
    alike
        Whether rows have weights, which a library would measure by: under scikit-learn's names all rows count alike.

    Raises
    ------
    InvalidConfiguration
        If a metric is not known, or ``early`` watches one that is not there.
    """
    classes = 0 if data.classes is None else len(data.classes)
    names = _own_names(library, kind, own, custom)
    extra: dict[str, str | CustomMetric] = {}
    for item in _listed(asked):
        function = CustomMetric(item, names) if callable(item) else None
        spelt = function.__name__ if function else _spelt(library, kind, item, classes)
        extra.setdefault(spelt, function or spelt)
        names.setdefault(spelt, spelt if function else item)
    computed: dict[str, Asked] = {}
    counted: list[str] = []
    if alike and kind == "classifier" and len(data.train) <= ACCURACY_ROWS:
        named = ["accuracy", *named]
    for wanted in named:
        _add(library, kind, wanted, classes, names, extra, computed, counted if alike else None)
    watched = _watched(library, kind, data, names, extra, computed, early, classes, counted if alike else None)
    if kind == "classifier" and len(data.train) <= ACCURACY_ROWS and "accuracy" not in (*names.values(), *computed):
        error = _spelt(library, kind, "accuracy", classes)
        names.setdefault(error, "accuracy")
        extra.setdefault(error, error)
    known = [item.metric for item in own]
    metrics = [metric for spelt, metric in extra.items() if spelt not in known]
    if kind == "ranker" or data.validation is None:
        computed = {}
    names |= {listed_as(name): name for name in (*counted, *computed)}
    higher = _higher(early, computed)
    return Metrics(names, known, metrics, watched, list(computed.values()), higher, counted)


def _add(
    library: Library,
    kind: Kind,
    item: Asked,
    classes: int,
    names: dict[str, str],
    extra: dict[str, str | CustomMetric],
    computed: dict[str, Asked],
    counted: list[str] | None,
) -> None:
    """Let the library measure a metric where it does so as scikit-learn does, else compute it; here in both parts."""
    name = item if isinstance(item, str) else item[0]
    if name in (*names.values(), *computed):
        return
    spelt = library.equal[kind].get(name)
    native = spelt if isinstance(spelt, str) or spelt is None else spelt[classes > 2]
    if native and names.get(native, name) == name:
        if counted is None:
            names[native] = name
            extra.setdefault(native, native)
            return
        counted.append(name)
    computed[name] = item


def _higher(early: EarlyStopping | None, computed: Mapping[str, Asked]) -> bool | None:
    """Whether more of what early stopping watches is better, where the library cannot say it."""
    if early is None or early.mode is not None:
        return None if early is None else early.mode == "max"
    item = computed.get(early.metric.partition("_")[2])
    if item is None or isinstance(item, str) or better_higher(item) is not None:
        return None
    message = f"${item[0]} does not tell by its name whether more of it is better: add `mode: max` or `mode: min`"
    raise InvalidConfiguration([Fault("config.earlyStopping.metric", message, value=early.metric)])


def _own_names(library: Library, kind: Kind, own: Sequence[Measure], custom: bool) -> dict[str, str]:
    """The objective's own metric is the loss; a ranking has none, and a function of the user's does not tell it."""
    names: dict[str, str] = {}
    for item in own:
        is_loss = not (item.higher or custom or "loss" in names.values())
        names[item.metric] = "loss" if is_loss else _house_name(library, kind, item.metric)
    return names


def _house_name(library: Library, kind: Kind, metric: str) -> str:
    known = library.metrics[kind].items()
    return next((name for name, own in known if metric in (own if isinstance(own, tuple) else (own,))), metric)


def _listed(asked: Any) -> list[Any]:
    return list(asked) if isinstance(asked, (list, tuple)) else [] if asked is None else [asked]


def _spelt(library: Library, kind: Kind, name: Any, classes: int) -> str:
    known = library.metrics[kind]
    base, at, place = str(name).partition(library.setting)
    if base not in known:
        message = f"eval_metric must be {listed(known)} or a function of the notebook, got {name!r}."
        raise InvalidConfiguration(
            [Fault("config.hyperparameters.eval_metric", message, value=name, suggestion=closest(str(name), known))]
        )
    spelt = known[base]
    return (spelt if isinstance(spelt, str) else spelt[classes > 2]) + at + place


def _watched(
    library: Library,
    kind: Kind,
    data: TrainingData,
    names: dict[str, str],
    extra: dict[str, str | CustomMetric],
    computed: dict[str, Asked],
    early: EarlyStopping | None,
    classes: int,
    counted: list[str] | None,
) -> str | None:
    if early is None:
        return None if data.validation is None else f"val_{_loss(names)}"
    part, _, metric = early.metric.partition("_")
    parts = ["val", "train"] if data.validation is not None else ["train"]
    if metric == "loss":
        metric = _loss(names)
    if metric not in (*names.values(), *computed):
        usual = kind != "ranker" and SPELLINGS.get(metric, "confusion_matrix") != "confusion_matrix"
        if metric.partition(library.setting)[0] in library.metrics[kind] and not (usual and counted is not None):
            spelt = _spelt(library, kind, metric, classes)
            names[spelt] = metric
            extra.setdefault(spelt, spelt)
        elif usual:
            metric = SPELLINGS[metric]
            if METRICS[metric].task == ("classification" if kind == "classifier" else "regression"):
                _add(library, kind, metric, classes, names, extra, computed, counted)
    here = computed if part == "val" else counted or ()
    if part in parts and (metric in names.values() or metric in here):
        return f"{part}_{metric}"
    known = [f"{part}_{name}" for part in parts for name in dict.fromkeys([*names.values(), *library.metrics[kind]])]
    known += [f"val_{name}" for name in computed if "val" in parts]
    why = "" if data.validation is not None else "; there are no validation rows"
    message = f"earlyStopping.metric must be {listed(known)}, got {early.metric!r}{why}."
    raise InvalidConfiguration(
        [Fault("config.earlyStopping.metric", message, value=early.metric, suggestion=closest(early.metric, known))]
    )


def _loss(names: Mapping[str, str]) -> str:
    """What is called the loss, else the last that the objective measures: of ndcg at several places, at the most."""
    return "loss" if "loss" in names.values() else list(names.values() or ["loss"])[-1]
