"""Networks that learn from windows over a time series, compared with windows cut by hand."""

from __future__ import annotations

import copy
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import mlmagic  # noqa: E402
from mlmagic.config import parse, resolve  # noqa: E402
from mlmagic.data import Rows  # noqa: E402
from mlmagic.errors import DataLoadingError, InvalidConfiguration  # noqa: E402
from mlmagic.events import Row  # noqa: E402
from tests.config.faults import fault  # noqa: E402
from tests.executors.contract.runs import Run as Job  # noqa: E402
from tests.executors.torch_run import prepare  # noqa: E402

ROOT = Path(__file__).parents[2]
KEYS: dict[str, Any] = {"architecture": "mlp", "gpuEnabled": False, "target": "b", "window": 12}


@cache
def brain() -> pd.DataFrame:
    """Four channels of an EEG, 800 samples, which matplotlib brings along."""
    path = Path(matplotlib.get_data_path()) / "sample_data" / "eeg.dat"
    values = np.fromfile(path, dtype=float).reshape(800, 4)
    return pd.DataFrame(values, columns=list("abcd"), index=pd.date_range("2020-01-01", periods=800, freq="5ms"))


def by_hand(
    table: pd.DataFrame, start: int, end: int, window: int, horizon: int, stride: int = 1
) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """Windows of the rows from start to end, the targets and the index of the last rows."""
    firsts = [first for first in range(start, end, stride) if first + window + horizon <= end]
    inputs = np.stack([table.iloc[first : first + window].to_numpy() for first in firsts])
    target = np.array([table["b"].iloc[first + window - 1 + horizon] for first in firsts])
    return inputs, target, table.index[[first + window - 1 for first in firsts]]


@pytest.mark.parametrize(("horizon", "stride"), [(1, 1), (5, 3)])
def test_samples_are_those_cut_by_hand(horizon: int, stride: int) -> None:
    done = prepare(brain(), horizon=horizon, stride=stride, prepare="none", featureScaling="none", **KEYS)
    ordered = brain()[["a", "c", "d", "b"]]  # the target's own past comes last
    parts = {"train": (0, 480, stride), "validation": (480, 640, 1), "test": (640, 800, 1)}
    for name, (start, end, step) in parts.items():
        inputs, target, index = by_hand(ordered, start, end, 12, horizon, step)
        rows = getattr(done.data, name)
        opened = done.executor._inputs(done.config.config, done.data).open(rows)  # type: ignore[arg-type]
        got = next(opened.batches([np.arange(len(opened))]))
        assert got.dtype == np.float32
        assert np.array_equal(got, inputs.astype(np.float32))
        assert np.array_equal(rows.y, target)
        assert rows.X.index.equals(index)
        assert rows.y.index.equals(index)
        # The array behind them is the rows themselves.
        assert opened.values.nbytes <= (end - start) * 4 * 4
    facts = done.data.metadata["windows"]
    assert facts["ownPast"] is True
    assert facts["columns"] == ["a", "c", "d", "b"]


def test_training_is_that_of_a_loop_by_hand() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.Tanh(), nn.Linear(8, 1))
    keys = {key: value for key, value in KEYS.items() if key != "architecture"} | {"model": "$net"}
    done = prepare(
        brain(), names={"net": net}, prepare="none", featureScaling="minmax", epochs=5, batchSize=1000,
        optimizer="sgd", learningRate=0.1, **keys,
    ).check().train()  # fmt: skip
    ordered = brain()[["a", "c", "d", "b"]]
    used = ordered.iloc[:479]  # the rows of the training windows
    low, high = used.min(), used.max()
    inputs, target, _ = by_hand(ordered, 0, 480, 12, 1)
    scaled = torch.tensor((inputs - low.to_numpy()) / (high - low).to_numpy(), dtype=torch.float32)
    wanted = torch.tensor(target, dtype=torch.float32)
    own = copy.deepcopy(net)
    optimizer = torch.optim.SGD(own.parameters(), lr=0.1)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(own(scaled)[:, 0], wanted)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert [row["train_loss"] for row in done.rows] == pytest.approx(losses, rel=1e-4)
    assert losses[-1] < 0.96 * losses[0]


def test_it_foretells_better_than_the_last_value() -> None:
    table = brain()[["b"]]
    done = prepare(table, epochs=25, horizon=4, **KEYS | {"window": 20}).check().train()
    assert done.data.test is not None
    y = done.data.test.y
    given = done.executor.predict(done.outcome, done.data.test).values
    last = table["b"].loc[done.data.test.X.index]
    assert ((given - y) ** 2).mean() < 0.8 * ((last.to_numpy() - y.to_numpy()) ** 2).mean()


class Gru(nn.Module):
    def __init__(self, input_size: int, window: int, num_classes: int) -> None:
        super().__init__()
        self.seen = (input_size, window)
        self.gru = nn.GRU(input_size, 8, batch_first=True)
        self.last = nn.Linear(8, num_classes)

    def forward(self, inputs: Any) -> Any:
        assert inputs.shape[1:] == (self.seen[1], self.seen[0])
        return self.last(self.gru(inputs)[0][:, -1])


def test_a_network_of_the_notebook_gets_windows() -> None:
    keys = {key: value for key, value in KEYS.items() if key != "architecture"}
    table = brain().assign(state=lambda frame: np.where(frame["a"] > frame["a"].median(), "high", "low"))
    done = prepare(
        table, names={"Net": Gru}, model="$Net", epochs=2, **keys | {"target": "state"}
    ).check().train()  # fmt: skip
    assert done.outcome.model.seen == (4, 12)
    assert done.data.metadata["windows"]["ownPast"] is False  # labels are no numbers
    assert set(done.outcome.classes) == {"high", "low"}


def two_series() -> pd.DataFrame:
    """The same channel of two halves, row by row in turn."""
    halves = [brain().iloc[:400].assign(who="x"), brain().iloc[400:].assign(who="y")]
    return pd.concat(halves).iloc[np.arange(800).reshape(2, 400).T.reshape(-1)].reset_index(drop=True)


def test_groups_are_series_of_their_own() -> None:
    table = two_series()
    done = prepare(table, groups="who", **KEYS).check()
    for rows in (done.data.train, done.data.validation, done.data.test):
        assert rows is not None
        for cell, label, y in zip(rows.X["window"].array[:40], rows.X.index[:40], rows.y[:40], strict=True):
            who = table["who"][cell.index]
            assert who.nunique() == 1
            own = table[table["who"] == who.iloc[0]]
            place = own.index.get_loc(label)
            assert list(cell.index) == list(own.index[place - 11 : place + 1])
            assert y == own["b"].iloc[place + 1]
    # Each series has 240 rows to train: 240 - 12 windows with a target.
    assert len(done.data.train) == 2 * (240 - 12)


@pytest.fixture(scope="module", params=["pytorch", "keras"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("keras" if request.param == "keras" else "torch")
    keys = {key: value for key, value in KEYS.items() if key != "architecture"}
    body = {"action": "train", "framework": request.param, "architecture": "mlp", "data": "$table", "epochs": 5}
    place = tmp_path_factory.mktemp(request.param) / "out"
    made = mlmagic.run({**body, **keys, "groups": "who", "outputDir": str(place)}, table=two_series())
    return made, place


def test_predict_and_evaluate_leave_the_first_rows_out(report: Any, tmp_path: Path) -> None:
    made, place = report
    framework = "keras" if (place / "best_model.keras").exists() else "pytorch"
    table = two_series().iloc[:200]
    body = {"framework": framework, "model": "$made", "data": "$table", "outputDir": str(tmp_path / "out")}
    given = mlmagic.run({"action": "predict", **body}, made=made, table=table)
    predictions = given.predictions
    assert list(predictions.index) == list(table.index[22:])  # 11 rows of each of two series have no window
    assert "200 rows make 178 windows of 12, so the rows before have no prediction" in given.log
    assert "each stands at its window's last row and is the value of the next row" in given.log
    facts = made.metadata
    assert f"$table: 800 rows, {facts['samples']} windows" in made.log
    measured = mlmagic.run({"action": "evaluate", **body, "outputDir": str(tmp_path / "more")}, made=made, table=table)
    actual = table.groupby("who")["b"].shift(-1).loc[predictions.index].dropna()
    error = predictions["predicted"].loc[actual.index] - actual
    assert measured.metrics["mae"] == pytest.approx(error.abs().mean())
    assert measured.predictions["actual"].to_numpy() == pytest.approx(actual.to_numpy())


def test_blocks_do_not_matter(report: Any) -> None:
    made, _ = report
    model = mlmagic.load_model(made)
    whole = model.predict(two_series())
    assert len(whole) == 800 - 22
    from mlmagic.data import samples

    windows, _ = samples(two_series(), list("acdb"), {"window": 12, "horizon": 1, "groups": "who"})
    parts = [model.fitted.predict(Rows(windows.iloc[start : start + 100])).values for start in range(0, 778, 100)]
    assert np.concatenate(parts) == pytest.approx(whole, rel=1e-5, abs=1e-4)


def test_a_new_process_predicts_exactly_the_same(report: Any, tmp_path: Path) -> None:
    made, place = report
    two_series().to_pickle(tmp_path / "rows")
    names = [".", *(path.name for path in (place / "best_model.pt", place / "best_model.keras") if path.exists())]
    code = (
        "import mlmagic, pandas\n"
        f"rows = pandas.read_pickle({str(tmp_path / 'rows')!r})\n"
        f"found = [mlmagic.load_model({str(place)!r} + '/' + name).predict(rows) for name in {names!r}]\n"
        f"pandas.to_pickle(found, {str(tmp_path / 'out')!r})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    found, expected = pd.read_pickle(tmp_path / "out"), mlmagic.load_model(made).predict(two_series())
    assert len(found) == 2
    assert all(np.array_equal(one, expected) for one in found)


def test_plain_keras_reads_the_network_of_windows(report: Any) -> None:
    made, place = report
    if not (place / "best_model.keras").exists():
        pytest.skip("of Keras only")
    import keras

    model = keras.models.load_model(place / "best_model.keras")
    assert model.input_shape == (None, 12, 4)
    exported = mlmagic.load_model(str(place / "saved_model")).predict(two_series())
    assert exported == pytest.approx(mlmagic.load_model(made).predict(two_series()), rel=1e-5)


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_a_stop_keeps_the_best(framework: str) -> None:
    pytest.importorskip("keras" if framework == "keras" else "torch")
    from tests.executors import keras_run

    make = keras_run.prepare if framework == "keras" else prepare
    done = make(brain(), epochs=1000, batchSize=8, **KEYS)
    done.train_into_the_second_epoch()
    assert 1 <= len(done.rows) < 20
    given = done.executor.predict(done.outcome, done.data.test).values  # type: ignore[arg-type]
    assert given.shape == (len(done.data.test),)  # type: ignore[arg-type]


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_a_thread_and_a_child_give_the_same(framework: str, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    history = []
    for place in ("thread", "child"):
        body = {"action": "train", "framework": framework, "data": "$frame", "epochs": 2, "seed": 1}
        (tmp_path / place).mkdir()
        made = resolve({**body, "outputDir": str(tmp_path / place), **KEYS}).bind(lambda reference: brain())
        done = Job().through(place, made)
        history.append([dict(event.values) for event in done.of(Row)])
        assert done.state.metadata["data"]["features"] == ["a", "c", "d", "b"]
    # Sums of squares are added up in blocks of time: their last bits differ.
    for one, two in zip(*history, strict=True):
        assert one == pytest.approx(two, rel=1e-12)
    assert len(history[0]) == 2


def test_gaps_and_categories_are_prepared_on_training_rows() -> None:
    table = brain().reset_index(drop=True).assign(phase=np.arange(800) // 40 % 3)
    table["phase"] = table["phase"].map({0: "x", 1: "y", 2: "z"})
    table.loc[[3, 700], "a"] = np.nan
    done = prepare(table, epochs=1, **KEYS).check().train()
    assert done.metadata["encoded"] == {"phase": ["x", "y", "z"]}
    assert done.metadata["filled"]["a"] == pytest.approx(table["a"].iloc[:479].median())
    assert done.outcome.about["arguments"]["in_features"] == 12 * 7


def test_a_row_without_a_target_is_still_in_windows() -> None:
    table = brain().copy()
    table.iloc[100, 1] = np.nan
    done = prepare(table, **KEYS)
    whole = prepare(brain(), **KEYS)
    assert len(done.data.train) == len(whole.data.train) - 1


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"window": 500}, "800 rows leave 0 samples to train on: each is a window of 500 rows"),
        ({"window": 200}, "The rows for validation .* are too few for a window of 200 rows"),
    ],
)
def test_too_few_rows(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(DataLoadingError, match=message):
        prepare(brain(), **KEYS | keys)


def test_a_window_is_longer_than_the_rows_to_predict(report: Any) -> None:
    made, _ = report
    with pytest.raises(DataLoadingError, match="A prediction needs a window of 12 rows, and no series has so many"):
        mlmagic.load_model(made).predict(two_series().iloc[:20])


def test_series_are_named_by_a_column() -> None:
    with pytest.raises(InvalidConfiguration, match="groups names a column of the data"):
        prepare(brain(), names={"who": np.arange(800) // 400}, groups="$who", **KEYS)


HEAD = "framework: pytorch\ndataPath: a.csv\narchitecture: mlp\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("horizon: 3", "horizon belongs to window: add `window: 24`"),
        ("stride: 3", "stride belongs to window: add `window: 24`"),
        ("window: 0", "window must be a whole number of at least 1"),
        ("window: 3\nimageSize: 8", "imageSize is for images"),
        ("window: 3\ncrossValidation: {folds: 3}", "crossValidation deals rows out at random"),
        ("window: 3\nvalidationData: b.csv", "validationData is for rows in any order"),
    ],
)
def test_faults(text: str, message: str) -> None:
    assert message in fault(HEAD + text).message


@pytest.mark.parametrize("name", ["cnn", "resnet18", "text_transformer", "tabular transformer"])
def test_architectures_that_take_no_windows(name: str) -> None:
    found = fault(HEAD.replace("mlp", name) + "window: 3")
    assert "but window makes windows of a series: take mlp" in found.message
    assert found.suggestion == "mlp"


def test_defaults() -> None:
    found = resolve(parse(HEAD + "window: 24"), action="train")
    assert (found.config.window, found.config.horizon, found.config.stride) == (24, 1, 1)  # type: ignore[attr-defined]
    assert resolve(found.to_plain()) == found
