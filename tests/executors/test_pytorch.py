"""Training in PyTorch: the loop beside a hand-written one, stopping, early stopping, divergence, random state."""

from __future__ import annotations

import copy
import random
import subprocess
import sys
import threading
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from palmerpenguins import load_penguins  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine  # noqa: E402
from sklearn.metrics import r2_score  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from mlmagic.errors import DataLoadingError, TrainingDiverged  # noqa: E402
from mlmagic.events import Best, Event, Plan, Row, Steps  # noqa: E402
from mlmagic.executors._base import Executor  # noqa: E402
from mlmagic.executors._networks._inputs import matrix  # noqa: E402
from mlmagic.executors.pytorch.executor import TorchExecutor  # noqa: E402
from tests.executors.torch_run import Run, prepare  # noqa: E402

ROOT = Path(__file__).parents[2]
PENGUINS = load_penguins()
CANCER = load_breast_cancer(as_frame=True).frame
DIABETES = load_diabetes(as_frame=True).frame
IRIS = load_iris(as_frame=True).frame


class Net(nn.Module):
    """A small network with dropout."""

    def __init__(self, in_features: int, num_classes: int, hidden: int = 16) -> None:
        super().__init__()
        self.first = nn.Linear(in_features, hidden)
        self.last = nn.Linear(hidden, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(functional.dropout(functional.relu(self.first(x)), 0.2, self.training))


@pytest.fixture(autouse=True)
def _networks_built_here_are_the_same_every_time() -> None:
    torch.manual_seed(0)


def big(rows: int = 60_000) -> pd.DataFrame:
    X = np.random.default_rng(0).normal(size=(rows, 20))
    frame = pd.DataFrame(X, columns=[f"x{number}" for number in range(20)])
    return frame.assign(label=np.where(X[:, 0] > 0, "yes", "no"))


def test_it_is_an_executor_and_importing_it_imports_no_torch() -> None:
    assert isinstance(TorchExecutor(), Executor)
    code = "import mlmagic.executors.pytorch.executor, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def test_a_run_never_pays_for_the_import_of_the_compiler() -> None:
    code = (
        "import sys\nsys.path.insert(0, '.')\n"
        "from sklearn.datasets import load_iris\nfrom tests.executors.torch_run import prepare\n"
        "run = prepare(load_iris(as_frame=True).frame, architecture='mlp', epochs=1).check().train()\n"
        "run.executor.predict(run.outcome, run.data.test)\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def by_hand(
    run: Run, model: nn.Module, optimizer: torch.optim.Optimizer, loss_of: Any, target: torch.Tensor
) -> list[float]:
    """The plain loop of torch's tutorials over the same rows in the same order."""
    train = run.config.config
    inputs = torch.from_numpy(matrix(run.outcome.preparation, run.data.train))
    generator = torch.Generator().manual_seed(run.config.seed)
    losses = []
    model.train()
    for _ in range(train.epochs):
        for places in torch.randperm(len(inputs), generator=generator).split(train.batch_size):
            optimizer.zero_grad()
            loss = loss_of(model(inputs[places]), target[places])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


OPTIMIZERS = {
    "adam": ({}, {}),
    "adamw": ({"weightDecay": 0.01}, {"weight_decay": 0.01}),
    "sgd": ({"momentum": 0.9}, {"momentum": 0.9, "weight_decay": 0}),
    "rmsprop": ({"momentum": 0.5}, {"momentum": 0.5}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_losses_are_those_of_a_hand_written_loop(name: str) -> None:
    ours, theirs = OPTIMIZERS[name]
    keys = {"optimizer": name, "learningRate": 0.01, "epochs": 4, "batchSize": 32, "seed": 3, **ours}
    run = prepare(CANCER, target="target", model="$Net", names={"Net": Net}, **keys).train()
    kinds = {
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "sgd": torch.optim.SGD,
        "rmsprop": torch.optim.RMSprop,
    }
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = Net(30, 2)
        optimizer = kinds[name](model.parameters(), lr=0.01, **({"weight_decay": 0} | theirs))
        target = torch.tensor(run.data.train.y.to_numpy())
        expected = by_hand(run, model, optimizer, functional.cross_entropy, target)
    assert run.losses == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "fused"),
    [*product(["Adam", "AdamW", "SGD", "RMSprop"], [False]), *product(["Adam", "AdamW", "SGD"], [True])],
)
def test_an_optimizer_without_its_decorators_takes_the_same_steps(kind: str, fused: bool) -> None:
    from mlmagic.executors.pytorch._optimisers import plain

    whole = getattr(torch.optim, kind)
    options = {"lr": 0.1, "weight_decay": 0.01, **({"fused": True} if fused else {})}
    models = [nn.Sequential(nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 2)) for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    optimizers = [
        make(model.parameters(), **options) for make, model in zip((whole, plain(whole)), models, strict=True)
    ]
    inputs = torch.randn(8, 5)
    for number in range(30):
        for model, optimizer in zip(models, optimizers, strict=True):
            optimizer.param_groups[0]["lr"] = 0.1 / (1 + number)  # as a schedule does
            if number == 20:  # as going on from a file does
                optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
            optimizer.zero_grad()
            # Now and then a step has nothing to say to the first layer.
            (model(inputs) if number % 7 != 3 else model[2](inputs[:, :3])).square().mean().backward()
            optimizer.step()
    for ours, theirs in zip(models[1].parameters(), models[0].parameters(), strict=True):
        assert torch.equal(ours, theirs)
    torch.testing.assert_close(optimizers[1].state_dict(), optimizers[0].state_dict(), rtol=0, atol=0)
    assert isinstance(optimizers[1], whole)


def test_an_epoch_is_told_by_the_mean_over_its_rows() -> None:
    run = prepare(CANCER, target="target", architecture="mlp", epochs=2, batchSize=50).train()
    plan = next(event for event in run.events if isinstance(event, Plan) and event.unit)
    count = len(run.data.train)
    sizes = [50] * (count // 50) + [count % 50]
    assert plan == Plan("training", "epoch", 2, steps=len(sizes))
    first = run.losses[: len(sizes)]
    assert run.rows[0]["train_loss"] == pytest.approx(np.average(first, weights=sizes))
    assert list(run.rows[0]) == ["train_loss", "train_accuracy", "val_loss", "val_accuracy"]


def test_steps_come_in_blocks_without_a_gap() -> None:
    run = prepare(big(), architecture="mlp", epochs=2, batchSize=32).train()
    blocks = [event for event in run.events if isinstance(event, Steps)]
    assert [block.start for block in blocks] == list(
        np.cumsum([0] + [len(block.values["train_loss"]) for block in blocks[:-1]])
    )
    assert len(run.losses) == 2 * -(-len(run.data.train) // 32)
    assert len(blocks) < len(run.losses) / 10
    assert len(blocks[0].values["train_loss"]) < len(blocks[1].values["train_loss"])


@pytest.mark.parametrize("task", ["species", "sex", "body_mass_g"])
def test_it_learns_more_than_a_guess(task: str) -> None:
    run = prepare(PENGUINS, target=task, architecture="mlp", epochs=40, learningRate=0.005).check().train()
    test = run.data.test
    given = run.executor.predict(run.outcome, test)
    if task == "body_mass_g":
        assert r2_score(test.y, given.values) > 0.75
        assert given.probabilities is None
    else:
        assert (given.values == test.y).mean() > test.y.value_counts(normalize=True).iloc[0] + 0.2
        assert given.probabilities.sum(axis=1) == pytest.approx(1)
        assert set(given.values) <= set(run.outcome.classes)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_a_target_of_any_scale_is_learned_in_its_own_units(loss: str) -> None:
    frame = DIABETES.assign(target=DIABETES.target * 1000 + 200_000)
    keys = {"target": "target", "lossFunction": loss, "epochs": 40, "learningRate": 0.003}
    run = prepare(frame, model="$Net", names={"Net": Net}, **keys).train()
    scaling = run.metadata["targetScaling"]
    assert scaling == {"method": "standard", "mean": pytest.approx(run.data.train.y.mean()), "scale": scaling["scale"]}
    assert "standardised" in run.log
    given = run.executor.predict(run.outcome, run.data.test)
    assert r2_score(run.data.test.y, given.values) > 0.3
    # The module itself speaks these units: nothing is wrapped around it.
    assert type(run.outcome.model) is Net
    raw = run.outcome.model(torch.from_numpy(matrix(run.outcome.preparation, run.data.test))).reshape(-1)
    assert raw.detach().numpy() == pytest.approx(given.values, rel=1e-4)
    assert run.rows[-1]["val_rmse"] > 1000


def test_a_network_that_knows_the_units_goes_on_from_there() -> None:
    frame = DIABETES.assign(target=DIABETES.target * 1000)
    first = prepare(frame, target="target", architecture="mlp", epochs=30, learningRate=0.003).train()
    again = prepare(frame, target="target", model="$net", names={"net": first.outcome.model}, epochs=1).train()
    assert again.rows[0]["val_r2"] == pytest.approx(first.outcome.metrics["validation"]["bestR2"], abs=0.1)


def test_a_target_stays_as_it_is_where_the_network_was_made_for_its_units() -> None:
    class Positive(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return functional.softplus(super().forward(x))

    run = prepare(DIABETES, target="target", model="$Positive", names={"Positive": Positive}, epochs=1).train()
    assert "targetScaling" not in run.metadata
    assert (run.executor.predict(run.outcome, run.data.test).values >= 0).all()


def test_a_loss_of_the_notebook_gets_predictions_and_target_in_the_targets_units() -> None:
    seen: list[torch.Tensor] = []

    def weighted(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        seen.append(target.detach())
        assert prediction.shape == target.shape
        return ((prediction - target).abs() * (1 + (prediction < target))).mean()

    keys = {"target": "target", "architecture": "mlp", "lossFunction": "$weighted", "epochs": 1}
    run = prepare(DIABETES, names={"weighted": weighted}, task="regression", **keys).check().train()
    assert 25 <= float(torch.cat(seen).min()) < float(torch.cat(seen).max()) <= 346.1
    assert run.metadata["lossFunction"] == "$weighted"


@pytest.mark.parametrize("outputs", [1, 2])
def test_two_classes_take_one_output_or_two(outputs: int) -> None:
    keys = {"target": "target", "lossFunction": "binary_cross_entropy", "epochs": 20}
    net = nn.Sequential(nn.Linear(30, 8), nn.ReLU(), nn.Linear(8, outputs))
    run = prepare(CANCER, model="$net", names={"net": net}, **keys).check().train()
    given = run.executor.predict(run.outcome, run.data.test)
    assert given.probabilities.shape == (len(run.data.test), 2)
    assert (given.values == run.data.test.y).mean() > 0.85
    assert run.rows[-1]["val_accuracy"] > 0.85


def test_the_users_own_network_is_not_changed() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    before = [value.clone() for value in net.parameters()]
    run = prepare(IRIS, target="target", model="$net", names={"net": net}, epochs=2).check().train()
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert not torch.equal(run.outcome.model[0].weight, net[0].weight)


def test_batch_normalisation_survives_a_last_batch_of_one_row() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
    run = prepare(IRIS, target="target", model="$net", names={"net": net}, epochs=1, batchSize=89)
    assert len(run.data.train) == 90
    assert len(run.train().losses) == 1


def test_without_validation_rows_the_last_epoch_is_the_model() -> None:
    run = prepare(IRIS, target="target", architecture="mlp", epochs=4, validationSplit=0.0).train()
    assert run.metadata["bestEpoch"] == run.metadata["finalEpoch"] == 4
    assert not any(isinstance(event, Best) for event in run.events)
    assert "validation" not in run.outcome.metrics


@pytest.mark.parametrize("finished", [0, 1])
def test_a_stop_in_the_middle_of_an_epoch_keeps_the_best_so_far(finished: int) -> None:
    run = prepare(big(), architecture="mlp", epochs=1000, batchSize=16)
    asked: list[float] = []

    def stop(event: Event) -> None:
        if isinstance(event, Steps) and len(run.rows) >= finished and len(run.losses) > 500 and not asked:
            asked.append(time.perf_counter())
            run.stop.set()

    run.on_event = stop
    run.train()
    assert time.perf_counter() - asked[0] < 0.5
    assert len(run.rows) == run.metadata["finalEpoch"] == finished
    assert len(run.losses) % -(-len(run.data.train) // 16) != 0
    assert (run.executor.predict(run.outcome, run.data.test).values == run.data.test.y).mean() > 0.6
    assert run.metadata.get("bestEpoch") == (finished or None)


def test_a_loss_that_is_no_number_says_when_and_what_to_do() -> None:
    run = prepare(DIABETES, target="target", architecture="mlp", optimizer="sgd", learningRate=1e4, epochs=50)
    with pytest.raises(TrainingDiverged) as caught:
        run.train()
    error = caught.value
    assert error.message.startswith(("Training loss became NaN at epoch ", "Training loss became infinite at epoch "))
    assert error.metadata["learningRate"] == 1e4
    assert np.isfinite(error.metadata["lastValidLoss"])
    assert error.solution == "Reduce learningRate from 10000 to 1000"
    assert not np.isfinite(run.losses[-1])


def test_a_loss_that_never_was_a_number_is_not_the_learning_rates_fault() -> None:
    def undefined(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.log(-(prediction**2)).sum()

    run = prepare(DIABETES, target="target", architecture="mlp", lossFunction="$undefined", names=locals(), epochs=2)
    with pytest.raises(TrainingDiverged) as caught:
        run.train()
    assert caught.value.message == "Training loss became NaN at epoch 1"
    assert caught.value.metadata["lastValidLoss"] is None
    assert "learningRate" not in caught.value.solution
    assert "logarithm" in caught.value.solution


def test_a_run_that_diverges_late_keeps_its_best_epoch() -> None:
    def fails(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        fails.calls += 1
        return functional.cross_entropy(prediction, target) * (float("nan") if fails.calls > 60 else 1)

    fails.calls = 0
    run = prepare(
        IRIS, target="target", architecture="mlp", lossFunction="$fails", names={"fails": fails}, batchSize=16
    )
    with pytest.raises(TrainingDiverged) as caught:
        run.train()
    outcome = caught.value.outcome
    assert caught.value.metadata["epoch"] > outcome.metadata["bestEpoch"] >= 1
    given = run.executor.predict(outcome, run.data.test)
    assert np.isfinite(given.probabilities).all()


def test_code_of_the_user_that_fails_in_training_keeps_the_best_epoch_too() -> None:
    class Fails(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            Fails.calls += 1
            if Fails.calls > 40:
                raise ValueError("I have had enough")
            return super().forward(x)

    Fails.calls = 0
    run = prepare(IRIS, target="target", model="$Fails", names={"Fails": Fails}, batchSize=16)
    with pytest.raises(ValueError, match="enough") as caught:
        run.train()
    assert caught.value.outcome.model is not None


def test_the_users_random_state_is_as_before() -> None:
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    threads = torch.get_num_threads()
    prepare(PENGUINS, target="species", model="$Net", names={"Net": Net}, epochs=2).check().train()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert np.random.get_state()[1].tolist() == before[2]
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_seed_repeats_a_run_bit_for_bit(deterministic: bool) -> None:
    keys = {"target": "class", "model": "$Net", "names": {"Net": Net}, "epochs": 3, "deterministic": deterministic}
    frame = load_wine(as_frame=True).frame.rename(columns={"target": "class"})
    first, second, other = (prepare(frame, seed=seed, **keys).train() for seed in (5, 5, 6))
    weights = [run.outcome.model.state_dict() for run in (first, second)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert first.losses == second.losses != other.losses
    assert not torch.are_deterministic_algorithms_enabled()
    if deterministic:
        assert first.metadata["threads"] == 1


def test_small_networks_get_one_thread_and_large_ones_more() -> None:
    from mlmagic.executors.pytorch._threads import faster, multiplications, threads_for

    inputs = torch.zeros(4, 30)
    small, large = nn.Linear(30, 64), nn.Sequential(nn.Linear(30, 4096), nn.Linear(4096, 4096))
    assert multiplications(small, inputs, 64) == 30 * 64 * 64
    assert threads_for(multiplications(small, inputs, 64), 8) == 1
    assert threads_for(multiplications(large, inputs, 64), 8) == 8
    weight = large[0].weight.detach().clone()
    assert faster(large, torch.randn(8, 30), 2) in (1, 2)
    assert torch.equal(large[0].weight, weight)
    assert large[0].weight.grad is None
    picture = nn.Conv2d(3, 8, 3, padding=1)
    assert multiplications(picture, torch.zeros(2, 3, 10, 10), 2) == 2 * 100 * 8 * 27


def test_gaps_are_named_before_training_where_nothing_fills_them() -> None:
    columns = ["bill_length_mm", "body_mass_g"]
    run = prepare(PENGUINS, target="species", architecture="mlp", featureColumns=columns, prepare="none")
    with pytest.raises(DataLoadingError, match=r"'bill_length_mm' has gaps in .*; 'body_mass_g' has gaps"):
        run.check()


@pytest.mark.parametrize("scaling", ["standard", "robust", "none"])
@pytest.mark.parametrize("prepare_", ["auto", "none"])
def test_a_number_too_large_for_32_bits_is_named_and_no_gap_is_blamed(scaling: str, prepare_: str) -> None:
    frame = IRIS.rename(columns=dict(zip(IRIS.columns, ["a", "b", "c", "d"], strict=False)))
    frame.loc[[3, 60], "c"] = 1e300
    if prepare_ == "auto":
        frame.loc[::2, ["b", "c"]] = np.nan  # which training fills
        frame.loc[60, "c"] = 1e300
    run = prepare(frame, target="target", architecture="mlp", prepare=prepare_, featureScaling=scaling, testSplit=0.0,
                  validationSplit=0.0)  # fmt: skip
    with pytest.raises(DataLoadingError) as caught:
        run.check()
    told = "A network takes finite numbers, but 'c' is too large for 32 bits (3.4e+38) in 2 of 150 rows, first 1e+300 "
    assert caught.value.message == told + "at index 3"
    assert caught.value.metadata == {"columns": ["c"]}


def test_a_number_too_large_and_a_gap_are_both_told_where_both_are_faults() -> None:
    frame = IRIS.rename(columns=dict(zip(IRIS.columns, ["a", "b", "c", "d"], strict=False)))
    frame.loc[3, "c"], frame.loc[4, "b"] = -1e300, np.nan
    keys = {
        "architecture": "mlp",
        "prepare": "none",
        "featureScaling": "none",
        "testSplit": 0.0,
        "validationSplit": 0.0,
    }
    with pytest.raises(DataLoadingError) as caught:
        prepare(frame, target="target", **keys).check()
    assert "first -1e+300 at index 3; 'b' has gaps in 1 of 150 rows, first at index 4" in caught.value.message
    assert "df.fillna" in caught.value.solution
    assert "logarithms" in caught.value.solution


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_is_used_and_named() -> None:
    run = prepare(CANCER, target="target", architecture="mlp", epochs=3).check().train()
    assert run.metadata["gpuUsed"] is True
    assert run.metadata["gpuModel"] == torch.cuda.get_device_name()
    assert next(run.outcome.model.parameters()).device.type == "cpu"
    assert (run.executor.predict(run.outcome, run.data.test).values == run.data.test.y).mean() > 0.8


def test_a_gpu_without_room_says_which_batch_size_to_try() -> None:
    from mlmagic.errors import CudaOutOfMemory
    from mlmagic.executors.pytorch._device import gpu_errors

    text = "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 10 GiB"
    with pytest.raises(CudaOutOfMemory) as caught, gpu_errors(128, 45_000_000):
        raise torch.OutOfMemoryError(text)
    assert caught.value.message == "CUDA out of memory. Tried to allocate 2.50 GiB"
    assert caught.value.metadata["batchSize"] == 128
    assert caught.value.solution == "Reduce batch size (currently 128) or model size. Try batchSize: 64"


def test_it_trains_in_a_thread_beside_others() -> None:
    runs = [prepare(IRIS, target="target", architecture="mlp", epochs=3) for _ in range(2)]
    workers = [threading.Thread(target=run.train) for run in runs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(len([event for event in run.events if isinstance(event, Row)]) == 3 for run in runs)
