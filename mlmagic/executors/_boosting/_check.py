"""What only the library can find wrong with a config, before anything trains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic._failure import user_frames
from mlmagic._suggest import listed
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._boosting import _device, _estimator, _objectives, _rows
from mlmagic.executors._boosting._choice import choose
from mlmagic.executors._boosting._objectives import PATH
from mlmagic.executors._boosting._trial import Trial
from mlmagic.executors._boosting._values import Values
from mlmagic.executors._boosting._wanted import Wanted
from mlmagic.executors._weighed import weighed_twice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.config import RunConfig
    from mlmagic.config._early_stopping import EarlyStopping
    from mlmagic.data import TrainingData
    from mlmagic.executors._boosting._estimator import Given
    from mlmagic.executors._boosting._library import Library, Measure
    from mlmagic.executors._boosting._metrics import Metrics
    from mlmagic.executors._boosting.config import BoostingTrain


def check(library: Library, config: RunConfig, data: TrainingData, preparation: Any) -> None:
    """See :meth:`mlmagic.executors._base.Executor.check`."""
    train = _train(config)
    _device.require_one_word(config)
    name = _required_name(library, train, data)
    columns = _rows.Columns.of(library, preparation, list(data.train.X.columns))
    tried = _Tried(library, config, data, name, Trial(library, library.estimators[name], data, columns))
    given = tried.hyperparameters()
    estimator = _estimator.make(library, config, name, given)
    _require_one_number(name, tried.width(estimator))
    _require_one_weighing(library, train, estimator)
    _require_rounds(library, train, name, estimator)
    tried.chosen(given, estimator, train.early_stopping)


@dataclass(frozen=True)
class _Tried:
    """Hyperparameters as the library takes them on made-up rows.

    Attributes
    ----------
    own
        What the objective measures by itself, of the hyperparameters that were fitted with last.
    """

    library: Library
    config: RunConfig
    data: TrainingData
    name: str
    trial: Trial
    own: list[Measure] = field(default_factory=list)

    def hyperparameters(self) -> dict[str, Given]:
        """Those of the config.

        Raises
        ------
        InvalidConfiguration
            If the library does not have or refuses one.
        """
        train = _train(self.config)
        given, unknown = _estimator.hyperparameters(self.library, train, self.name)
        spellings = self.library.spellings(self.library.estimator_class(self.name))
        classes = len(self.data.classes) if self._classifies and self.data.classes is not None else 0
        try:
            faults = Values(self.library, train, spellings, self._fit, classes).faults(given, unknown)
        except Exception as error:
            if train.model is None or user_frames(error):
                raise
            faults = [Fault("config.model", f"{train.model}: {self.library.complaint(error)}")]
        if faults:
            raise InvalidConfiguration(faults)
        return given

    def chosen(self, given: Mapping[str, Given], estimator: Any, early: EarlyStopping | None) -> Metrics:
        """What is measured of an estimator that was fitted."""
        kind = self.library.estimators[self.name]
        wanted = Wanted.of(self.library, kind, _train(self.config), self.data, given, estimator)
        return choose(self.library, kind, self.data, self.own, wanted, early)

    def width(self, estimator: Any) -> int:
        """How many numbers it predicts for a row, a label being one."""
        return 1 if self._classifies else self.trial.width(estimator)

    @property
    def _classifies(self) -> bool:
        return self.library.estimators[self.name] == "classifier"

    def _fit(self, given: Mapping[str, Given]) -> None:
        estimator = _estimator.make(self.library, self.config, self.name, given)
        self.own[:] = self.trial.measured(estimator)
        metrics = self.chosen(given, estimator, None)
        try:
            self.trial.measured(estimator, metrics.asked, metrics.own)
        except Exception:
            if self.width(estimator) == 1:
                raise
            # What measures one number a row says nothing of several, which are refused afterwards.


def _train(config: RunConfig) -> BoostingTrain:
    train: BoostingTrain = config.config  # type: ignore[assignment]
    return train


def _require_one_number(name: str, width: int) -> None:
    if width > 1:
        message = f"This {name} predicts {width} numbers a row, and a run is about one."
        way_out = "Train a run for each of them: for each quantile, say"
        raise InvalidConfiguration([Fault(PATH, message)], solution=way_out)


def _require_one_weighing(library: Library, train: BoostingTrain, estimator: Any) -> None:
    weights = {key: value for key, value in estimator.get_params().items() if key in library.label_weights}
    if twice := weighed_twice(train.class_weight, weights):
        raise InvalidConfiguration(twice)


def _require_rounds(library: Library, train: BoostingTrain, name: str, estimator: Any) -> None:
    """Early stopping keeps the best round's model."""
    if train.early_stopping is not None and not library.keeps_best(estimator):
        message = f"earlyStopping needs rounds that can be taken off again, which this {name} does not have."
        way_out = f"Leave earlyStopping out; {library.endless}"
        raise InvalidConfiguration([Fault("config.earlyStopping", message)], solution=way_out)


def _required_name(library: Library, train: BoostingTrain, data: TrainingData) -> str:
    name = _estimator.named(library, train, data.task)
    if name is None:
        assert train.model is not None
        what = type(train.model.value).__name__
        message = f"model must be {listed(library.estimators)}, got {train.model}, which is of type {what}."
        way_out = "Pipelines and other estimators train with framework: sklearn"
        raise InvalidConfiguration([Fault("config.model", message)], solution=way_out)
    kind = library.estimators[name]
    _objectives.require_fit(library, train, name, data)
    if (kind == "classifier") != (data.task == "classification"):
        message = _other_task(library, train, name, data)
        raise InvalidConfiguration([Fault("task", message, value=data.task)])
    if kind == "ranker":
        _rows.require_groups(name, data)
    return name


def _other_task(library: Library, train: BoostingTrain, name: str, data: TrainingData) -> str:
    objective = _objectives.given(library, train)
    what = str(objective) if objective and train.algorithm is None and train.model is None else name
    other = "algorithm" if what == name else "objective"
    kind = f"{'is' if what == name else 'is for'} a {library.estimators[name]}"
    return f"task is {data.task}, but {what} {kind}: leave task out, or name another {other}."
