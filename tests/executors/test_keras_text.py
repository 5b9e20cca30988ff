"""Keras networks that learn from a column of text; the same texts as PyTorch's, in test_text.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytest.importorskip("tokenizers")

import mlmagic  # noqa: E402
from mlmagic.config import resolve  # noqa: E402
from mlmagic.data import Rows  # noqa: E402
from mlmagic.errors import InvalidConfiguration  # noqa: E402
from mlmagic.events import Row  # noqa: E402
from mlmagic.executors.keras._text_transformer import text_transformer  # noqa: E402
from tests.config.faults import fault  # noqa: E402
from tests.executors.contract.runs import Run as Job  # noqa: E402
from tests.executors.keras_run import prepare  # noqa: E402
from tests.executors.text_data import docstrings  # noqa: E402
from tests.executors.torch_run import Run  # noqa: E402

ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {
    "architecture": "text_transformer",
    "hyperparameters": {"width": 32, "layers": 1, "heads": 2, "vocabulary": 2000, "maxLength": 32},
    "gpuEnabled": False,
    "learningRate": 3e-3,
}


def few(rows: int = 200) -> pd.DataFrame:
    return docstrings().iloc[:rows]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run") / "out"


@pytest.fixture(scope="module")
def report(place: Path) -> Any:
    body = {"action": "train", "framework": "keras", "data": "$table", "target": "library", "epochs": 8, **SMALL}
    how = {"classWeight": "balanced", "metrics": ["accuracy", "roc_auc"], "outputDir": str(place)}
    return mlmagic.run({**body, **how, "earlyStopping": {"patience": 20}}, table=docstrings())


def shares(done: Run, texts: list[str | None]) -> np.ndarray:
    found = done.executor.predict(done.outcome, Rows(pd.DataFrame({"text": texts}))).probabilities
    assert found is not None
    return found


def test_it_comes_near_to_logistic_regression_on_words(report: Any) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    table, test = docstrings(), report.predictions.index
    words = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    words.fit(table["text"].drop(test), table["library"].drop(test))
    reference = words.score(table["text"][test], table["library"][test])
    commonest = table["library"][test].value_counts(normalize=True).iloc[0]
    reached = (report.predictions["predicted"] == table["library"][test]).mean()
    assert reached == pytest.approx(report.metrics["test"]["accuracy"])
    assert reached > commonest + 0.75 * (reference - commonest)


def test_what_is_told_of_it(report: Any) -> None:
    facts = {key: report.metadata["text"][key] for key in ("column", "vocabulary", "maxLength")}
    assert facts == {"column": "text", "vocabulary": 2000, "maxLength": 32}
    assert "Texts of 'text' become at most 32 of 2000 tokens" in report.log
    assert {"val_loss", "val_roc_auc"} <= set(report.history.columns)
    assert report.metadata["network"] == "text_transformer"


def test_it_is_the_network_that_torch_has() -> None:
    torch = pytest.importorskip("torch")
    from mlmagic.executors.pytorch._text_transformer import TextTransformer

    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "max_length": 12, "num_classes": 3, "width": 16}
    theirs, ours = TextTransformer(**sizes).eval(), text_transformer(**sizes)
    state = {name: value.numpy() for name, value in theirs.state_dict().items()}
    ours.set_weights(_as_keras_has_them(state, layers=2, heads=4))
    ids = np.random.default_rng(0).integers(1, 50, (6, 12))
    ids[3:, 5:] = 0
    with torch.no_grad():
        expected = theirs(torch.from_numpy(ids)).numpy()
    assert keras.ops.convert_to_numpy(ours(ids)) == pytest.approx(expected, abs=1e-5)
    assert ours.count_params() == sum(value.size for value in state.values())


def _as_keras_has_them(state: dict[str, np.ndarray], layers: int, heads: int) -> list[np.ndarray]:
    """torch's weights in the order and shapes of Keras: kernels are turned, heads have an axis of their own."""

    def both(name: str, turn: bool = False) -> list[np.ndarray]:
        weight = state[f"{name}.weight"]
        return [weight.T if turn else weight, state[f"{name}.bias"]]

    found = [state["tokens.weight"], state["positions"]]
    for number in range(layers):
        one = f"encoder.layers.{number}."
        found += both(one + "norm1")
        kernels = np.split(state[one + "self_attn.in_proj_weight"], 3)
        biases = np.split(state[one + "self_attn.in_proj_bias"], 3)
        for kernel, bias in zip(kernels, biases, strict=True):
            found += [kernel.T.reshape(len(bias), heads, -1), bias.reshape(heads, -1)]
        kernel, bias = both(one + "self_attn.out_proj", turn=True)
        found += [kernel.reshape(heads, -1, len(bias)), bias]
        found += both(one + "norm2") + both(one + "linear1", turn=True) + both(one + "linear2", turn=True)
    return found + both("encoder.norm") + both("last", turn=True)


def test_what_fills_a_text_up_changes_nothing() -> None:
    network = text_transformer(50, 12, 3, width=16)
    short = np.random.default_rng(0).integers(1, 50, (4, 5))
    filled = np.pad(short, ((0, 0), (0, 7)))
    one, two = (keras.ops.convert_to_numpy(network(ids)) for ids in (short, filled))
    assert one == pytest.approx(two, abs=1e-6)


# What a process of another program finds in the run's file, then what mlmagic finds in its three forms; last, where a
# directory is named, a run over the process's own backend.
ELSEWHERE = """
import json, sys
import keras, numpy as np

asked = json.loads(sys.argv[1])
model = keras.models.load_model(asked["place"] + "/best_model.keras")
found = {"plain": keras.ops.convert_to_numpy(model(np.array(asked["ids"])))}
assert "mlmagic" not in sys.modules, "Keras alone has to read it"
import mlmagic, pandas

if keras.backend.backend() == "tensorflow":
    rows = pandas.read_pickle(asked["rows"])
    for name in ("", "/best_model.keras", "/saved_model"):
        found[name] = mlmagic.load_model(asked["place"] + name).predict_proba(rows)
else:
    report = mlmagic.run(asked["body"])
    assert report.metadata["backend"] == keras.backend.backend()
    found["trained"] = report.predictions
pandas.to_pickle(found, asked["found"])
"""


@pytest.fixture(scope="module")
def elsewhere(report: Any, place: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Any, Path]]:
    """What a new process over a backend has found, and the directory of its own run; each is started once."""
    from mlmagic.executors._networks._text import TextInputs

    inputs = TextInputs.from_plain(json.loads((place / "model.json").read_text())["reading"])
    ids = inputs.first(Rows(docstrings()[["text"]]))[:5]

    @cache
    def of(backend: str) -> tuple[Any, Path]:
        home = tmp_path_factory.mktemp(backend)
        docstrings()[["text"]].to_pickle(home / "rows")
        few().to_csv(home / "texts.csv", index=False)
        body = {"action": "train", "framework": "keras", "dataPath": str(home / "texts.csv"), "target": "library"}
        asked = {
            "place": str(place), "ids": ids.tolist(), "rows": str(home / "rows"), "found": str(home / "found"),
            "body": body | {"outputDir": str(home / "run"), "epochs": 2, **SMALL},
        }  # fmt: skip
        command = [sys.executable, "-c", ELSEWHERE, json.dumps(asked)]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "KERAS_BACKEND": backend})
        return pd.read_pickle(home / "found"), home / "run"

    return of


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_plain_keras_reads_the_file_on_any_backend(report: Any, elsewhere: Any, backend: str) -> None:
    pytest.importorskip(backend)
    outputs = elsewhere(backend)[0]["plain"]
    expected = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    given = mlmagic.load_model(report).predict_proba(docstrings()[["text"]].iloc[:5])
    assert given == pytest.approx(expected, abs=1e-5)


def test_a_new_process_predicts_exactly_the_same(report: Any, elsewhere: Any) -> None:
    found, _ = elsewhere("tensorflow")
    expected = mlmagic.load_model(report).predict_proba(docstrings()[["text"]])
    assert np.array_equal(found[""], expected)
    assert np.array_equal(found["/best_model.keras"], expected)
    assert found["/saved_model"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_it_trains_over_another_backend(elsewhere: Any, backend: str) -> None:
    pytest.importorskip(backend)
    found, directory = elsewhere(backend)
    model, saved = mlmagic.load_model(str(directory)), found["trained"]
    given = model.predict_proba(few().loc[saved.index, ["text"]])
    assert given.max(axis=1) == pytest.approx(saved["confidence"].to_numpy(), abs=1e-5)


def test_evaluate_and_predict_from_a_runs_directory(report: Any, place: Path, tmp_path: Path) -> None:
    table = docstrings().loc[report.predictions.index]
    body = {"framework": "keras", "modelPath": str(place), "data": "$table", "gpuEnabled": False}
    given = mlmagic.run({"action": "predict", **body, "outputDir": str(tmp_path / "a")}, table=table[["text"]])
    assert (given.predictions["predicted"] == report.predictions["predicted"]).all()
    measured = mlmagic.run({"action": "evaluate", **body, "outputDir": str(tmp_path / "b")}, table=table)
    assert measured.metrics["accuracy"] == pytest.approx(report.metrics["test"]["accuracy"])


def test_gaps_and_strange_letters_are_texts_too() -> None:
    done = prepare(few(), target="library", epochs=1, **SMALL).check().train()
    given = shares(done, [None, "", "ὕδωρ 🜄", "the " * 500])
    assert np.isfinite(given).all()
    assert np.array_equal(given[0], given[1])


def test_numbers_are_learned_from_text() -> None:
    table = docstrings().assign(words=lambda frame: 1000.0 * frame["text"].str.split().str.len().clip(upper=20))
    done = prepare(table[["text", "words"]], target="words", epochs=6, **SMALL).check().train()
    assert done.data.test is not None
    error = done.executor.predict(done.outcome, done.data.test).values - done.data.test.y
    assert done.metadata["targetScaling"]["method"] == "standard"
    assert (error**2).mean() < 0.5 * done.data.test.y.var()  # type: ignore[union-attr]


def bag(vocab_size: int, max_length: int, num_classes: int) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((max_length,), dtype="int32"),
            layers.Embedding(vocab_size, 16),
            layers.GlobalAveragePooling1D(),
            layers.Dense(num_classes),
        ]
    )


class Bag(keras.Model):
    def __init__(self, vocab_size: int, num_classes: int) -> None:
        super().__init__()
        self.kinds: list[str] = []
        self.words = keras.layers.Embedding(vocab_size, 16, mask_zero=True)
        self.mean = keras.layers.GlobalAveragePooling1D()
        self.last = keras.layers.Dense(num_classes)

    def call(self, ids: Any) -> Any:
        self.kinds.append(keras.backend.standardize_dtype(ids.dtype))
        return self.last(self.mean(self.words(ids)))


@pytest.mark.parametrize("net", [bag, Bag])
def test_a_network_of_the_notebook_gets_token_ids(net: Any, tmp_path: Path) -> None:
    keys = {"model": "$Net", "names": {"Net": net}, "epochs": 2, "target": "library", "metrics": ["roc_auc"]}
    done = prepare(few(), directory=tmp_path, **keys).check().train()
    assert f"vocab_size={done.metadata['text']['vocabulary']}" in done.log
    assert net is bag or set(done.outcome.model.kinds) == {"int64"}
    done.executor.save(done.outcome, done.config)
    again = done.executor.read(tmp_path / "saved_model", done.config)
    given = done.executor.predict(again, Rows(few()[["text"]])).probabilities
    assert shares(done, list(few()["text"])) == pytest.approx(given, abs=1e-6)


class Odd(Bag):
    def call(self, ids: Any) -> Any:
        assert "int" in keras.backend.standardize_dtype(ids.dtype)  # Keras exports a class for floats
        return super().call(ids)


def test_a_network_that_cannot_be_exported_is_saved_all_the_same(tmp_path: Path) -> None:
    keys = {"model": "$Net", "names": {"Net": Odd}, "epochs": 1, "target": "library"}
    done = prepare(few(), directory=tmp_path, **keys).check().train()
    files = done.executor.save(done.outcome, done.config)
    assert "savedModel" not in files
    assert "Keras cannot export this network: " in files["savedModelError"].read_text()
    weights = [part.copy() for part in done.outcome.model.get_weights()]
    again = Odd(done.metadata["text"]["vocabulary"], 4)
    again(np.zeros((1, done.metadata["text"]["maxLength"]), dtype=np.int64))
    again.load_weights(files["bestModel"])
    assert all(np.array_equal(one, two) for one, two in zip(again.get_weights(), weights, strict=True))


def test_a_network_that_is_built_says_what_it_takes() -> None:
    keys = {"model": "$net", "epochs": 1, "target": "library"}
    done = prepare(few(), names={"net": bag(700, 9, 4)}, **keys).check().train()
    facts = done.metadata["text"]
    assert (facts["vocabulary"], facts["maxLength"]) == (700, 9)
    assert facts["maxLengthChosen"] == "the network takes so many"
    with pytest.raises(InvalidConfiguration, match=r"at least 258 tokens, .* but the network knows 100"):
        prepare(few(), names={"net": bag(100, 9, 4)}, **keys).check()


def test_mixed_precision_computes_in_16_bits_on_a_network_of_operations_too() -> None:
    done = prepare(few(), target="library", epochs=1, mixedPrecision=True, **SMALL).check().train()
    assert done.metadata["precision"].startswith("mixed_")
    assert np.isfinite(shares(done, ["a", "some text"])).all()
    given = text_transformer(1000, 16, 4, width=8, layers=1, heads=1)
    keys = {"target": "library", "model": "$net", "names": {"net": given}, "mixedPrecision": True, "epochs": 1}
    with pytest.raises(
        InvalidConfiguration, match=r"shape \(4, 256\): .*Embedding\.call\(\): indices.* = 16 is not in"
    ):
        prepare(few(), **keys).check()
    done = prepare(few(), hyperparameters={"maxLength": 16}, **keys).check().train()
    assert done.metadata["precision"].startswith("mixed_")


def test_a_thread_and_a_child_give_the_same(tmp_path: Path) -> None:
    history = []
    for where in ("thread", "child"):
        body = {"action": "train", "framework": "keras", "data": "$frame", "target": "library", "epochs": 2, "seed": 1}
        (tmp_path / where).mkdir()
        config = resolve({**body, "outputDir": str(tmp_path / where), **SMALL}).bind(lambda reference: few(150))
        done = Job().through(where, config)
        history.append([dict(event.values) for event in done.of(Row)])
    assert history[0] == history[1]
    assert len(history[0]) == 2


def test_a_stop_keeps_the_best() -> None:
    done = prepare(docstrings(), target="library", epochs=1000, batchSize=16, **SMALL)
    done.train_into_the_second_epoch()
    assert 1 <= len(done.rows) < 10
    assert done.outcome.model is not None


@pytest.mark.parametrize("architecture", ["mlp", "cnn"])
def test_a_network_that_is_not_for_text(architecture: str) -> None:
    with pytest.raises(InvalidConfiguration, match="but the data is text: take text_transformer"):
        prepare(few(60), target="library", architecture=architecture).check()


def test_faults_and_spellings() -> None:
    head = "framework: keras\ndataPath: a.csv\narchitecture: text transformer\n"
    found = fault(head + "hyperparameters: {maxLenght: 8}")
    assert found.suggestion == "maxLength"
    assert "must be mlp, cnn, " in fault(head.replace("text", "tabular")).message
