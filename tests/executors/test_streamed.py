"""Tables whose prepared columns memory has no room for are prepared batch by batch."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")
pytest.importorskip("keras")

from mlmagic import _memory
from mlmagic.data import Rows
from mlmagic.errors import DataLoadingError
from mlmagic.executors._networks import _streamed
from mlmagic.executors._networks._streamed import Table, shuffled
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
    monkeypatch.setattr(_memory, "SHARE", 1e-12)
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
    monkeypatch.setattr(_memory, "SHARE", 1e-12)
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
    monkeypatch.setattr(_memory, "SHARE", 1e-12)
    with pytest.raises(DataLoadingError, match="too large for 32 bits"):
        torch_run.prepare(frame, architecture="mlp", epochs=1, prepare="none", featureScaling="none").train()


@given(count=st.integers(1, 5000), together=st.integers(100, 2000), seed=st.integers(0, 9))
def test_an_order_of_rows_on_disk_reads_few_places_at_a_time(count: int, together: int, seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_memory, "SHARE", 1e-12)
        patch.setattr(_streamed, "TOGETHER", together)
        patch.setattr(_streamed, "NEIGHBOURS", 50)
        table = Table(Rows(pd.DataFrame({"x": np.arange(count)})), lambda rows: rows.X.to_numpy(), np.zeros((1, 1)))
        order = shuffled(table, np.random.default_rng(seed).permutation)
    assert sorted(order) == list(range(count))
    for start in range(0, count, together):
        places = order[start : start + together]
        # Blocks of neighbours, and at either end one that is begun or left over.
        assert len(np.unique(places // 50)) <= together / 50 + 3


def test_in_such_an_order_neighbours_do_not_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory, "SHARE", 1e-12)
    count = 5 * _streamed.TOGETHER
    table = Table(Rows(pd.DataFrame({"x": np.arange(count)})), lambda rows: rows.X.to_numpy(), np.zeros((1, 1)))
    order = shuffled(table, np.random.default_rng(0).permutation)
    assert (np.abs(np.diff(order)) == 1).mean() < 0.01
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.35
