"""Networks that were trained before they came here: they are given what they know, scaled by nobody or as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.metrics import accuracy_score, log_loss

torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")

import mlmagic  # noqa: E402

WINE = load_wine(as_frame=True).frame
X, Y = np.array(WINE.drop(columns="target"), dtype=np.float32), np.array(WINE["target"])
# Steps too small to change a weight: what is measured is the network as it came.
STILL: dict[str, Any] = {"action": "train", "epochs": 1, "learningRate": 1e-12, "testSplit": 0}


@pytest.fixture
def still(tmp_path: Path) -> dict[str, Any]:
    return STILL | {"outputDir": str(tmp_path / "run")}


def torch_network(*first: Any, inputs: np.ndarray = X) -> Any:
    """Trained by a loop of one's own, on the columns as they are."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(*first, torch.nn.Linear(13, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    rows, target = torch.from_numpy(inputs), torch.from_numpy(Y)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(400):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(rows), target).backward()
        optimizer.step()
    for layer in first:
        layer.momentum = 0  # a step would move its mean
    return network.eval()


@pytest.mark.parametrize("first", [(), (torch.nn.BatchNorm1d(13),)], ids=["linear", "normalised"])
def test_a_torch_network_that_knows_the_columns_as_they_are(first: Any, still: dict[str, Any]) -> None:
    network = torch_network(*first)
    keys = {"framework": "pytorch", "model": "$network", "data": "$wine", "validationData": "$wine", "target": "target"}
    report = mlmagic.run({**still, **keys}, network=network, wine=WINE)
    with torch.no_grad():
        probabilities = network(torch.from_numpy(X)).softmax(dim=1).numpy()
    assert accuracy_score(Y, probabilities.argmax(axis=1)) > 0.8
    assert report.metrics["validation"]["loss"] == pytest.approx([log_loss(Y, probabilities)], rel=1e-5, abs=1e-6)
    assert "Sequential answers best from columns as they are, so they are not scaled" in report.log
    assert "scaled" not in report.metadata
    scaled = mlmagic.run({**still, **keys, "featureScaling": "standard"}, network=network, wine=WINE)
    assert len(scaled.metadata["scaled"]["columns"]) == 13, "what is written holds"


def test_a_torch_network_that_knows_columns_between_0_and_1(still: dict[str, Any]) -> None:
    low, high = X.min(axis=0), X.max(axis=0)
    network = torch_network(inputs=(X - low) / (high - low))
    keys = {"framework": "pytorch", "model": "$network", "data": "$wine", "validationData": "$wine", "target": "target"}
    report = mlmagic.run({**still, **keys, "testSplit": 0}, network=network, wine=WINE)
    with torch.no_grad():
        probabilities = network(torch.from_numpy((X - low) / (high - low))).softmax(dim=1).numpy()
    assert report.metrics["validation"]["loss"] == pytest.approx([log_loss(Y, probabilities)], rel=1e-4, abs=1e-6)


# Seeds whose weights are right by luck on the columns as they are: 72 on breast cancer, 6 on iris.
@pytest.mark.parametrize(("load", "seed"), [(load_wine, 0), (load_breast_cancer, 72), (load_iris, 6)])
def test_a_new_network_is_given_scaled_columns(load: Any, seed: int, still: dict[str, Any]) -> None:
    data = load(as_frame=True)
    wide, classes = data.data.shape[1], len(data.target_names)
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Linear(wide, 16), torch.nn.ReLU(), torch.nn.Linear(16, classes))
    keys = {"framework": "pytorch", "model": "$network", "data": "$frame", "target": "target"}
    report = mlmagic.run({**still, **keys}, network=network, frame=data.frame)
    assert len(report.metadata["scaled"]["columns"]) == wide
    assert "Columns are scaled for Sequential; featureScaling: none leaves them as they are" in report.log


def test_a_network_of_a_run_is_given_what_the_run_gave_it(still: dict[str, Any], tmp_path: Path) -> None:
    keys = {"data": "$wine", "validationData": "$wine", "target": "target", "framework": "pytorch"}
    body = {**still, **keys, "architecture": "mlp", "epochs": 20, "learningRate": 0.01}
    first = mlmagic.run(body, wine=WINE)
    again = mlmagic.run(
        {**still, **keys, "model": "$network", "outputDir": str(tmp_path / "more")},
        network=mlmagic.load_model(first).estimator,
        wine=WINE,
    )
    assert again.metrics["validation"]["loss"][-1] == pytest.approx(first.metrics["validation"]["bestLoss"], rel=1e-4)


def keras_network(*first: Any) -> Any:
    keras.utils.set_random_seed(0)
    layers = [keras.Input((13,)), *first, keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3)]
    network = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(0.01), loss)
    network.fit(X, Y, epochs=60, verbose=0)
    return network


def normalising() -> Any:
    layer = keras.layers.Normalization()
    layer.adapt(X)
    return layer


@pytest.mark.parametrize("own", [False, True], ids=["linear", "normalised"])
def test_a_keras_network_that_knows_the_columns_as_they_are(own: bool, still: dict[str, Any]) -> None:
    network = keras_network(*([normalising()] if own else []))
    keys = {"framework": "keras", "model": "$network", "data": "$wine", "validationData": "$wine", "target": "target"}
    report = mlmagic.run({**still, **keys}, network=network, wine=WINE)
    expected = network.evaluate(X, Y, verbose=0)
    assert report.metrics["validation"]["loss"] == pytest.approx([expected], rel=1e-4)
    told = "Sequential scales what it is given itself" if own else "Sequential answers best from columns as they are"
    assert told in report.log
    again = mlmagic.load_model(report).predict_proba(WINE)
    logits = network.predict(X, verbose=0).astype(np.float64)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(again, shares, atol=1e-4)


def test_a_layer_that_was_never_adapted_scales_nothing(still: dict[str, Any]) -> None:
    network = keras.Sequential([keras.Input((13,)), keras.layers.Normalization(), keras.layers.Dense(3)])
    keys = {"framework": "keras", "model": "$network", "data": "$wine", "target": "target"}
    report = mlmagic.run({**still, **keys}, network=network, wine=WINE)
    assert len(report.metadata["scaled"]["columns"]) == 13


def test_a_model_that_is_not_built_begins_with_weights_of_the_runs_seed(still: dict[str, Any]) -> None:
    losses = []
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        network = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)])
        keys = {"framework": "keras", "model": "$network", "data": "$wine", "target": "target", "seed": 5}
        losses += mlmagic.run({**still, **keys}, network=network, wine=WINE).metrics["validation"]["loss"]
        assert not network.built
    assert losses[0] == losses[1]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray, np.ndarray]:
    """Bright and dark images in folders, as files and as arrays."""
    home, random = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    pixels, truth = [], []
    for name, low in (("bright", 120), ("dark", 20)):
        (home / name).mkdir()
        for number in range(30):
            image = random.integers(low, low + 100, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(image).save(home / name / f"{number:02}.png")
            pixels.append(image)
            truth.append(name == "dark")
    return home, np.stack(pixels).astype(np.float32), np.array(truth, dtype=int)


@pytest.fixture(scope="module")
def looking(photographs: tuple[Path, np.ndarray, np.ndarray]) -> Any:
    """A Keras model that divides pixels by 255 itself."""
    _, pixels, truth = photographs
    keras.utils.set_random_seed(0)
    layers = keras.layers
    network = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(2, activation="softmax")]
    )
    network.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(pixels, truth, epochs=40, verbose=0)
    return network


@pytest.mark.parametrize("place", ["notebook", "file"])
def test_pixels_reach_a_network_that_scales_them_as_they_are(
    place: str, looking: Any, photographs: tuple[Path, np.ndarray, np.ndarray], tmp_path: Path, still: dict[str, Any]
) -> None:
    home, pixels, truth = photographs
    expected = looking.evaluate(pixels, truth, verbose=0)
    assert expected[1] > 0.9
    looking.save(tmp_path / "looking.keras")
    of = {"framework": "keras", "dataPath": str(home)}
    named = {"model": "$network"} if place == "notebook" else {"modelPath": str(tmp_path / "looking.keras")}
    body = {"action": "predict", **of, **named, "outputDir": str(tmp_path / "out")}
    predicted = mlmagic.run(body, network=looking).predictions
    np.testing.assert_allclose(predicted[["0", "1"]], looking.predict(pixels, verbose=0), atol=1e-5)
    given = {"model": "$network"} if place == "notebook" else {"compiledModel": str(tmp_path / "looking.keras")}
    report = mlmagic.run({**still, **of, **given, "validationData": str(home)}, network=looking)
    assert report.metrics["validation"]["loss"] == pytest.approx(expected[:1], rel=1e-4)
    assert "Pixels are given as they are" in report.log
