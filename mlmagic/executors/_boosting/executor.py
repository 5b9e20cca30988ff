"""A boosting library behind the executor protocol."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.errors import FrameworkNotFound, ModelLoadingError
from mlmagic.events import Emit, Plan
from mlmagic.executors._base import Outcome, Predictions, Stop, most_probable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, Task, TrainingData
    from mlmagic.executors._boosting._library import Library
    from mlmagic.executors._boosting.config import BoostingTrain, Kind
    from mlmagic.state import RunState


class BoostingExecutor:
    """Fits an estimator round by round through the library's own scikit-learn classes.

    An object may remember what it has prepared, so that a check and the run after it fit a preparation once; the
    results are the same without.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._prepared: list[tuple[TrainingData, Any]] = []

    def placement(self, config: RunConfig) -> Literal["thread", "child"]:
        """A child: training could be stopped in a thread too, but importing and preparing hold the GIL for long."""
        return "child"

    def versions(self) -> dict[str, str]:
        """Versions of the library and of scikit-learn, which prepares the data."""
        import sklearn

        library = self._library
        try:
            module = import_module(library.package)
        except ModuleNotFoundError as error:
            if error.name != library.package:
                raise
            raise FrameworkNotFound(
                f"{library.title} not found in Python environment",
                stderr=f"ModuleNotFoundError: No module named {library.package!r}",
                solution=f"Install {library.title}: {library.install}",
            ) from None
        return {library.package: str(module.__version__), "scikit-learn": sklearn.__version__}

    def task(self, config: RunConfig) -> Task | None:
        """What the estimator or the objective is; a ranking is a regression of relevance."""
        from mlmagic.executors._boosting._estimator import named

        name = named(self._library, _train(config), None)
        if name is None:
            return None
        return "classification" if self._library.estimators[name] == "classifier" else "regression"

    def ranks(self, config: RunConfig) -> bool:
        """Whether the estimator ranks the rows of a group."""
        from mlmagic.executors._boosting._estimator import named

        return self._kind(named(self._library, _train(config), None)) == "ranker"

    def check(self, config: RunConfig, data: TrainingData) -> None:
        """The library takes every hyperparameter, and measures what early stopping looks at."""
        from mlmagic.executors._boosting._check import check

        check(self._library, config, data, self._preparation(_train(config), data))

    def run(self, config: RunConfig, data: TrainingData, emit: Emit, stop: Stop) -> Outcome:
        """Fit the preparation and the estimator on the training rows."""
        from mlmagic.executors._boosting._run import fit

        emit(Plan("preparing"))
        return fit(self._library, config, data, self._preparation(_train(config), data), emit, stop)

    def predict(self, outcome: Outcome, rows: Rows) -> Predictions:
        """Labels or numbers, and probabilities where the estimator gives them."""
        from mlmagic.executors._boosting._rows import ordered
        from mlmagic.executors._boosting._storage import parts

        library = self._library
        preparation, estimator = parts(outcome.model)
        X = ordered(rows.X, library.columns(estimator), library.unfit) if preparation is None else rows.X
        if outcome.classes is None or not library.probabilities(estimator):
            return Predictions(outcome.model.predict(X))
        probabilities = outcome.model.predict_proba(X)
        return Predictions(outcome.classes[most_probable(probabilities)], probabilities)

    def save(self, outcome: Outcome, config: RunConfig) -> dict[str, Path]:
        """The trees in the library's own format, a preparation as skops stores it, and plain data: no pickle."""
        from mlmagic.executors._boosting._estimator import kin
        from mlmagic.executors._boosting._storage import parts, save

        assert config.output_dir is not None
        name = kin(self._library, parts(outcome.model)[1])
        assert name is not None
        return save(self._library, name, outcome.model, outcome.classes, config.output_dir)

    def load(self, path: Path, config: RunConfig, state: RunState) -> Outcome | None:
        """The model that a run saved."""
        from mlmagic.executors._boosting import _storage

        if "model" not in state.artifacts:
            return None
        model, classes = _storage.load(self._library, path)
        return self._of_run(model, classes)

    def adopt(self, model: Any) -> Outcome | None:
        """An outcome around a fitted estimator, pipeline or booster of the user's; None where it is no such thing.

        Raises
        ------
        ModelLoadingError
            If it is not fitted.
        """
        from mlmagic.executors._boosting._estimator import is_of, kin
        from mlmagic.executors._boosting._storage import parts

        estimator = parts(model)[1]
        if not is_of(self._library.package, estimator):
            return None
        if kin(self._library, estimator) is None:
            wrapped = self._library.wrap(estimator)
            return None if wrapped is None else self._outcome(wrapped)
        if not self._library.is_fitted(estimator):
            solution = "Fit it first, or train a copy of it: action: train with model: $name"
            raise ModelLoadingError(f"The {type(estimator).__name__} is not fitted", solution=solution)
        return self._outcome(model)

    def read(self, path: Path, config: RunConfig) -> Outcome:
        """A model file: of a run, with what lies beside it, or one that another program wrote.

        Raises
        ------
        ModelLoadingError
            If it cannot be read without running code, or is damaged.
        """
        from mlmagic.executors._boosting import _storage

        if _storage.is_of_a_run(self._library, path):
            model, classes = _storage.load(self._library, path.parent)
            return self._of_run(model, classes)
        outcome = self.adopt(_storage.read(self._library, path, trust=config.trust))
        if outcome is None:
            raise ModelLoadingError(f"{path.name} holds no model of {self._library.title}")
        return outcome

    def _outcome(self, model: Any) -> Outcome:
        from mlmagic.executors._boosting._estimator import kin
        from mlmagic.executors._boosting._storage import parts

        preparation, estimator = parts(model)
        kind = self._kind(kin(self._library, estimator))
        names = self._library.columns(estimator) if preparation is None else preparation.feature_names_in_
        return Outcome(
            model,
            classes=estimator.classes_ if kind == "classifier" else None,
            features=None if names is None else tuple(map(str, names)),
            ranks=kind == "ranker",
        )

    def _of_run(self, model: Any, classes: np.ndarray | None) -> Outcome:
        from mlmagic.executors._boosting._estimator import kin
        from mlmagic.executors._boosting._storage import parts

        return Outcome(model, classes=classes, ranks=self._kind(kin(self._library, parts(model)[1])) == "ranker")

    def _kind(self, name: str | None) -> Kind | None:
        return None if name is None else self._library.estimators[name]

    def _preparation(self, train: BoostingTrain, data: TrainingData) -> Any:
        from mlmagic.executors._boosting._rows import prepare

        if not (self._prepared and self._prepared[0][0] is data):
            self._prepared = [(data, prepare(self._library, train, data.train))]
        return self._prepared[0][1]


def _train(config: RunConfig) -> BoostingTrain:
    train: BoostingTrain = config.config  # type: ignore[assignment]
    return train
