"""Weights, schedules, clipping and accumulation, beside a loop written by hand."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss, recall_score, roc_auc_score
from sklearn.utils.class_weight import compute_class_weight
from torch import nn
from torch.optim import lr_scheduler

import mlmagic
from mlmagic.config import Reference, resolve
from mlmagic.data import Rows, TrainingData
from mlmagic.errors import InvalidConfiguration
from mlmagic.events import Row, Steps
from mlmagic.executors.pytorch._batches import Shuffled, Tensors
from mlmagic.executors.pytorch.executor import TorchExecutor
from tests.runs import flowers

X, y = load_iris(return_X_y=True, as_frame=True)
X, y = X.iloc[20:], y.iloc[20:]
BATCH, EPOCHS, RATE = 16, 6, 0.05


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Linear(4, 3)


def ours(weight: Any = None, own: Any = None, **keys: Any) -> tuple[list[float], nn.Module, list[dict[str, float]]]:
    """Losses of all steps, the trained network, and the epochs."""
    import pandas as pd

    head = {"action": "train", "framework": "pytorch", "data": "$df", "model": "$net", "prepare": "none"}
    numbers = {"featureScaling": "none", "optimizer": "sgd", "gpuEnabled": False, "checkpoint": False}
    size = {"epochs": EPOCHS, "batchSize": BATCH, "learningRate": RATE}
    config = resolve({**head, **numbers, **size, **keys})
    values = {Reference("net"): network(), Reference("loss"): own, Reference("my"): own}
    config = config.bind(values.get)
    rows = Rows(X, y, weight=None if weight is None else pd.Series(weight, index=X.index))
    data = TrainingData(rows, None, None, "classification", "target", np.array([0, 1, 2]))
    events: list[Any] = []
    outcome = TorchExecutor().run(config, data, events.append, threading.Event())
    losses = [value for event in events if isinstance(event, Steps) for value in event.values["train_loss"]]
    return losses, outcome.model, [dict(event.values) for event in events if isinstance(event, Row)]


def by_hand(
    loss: Any = None,
    schedule: Any = None,
    clip: float | None = None,
    accumulate: int = 1,
    each: str = "step",
    rate: float = RATE,
) -> tuple[list[float], nn.Module, list[float]]:
    """The same in a plain loop: losses, network, and the rate that each epoch begins with."""
    module, loss = network(), loss or nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(module.parameters(), lr=rate)
    batches = Shuffled(
        Tensors(torch.tensor(X.to_numpy(), dtype=torch.float32), torch.tensor(y.to_numpy()), torch.arange(len(y))),
        BATCH,
        0,
        torch.device("cpu"),
    )
    plan = schedule(optimizer, len(batches)) if schedule else None
    losses, rates = [], []
    for _ in range(EPOCHS):
        rates.append(optimizer.param_groups[0]["lr"])
        window = list(batches)
        for start in range(0, len(window), accumulate):
            part = [batch[:3] for batch in window[start : start + accumulate]]
            losses += [_loss(loss, module, *batch).item() for batch in part]
            optimizer.zero_grad()
            _loss(loss, module, *map(torch.cat, zip(*part, strict=True))).backward()
            if clip:
                nn.utils.clip_grad_norm_(module.parameters(), clip)
            optimizer.step()
            if plan and each == "step":
                plan.step()
        if plan and each == "epoch":
            plan.step()
    return losses, module, rates


def _loss(loss: Any, module: nn.Module, inputs: torch.Tensor, target: torch.Tensor, place: torch.Tensor) -> Any:
    beside = (place,) if getattr(loss, "rows", False) else ()
    return loss(module(inputs), target, *beside)


def weighted(weight: np.ndarray) -> Any:
    """The loss of rows that count for so much each, by scikit-learn's definition of a weighted mean."""

    def loss(outputs: torch.Tensor, target: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        each = nn.functional.cross_entropy(outputs, target, reduction="none")
        counts = torch.tensor(weight, dtype=torch.float32)[place]
        return (each * counts).sum() / counts.sum()

    loss.rows = True  # type: ignore[attr-defined]
    return loss


def same(ours: nn.Module, theirs: nn.Module) -> None:
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_weights_of_classes_are_those_of_torchs_own_loss():
    weights = compute_class_weight("balanced", classes=np.unique(y), y=y)
    losses, model, _ = ours(weight=weights[y])
    expected, theirs, _ = by_hand(nn.CrossEntropyLoss(weight=torch.tensor(weights, dtype=torch.float32)))
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    same(model, theirs)


def test_a_metric_of_all_rows_at_once_has_a_curve_on_the_training_rows():
    names = ["roc_auc", "balanced_accuracy", "f1", "$my"]
    _, model, epochs = ours(own=worst_recall, metrics=names, epochs=2, learningRate=1e-12)  # the weights do not move
    with torch.no_grad():
        shares = torch.softmax(model(torch.tensor(X.to_numpy(), dtype=torch.float32)).double(), dim=1).numpy()
    said = shares.argmax(axis=1)
    expected = {
        "train_roc_auc": roc_auc_score(y, shares, multi_class="ovr", average="weighted"),
        "train_balanced_accuracy": balanced_accuracy_score(y, said),
        "train_f1": f1_score(y, said, average="weighted"),
        "train_my": worst_recall(y, said),
    }
    for epoch in epochs:
        assert {name: epoch[name] for name in expected} == pytest.approx(expected, rel=1e-5)


def test_early_stopping_may_watch_such_a_metric_of_the_training_rows():
    early = {"metric": "train_balanced_accuracy", "patience": 1}
    _, _, epochs = ours(earlyStopping=early, learningRate=1e-12, epochs=5)
    assert len(epochs) == 2
    with pytest.raises(InvalidConfiguration, match="or any other metric after train_, got 'val_roc_auc'"):
        ours(earlyStopping={**early, "metric": "val_roc_auc"})
    with pytest.raises(InvalidConfiguration, match="got 'train_confusion_matrix'"):
        ours(earlyStopping={**early, "metric": "train_confusion_matrix"}, metrics=["confusion_matrix"])


def worst_recall(y_true: Any, y_pred: Any) -> float:
    return float(recall_score(y_true, y_pred, average=None).min())


def test_a_row_of_no_weight_teaches_nothing():
    weight = (np.arange(len(y)) % 3 > 0).astype(float)

    def loss(outputs: torch.Tensor, target: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        kept = torch.tensor(weight)[place] > 0
        if not kept.any():
            return outputs.sum() * 0
        return nn.functional.cross_entropy(outputs[kept], target[kept])

    loss.rows = True  # type: ignore[attr-defined]
    losses, model, _ = ours(weight=weight)
    expected, theirs, _ = by_hand(loss)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    same(model, theirs)


STEPS = -(-len(y) // BATCH)


@pytest.mark.parametrize(
    ("scheduler", "schedule", "each"),
    [
        ("cosine_annealing", lambda o, n: lr_scheduler.CosineAnnealingLR(o, EPOCHS * n), "step"),
        ({"kind": "step_lr", "stepSize": 2, "gamma": 0.5}, lambda o, n: lr_scheduler.StepLR(o, 2, 0.5), "epoch"),
        ("step", lambda o, n: lr_scheduler.StepLR(o, EPOCHS // 3, 0.1), "epoch"),
        (
            "one_cycle",
            lambda o, n: lr_scheduler.OneCycleLR(o, RATE, total_steps=EPOCHS * n + 1, cycle_momentum=False),
            "step",
        ),
        (
            {"kind": "cosine", "warmupEpochs": 2},
            lambda o, n: lr_scheduler.SequentialLR(
                o,
                [
                    lr_scheduler.LinearLR(o, 1 / (2 * n + 1), total_iters=2 * n),
                    lr_scheduler.CosineAnnealingLR(o, (EPOCHS - 2) * n),
                ],
                [2 * n],
            ),
            "step",
        ),
    ],
)
def test_schedules_are_torchs_own(scheduler, schedule, each):
    losses, model, epochs = ours(scheduler=scheduler)
    expected, theirs, rates = by_hand(schedule=schedule, each=each)
    np.testing.assert_allclose([epoch["learning_rate"] for epoch in epochs], rates, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    same(model, theirs)


def test_a_plateau_cuts_the_rate():
    _, _, epochs = ours(scheduler={"kind": "plateau", "patience": 0, "gamma": 0.5}, learningRate=1e-9)
    rates = [epoch["learning_rate"] for epoch in epochs]
    optimizer = torch.optim.SGD(network().parameters(), lr=1e-9)
    plan = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    expected = []
    for epoch in epochs:
        expected.append(optimizer.param_groups[0]["lr"])
        plan.step(epoch["train_loss"])
    assert rates == expected


def test_without_a_schedule_no_rate_is_told():
    assert all("learning_rate" not in epoch for epoch in ours()[2])


def test_clipping():
    losses, model, _ = ours(gradientClipping=0.1)
    expected, theirs, _ = by_hand(clip=0.1)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    same(model, theirs)


WEIGHTS = {
    "alike": None,
    "by class": np.array([9.0, 1.0, 0.2])[y],
    "by row": np.random.default_rng(0).uniform(0, 5, len(y)),
}


@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=list(WEIGHTS))
@pytest.mark.parametrize("accumulate", [3, 4])
def test_accumulated_batches_make_the_step_of_all_their_rows(accumulate, weight):
    losses, model, _ = ours(weight=weight, gradientAccumulation=accumulate)
    loss = None if weight is None else weighted(weight)
    expected, theirs, _ = by_hand(loss, accumulate=accumulate)
    assert len(y) % BATCH, "the last batch of an epoch has fewer rows"
    assert STEPS % 4, "the last step has fewer batches where it has at most four"
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    same(model, theirs)
    _, large, _ = ours(weight=weight, batchSize=accumulate * BATCH)
    for one, other in zip(model.parameters(), large.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


def test_a_checkpoint_with_a_schedule_is_plain_data(here):
    keys = {"scheduler": {"kind": "one_cycle"}, "epochs": 3, "checkpointInterval": 1, "gpuEnabled": False}
    body = {"framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "target"}
    report = mlmagic.run({"action": "train", **body, **keys}, df=flowers())
    (newest,) = sorted((report.output_dir / "checkpoints").glob("*.pt"))[-1:]
    found = torch.load(newest, weights_only=True)
    assert found["schedule"]["left"] == 0


def test_a_function_that_gives_a_mean_cannot_weigh_rows(here):
    def loss(outputs: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(outputs, target)

    body = {"framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "target", "lossFunction": "$loss"}
    with pytest.raises(InvalidConfiguration, match=r"lossFunction \$loss gives one number for all rows") as caught:
        mlmagic.run({"action": "train", "classWeight": "balanced", **body}, df=flowers(), loss=loss)
    assert "let it give one a row" in caught.value.message


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_loss_of_the_notebook_is_the_same_of_rows_and_of_their_mean(reduction, accumulate):
    own = nn.CrossEntropyLoss(reduction=reduction)
    losses, model, _ = ours(own=own, lossFunction="$loss", gradientAccumulation=accumulate)
    expected, theirs, _ = by_hand(accumulate=accumulate)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    same(model, theirs)


@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_loss_that_is_a_sum_steps_as_one_and_is_told_by_the_row(accumulate):
    own = nn.CrossEntropyLoss(reduction="sum")
    losses, model, _ = ours(own=own, lossFunction="$loss", gradientAccumulation=accumulate, learningRate=RATE / BATCH)
    expected, theirs, _ = by_hand(own, accumulate=accumulate, rate=RATE / BATCH)
    sizes = np.minimum(BATCH, len(y) - BATCH * np.arange(STEPS))
    np.testing.assert_allclose(losses, np.array(expected) / np.tile(sizes, EPOCHS), rtol=1e-5)
    same(model, theirs)


def test_the_sum_of_rows_has_both_its_curves_by_the_row(here):
    keys = {"learningRate": 1e-12, "optimizer": "sgd", "epochs": 1, "lossFunction": "$own", "gpuEnabled": False}
    body = {"framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "target", "testSplit": 0}
    body |= {"hyperparameters": {"dropout": 0}, "validationSplit": 0.2}
    report, mean = (
        mlmagic.run({"action": "train", **body, **keys}, df=flowers(), own=nn.CrossEntropyLoss(reduction=reduction))
        for reduction in ("sum", "mean")
    )
    for part in ("train_loss", "val_loss"):
        np.testing.assert_allclose(report.history[part], mean.history[part], rtol=1e-5)
    assert "gives the sum of its rows' losses" in report.log
    assert "gives the sum" not in mean.log


def test_a_loss_of_rows_counts_them_as_they_are_weighed():
    weight = WEIGHTS["by row"]
    losses, model, _ = ours(weight=weight, own=nn.CrossEntropyLoss(reduction="none"), lossFunction="$loss")
    expected, theirs, _ = by_hand(weighted(weight))
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    same(model, theirs)


def test_a_loss_of_rows_beside_class_weights_through_a_whole_run(here):
    own = nn.CrossEntropyLoss(reduction="none")
    body = {"action": "train", "framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "target"}
    body |= {"classWeight": "balanced", "epochs": 2, "gpuEnabled": False}
    first, second = (mlmagic.run({**body, **keys}, df=flowers(), own=own) for keys in ({}, {"lossFunction": "$own"}))
    np.testing.assert_allclose(second.history["val_loss"], first.history["val_loss"], rtol=1e-5)


@pytest.mark.parametrize("size", [1, 10, 200])
def test_rows_count_in_the_loss_of_an_epoch_as_they_are_weighed(here, size):
    table = flowers().assign(w=np.linspace(0.1, 5, 150))
    body = {"framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "target", "sampleWeight": "w"}
    body |= {"learningRate": 1e-12, "epochs": 1, "batchSize": size, "optimizer": "sgd", "testSplit": 0}
    body |= {"hyperparameters": {"dropout": 0}, "validationSplit": 0}
    report = mlmagic.run({"action": "train", **body}, df=table)
    shares = mlmagic.load_model(report).predict_proba(table)
    by_hand = log_loss(table["target"].astype(str), shares, sample_weight=table["w"])
    assert report.history["train_loss"].item() == pytest.approx(by_hand, rel=1e-5)


def test_class_weights_through_a_whole_run(here):
    body = {"framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "target", "epochs": 2}
    report = mlmagic.run({"action": "train", "classWeight": {0: 5, 1: 1, 2: 1}, **body}, df=flowers())
    assert report.status == "success"
