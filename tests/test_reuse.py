"""``reuse: true`` takes a finished run only when config, data and code are equal."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.svm import SVC

import mlmagic

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic import Report

CONFIG = """
action: train
framework: sklearn
algorithm: LogisticRegression
data: $frame
target: target
reuse: true
"""


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def iris():
    return load_iris(as_frame=True).frame


def train(config: str = CONFIG, **names: object) -> Report:
    return mlmagic.run(config, **names)


def test_equal_runs_train_once(iris):
    first, second = train(frame=iris), train(frame=iris.copy())
    assert second.output_dir == first.output_dir
    assert second.id == first.id
    assert second.metrics == first.metrics
    assert os.listdir("runs") == [first.id]
    X = iris.drop(columns="target")
    assert (second.model.predict(X) == first.model.predict(X)).all()


@pytest.mark.parametrize(
    "change", ["seed: 1", "testSplit: 0.3", "hyperparameters: {C: 2}", "crossValidation: {folds: 2}"]
)
def test_another_config_trains_again(iris, change):
    first, second = train(frame=iris), train(CONFIG + change, frame=iris)
    assert second.output_dir != first.output_dir


def test_where_and_how_long_do_not_matter(iris):
    first = train(CONFIG.replace("reuse: true", "timeout: 1000"), frame=iris)
    assert train(frame=iris).output_dir == first.output_dir


def test_one_other_value_trains_again(iris):
    changed = iris.copy()
    changed.iloc[7, 2] += 1e-9
    assert train(frame=iris).output_dir != train(frame=changed).output_dir


def test_a_file_is_compared_by_what_it_holds(iris, tmp_path):
    config = CONFIG.replace("data: $frame", "dataPath: iris.csv")
    iris.to_csv("iris.csv", index=False)
    first = train(config)
    os.utime("iris.csv", (0, 0))
    assert train(config).output_dir == first.output_dir
    iris.iloc[1:].to_csv("iris.csv", index=False)
    assert train(config).output_dir != first.output_dir


def test_an_estimator_is_compared_by_its_parameters(iris):
    config = CONFIG.replace("algorithm: LogisticRegression", "model: $estimator")
    first = train(config, frame=iris, estimator=SVC(C=1.0))
    assert train(config, frame=iris, estimator=SVC(C=1.0)).output_dir == first.output_dir
    assert train(config, frame=iris, estimator=SVC(C=2.0)).output_dir != first.output_dir


def test_a_script_is_compared_by_its_text(iris, tmp_path):
    pytest.importorskip("torch")
    config = CONFIG.replace("algorithm: LogisticRegression", "modelScript: net.py\nepochs: 1").replace(
        "sklearn", "pytorch"
    )
    script = textwrap.dedent("""
        import torch


        class Small(torch.nn.Linear):
            def __init__(self):
                super().__init__(4, 3)
    """)
    (tmp_path / "net.py").write_text(script)
    first = train(config, frame=iris)
    assert train(config, frame=iris).output_dir == first.output_dir
    (tmp_path / "net.py").write_text(script + "\n# changed\n")
    assert train(config, frame=iris).output_dir != first.output_dir


class Moody(DummyClassifier):
    """Fails while there is a file called ``fail``."""

    def fit(self, X: Any, y: Any) -> Moody:
        if os.path.exists("fail"):
            raise ValueError("not today")
        return super().fit(X, y)


def test_a_failed_run_is_not_taken(iris, tmp_path):
    config = CONFIG.replace("algorithm: LogisticRegression", "model: $estimator")
    (tmp_path / "fail").touch()
    with pytest.raises(mlmagic.MLError, match="not today"):
        train(config, frame=iris, estimator=Moody())
    (tmp_path / "fail").unlink()
    assert train(config, frame=iris, estimator=Moody()).status == "success"


def test_an_output_directory_is_taken_where_it_lies(iris, tmp_path):
    config = CONFIG + "outputDir: here\n"
    train(config, frame=iris)
    (tmp_path / "here" / "mine.txt").write_text("the user's own")
    before = (tmp_path / "here" / "report.json").read_bytes()
    again = train(config, frame=iris)
    assert again.output_dir.resolve() == tmp_path / "here"
    assert (tmp_path / "here" / "report.json").read_bytes() == before
    assert (tmp_path / "here" / "mine.txt").read_text() == "the user's own"
    assert again.model is not None


def test_after_a_restart(iris, tmp_path):
    first = train(frame=iris)
    code = f"""
        import mlmagic
        from sklearn.datasets import load_iris
        report = mlmagic.run({CONFIG!r}, frame=load_iris(as_frame=True).frame)
        print(report.id, report.run.state.pid)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [first.id, str(os.getpid())]
