"""PyTorch behind the executor protocol. torch is imported on first use, in the modules beside this one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.data import Rows, Task, TrainingData
from mlmagic.errors import Fault, FrameworkNotFound, InvalidConfiguration
from mlmagic.events import Emit, Metadata, Plan
from mlmagic.executors._skops import import_early

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.config import RunConfig
    from mlmagic.executors._base import Outcome, Predictions, Stop
    from mlmagic.executors._networks._inputs import Inputs
    from mlmagic.executors._networks._source import Source
    from mlmagic.executors.pytorch.config import TorchTrain
    from mlmagic.state import RunState

_CLASSIFYING = {"cross_entropy", "binary_cross_entropy", "CrossEntropyLoss", "BCEWithLogitsLoss", "NLLLoss"}
_MEASURING = {
    "mse",
    "mae",
    "huber",
    "MSELoss",
    "L1Loss",
    "SmoothL1Loss",
    "HuberLoss",
    "mse_loss",
    "l1_loss",
    "huber_loss",
}


class TorchExecutor:
    """Trains a network in a loop of its own, which looks for a stop before every batch.

    An object may remember what it has prepared, so that a check and the run after it read a script and fit a
    preparation once; the results are the same without.
    """

    whole = (".pt", ".pth")

    def __init__(self) -> None:
        self._sources: list[tuple[TorchTrain, Source]] = []
        self._fitted: list[tuple[TorchTrain, TrainingData, Inputs]] = []

    def placement(self, config: RunConfig) -> Literal["thread", "child"]:
        """A thread, since the loop can be asked to stop; compiling cannot, and has to be killed."""
        return "child" if _train(config).compile else "thread"

    def versions(self) -> dict[str, str]:
        """Versions of PyTorch and of scikit-learn, which prepares the data."""
        import sklearn

        try:
            import torch
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            raise FrameworkNotFound(
                "PyTorch not found in Python environment",
                stderr="ModuleNotFoundError: No module named 'torch'",
                solution="Install PyTorch: pip install torch",
            ) from None
        return {"torch": str(torch.__version__), "scikit-learn": sklearn.__version__}

    def task(self, config: RunConfig) -> Task | None:
        """What the loss is made for."""
        loss = _train(config).loss_function
        value = loss if isinstance(loss, str) else getattr(loss, "value", None)
        name = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
        if name in _CLASSIFYING:
            return "classification"
        return "regression" if name in _MEASURING else None

    def check(self, config: RunConfig, data: TrainingData) -> None:
        """The network can be built, takes the rows, and gives what the labels need."""
        import torch

        from mlmagic.executors.pytorch import _device
        from mlmagic.executors.pytorch._network import network

        train = _train(config)
        faults = _stopping_faults(train, data)
        try:
            inputs = self._inputs(train, data)
            first = torch.from_numpy(inputs.first(data.train))
            with _device.own_random_state(config.seed, torch.device("cpu")):
                network(train, data, self._source(train), first, inputs.sizes)
        except InvalidConfiguration as error:
            raise (InvalidConfiguration(faults + error.faults) if faults else error) from None
        if faults:
            raise InvalidConfiguration(faults)

    def run(self, config: RunConfig, data: TrainingData, emit: Emit, stop: Stop) -> Outcome:
        """Fit what makes inputs of rows, and train the network on the training rows."""
        from mlmagic.executors.pytorch._run import fit

        train = _train(config)
        emit(Plan("preparing"))
        import_early()
        inputs = self._inputs(train, data)
        emit(Metadata(inputs.facts()))
        return fit(config, data, self._source(train), inputs, emit, stop)

    def predict(self, outcome: Outcome, rows: Rows) -> Predictions:
        """Labels and probabilities, or numbers in the target's own units."""
        from mlmagic.executors.pytorch._predict import predict

        predictions: Predictions = predict(outcome, rows)
        return predictions

    def save(self, outcome: Outcome, config: RunConfig) -> dict[str, Path]:
        """Weights and plain data, which load without running code; the preparation beside them."""
        from mlmagic.executors.pytorch._storage import save

        assert config.output_dir is not None
        return save(outcome, config.output_dir, everything=_train(config).checkpoint)

    def export(self, outcome: Outcome, path: Path) -> None:
        """Weights, plain data and the preparation in one file."""
        from mlmagic.executors.pytorch._storage import export

        export(outcome, path)

    def load(self, path: Path, config: RunConfig, state: RunState) -> Outcome | None:
        """The best model that a run saved, or its last checkpoint where it was cut off."""
        from mlmagic.executors.pytorch._load import load

        return load(path, config, state)

    def adopt(self, model: Any) -> Outcome | None:
        """A network of the notebook; it does not tell its labels, so it answers with their numbers."""
        from mlmagic.executors.pytorch._read import adopt

        return adopt(model)

    def read(self, path: Path, config: RunConfig) -> Outcome:
        """A file of weights, with the class that ``modelScript`` names; one that holds code only with trust."""
        from mlmagic.executors.pytorch._read import read

        return read(path, config)

    def place(self, outcome: Outcome, config: RunConfig) -> Outcome:
        """On the GPU, or off it, where ``gpuEnabled`` says so; else the network stays where it is."""
        from mlmagic.executors.pytorch._predict import place

        return place(outcome, config)

    def _source(self, train: TorchTrain) -> Source:
        from mlmagic.executors.pytorch._module import source

        if not (self._sources and self._sources[0][0] is train):
            self._sources = [(train, source(train))]
        return self._sources[0][1]

    def _inputs(self, train: TorchTrain, data: TrainingData) -> Inputs:
        from mlmagic.executors._networks._inputs import are_texts, fit_inputs
        from mlmagic.executors._networks._known import fit_known
        from mlmagic.executors.pytorch._answers import answers
        from mlmagic.executors.pytorch._module import tokens_known

        known = self._fitted
        if not (known and known[0][0] is train and known[0][1] is data):
            found = self._source(train)
            tokens = tokens_known(found.given if are_texts(data.train, train) else None)
            fit = partial(fit_inputs, train, data.train, tokens=(None, tokens))
            inputs = (
                fit()
                if found.given is None
                else fit_known(found.name, train, data, fit, partial(answers, found, data.task))
            )
            self._fitted = [(train, data, inputs)]
        return self._fitted[0][2]


def _train(config: RunConfig) -> TorchTrain:
    train: TorchTrain = config.config  # type: ignore[assignment]
    return train


def _stopping_faults(train: TorchTrain, data: TrainingData) -> list[Fault]:
    """What is wrong between the config and the data, before any network is built."""
    from mlmagic.executors._networks._measures import Measures

    try:
        Measures.of(train, data)
    except InvalidConfiguration as error:
        return error.faults
    return []
