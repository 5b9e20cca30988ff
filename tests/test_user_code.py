"""Code of the user's own inside a run: what it prints, how it fails, what it can break."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from palmerpenguins import load_penguins
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import mlmagic
from mlmagic._capture import captured
from mlmagic._failure import as_error, user_frames
from mlmagic.errors import KINDS, InvalidConfiguration, MLError, from_dict
from tests.runs import config, flowers, submit, until

pytestmark = pytest.mark.usefixtures("here")


class Loud(GaussianNB):
    """Prints and warns, with and without a newline, in any script."""

    def fit(self, X, y):
        print("größer 汉字")
        print("10%\r50%\r100%", end="", file=sys.stderr)
        print("\ncaf\udce9")
        warnings.warn("take care", stacklevel=1)
        return super().fit(X, y)


class Broken(GaussianNB):
    def fit(self, X, y):
        return self._deeper(X)

    def _deeper(self, X):
        raise ValueError("the user's own mistake")


class Greedy(GaussianNB):
    def fit(self, X, y):
        np.ones(2**62, dtype=np.int8)


class Suicidal(GaussianNB):
    def fit(self, X, y):
        os.kill(os.getpid(), signal.SIGKILL)


class Leaving(GaussianNB):
    def fit(self, X, y):
        sys.exit(3)


def run_own(made):
    report = submit(None, names={"own": made}, model="$own")
    assert report.run.wait(60)
    return report


def test_what_it_prints_goes_to_the_runs_log_and_nowhere_else(capsys):
    report = run_own(Loud())
    assert report.error is None
    for text in ("größer 汉字", "100%", "caf\udce9", "take care"):
        assert text in report.log
    assert "10%" not in report.log, "only the last state of a progress bar"
    log = (report.output_dir / "training.log").read_text(encoding="utf-8")
    assert "größer 汉字" in log
    assert "warning: UserWarning: take care" in log
    shown = capsys.readouterr()
    assert "größer" not in shown.out + shown.err
    assert mlmagic.attach(report.output_dir).log == report.log


def test_prints_of_other_threads_pass_by_a_run(capsys):
    import threading

    caught, inside, seen = [], threading.Event(), threading.Event()

    def work():
        with captured(lambda text, level: caught.append((level, text))):
            print("mine")
            inside.set()
            assert seen.wait(10)
            warnings.warn("mine too", stacklevel=1)

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    print("theirs")
    seen.set()
    thread.join()
    print("afterwards")
    assert capsys.readouterr().out == "theirs\nafterwards\n"
    assert caught == [("output", "mine"), ("warning", "UserWarning: mine too")]


def test_an_error_shows_the_users_last_frames_and_none_of_ours():
    report = run_own(Broken())
    error = report.error
    assert error.type == "training-failure"
    assert error.message == "ValueError: the user's own mistake"
    assert "in _deeper" in error.stderr
    assert "test_user_code.py" in error.stderr
    assert os.path.join("mlmagic", "_transport") not in error.stderr
    assert os.path.join("mlmagic", "executors") not in error.stderr
    assert "site-packages" not in error.stderr
    assert report.to_dict()["error"]["exitCode"] == 1
    with pytest.raises(MLError, match="own mistake"):
        report.wait()


def test_an_error_of_a_library_shows_none_of_our_frames():
    frame = flowers()
    frame.iloc[:, 0] *= -1
    report = mlmagic.submit(config("MultinomialNB"), df=frame)
    assert report.run.wait(60)
    assert "Negative values" in report.error.message
    assert "File " not in str(report.error), "its own words tell more than frames"


def test_what_a_library_has_compiled_is_not_the_users():
    """pandas' own Cython frames, which go by the place in its sources."""
    with pytest.raises(KeyError) as caught:
        pd.Index([1, 2])._engine.get_loc(5)
    assert any(str(entry.path).endswith(".pyx") for entry in caught.traceback)
    assert "pyx" not in user_frames(caught.value)


def test_running_out_of_memory_is_told_as_such_and_the_process_lives():
    report = run_own(Greedy())
    assert report.error.type == "out-of-memory"
    assert "Unable to allocate" in report.error.stderr
    assert run_own(GaussianNB()).status == "success"


def test_a_child_that_is_killed_is_told_and_the_next_run_works():
    report = run_own(Suicidal())
    assert report.error.type == "out-of-memory"
    assert "was killed" in report.error.message
    assert run_own(GaussianNB()).status == "success"


def test_code_that_leaves_ends_its_run_only():
    report = run_own(Leaving())
    assert report.status == "error"
    assert "SystemExit" in report.error.message
    assert run_own(GaussianNB()).status == "success"


def test_the_child_stays_warm():
    first, second = run_own(GaussianNB()), run_own(GaussianNB())
    assert first.run.worker_pid == second.run.worker_pid
    print(f"a warm run took {second.run.state.seconds:.2f} s, the one before {first.run.state.seconds:.2f} s")


def test_an_idle_child_that_died_is_replaced():
    first = run_own(GaussianNB())
    os.kill(first.run.worker_pid, signal.SIGKILL)
    time.sleep(0.1)
    second = run_own(GaussianNB())
    assert second.status == "success"
    assert second.run.worker_pid != first.run.worker_pid


def test_classes_are_found_where_the_notebook_finds_them(here, monkeypatch):
    run_own(GaussianNB())  # the child is warm and knows nothing of what follows
    (here / "lib").mkdir()
    source = "from sklearn.naive_bayes import GaussianNB\nclass Own(GaussianNB): pass\n"
    (here / "lib" / "own_models.py").write_text(source)
    monkeypatch.syspath_prepend(str(here / "lib"))
    import own_models

    report = run_own(own_models.Own())
    assert report.error is None
    assert isinstance(getattr(report.model, "steps", [(0, report.model)])[-1][1], own_models.Own)


@pytest.mark.parametrize("kind", list(KINDS.values()), ids=list(KINDS))
def test_every_error_survives_its_way_through_json(kind):
    error = kind("what happened", stderr="cause", metadata={"epoch": 3})
    body = error.to_dict()
    back = from_dict(body)
    assert type(back) is kind
    assert back.to_dict() == body
    assert set(body) == {"type", "message", "exitCode", "stderr", "metadata", "solution"}
    assert body["solution"] or kind.type == "framework-not-found"
    assert isinstance(error._render_traceback_(), list)
    import pickle

    assert pickle.loads(pickle.dumps(error)).to_dict() == body
    if isinstance(back, InvalidConfiguration):
        assert back.faults == error.faults


def test_an_error_of_ours_passes_unchanged_and_others_become_one():
    own = InvalidConfiguration("wrong")
    assert as_error(own) is own
    assert as_error(MemoryError()).type == "out-of-memory"
    assert as_error(OSError(28, "No space left on device", "model.pt")).type == "output-error"
    assert as_error(KeyError("x")).type == "training-failure"


def test_the_users_own_objects_are_left_alone():
    own = Loud()
    frame = flowers()
    before = frame.copy()
    report = mlmagic.submit(config(None, model="$own"), df=frame, own=own)
    until(lambda: report.run.wait(0))
    assert not hasattr(own, "classes_")
    assert frame.equals(before)


def test_a_pipeline_of_the_users_gets_the_table_as_it_is() -> None:
    penguins = load_penguins().dropna()
    encode = make_column_transformer((OneHotEncoder(), ["island", "sex"]), remainder=StandardScaler())
    pipeline = make_pipeline(encode, LogisticRegression(max_iter=500))
    keys = {"action": "train", "framework": "sklearn", "model": "$pipeline", "data": "$df", "target": "species"}
    report = mlmagic.run(keys, pipeline=pipeline, df=penguins)
    again = mlmagic.run(keys, pipeline=report.model, df=penguins)
    assert again.metrics == report.metrics
    test = penguins.loc[report.predictions.index]
    train = penguins.drop(index=test.index)
    pipeline.fit(train.drop(columns="species"), train["species"])
    by_hand = pipeline.score(test.drop(columns="species"), test["species"])
    assert report.metrics["test"]["accuracy"] == by_hand


def test_a_block_inside_another_has_its_prints_to_itself() -> None:
    outer: list[str] = []
    inner: list[str] = []
    with captured(lambda text, level: outer.append(text)):
        print("before")
        with captured(lambda text, level: inner.append(text)):
            print("between")
        print("after")
    assert (outer, inner) == (["before", "after"], ["between"])
