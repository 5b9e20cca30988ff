"""``action: predict`` with models that no run trained: objects of the notebook, arrays, networks."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mlmagic
from mlmagic.data import Rows
from mlmagic.errors import DataLoadingError, InvalidConfiguration, MLError, ModelLoadingError
from mlmagic.executors.sklearn._fitted import FOLLOWING, fitted
from mlmagic.executors.sklearn.executor import SklearnExecutor
from tests.actions.conftest import Trained, same

IRIS = load_iris(as_frame=True)


def test_an_estimator_of_the_notebook_is_not_changed_and_need_not_keep_still() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(IRIS.data, IRIS.target)
    expected, before = model.predict_proba(IRIS.data), joblib.hash(model)
    report = mlmagic.submit({"action": "predict", "model": "$model", "data": "$X"}, model=model, X=IRIS.data)
    assert joblib.hash(model) == before
    model.fit(IRIS.data, IRIS.target == 0)  # the run has a copy
    np.testing.assert_array_equal(report.wait().predictions.iloc[:, 2:], expected)


def test_a_label_is_the_estimators_own_even_where_its_probabilities_say_another() -> None:
    X, y = IRIS.data, IRIS.target == 2
    model = FixedThresholdClassifier(LogisticRegression(max_iter=500), threshold=0.9).fit(X, y)
    assert (model.predict(X) != model.predict_proba(X).argmax(axis=1)).any()
    table = mlmagic.run({"action": "predict", "model": "$model", "data": "$X"}, model=model, X=X).predictions
    np.testing.assert_array_equal(table["predicted"], model.predict(X))


@pytest.mark.filterwarnings("ignore")
def test_every_estimator_that_is_asked_once_would_have_said_the_same() -> None:
    from sklearn.utils import all_estimators

    # Few rows, so that some of them are hard to tell.
    X, y = IRIS.data.iloc[::2].abs(), IRIS.target[::2]
    for name, kind in all_estimators("classifier"):
        if name in FOLLOWING:
            model = kind().fit(X, y)
            found = SklearnExecutor().predict(fitted(model), Rows(IRIS.data))
            np.testing.assert_array_equal(found.values, model.predict(IRIS.data), err_msg=name)
            np.testing.assert_array_equal(found.probabilities, model.predict_proba(IRIS.data), err_msg=name)


def test_an_estimator_that_was_fitted_on_an_array() -> None:
    model = LinearRegression().fit(IRIS.data.to_numpy(), IRIS.target)
    report = mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=IRIS.data)
    np.testing.assert_array_equal(report.predictions["predicted"], model.predict(IRIS.data.to_numpy()))
    assert "feature names" not in report.log
    named = mlmagic.run(
        {"action": "predict", "model": "$m", "data": "$df", "featureColumns": list(IRIS.data.columns)},
        m=model,
        df=IRIS.frame,
    )
    same(named.predictions, report.predictions)
    with pytest.raises(DataLoadingError, match="expecting 4 features") as caught:
        mlmagic.run({"action": "predict", "model": "$m", "data": "$df"}, m=model, df=IRIS.frame)
    assert "featureColumns" in caught.value.solution


def test_an_array_has_the_models_columns(classifier: Trained) -> None:
    model = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
    table = mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=IRIS.data.to_numpy()).predictions
    np.testing.assert_array_equal(table["predicted"], model.predict(IRIS.data))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (LogisticRegression(), "The LogisticRegression is not fitted"),
        (LogisticRegression, r"\$m is the class LogisticRegression, which is no fitted model of scikit-learn"),
        ({"a": 1}, r"\$m is a dict, which is no fitted model of scikit-learn"),
    ],
    ids=["unfitted", "class", "dict"],
)
def test_what_is_no_model(value: Any, message: str) -> None:
    with pytest.raises(ModelLoadingError, match=message):
        mlmagic.run({"action": "predict", "framework": "sklearn", "model": "$m", "data": "$X"}, m=value, X=IRIS.data)


def test_another_framework_than_the_runs_own(classifier: Trained) -> None:
    with pytest.raises(InvalidConfiguration, match="framework is pytorch, but sklearn-classification was trained with"):
        classifier.run("predict", framework="pytorch", model="$report")


def test_a_checkpoint_is_the_network_as_it_was_then(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    keys = {"action": "train", "framework": "pytorch", "architecture": "mlp", "epochs": 4, "checkpointInterval": 2}
    keys |= {"data": "$df", "target": "target", "outputDir": str(tmp_path), "gpuEnabled": False}
    report = mlmagic.run(keys, df=IRIS.frame)
    body = torch.load(tmp_path / "checkpoints" / "epoch-2.pt", weights_only=True)
    model = mlmagic.load_model(tmp_path / "checkpoints" / "epoch-2.pt")
    for name, weights in model.estimator.state_dict().items():
        torch.testing.assert_close(weights, body["state_dict"][name], rtol=0, atol=0)
    last = mlmagic.load_model(tmp_path / "last_model.pt")
    assert last.features == model.features == list(IRIS.data.columns)
    for name, weights in torch.load(tmp_path / "last_model.pt", weights_only=True)["state_dict"].items():
        torch.testing.assert_close(last.estimator.state_dict()[name], weights, rtol=0, atol=0)
    assert report.status == "success"


def test_a_file_of_keras_is_the_network_as_it_was_then(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    keys = {"action": "train", "framework": "keras", "architecture": "mlp", "epochs": 4, "checkpointInterval": 2}
    keys |= {"data": "$df", "target": "target", "outputDir": str(tmp_path), "gpuEnabled": False}
    mlmagic.run(keys, df=IRIS.frame)
    told = {}
    for name in ("last_model.keras", "checkpoints/epoch-2.keras"):
        model = mlmagic.load_model(tmp_path / name)
        assert model.features == list(IRIS.data.columns)
        told[name] = model.predict_proba(IRIS.data)
        by_hand = keras.saving.load_model(tmp_path / name, compile=name.startswith("last"))
        for ours, theirs in zip(model.estimator.weights, by_hand.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(*told.values())


def test_a_network_taken_out_of_its_report_is_remarked(network: Trained) -> None:
    net, classifier = network.report.model, LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
    name = network.report.run.name
    with pytest.warns(UserWarning, match=rf"\$net is the network of {name} alone: .* model: \${name} brings both"):
        network.run(
            "predict", model="$net", data="$own", net=net, own=network.report.preparation.transform(network.rows)
        )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        network.run("predict", model="$report.model")
        network.run("predict", model="$net", net=classifier, data="$own", own=IRIS.data)
    assert not [warning for warning in told if "alone" in str(warning.message)]


def test_a_network_without_what_prepares_its_columns(network: Trained, tmp_path: Path) -> None:
    shutil.copy(network.report.artifacts["bestModel"], tmp_path / "best_model.pt")
    with pytest.raises(ModelLoadingError, match=r"preparation.skops, which prepares them, is not in"):
        network.run("predict", modelPath=str(tmp_path / "best_model.pt"))


def test_one_number_a_row_is_a_number_or_by_the_persons_word_a_logit(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Linear(4, 1)
    keys = {"action": "predict", "model": "$net", "data": "$X"}
    numbers = mlmagic.run(keys, net=net, X=IRIS.data).predictions
    with torch.no_grad():
        outputs = net(torch.tensor(IRIS.data.to_numpy(), dtype=torch.float32)).reshape(-1).double().numpy()
    np.testing.assert_allclose(numbers["predicted"], outputs, rtol=1e-6)
    classes = mlmagic.run({**keys, "task": "classification"}, net=net, X=IRIS.data).predictions
    np.testing.assert_allclose(classes["1"], 1 / (1 + np.exp(-outputs)), rtol=1e-6)
    np.testing.assert_array_equal(classes["predicted"], (outputs > 0).astype(int))


def test_a_network_with_a_softmax_is_not_given_another() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1))
    with torch.no_grad():
        expected = net(torch.tensor(IRIS.data.to_numpy(), dtype=torch.float32)).numpy()
    table = mlmagic.run({"action": "predict", "model": "$net", "data": "$X"}, net=net, X=IRIS.data).predictions
    np.testing.assert_allclose(table.iloc[:, 2:], expected, rtol=1e-6)
    assert net.training, "the user's own network is left in the mode that it was in"


def test_a_network_of_another_width() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(DataLoadingError, match=r"\$net cannot predict these rows: mat1 and mat2"):
        mlmagic.run({"action": "predict", "model": "$net", "data": "$X"}, net=torch.nn.Linear(5, 3), X=IRIS.data)


def test_code_of_the_users_own_that_fails_shows_its_line() -> None:
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.nonsense()

    with pytest.raises(MLError) as caught:
        mlmagic.run({"action": "predict", "model": "$net", "data": "$X"}, net=Net(), X=IRIS.data)
    assert "return x.nonsense()" in caught.value.stderr
