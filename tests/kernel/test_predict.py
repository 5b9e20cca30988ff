"""%mlpredict and %%mleval in a real kernel."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.kernel._kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

SETUP = """
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
df = load_iris(as_frame=True).frame
X = df.drop(columns="target")
model = LogisticRegression(max_iter=500).fit(X, df["target"])
X.to_csv("new rows.csv", index=False)

class Slow(BaseEstimator):
    "Answers when it may."
    def predict(self, X):
        import time
        Slow.asked += 1
        while Slow.asked > 1 and not Slow.free:
            time.sleep(0.01)
        return np.zeros(len(X))
Slow.asked, Slow.free = 0, False
"""
TRAIN = (
    "%%mltrain report --wait --quiet\nframework: sklearn\nalgorithm: LogisticRegression\ndata: $df\ntarget: target\n"
    "hyperparameters: {max_iter: 500}\n"
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with a trained report, a model, rows and a file of them."""
    kernel = Kernel(tmp_path_factory.mktemp("notebook"))
    for cell in (f"%load_ext mlmagic\n{SETUP}", TRAIN):
        result = kernel.run(cell, timeout=90)
        assert result.status == "ok", result.error
    yield kernel
    kernel.close()


def value(kernel: Kernel, expression: str) -> str:
    result = kernel.run(f"print({expression})")
    assert result.status == "ok", result.error
    return result.stdout.strip()


def ok(kernel: Kernel, cell: str) -> str:
    result = kernel.run(cell, timeout=60)
    assert result.status == "ok", result.error
    return result.text


# -- one line


def test_a_line_gives_a_table(notebook: Kernel) -> None:
    result = notebook.run("%mlpredict report X", timeout=60)
    assert result.status == "ok", result.error
    (shown,) = result.outputs
    assert "predicted" in shown["text/html"], "the cell's value is a DataFrame, and nothing else is shown"
    ok(notebook, "out = %mlpredict report X")
    assert value(notebook, "(type(out).__name__, len(out), list(out.columns))") == (
        "('DataFrame', 150, ['predicted', 'confidence', '0', '1', '2'])"
    )
    assert value(notebook, "(out['predicted'] == report.model.predict(X)).all()") == "True"
    assert value(notebook, "np.array_equal(out[['0', '1', '2']], report.model.predict_proba(X))") == "True"


def test_a_line_binds_a_name(notebook: Kernel) -> None:
    assert notebook.run("%mlpredict report X -o named", timeout=60).outputs == []
    assert value(notebook, "len(named)") == "150"
    ok(notebook, "from mlmagic import jobs")
    assert value(notebook, "jobs.QUEUE.jobs[-1].table") == "named", "what the dashboard calls the table"


@pytest.mark.parametrize(
    "words", ["model X", "$model $X", "report.model df", "{run} X", "model 'new rows.csv'", "run file"]
)
def test_models_and_rows_by_name_and_by_path(notebook: Kernel, words: str) -> None:
    ok(notebook, "from pathlib import Path; run, file = report.output_dir, Path('new rows.csv')")
    run = value(notebook, "run")
    ok(notebook, f"%mlpredict {words.format(run=run)} -o found")
    assert value(notebook, "(bool((found['predicted'] == model.predict(X)).mean() > 0.9), len(found))") == "(True, 150)"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%mlpredict report", "usage: %mlpredict MODEL DATA"),
        ("%mlpredict report X more", "usage: %mlpredict MODEL DATA"),
        ("%mlpredict report X -o 1st", "must be a Python name"),
        ("%mlpredict report 'X", "No closing quotation"),
        ("%mlpredict reprot X", "Did you mean `$report`"),
        ("%mlpredict report nothing.csv", "nothing.csv not found"),
        ("%mlpredict report X.head(3)", "X.head(3) is an expression: give it a name"),
        ("%mlpredict report df.nothing", "leads nowhere: df has no 'nothing'"),
    ],
)
def test_what_is_wrong_is_said_in_one_place(notebook: Kernel, line: str, message: str) -> None:
    result = notebook.run(line, timeout=60)
    assert message in result.error + result.stderr
    assert "Traceback" not in result.error


def test_a_pickle_is_trusted_by_word(notebook: Kernel) -> None:
    ok(notebook, "import joblib; _ = joblib.dump(model, 'model.joblib')")
    refused = notebook.run("%mlpredict model.joblib X", timeout=60)
    assert "is refused: it is a pickle" in refused.error
    ok(notebook, "%mlpredict model.joblib X --trust -o trusted")
    assert value(notebook, "len(trusted)") == "150"


def test_an_interrupt_keeps_the_rows_so_far(notebook: Kernel) -> None:
    """And a run that takes long shows itself."""
    ok(notebook, "rows = pd.DataFrame(np.zeros((50_000, 200))).rename(columns=str); slow = Slow()")
    ok(notebook, "import threading; threading.Timer(6, lambda: setattr(Slow, 'free', True)).start()")
    cell = notebook.send("%mlpredict slow rows -o kept")
    time.sleep(2.5)
    assert not notebook.answered(cell)
    notebook.interrupt()
    result = notebook.result(cell, timeout=60)
    assert result.status == "ok", result.error
    assert any("application/vnd.jupyter.widget-view+json" in output for output in result.outputs)
    # How long the first batch took decides how many the second block has: 39 at the most, so wide are the rows.
    assert int(value(notebook, "len(kept)")) in range(2 * 1024, 40 * 1024 + 1, 1024)
    assert value(notebook, "1 + 1") == "2"


# -- cells


def test_a_cell_without_a_name_leaves_the_report_that_it_uses_alone(notebook: Kernel) -> None:
    ok(notebook, "kept_id = report.id")
    ok(notebook, "%%mlpredict --wait --quiet\nmodel: $report\ndata: $X\n")
    ok(notebook, "%%mleval --wait --quiet\nmodel: $report\ndata: $df\n")
    assert value(notebook, "report.id == kept_id") == "True"
    assert value(notebook, "(len(predictions.predictions), 'accuracy' in evaluation.metrics)") == "(150, True)"


def test_a_cell_of_predictions(notebook: Kernel) -> None:
    ok(notebook, "%%mlpredict predictions --wait\nmodel: $report\ndata: $X\noutputFormat: classes\n")
    assert value(notebook, "list(predictions.predictions.columns)") == "['predicted']"
    assert value(notebook, "predictions") == "<Report predictions: predict sklearn, success>"


def test_a_cell_of_evaluation(notebook: Kernel) -> None:
    ok(notebook, "%%mleval evaluation --wait\nmodel: $report\ndata: $df\nmetrics: [accuracy, f1]\n")
    ok(notebook, "import json")
    found = json.loads(value(notebook, "json.dumps(evaluation.metrics)"))
    assert found["accuracy"] == float(value(notebook, "(report.model.predict(X) == df['target']).mean()"))
    assert value(notebook, "evaluation").startswith("<Report evaluation: evaluate sklearn, success, accuracy 0.9")


def test_cells_may_name_the_same_report_again(notebook: Kernel) -> None:
    """A report of an evaluation stands for the model that it measured: the cell can be run twice."""
    ok(notebook, "trained = report")
    for _ in range(2):
        ok(notebook, "%%mleval report --wait --quiet\nmodel: $report\ndata: $df\n")
    assert value(notebook, "(report.metadata['model']['target'], report.model is trained.model)") == "('target', True)"
    ok(notebook, "report = trained")


def test_a_dry_run(notebook: Kernel) -> None:
    result = notebook.run("%%mleval --dry-run\nmodel: $report\ndata: $df\n", timeout=60)
    assert result.status == "ok", result.error
    assert "150" in result.stdout
    assert "sepal length (cm)" in result.stdout


def test_help(notebook: Kernel) -> None:
    assert "MODEL DATA" in notebook.inspect("%mlpredict")
    assert "truth is known" in notebook.inspect("%%mleval")
    assert "evaluate" in notebook.run("%mlhelp metrics").stdout
