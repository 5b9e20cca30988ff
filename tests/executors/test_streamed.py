"""Tables whose prepared columns memory has no room for are prepared batch by batch."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")

import mlmagic.executors._networks._decoded as decoded
from mlmagic.data import Rows
from mlmagic.errors import DataLoadingError
from tests.executors import keras_run, torch_run

PREPARE = {"pytorch": torch_run.prepare, "keras": keras_run.prepare}


def words(rows: int, columns: int = 3, labels: int = 50) -> pd.DataFrame:
    """Columns of words that decide the target, and a number with gaps."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, labels, (rows, columns))
    frame = pd.DataFrame({f"word{column}": [f"label {code}" for code in codes[:, column]] for column in range(columns)})
    frame["x"] = np.where(codes[:, 0] % 7 == 0, np.nan, rng.normal(size=rows))
    return frame.assign(target=np.where((codes[:, 0] + codes[:, 1]) % 2, "odd", "even"))


@pytest.mark.parametrize("framework", PREPARE)
def test_a_table_trains_as_it_does_in_memory(framework: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = words(900)
    keys: dict[str, Any] = {"architecture": "mlp", "epochs": 3, "validationSplit": 0.2, "metrics": ["roc_auc"]}
    held = PREPARE[framework](frame, **keys).check().train()
    monkeypatch.setattr(decoded, "SHARE", 1e-12)
    streamed = PREPARE[framework](frame, **keys).check().train()
    assert ("streamed" in held.metadata, streamed.metadata["streamed"]) == (False, True)
    exactly = framework == "pytorch"
    assert len(held.rows) == 3
    for one, two in zip(held.rows, streamed.rows, strict=True):
        assert one == (two if exactly else pytest.approx(two, rel=1e-4, abs=1e-4))
    one, two = (run.executor.predict(run.outcome, run.data.test).probabilities for run in (held, streamed))
    np.testing.assert_allclose(one, two, rtol=0, atol=0 if exactly else 1e-4)


def peak(framework: str, frame: pd.DataFrame) -> int:
    """Bytes of arrays that a training and the predictions for its rows take."""
    keys = {"architecture": "mlp", "epochs": 1, "batchSize": 512, "hyperparameters": {"hidden": [4]}}
    run = PREPARE[framework](frame, **keys).check()
    tracemalloc.start()
    try:
        run.train()
        run.executor.predict(run.outcome, Rows(run.data.train.X))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("framework", PREPARE)
def test_memory_does_not_grow_with_the_rows(framework: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "SHARE", 1e-12)
    monkeypatch.setattr("mlmagic.executors.pytorch._batches.MANY_PIXELS", 1_000_000)
    table = words(18_000, columns=8, labels=250)
    peak(framework, table[:500])  # what is imported then is not counted
    few, many = peak(framework, table[:6000]), peak(framework, table)
    prepared = 0.6 * len(table) * 2001 * 4
    assert many < 0.6 * prepared
    assert many < 1.25 * few


def test_a_value_that_is_no_number_is_told_when_its_batch_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"x": np.arange(300.0), "y": np.arange(300.0), "target": np.arange(300) % 2})
    frame.loc[290:, "x"] = 1e300
    monkeypatch.setattr(decoded, "SHARE", 1e-12)
    with pytest.raises(DataLoadingError, match="too large for 32 bits"):
        torch_run.prepare(frame, architecture="mlp", epochs=1, prepare="none", featureScaling="none").train()
