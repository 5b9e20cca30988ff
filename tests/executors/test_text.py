"""Networks that learn from a column of text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")
tokenizers = pytest.importorskip("tokenizers")

from torch import nn  # noqa: E402

import mlmagic  # noqa: E402
from mlmagic.config import parse, resolve  # noqa: E402
from mlmagic.data import Rows  # noqa: E402
from mlmagic.errors import DataLoadingError, InvalidConfiguration  # noqa: E402
from mlmagic.events import Row  # noqa: E402
from tests.config.faults import fault  # noqa: E402
from tests.executors.contract.runs import Run as Job  # noqa: E402
from tests.executors.text_data import docstrings  # noqa: E402
from tests.executors.torch_run import Run, prepare  # noqa: E402

ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {
    "architecture": "text_transformer",
    "hyperparameters": {"width": 32, "layers": 1, "heads": 2, "vocabulary": 2000, "maxLength": 32},
    "gpuEnabled": False,
    "learningRate": 3e-3,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("run")
    done = prepare(docstrings(), directory=directory, target="library", epochs=8, **SMALL).check().train()
    done.executor.save(done.outcome, done.config)
    return done


def shares(done: Run, texts: list[str | None]) -> np.ndarray:
    found = done.executor.predict(done.outcome, Rows(pd.DataFrame({"text": texts}))).probabilities
    assert found is not None
    return found


def test_it_comes_near_to_logistic_regression_on_words(run: Run) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    data = run.data
    assert data.test is not None
    assert data.test.y is not None
    words = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    words.fit(data.train.X["text"], data.train.y)
    reference = words.score(data.test.X["text"], data.test.y)
    reached = (run.executor.predict(run.outcome, data.test).values == data.test.y).mean()
    commonest = data.test.y.value_counts(normalize=True).iloc[0]
    assert reached > commonest + 0.75 * (reference - commonest)


def test_tokens_are_learned_on_training_rows_only_and_told(run: Run) -> None:
    facts = run.metadata["text"]
    assert {key: facts[key] for key in ("column", "vocabulary", "maxLength")} == {
        "column": "text",
        "vocabulary": 2000,
        "maxLength": 32,
    }
    assert "Texts of 'text' become at most 32 of 2000 tokens" in run.log
    again = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="[UNK]"))
    again.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.NFKC(), tokenizers.normalizers.Lowercase()]
    )
    again.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=2000, min_frequency=2, special_tokens=["[PAD]", "[UNK]"], show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    again.train_from_iterator(list(run.data.train.X["text"]), trainer)
    kept = tokenizers.Tokenizer.from_str(run.outcome.about["reading"]["tokenizer"])
    assert again.get_vocab() == kept.get_vocab()


def test_the_saved_model_predicts_by_hand_what_the_run_predicts(run: Run) -> None:
    body = torch.load(run.config.output_dir / "best_model.pt", weights_only=True)  # type: ignore[operator]
    tokenizer = tokenizers.Tokenizer.from_str(body["reading"]["tokenizer"])
    json.loads(body["reading"]["tokenizer"])
    weights = {name: value.numpy().astype(np.float64) for name, value in body["state_dict"].items()}
    texts = list(run.data.train.X["text"][:3])
    expected = np.stack([_by_hand(weights, tokenizer.encode(text).ids) for text in texts])
    assert np.allclose(shares(run, texts), expected, atol=1e-4)


def _by_hand(weights: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """One layer of two heads, in numpy; what fills up is left out instead of masked."""
    from scipy.special import erf, softmax

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ weights[f"{name}weight"].T + weights[f"{name}bias"]

    def normal(x: np.ndarray, name: str) -> np.ndarray:
        scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    real = [token for token in ids if token != 0]
    x = weights["tokens.weight"][real] + weights["positions"][: len(real)]
    one = "encoder.layers.0."
    q, k, v = np.split(linear(normal(x, one + "norm1"), one + "self_attn.in_proj_"), 3, axis=1)
    heads = [
        softmax(q[:, part] @ k[:, part].T / np.sqrt(16), axis=1) @ v[:, part] for part in (slice(16), slice(16, 32))
    ]
    x = x + linear(np.concatenate(heads, axis=1), one + "self_attn.out_proj.")
    inner = linear(normal(x, one + "norm2"), one + "linear1.")
    x = x + linear(inner * (1 + erf(inner / np.sqrt(2))) / 2, one + "linear2.")
    given: np.ndarray = softmax(linear(normal(x, "encoder.norm").mean(axis=0), "last."))
    return given


def test_a_new_process_predicts_exactly_the_same(run: Run, tmp_path: Path) -> None:
    assert run.data.test is not None
    assert run.config.output_dir is not None
    run.data.test.X.to_pickle(tmp_path / "rows")
    code = (
        "import mlmagic, pandas\n"
        f"model = mlmagic.load_model({str(run.config.output_dir / 'best_model.pt')!r})\n"
        f"rows = pandas.read_pickle({str(tmp_path / 'rows')!r})\n"
        f"pandas.to_pickle(model.predict_proba(rows), {str(tmp_path / 'out')!r})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    expected = run.executor.predict(run.outcome, run.data.test).probabilities
    assert np.array_equal(pd.read_pickle(tmp_path / "out"), expected)


def test_gaps_and_strange_letters_are_texts_too(run: Run) -> None:
    given = shares(run, [None, "", "ὕδωρ 🜄", "the " * 500])
    assert np.isfinite(given).all()
    assert np.array_equal(given[0], given[1])


def test_texts_without_a_word_are_told(here: Path) -> None:
    frame = docstrings()[:120].copy()
    frame.loc[frame.index[:30], "text"] = [None, "", float("nan"), "  \n\t", "a word of it"] * 6
    body = {"action": "train", "framework": "pytorch", "data": "$df", "target": "library", "testSplit": 0, "epochs": 1}
    report = mlmagic.run({**body, "validationSplit": 0, **SMALL}, df=frame)
    warned = [line.text for line in report.run.state.log if line.level == "warning"]
    assert "24 of 120 training texts are empty: the network is given no word of them" in warned
    for action in ("predict", "evaluate"):
        again = mlmagic.run({"action": action, "model": "$r", "data": "$df"}, r=report, df=frame[:6])
        warned = [line.text for line in again.run.state.log if line.level == "warning"]
        assert "5 of 6 texts are empty: the network is given no word of them" in warned
    whole = mlmagic.run({"action": "predict", "model": "$r", "data": "$df"}, r=report, df=frame[30:])
    assert "empty" not in whole.log


def test_what_fills_a_text_up_changes_nothing() -> None:
    from mlmagic.executors.pytorch._text_transformer import TextTransformer

    torch.manual_seed(0)
    network = TextTransformer(50, 12, 3, width=16).eval()
    short = torch.randint(1, 50, (4, 5))
    filled = torch.cat([short, torch.zeros(4, 7, dtype=torch.long)], dim=1)
    with torch.no_grad():
        assert torch.allclose(network(short), network(filled), atol=1e-6)


def test_unset_a_text_is_as_long_as_most() -> None:
    few = docstrings().iloc[:120]
    sizes = {"width": 8, "layers": 1, "heads": 1, "vocabulary": 2000}
    done = prepare(few, target="library", epochs=1, **SMALL | {"hyperparameters": sizes}).check().train()
    facts = done.metadata["text"]
    assert facts["maxLengthChosen"] == "95% of the training texts are no longer"
    assert 0 < facts["cutOff"] <= 0.05
    assert done.outcome.about["arguments"]["max_length"] == facts["maxLength"]


class Bag(nn.Module):
    def __init__(self, vocab_size: int, max_length: int, num_classes: int) -> None:
        super().__init__()
        self.seen = (vocab_size, max_length)
        self.words = nn.Embedding(vocab_size, 16, padding_idx=0)
        self.last = nn.Linear(16, num_classes)

    def forward(self, ids: Any) -> Any:
        assert ids.dtype == torch.int64
        return self.last(self.words(ids).mean(dim=1))


def test_a_network_of_the_notebook_gets_token_ids() -> None:
    keys = {"model": "$Net", "names": {"Net": Bag}, "epochs": 2, "gpuEnabled": False}
    done = prepare(docstrings().iloc[:200], target="library", **keys).check().train()
    assert done.outcome.model.seen == (done.metadata["text"]["vocabulary"], done.metadata["text"]["maxLength"])
    assert "vocab_size=" in done.log
    given = {"vocab_size": 600, "max_length": 7}
    done = prepare(docstrings().iloc[:200], target="library", hyperparameters=given, **keys).check().train()
    assert (
        done.outcome.model.seen == (600, 7) == tuple(done.metadata["text"][key] for key in ("vocabulary", "maxLength"))
    )


def test_a_network_that_is_built_says_how_many_tokens_it_knows() -> None:
    keys = {"model": "$net", "epochs": 1, "gpuEnabled": False, "target": "library"}
    done = prepare(docstrings().iloc[:200], names={"net": Bag(700, 9, 4)}, **keys).check()
    facts = done.train().metadata["text"]
    assert facts["vocabulary"] == 700
    assert facts["maxLength"] > 9  # that it is told as a number only tells nothing
    given = {"maxLength": 9}
    done = prepare(docstrings().iloc[:200], names={"net": Bag(700, 9, 4)}, hyperparameters=given, **keys).check()
    assert done.train().metadata["text"]["maxLength"] == 9
    with pytest.raises(InvalidConfiguration, match=r"at least 258 tokens, .* but the network knows 100"):
        prepare(docstrings().iloc[:200], names={"net": Bag(100, 9, 4)}, **keys).check()


def test_a_thread_and_a_child_give_the_same(tmp_path: Path) -> None:
    table = docstrings().iloc[:150]
    history = []
    for place in ("thread", "child"):
        body = {
            "action": "train",
            "framework": "pytorch",
            "data": "$frame",
            "target": "library",
            "epochs": 2,
            "seed": 1,
        }
        (tmp_path / place).mkdir()
        config = resolve({**body, "outputDir": str(tmp_path / place), **SMALL}).bind(lambda reference: table)
        done = Job().through(place, config)
        history.append([dict(event.values) for event in done.of(Row)])
    assert history[0] == history[1]
    assert len(history[0]) == 2


def test_a_stop_keeps_the_best() -> None:
    done = prepare(docstrings(), target="library", epochs=1000, batchSize=16, **SMALL)
    done.train_into_the_second_epoch()
    assert 1 <= len(done.rows) < 10
    assert done.outcome.model is not None


def test_texts_that_read_as_numbers_are_texts_among_texts() -> None:
    table = docstrings().iloc[:200].assign(text=lambda frame: frame["text"].where(frame.index % 9 > 0, 10))
    done = prepare(table, target="library", epochs=1, **SMALL).check().train()
    assert np.array_equal(shares(done, ["10"]), shares(done, [10]))  # type: ignore[list-item]
    with pytest.raises(InvalidConfiguration, match="but the data is text: take text_transformer"):
        prepare(table, target="library", architecture="mlp").check()
    table["text"] = table["text"].where(table.index % 3 == 0, 10)
    with pytest.raises(DataLoadingError, match="Column 'text' mixes numbers and words"):
        prepare(table, target="library", **SMALL)


@pytest.mark.parametrize("architecture", ["mlp", "cnn", "tabular_transformer"])
def test_a_network_that_is_not_for_text(architecture: str) -> None:
    with pytest.raises(InvalidConfiguration, match="but the data is text: take text_transformer"):
        prepare(docstrings().iloc[:60], target="library", architecture=architecture).check()


def test_a_table_is_not_for_the_text_transformer() -> None:
    table = pd.DataFrame({"x": np.arange(40.0), "y": [0, 1] * 20})
    with pytest.raises(InvalidConfiguration, match="text_transformer is for text, but the data is a table: take mlp"):
        prepare(table, target="y", architecture="text_transformer").check()


def test_words_beside_numbers_are_told_how_to_be_text() -> None:
    words = ["good film", "bad film", "so so", "great stuff"]
    table = pd.DataFrame({"x": np.arange(40.0), "review": words * 10, "y": [0, 1] * 20})
    with pytest.raises(InvalidConfiguration) as caught:
        prepare(table, target="y", architecture="text_transformer").check()
    (only,) = caught.value.faults
    assert only.message.endswith("name a column of words, which is text where it is alone: featureColumns: [review]")
    assert only.suggestion is None
    prepare(table, target="y", featureColumns=["review"], **SMALL).check()


def test_text_beside_other_columns_says_what_to_do() -> None:
    table = docstrings().assign(length=lambda frame: frame["text"].str.len())
    with pytest.raises(DataLoadingError, match="Column 'text' is free text") as caught:
        prepare(table, target="library", architecture="text_transformer")
    way = "A network learns from one column of text, alone: architecture: text_transformer, featureColumns: [text]; or"
    assert str(caught.value.solution).startswith(way)
    done = prepare(table, target="library", featureColumns=["text"], epochs=1, **SMALL).check()
    assert list(done.data.train.X.columns) == ["text"]


@pytest.mark.parametrize(
    ("framework", "algorithm"), [("sklearn", "RandomForestClassifier"), ("xgboost", "XGBClassifier")]
)
def test_text_alone_is_for_networks_only(framework: str, algorithm: str) -> None:
    from mlmagic.data import training_data

    body = {"action": "train", "framework": framework, "algorithm": algorithm, "data": "$frame", "target": "library"}
    config = resolve(body)
    with pytest.raises(DataLoadingError) as caught:
        training_data(docstrings(), config.bind(lambda reference: docstrings()).train, 0, 0.0)
    alone = "a network (pytorch, keras) learns from text alone: architecture: text_transformer"
    assert alone in str(caught.value.solution)


@pytest.mark.parametrize(
    ("line", "message", "suggestion"),
    [
        ("hyperparameters: {maxLenght: 8}", "'maxLenght' is not a key of hyperparameters", "maxLength"),
        (
            "hyperparameters: {vocabulary: 10}",
            "hyperparameters.vocabulary must be a whole number of at least 300",
            None,
        ),
        ("hyperparameters: {width: 10, heads: 4}", "width is shared by the heads: 10 is no multiple of 4", None),
    ],
)
def test_faults(line: str, message: str, suggestion: str | None) -> None:
    found = fault("framework: pytorch\ndataPath: a.csv\narchitecture: text transformer\n" + line)
    assert message in found.message
    assert found.suggestion == suggestion


def test_spellings_and_defaults() -> None:
    text = "framework: pytorch\ndataPath: a.csv\narchitecture: text transformer\nhyperparameters: {maxLength: 9}"
    made = resolve(parse(text), action="train")
    assert made.config.architecture == "text_transformer"  # type: ignore[attr-defined]
    assert made.config.hyperparameters["max_length"] == 9  # type: ignore[attr-defined]
    assert resolve(made.to_plain()) == made
