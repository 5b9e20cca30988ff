"""The transformer for tables, compared with the library called by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")
library = pytest.importorskip("rtdl_revisiting_models")

from palmerpenguins import load_penguins  # noqa: E402

from mlmagic.config import parse, resolve  # noqa: E402
from mlmagic.data import Rows  # noqa: E402
from tests.config.faults import fault  # noqa: E402
from tests.executors.torch_run import Run, prepare  # noqa: E402

ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {
    "architecture": "tabular_transformer",
    "target": "species",
    "hyperparameters": {"width": 16, "layers": 1, "heads": 2},
    "gpuEnabled": False,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("run")
    done = prepare(load_penguins(), directory=directory, epochs=15, learningRate=3e-3, **SMALL).check().train()
    done.executor.save(done.outcome, done.config)
    return done


def test_it_learns_penguins(run: Run) -> None:
    assert run.data.test is not None
    assert (run.executor.predict(run.outcome, run.data.test).values == run.data.test.y).mean() > 0.9


def test_columns_are_numbers_and_codes_and_gaps_are_a_code(run: Run) -> None:
    assert run.outcome.about["arguments"]["codes"] == [0, 0, 0, 0, 0, 3, 2]
    table = run.data.train.X
    prepared = pd.DataFrame(run.outcome.preparation.transform(table), index=table.index)
    islands = sorted(table["island"].unique())
    assert (prepared[5] == table["island"].map(islands.index)).all()
    assert set(run.metadata["encoded"]) == {"island", "sex"}
    strange = table.iloc[:2].assign(island="Atlantis")
    assert (run.outcome.preparation.transform(strange)[:, 5] == -1).all()
    assert np.isfinite(run.executor.predict(run.outcome, Rows(strange)).probabilities).all()


def test_the_library_by_hand_predicts_the_same(run: Run) -> None:
    body = torch.load(run.config.output_dir / "best_model.pt", weights_only=True)
    network = library.FTTransformer(
        n_cont_features=5, cat_cardinalities=[4, 3], d_out=3, n_blocks=1, d_block=16, attention_n_heads=2,
        attention_dropout=0.1, ffn_d_hidden_multiplier=4 / 3, ffn_dropout=0.1, residual_dropout=0.0,
    )  # fmt: skip
    network.load_state_dict({name.removeprefix("network."): value for name, value in body["state_dict"].items()})
    rows = run.data.train
    prepared = torch.tensor(run.outcome.preparation.transform(rows.X), dtype=torch.float32)
    with torch.no_grad():
        expected = network.eval()(prepared[:, :5], prepared[:, 5:].long() + 1).softmax(dim=1).numpy()
    assert np.allclose(run.executor.predict(run.outcome, rows).probabilities, expected, atol=1e-5)


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


def test_a_regression_speaks_the_targets_units() -> None:
    table = load_penguins().dropna()
    keys = SMALL | {"target": "body_mass_g", "task": "regression"}
    done = prepare(table, epochs=10, learningRate=3e-3, **keys).check().train()
    assert done.data.test is not None
    given = done.executor.predict(done.outcome, done.data.test).values
    assert np.corrcoef(given, done.data.test.y)[0, 1] > 0.8
    assert 3000 < given.mean() < 5500


def test_numbers_alone() -> None:
    from sklearn.datasets import load_iris

    table = load_iris(as_frame=True).frame
    done = prepare(table, epochs=8, learningRate=1e-2, **SMALL | {"target": "target"}).check().train()
    assert done.rows[-1]["val_accuracy"] > 0.8


@pytest.mark.parametrize(
    ("line", "message", "suggestion"),
    [
        ("hyperparameters: {widht: 8}", "'widht' is not a key of hyperparameters", "width"),
        ("hyperparameters: {heads: 5}", "width is shared by the heads: 64 is no multiple of 5 heads", None),
        ("hyperparameters: {vocabulary: 500}", "'vocabulary' is not a key of hyperparameters", None),
    ],
)
def test_faults(line: str, message: str, suggestion: str | None) -> None:
    found = fault("framework: pytorch\ndataPath: a.csv\narchitecture: tabular_transformer\n" + line)
    assert message in found.message
    assert found.suggestion == suggestion


@pytest.mark.parametrize("spelling", ["tabular transformer", "tabular-transformer", "tabular_transformer"])
def test_spellings(spelling: str) -> None:
    config = resolve(parse(f"framework: pytorch\ndataPath: a.csv\narchitecture: {spelling}"), action="train").config
    assert config.architecture == "tabular_transformer"  # type: ignore[attr-defined]
    assert config.hyperparameters == {"width": 64, "layers": 2, "heads": 4, "dropout": 0.1}  # type: ignore[attr-defined]
