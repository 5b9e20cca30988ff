"""Networks that give probabilities already: they are trained, measured and predicted with as they are."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.metrics import accuracy_score, log_loss
from sklearn.preprocessing import StandardScaler

import mlmagic

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

pytestmark = pytest.mark.usefixtures("here")

KEYS = {"action": "train", "framework": "pytorch", "data": "$table", "target": "y", "featureScaling": "none", "seed": 3}
KEYS |= {"epochs": 15, "learningRate": 0.01, "validationSplit": 0.2, "testSplit": 0.2}


def table(load: Any) -> pd.DataFrame:
    X, y = load(return_X_y=True)
    frame = pd.DataFrame(StandardScaler().fit_transform(X).astype(np.float32))
    return frame.rename(columns=lambda number: f"x{number}").assign(y=y)


class Functional(nn.Module):
    """Ends in a function, not in a layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Any) -> Any:
        return torch.sigmoid(self.layer(x)).squeeze(1)


LOSSES = {"none": None, "named": "binary_cross_entropy", "own": nn.BCELoss(), "rows": "binary_cross_entropy"}


def close(layer: nn.Module, form: str) -> nn.Module:
    return Functional(layer) if form == "function" else nn.Sequential(layer, nn.Sigmoid())


@pytest.mark.parametrize("form", ["layer", "function"])
@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_sigmoid_at_the_end_trains_what_its_logits_train(form: str, loss: str, here: Path) -> None:
    frame, layer = table(load_breast_cancer), nn.Linear(30, 1)
    keys: dict[str, Any] = KEYS | ({"classWeight": {0: 2, 1: 1}} if loss == "rows" else {})
    logits = mlmagic.run(keys | {"model": "$net"}, table=frame, net=copy.deepcopy(layer))
    asked = {"own": "$loss", "none": None}.get(loss, LOSSES[loss])
    keys |= {"model": "$net", "metrics": ["accuracy", "f1", "log_loss"], "outputDir": "out"}
    keys |= {} if asked is None else {"lossFunction": asked}
    found = mlmagic.run(keys, table=frame, net=close(copy.deepcopy(layer), form), loss=LOSSES["own"])
    assert "ends in a sigmoid" in found.log
    assert "ends in" not in logits.log
    by_hand = found.model.eval()(torch.tensor(frame.drop(columns="y").to_numpy())).detach().numpy().reshape(-1)
    theirs, ours = (mlmagic.load_model(report).predict_proba(frame)[:, 1] for report in (logits, found))
    np.testing.assert_allclose(ours, by_hand, atol=1e-6)
    np.testing.assert_allclose(ours, theirs, atol=2e-3)
    assert by_hand.max() > 0.9  # squashed twice, none is above 0.731
    assert found.history["val_accuracy"].iloc[-1] == pytest.approx(logits.history["val_accuracy"].iloc[-1], abs=0.02)
    assert found.history["val_accuracy"].iloc[-1] > 0.9
    # Saved, loaded and evaluated it is the same.
    again = mlmagic.attach("out", net=close(copy.deepcopy(layer), form))
    evaluated = mlmagic.run({"action": "evaluate", "model": "$again", "data": "$table"}, table=frame, again=again)
    assert evaluated.metrics["accuracy"] == pytest.approx(accuracy_score(frame["y"], by_hand > 0.5))


@pytest.mark.parametrize("loss", [None, "cross_entropy", nn.NLLLoss()])
def test_a_softmax_at_the_end_trains_what_its_logits_train(loss: Any) -> None:
    frame, layer = table(load_iris), nn.Linear(4, 3)
    logits = mlmagic.run(KEYS | {"model": "$net"}, table=frame, net=copy.deepcopy(layer))
    keys = KEYS | {"model": "$net"}
    keys |= {"lossFunction": loss if isinstance(loss, str) else "$loss"} if loss is not None else {}
    net = nn.Sequential(copy.deepcopy(layer), nn.Softmax(dim=1))
    found = mlmagic.run(keys, table=frame, net=net, loss=loss)
    assert "ends in a softmax" in found.log
    np.testing.assert_allclose(found.history["train_loss"], logits.history["train_loss"], rtol=1e-4)
    by_hand = found.model.eval()(torch.tensor(frame.drop(columns="y").to_numpy())).detach().numpy()
    predicted = mlmagic.load_model(found).predict_proba(frame)
    np.testing.assert_allclose(predicted, by_hand, atol=1e-6)
    assert log_loss(frame["y"], predicted) < 0.9


@pytest.mark.parametrize("metrics", [{}, {"metrics": ["accuracy", "roc_auc"]}])
def test_a_bare_network_of_one_probability_says_how_to_be_measured(metrics: dict[str, Any]) -> None:
    frame, net = table(load_breast_cancer), nn.Sequential(nn.Linear(30, 1), nn.Sigmoid())
    keys = {"action": "evaluate", "framework": "pytorch", "model": "$net", "data": "$table", "target": "y", **metrics}
    told = "$net gives one number a row, which was measured as a regression, but 'y' has two values"
    found = mlmagic.run(keys, table=frame, net=net)
    assert told in found.log
    assert "write task: classification" in found.log
    found = mlmagic.run(keys | {"task": "classification"}, table=frame, net=net)
    assert told not in found.log
    with torch.no_grad():
        shares = net(torch.tensor(frame.drop(columns="y").to_numpy())).numpy().reshape(-1)
    assert found.metrics["accuracy"] == accuracy_score(frame["y"], shares > 0.5)
    numbers = frame.assign(y=np.linspace(0, 1, len(frame)))
    assert told not in mlmagic.run(keys, table=numbers, net=net).log


def test_logits_that_lie_between_0_and_1_are_logits() -> None:
    frame, layer = table(load_breast_cancer), nn.Linear(30, 1)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.fill_(0.5)
    found = mlmagic.run(KEYS | {"model": "$net", "epochs": 1}, table=frame, net=layer)
    assert "ends in" not in found.log
    outputs = found.model.eval()(torch.tensor(frame.drop(columns="y").to_numpy())).detach().reshape(-1)
    np.testing.assert_allclose(
        mlmagic.load_model(found).predict_proba(frame)[:, 1], torch.sigmoid(outputs).numpy(), atol=1e-6
    )


def test_a_sigmoid_in_the_middle_says_nothing() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.Sigmoid(), nn.Linear(8, 3))
    assert "ends in" not in mlmagic.run(KEYS | {"model": "$net", "epochs": 1}, table=table(load_iris), net=net).log
