"""How fast rows are predicted, and in how much memory, beside the framework's own call."""

from __future__ import annotations

import inspect
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import mlmagic
from mlmagic.actions._blocks import predict
from mlmagic.executors import load
from mlmagic.executors._fitted import Fitted
from tests.benchmarks._measure import SLACK, TELLS_PEAK, WHY, median_ratio, note, peak, rows, timed, turns

pytestmark = pytest.mark.usefixtures("here")

ROWS, ROUNDS = 300_000, 9
GOAL = 1.05


def asked(framework: str, model: Any, X: pd.DataFrame) -> float:
    """Seconds that an action spends on its predictions."""
    outcome = load(framework).adopt(model)
    assert outcome is not None
    fitted = Fitted(framework, outcome, "$model", features=dict.fromkeys(X.columns))
    return timed(lambda: predict(fitted, X, list(X.columns), None, lambda event: None, threading.Event()))


def _held(name: str, ours: list[float], own: list[float], beside: str) -> None:
    """The goal: note both medians, and fail where the ratio of the turns misses it by more than the slack."""
    note("predict", f"{name}, {ROWS:,} rows", statistics.median(ours), statistics.median(own), beside, f"<= {GOAL}")
    assert median_ratio(ours, own) <= SLACK * GOAL


@pytest.mark.parametrize(
    "model",
    [RandomForestClassifier(50), HistGradientBoostingClassifier(), LogisticRegression()],
    ids=lambda model: type(model).__name__,
)
def test_an_estimators_rows_in_blocks(model: Any) -> None:
    table = rows(ROWS, columns=20)
    X = table.drop(columns="y")
    model.fit(X[:5000], table["y"][:5000])

    def by_hand() -> Any:
        """The probabilities, and the labels from them: asking twice would take twice as long."""
        shares = model.predict_proba(X)
        return model.classes_[shares.argmax(axis=1)], shares

    own, ours = turns(ROUNDS, lambda: timed(by_hand), lambda: asked("sklearn", model, X))
    _held(type(model).__name__, ours, own, "predict_proba")


def test_a_boosters_rows_in_blocks() -> None:
    table = rows(ROWS, columns=20)
    X = table.drop(columns="y")
    for framework, module, name in (
        ("xgboost", "xgboost", "XGBClassifier"),
        ("lightgbm", "lightgbm", "LGBMClassifier"),
    ):
        model = getattr(pytest.importorskip(module), name)(
            n_jobs=2, verbosity={"xgboost": 0, "lightgbm": -1}[module]
        ).fit(X[:5000], table["y"][:5000])
        own, ours = turns(
            ROUNDS,
            lambda model=model: timed(lambda: model.predict_proba(X)),
            lambda m=model, f=framework: asked(f, m, X),
        )
        _held(name, ours, own, "predict_proba")


def test_a_networks_rows_in_blocks() -> None:
    torch = pytest.importorskip("torch")
    X = rows(ROWS, columns=30).drop(columns="y")
    net = torch.nn.Sequential(torch.nn.Linear(30, 128), torch.nn.ReLU(), torch.nn.Linear(128, 3)).eval()

    def by_hand(batch: int) -> Any:
        with torch.no_grad():
            inputs = torch.from_numpy(np.array(X, dtype=np.float32))
            shares = torch.cat([torch.softmax(net(part), dim=1) for part in inputs.split(batch)]).numpy()
            return shares.argmax(axis=1), shares

    one, loop, ours = turns(
        ROUNDS,
        lambda: timed(lambda: by_hand(ROWS)),
        lambda: timed(lambda: by_hand(8192)),
        lambda: asked("pytorch", net, X),
    )
    # PyTorch has no predict of its own: a network is called. A loop is what who cares for memory writes; that one
    # leaves each block as the table holds it, column by column, which a network with a view in it does not take.
    _held("network", ours, one, "one call")
    note("predict", f"network, {ROWS:,} rows", statistics.median(ours), statistics.median(loop), "a loop")
    assert median_ratio(ours, loop) < 2


def test_rows_of_keras_in_blocks() -> None:
    keras = pytest.importorskip("keras")
    X = rows(ROWS, columns=30).drop(columns="y")
    layers = [keras.Input((30,)), keras.layers.Dense(128, "relu"), keras.layers.Dense(3, "softmax")]
    model = keras.Sequential(layers)
    model.compile(loss="sparse_categorical_crossentropy")

    def by_hand() -> Any:
        shares = model.predict(np.asarray(X), batch_size=1024, verbose=0)
        return shares.argmax(axis=1), shares

    own, ours = turns(ROUNDS, lambda: timed(by_hand), lambda: asked("keras", model, X))
    _held("Keras", ours, own, "Model.predict")


def test_a_whole_run_of_predictions() -> None:
    """From the config to the table in hand: model looked for, rows checked, table written and read."""
    table = rows(100_000, columns=20)
    X = table.drop(columns="y")
    model = RandomForestClassifier(50).fit(X[:5000], table["y"][:5000])
    keys = {"action": "predict", "model": "$model", "data": "$X"}

    def until_it_is_there() -> float:
        began = time.perf_counter()
        report = mlmagic.submit(keys, model=model, X=X)
        assert len(report.predictions) == len(X)
        seconds = time.perf_counter() - began
        report.wait()  # the files for people, which follow, hold the queue
        return seconds

    own, ours = turns(
        ROUNDS, lambda: timed(lambda: pd.DataFrame(model.predict_proba(X), index=X.index)), until_it_is_there
    )
    note("predict", "run, 100,000 rows", statistics.median(ours), statistics.median(own), "predict_proba", "<= 1.5")
    assert median_ratio(ours, own) <= SLACK * 1.5


MEMORY = f"""
import sys, numpy as np, pandas as pd, mlmagic
from pathlib import Path
{inspect.getsource(peak)}
rng = np.random.default_rng(0)
def table(number):
    words = {{f"word{{c}}": rng.choice([f"label {{c}} {{n}}" for n in range(40)], number) for c in range(5)}}
    return pd.DataFrame({{"x": rng.normal(size=number), **words}}).assign(y=rng.integers(0, 2, number))
model = mlmagic.load_model(sys.argv[1])
model.predict(table(100))
rows = table(400_000)
before = peak("self")
model.predict_proba(rows) if sys.argv[2] == "ours" else model.estimator.predict_proba(rows.drop(columns="y"))
print(peak("self") - before)
"""


@pytest.mark.skipif(not TELLS_PEAK, reason=WHY)
def test_memory_is_bounded_by_a_block(here: Path) -> None:
    """Encoded words take 200 columns: the whole table prepared would be 640 MB."""
    rng = np.random.default_rng(0)
    words = {f"word{c}": rng.choice([f"label {c} {n}" for n in range(40)], 5000) for c in range(5)}
    table = pd.DataFrame({"x": rng.normal(size=5000), **words}).assign(y=rng.integers(0, 2, 5000))
    keys = {"action": "train", "framework": "sklearn", "algorithm": "LogisticRegression", "data": "$df", "target": "y"}
    run = str(mlmagic.run(keys, df=table).output_dir)
    ours, own = (_peak(run, who) for who in ("ours", "own"))
    note("predict", "memory, 400,000 rows of words", ours, own, "predict_proba", "<= 0.5", "B")
    assert ours <= 0.5 * own


def _peak(run: str, who: str) -> float:
    done = subprocess.run([sys.executable, "-c", MEMORY, run, who], capture_output=True, text=True, check=True)
    return float(done.stdout)
