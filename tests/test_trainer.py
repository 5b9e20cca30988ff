"""``ModelTrainer``: the first document's quick start, on real rows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_wine
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split

import mlmagic
from mlmagic import ModelTrainer
from mlmagic.errors import DataLoadingError, InvalidConfiguration, OutputError

CONFIG = """
model:
  architecture: mlp
  hidden: [32]
training:
  batch_size: 32
  epochs: 40
  learning_rate: 0.01
  optimizer: adam
  scheduler: cosine
logging:
  checkpoint_every: 10
"""


@pytest.fixture
def config(here):
    path = here / "training-config.yaml"
    path.write_text(CONFIG)
    return path


def wine() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    frame = load_wine(as_frame=True).frame.rename(columns={"target": "label"})
    rest, test = train_test_split(frame, test_size=0.25, random_state=0, stratify=frame["label"])
    train, validation = train_test_split(rest, test_size=0.25, random_state=0, stratify=rest["label"])
    return train, validation, test


def test_the_quick_start_of_the_first_document(config):
    train, validation, test = wine()
    trainer = ModelTrainer(str(config))
    model = trainer.train(train, validation)
    metrics = trainer.evaluate(model, test)
    predicted = model.predict(test)
    assert metrics["accuracy"] == pytest.approx(accuracy_score(test["label"], predicted))
    assert metrics["f1Score"] == pytest.approx(f1_score(test["label"], predicted, average="weighted"))
    assert metrics["accuracy"] > 0.9
    facts = trainer.report.metadata
    assert (facts["trainSamples"], facts["validationSamples"], facts["testSamples"]) == (len(train), len(validation), 0)
    assert len(list((trainer.report.output_dir / "checkpoints").glob("*.pt"))) == 4


def test_data_that_the_config_names(config):
    train, _, test = wine()
    train.to_csv("train.csv", index=False)
    trainer = ModelTrainer({**_plain(config), "dataPath": "train.csv"})
    model = trainer.train()
    assert trainer.evaluate(model) == trainer.report.metrics["test"]
    test.to_csv("test.csv", index=False)
    by_path = trainer.evaluate(model, "test.csv")
    assert by_path["accuracy"] == accuracy_score(test["label"], model.predict(test))


def _plain(path):
    import yaml

    return yaml.safe_load(path.read_text())


def test_pairs_of_features_and_target(config):
    train, validation, test = wine()
    pairs = [(part.drop(columns="label"), part["label"]) for part in (train, validation, test)]
    trainer = ModelTrainer(config)
    model = trainer.train(*pairs[:2])
    whole = ModelTrainer(config).train(train, validation)
    np.testing.assert_array_equal(model.predict(test), whole.predict(test))
    assert trainer.evaluate(model, pairs[2])["accuracy"] == accuracy_score(test["label"], model.predict(test))


def test_other_frameworks_and_objects_by_name(here):
    from sklearn.ensemble import RandomForestClassifier

    train, _, test = wine()
    trainer = ModelTrainer({"framework": "sklearn", "model": "$forest", "metrics": ["log_loss"]})
    model = trainer.train(train, forest=RandomForestClassifier(n_estimators=20, random_state=0))
    by_hand = RandomForestClassifier(n_estimators=20, random_state=0)
    by_hand.fit(train.drop(columns="label"), train["label"])
    np.testing.assert_array_equal(model.predict(test), by_hand.predict(test.drop(columns="label")))
    assert "logLoss" in trainer.evaluate(model, test)


def test_debug_prints_and_logs(config, capsys):
    train, validation, _ = wine()
    trainer = ModelTrainer(config, debug=True)
    trainer.train(train, validation)
    printed = capsys.readouterr().out
    for text in (printed, trainer.report.log):
        assert f"train: {len(train)} rows" in text
        assert "alcohol" in text
    quiet = ModelTrainer(config)
    quiet.train(train, validation)
    assert capsys.readouterr().out == ""
    assert "alcohol" not in quiet.report.log


def test_errors_are_those_of_a_cell(config):
    train, validation, _ = wine()
    with pytest.raises(InvalidConfiguration, match="'epoch' is not a key"):
        ModelTrainer({"epoch": 3, "framework": "pytorch", "architecture": "mlp"}).train(train)
    trainer = ModelTrainer(config)
    model = trainer.train(train, validation)
    with pytest.raises(InvalidConfiguration, match="evaluate needs test_data"):
        trainer.evaluate(model)
    with pytest.raises(InvalidConfiguration, match="a pair of features and target"):
        trainer.train((train, validation, train))


@pytest.mark.parametrize("name", ["models/my_model.pth", "models/my_model"])
def test_a_saved_network_predicts_the_same_in_another_process(config, here, name):
    train, validation, test = wine()
    trainer = ModelTrainer(config)
    model = trainer.train(train, validation)
    (here / "models").mkdir()
    assert trainer.save(model, name) == Path(name)
    test.to_csv("test.csv", index=False)
    script = f"import mlmagic; print(mlmagic.load_model({name!r}).predict_proba('test.csv').tolist())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == model.predict_proba(test).tolist()
    again = mlmagic.load_model(name)
    assert again.features == model.features
    with pytest.raises(OutputError, match=r"A \.onnx file cannot hold a model of PyTorch"):
        trainer.save(model, "models/other.onnx")


def test_a_whole_file_of_torch_is_plain_data(config, here):
    train, validation, _ = wine()
    trainer = ModelTrainer(config)
    model = trainer.train(train, validation)
    trainer.save(model, "m.pt")
    body = torch.load("m.pt", weights_only=True)
    for mine, theirs in zip(body["state_dict"].values(), model.estimator.state_dict().values(), strict=True):
        assert mine.equal(theirs)


@pytest.mark.parametrize(
    ("framework", "algorithm", "file"),
    [("sklearn", "LogisticRegression", "model.skops"), ("xgboost", None, None), ("lightgbm", None, None)],
)
def test_models_of_other_frameworks(here, framework, algorithm, file):
    train, _, test = wine()
    keys = {"algorithm": algorithm} if algorithm else {"hyperparameters": {"n_estimators": 10}}
    trainer = ModelTrainer({"framework": framework, **keys})
    model = trainer.train(train)
    for name in filter(None, ("folder", file)):
        trainer.save(model, name)
        np.testing.assert_array_equal(mlmagic.load_model(name).predict(test), model.predict(test))
    with pytest.raises(OutputError, match="File exists"):
        trainer.save(model, "folder")
    if file is None:
        with pytest.raises(OutputError, match="a folder, which has no suffix: 'model'"):
            trainer.save(model, "model.ubj")


def test_the_second_of_a_pair_is_the_target_whatever_its_name(here):
    train, _, test = wine()
    X = train.assign(label=0)
    trainer = ModelTrainer({"framework": "sklearn", "algorithm": "LogisticRegression", "hyperparameters": {"C": 0.1}})
    model = trainer.train((X[["label", *X.columns.drop("label")]], train["label"]))
    names = list(train.columns.drop("label"))
    assert (model.target, model.features) == ("label", names)
    told = "Column 'label' of the data is left out of the features: $y has the same name"
    assert trainer.report.log.count(told) == 1
    by_hand = trainer.train(train).predict(test)
    assert told not in trainer.report.log
    np.testing.assert_array_equal(model.predict(test), by_hand)
    found = trainer.evaluate(model, (test[names], test["label"].to_numpy()))
    assert found["accuracy"] == pytest.approx(accuracy_score(test["label"], by_hand))


def test_a_validation_target_needs_no_name(here):
    train, validation, _ = wine()
    apart = lambda rows: (rows.drop(columns="label"), rows["label"])  # noqa: E731
    trainer = ModelTrainer({"framework": "lightgbm", "hyperparameters": {"n_estimators": 10}})
    X, y = apart(validation)
    model = trainer.train(apart(train), (X, y.to_numpy()))
    assert trainer.report.metrics["validation"]["accuracy"][-1] == pytest.approx(accuracy_score(y, model.predict(X)))


def test_remarks_on_validation_and_test_rows_are_told(here, capsys):
    train, validation, test = wine()
    trainer = ModelTrainer({"framework": "lightgbm", "hyperparameters": {"n_estimators": 5}}, debug=True)
    y = validation["label"].sample(frac=1, random_state=0)
    model = trainer.train((train.drop(columns="label"), train["label"]), (validation, y))
    told = "$y of val_data has the index of the data in another order; its values were put in the data's order"
    same = "Column 'label' of the data is left out of the features: $y of val_data has the same name"
    assert trainer.report.log.count(told) == trainer.report.log.count(same) == 1
    capsys.readouterr()
    trainer.evaluate(model, (test.drop(columns="label"), test["label"].sample(frac=1, random_state=0)))
    assert told.replace("val_data", "test_data") in capsys.readouterr().out


def test_a_script_that_prints_nothing_is_warned(here):
    train, validation, _ = wine()
    trainer = ModelTrainer({"framework": "lightgbm", "hyperparameters": {"n_estimators": 5}})
    y = validation["label"].sample(frac=1, random_state=0)
    with pytest.warns(UserWarning, match="of val_data has the index of the data in another order") as caught:
        trainer.train(train, (validation.drop(columns="label"), y))
    assert {Path(warning.filename).name for warning in caught} == {Path(__file__).name}


def test_tensors_are_arrays_and_a_dataset_says_how_it_becomes_some(here):
    train, _, test = wine()
    X, y = train.drop(columns="label").to_numpy(dtype=np.float32), train["label"].to_numpy()
    cell = {"framework": "pytorch", "architecture": "mlp", "epochs": 3}
    tensors = ModelTrainer(cell).train((torch.tensor(X), torch.tensor(y)))
    learned = torch.tensor(y, dtype=torch.bfloat16).requires_grad_()
    assert (ModelTrainer(cell).train((torch.tensor(X), learned)).predict(X) < 3).all(), "a tensor with a gradient"
    rows = test.drop(columns="label").to_numpy(dtype=np.float32)
    expected = ModelTrainer(cell).train((X, y)).predict_proba(rows)
    np.testing.assert_array_equal(tensors.predict_proba(torch.tensor(rows, requires_grad=True)), expected)
    dataset = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y))
    for given in (dataset, torch.utils.data.DataLoader(dataset)):
        with pytest.raises(DataLoadingError, match="which is no table") as caught:
            ModelTrainer(cell).train(given)
        assert "X, y = map(np.stack, zip(*dataset))" in caught.value.solution
    stacked = ModelTrainer(cell).train(tuple(map(np.stack, zip(*dataset, strict=True))))
    np.testing.assert_array_equal(stacked.predict_proba(rows), expected)


def test_what_is_no_model_is_said_kindly(here):
    train, _, test = wine()
    trainer = ModelTrainer({"framework": "sklearn", "algorithm": "LogisticRegression"})
    with pytest.raises(InvalidConfiguration, match="val_data is a table, a path, or a pair") as caught:
        trainer.train(train.drop(columns="label"), train["label"])
    assert "train((X, y))" in caught.value.solution
    with pytest.raises(DataLoadingError, match=r"the target of train_data: .* has 3 values, but the data has"):
        trainer.train((train.drop(columns="label"), train["label"][:3]))
    model = trainer.train(train)
    for wrong in (test, model.estimator):
        with pytest.raises(InvalidConfiguration, match=r"evaluate\(model, test_data\) takes the model"):
            trainer.evaluate(wrong)
        with pytest.raises(InvalidConfiguration, match=r"save\(model, path\) takes the model"):
            trainer.save(wrong, "kept")
    assert trainer.evaluate(trainer.report, test) == trainer.evaluate(model, test)
    assert trainer.save(trainer.report, "kept").is_dir()
