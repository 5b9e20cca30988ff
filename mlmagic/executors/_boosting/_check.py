"""What only the library can find wrong with a config, before anything trains."""

from __future__ import annotations

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
    train: BoostingTrain = config.config  # type: ignore[assignment]
    _device.require_one_word(config)
    name = _required_name(library, train, data)
    kind = library.estimators[name]
    trial = Trial(library, kind, data, _rows.Columns.of(library, preparation, list(data.train.X.columns)))

    own: list[Measure] = []

    def chosen(left: Mapping[str, Given], estimator: Any, early: EarlyStopping | None) -> Metrics:
        wanted = Wanted.of(library, kind, train, data, left, estimator)
        return choose(library, kind, data, own, wanted, early)

    def width(estimator: Any) -> int:
        return 1 if kind == "classifier" else trial.width(estimator)

    def fit(left: Mapping[str, Given]) -> None:
        estimator = _estimator.make(library, config, name, left)
        own[:] = trial.measured(estimator)
        metrics = chosen(left, estimator, None)
        try:
            trial.measured(estimator, metrics.asked, metrics.own)
        except Exception:
            if width(estimator) == 1:
                raise
            # What measures one number a row says nothing of several, which are refused below.

    given, unknown = _estimator.hyperparameters(library, train, name)
    classes = len(data.classes) if kind == "classifier" and data.classes is not None else 0
    values = Values(library, train, library.spellings(library.estimator_class(name)), fit, classes)
    try:
        faults = values.faults(given, unknown)
    except Exception as error:
        if train.model is None or user_frames(error):
            raise
        faults = [Fault("config.model", f"{train.model}: {library.complaint(error)}")]
    if faults:
        raise InvalidConfiguration(faults)
    estimator = _estimator.make(library, config, name, given)
    if (several := width(estimator)) > 1:
        message = f"This {name} predicts {several} numbers a row, and a run is about one."
        way_out = "Train a run for each of them: for each quantile, say"
        raise InvalidConfiguration([Fault(PATH, message)], solution=way_out)
    weights = {key: value for key, value in estimator.get_params().items() if key in library.label_weights}
    if twice := weighed_twice(train.class_weight, weights):
        raise InvalidConfiguration(twice)
    if train.early_stopping is not None and not library.keeps_best(estimator):
        message = f"earlyStopping needs rounds that can be taken off again, which this {name} does not have."
        way_out = f"Leave earlyStopping out; {library.endless}"
        raise InvalidConfiguration([Fault("config.earlyStopping", message)], solution=way_out)
    chosen(given, estimator, train.early_stopping)


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
