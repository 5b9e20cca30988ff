"""What is no good is refused alike by every executor: one clear error, nothing trained, nothing half-written."""

from __future__ import annotations

import io
import json
import pickle
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest

import mlmagic
from mlmagic.config import resolve
from mlmagic.errors import DataLoadingError, InvalidConfiguration, MLError, ModelLoadingError
from mlmagic.executors import EXECUTORS
from mlmagic.plan import plan
from tests.executors.contract.cases import FRAMEWORKS, SEED, SMALL, UNITS, frame, split, tumours
from tests.executors.contract.conftest import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = pytest.mark.parametrize("framework", FRAMEWORKS)
# What a run that was refused leaves.
LEFT = {".lock", "config.yaml", "events.jsonl", "report.json", "training.log"}
# A hyperparameter with a letter too few, and what is meant.
MISSPELT = {
    "sklearn": ("n_estimator", "n_estimators"),
    "pytorch": ("dropot", "dropout"),
    "keras": ("dropot", "dropout"),
    "xgboost": ("max_dept", "max_depth"),
    "lightgbm": ("max_dept", "max_depth"),
    "catboost": ("max_dept", "max_depth"),
}
# The suffixes under which a person's word for a pickle is taken: any, or one that joblib did not compress.
PICKLES = {".pkl", ".pickle", ".joblib"}
PLAIN = {*PICKLES, ".pt", ".pth", ".ubj", ".json", ".txt", ".cbm"}
# Where a fitted model may be kept as a pickle; a network's is its library's own affair.
KEPT = {"sklearn": "mine.pkl", "xgboost": "mine.ubj", "lightgbm": "mine.txt", "catboost": "mine.cbm"}


def refused(framework: str, table: pd.DataFrame, names: dict[str, Any] | None = None, **keys: Any) -> MLError:
    """The error of a training, whose directory is that of a run that ended so."""
    config = {"action": "train", "framework": framework, "data": "$df", "target": "kind", "outputDir": "run"}
    with pytest.raises(MLError) as caught:
        mlmagic.run({**config, **SMALL[framework, "classification"], **keys}, df=table, **(names or {}))
    error = caught.value
    assert error.solution
    assert "Traceback" not in str(error)
    if Path("run").exists():  # what the cell's text alone shows is said before there is a run
        assert {path.name for path in Path("run").iterdir()} - {".previous"} == LEFT
        told = json.loads(Path("run/report.json").read_text())["error"]
        assert (told["type"], told["message"]) == (error.type, error.message)
    return error


@ALL
def test_labels_of_one_class(framework: str) -> None:
    error = refused(framework, tumours().query("kind == 'benign'"))
    assert isinstance(error, DataLoadingError)
    assert "'kind' has one class only: all 357 rows are 'benign'" in error.message


@ALL
def test_training_rows_of_one_class(framework: str) -> None:
    table = tumours().assign(group=lambda rows: rows["kind"])
    error = refused(framework, table, groups="group", testSplit=0.5, validationSplit=0, seed=SEED)
    assert isinstance(error, DataLoadingError)
    assert re.match(r"All (357|212) training rows are '(benign|malignant)': the split put the others", error.message)
    assert "another seed" in error.solution


@ALL
@pytest.mark.parametrize("seed", [1, 4])
def test_training_rows_without_one_of_three_classes(framework: str, seed: int) -> None:
    """With one seed the label is in the validation rows alone, with the other in the test's."""
    table = frame("classification").assign(target=lambda rows: rows["target"].map(["one", "two", "three"].__getitem__))
    table["group"] = np.select(
        [table["target"] == "one", table.index.isin(range(60, 75)), table.index.isin(range(120, 130))],
        ["b", "c", "d"],
        "a",
    )
    keys = {**SMALL[framework, "classification"], "groups": "group", "validationSplit": 0.2, "seed": seed}
    wanted = {"action": "train", "framework": framework, "data": "$df", "target": "target", **keys}
    report = mlmagic.run(wanted, df=table)
    assert "No training row has the label 'one': it cannot be learned" in report.log


@ALL
def test_a_column_that_is_not_there(framework: str) -> None:
    error = refused(framework, tumours(), target="knid")
    assert isinstance(error, InvalidConfiguration)
    assert [fault.suggestion for fault in error.faults] == ["kind"]
    error = refused(framework, tumours(), sampleWeight="shad", groups="nothing")
    assert isinstance(error, InvalidConfiguration)
    assert [(fault.value, fault.suggestion) for fault in error.faults] == [("shad", "shade"), ("nothing", None)]


@ALL
def test_what_is_no_number_and_no_label(framework: str) -> None:
    table = tumours()
    table["words"] = pd.Series([1.0, "a"] * 284 + [2.0], dtype=object)
    table["endless"] = np.where(np.arange(569) == 4, np.inf, 1.0)
    table["day"] = pd.Timestamp("2024-01-01")
    error = refused(framework, table)
    assert isinstance(error, DataLoadingError)
    for part in ("'words' mixes numbers and words", "'endless' has 1 infinite", "'day' holds dates"):
        assert part in error.message


@ALL
def test_a_weight_that_is_none(framework: str) -> None:
    error = refused(framework, tumours().assign(w=-1.0), sampleWeight="w")
    assert isinstance(error, DataLoadingError)
    assert error.message == "sampleWeight: 'w' has -1.0 at index 0"
    train, val, _ = split(tumours(), "kind", classify=True)
    for name, part in (("training", train), ("validation", val)):
        w = np.where(tumours().index.isin(part.index), 0.0, 1.0)
        error = refused(framework, tumours().assign(w=w), sampleWeight="w", validationSplit=0.2, seed=SEED)
        assert isinstance(error, DataLoadingError)
        assert error.message == f"sampleWeight is 0 for each of the {len(part)} {name} rows"
    error = refused(framework, tumours(), classWeight={"benin": 2})
    assert isinstance(error, InvalidConfiguration)
    assert [fault.suggestion for fault in error.faults] == ["benign"]


@ALL
def test_a_hyperparameter_that_is_misspelt(framework: str) -> None:
    wrong, meant = MISSPELT[framework]
    error = refused(framework, tumours(), hyperparameters={wrong: 1})
    assert isinstance(error, InvalidConfiguration)
    assert [fault.suggestion for fault in error.faults] == [meant]
    assert repr(wrong) in error.message


@ALL
def test_a_metric_that_is_none(framework: str) -> None:
    error = refused(framework, tumours(), metrics=["acuracy"])
    assert isinstance(error, InvalidConfiguration)
    assert [fault.suggestion for fault in error.faults] == ["accuracy"]

    def wrong(y_true: Any, y_pred: Any) -> float:
        return float(y_true.nothing)

    error = refused(framework, tumours(), {"own": wrong}, metrics=["$own", "mae", "accuracy"])
    assert isinstance(error, InvalidConfiguration)
    assert [fault.path for fault in error.faults] == ["config.metrics"] * 2
    assert "mae measures a regression, but this is a classification" in error.message
    assert "$own gives no number for a few rows of the target: AttributeError" in error.message
    assert "y_true.nothing" in (error.stderr or "")


def test_a_dry_run_refuses_a_metric_of_another_task_too() -> None:
    body = {"action": "train", "framework": "sklearn", "algorithm": "GaussianNB", "data": "$df", "metrics": ["mae"]}
    with pytest.raises(InvalidConfiguration, match="mae measures a regression, but this is a classification"):
        plan(resolve({**body, "target": "kind"}), {"df": tumours()})


@ALL
def test_early_stopping_by_what_is_not_measured(framework: str) -> None:
    error = refused(framework, tumours(), earlyStopping={"metric": "val_acuracy"}, validationSplit=0.2)
    assert isinstance(error, InvalidConfiguration)
    assert len(error.faults) == 1
    if framework not in UNITS:
        assert "it belongs to PyTorch, Keras, XGBoost, LightGBM or CatBoost" in error.message
        return
    assert error.faults[0].suggestion == "val_accuracy"
    keys = {"metrics": ["$own"], "earlyStopping": {"metric": "val_own"}, "validationSplit": 0.2}
    error = refused(framework, tumours(), {"own": lambda y_true, y_pred: 1.0}, **keys)
    assert "$own does not tell by its name whether more of it is better: add `mode: max`" in error.message


def test_labels_that_training_never_saw(asked: Asked) -> None:
    rows = asked.test.assign(shade="blue", kind=np.where(np.arange(len(asked.test)) == 1, "unclear", "benign"))
    report = mlmagic.run({"action": "evaluate", "model": "$r", "data": "$rows"}, r=asked.report, rows=rows)
    assert report.metrics["labels"] == ["benign", "malignant", "unclear"]
    assert set(report.metrics["undefined"]) == {"rocAuc", "logLoss"}
    assert "does not know, so it cannot be right there: 'unclear' (1)" in report.log


class Mark:
    """Leaves a mark when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("ran", "w"))


def payloads() -> list[bytes]:
    packed = io.BytesIO()
    joblib.dump(Mark(), packed, compress=3)
    return [pickle.dumps(Mark()), packed.getvalue()]


def failure(call: Callable[[], Any]) -> Exception | None:
    try:
        call()
    except Exception as error:
        return error
    return None


def test_no_file_of_a_run_is_unpickled(asked: Asked) -> None:
    """Whichever it is: one that the model is read from is refused, the others are not read."""
    kept = {Path(path).name for path in asked.report.artifacts.values() if Path(path).is_file()}
    for name in sorted(name for name in kept if Path(name).suffix not in (".csv", ".png", ".log")):
        shutil.copytree(asked.report.output_dir, "copy", dirs_exist_ok=True)
        Path("copy", name).write_bytes(payloads()[0])
        error = failure(lambda: mlmagic.attach("copy").model)
        if error is None:
            assert "odel" not in name or name.startswith("last"), name
        else:
            assert isinstance(error, ModelLoadingError)
            assert name in error.message
            assert error.solution
        assert not Path("ran").exists(), name
        shutil.rmtree("copy")


@ALL
def test_no_file_of_somebody_else_is_unpickled(framework: str) -> None:
    for suffix in EXECUTORS[framework].suffixes:
        for content, trusted in zip(payloads(), (PLAIN, PICKLES), strict=True):
            Path(f"evil{suffix}").write_bytes(content)
            wanted = {"action": "predict", "framework": framework, "modelPath": f"evil{suffix}", "data": "$X"}
            with pytest.raises(ModelLoadingError, match=f"evil{suffix}") as caught:
                mlmagic.run(wanted, X=tumours())
            assert ("trust: true" in caught.value.solution) == (suffix in trusted)
            assert not Path("ran").exists(), suffix


def test_a_pickle_that_somebody_trusts_is_read(asked: Asked) -> None:
    if asked.framework not in KEPT:
        return
    path = KEPT[asked.framework]
    joblib.dump(asked.report.model, path)
    with pytest.raises(ModelLoadingError, match="is refused: it is a pickle"):
        asked.run("predict", framework=asked.framework, modelPath=path)
    found = asked.run("predict", framework=asked.framework, modelPath=path, trust=True).predictions
    here = asked.run("predict", model="$report").predictions
    pd.testing.assert_frame_equal(found, here, check_exact=True)
