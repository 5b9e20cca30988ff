"""The warm child knows the user's modules as they are now, and takes data of any size and kind."""

from __future__ import annotations

import errno
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import psutil
import pytest
from sklearn.naive_bayes import GaussianNB

from mlmagic import _pickling
from tests.runs import flowers, submit, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODEL = """
from sklearn.dummy import DummyClassifier
from own_package.parts import ANSWER

class Own(DummyClassifier):
    def fit(self, X, y):
        self.answer_ = ANSWER
        return super().fit(X, y)
"""


@pytest.fixture
def own(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of the user's whose answer stands in another file, and a function that edits that answer."""
    home = here / "own_package"
    home.mkdir()
    (home / "__init__.py").touch()
    (home / "model.py").write_text(MODEL)

    def edit(answer: int) -> None:
        # Another size: Python takes a file of the same size and second for the one it compiled.
        (home / "parts.py").write_text(f"ANSWER = {answer}  #{'#' * answer}\n")

    edit(0)
    monkeypatch.syspath_prepend(str(here))
    yield importlib.import_module("own_package.model"), edit
    for name in [name for name in sys.modules if name.partition(".")[0] == "own_package"]:
        del sys.modules[name]


def run(estimator: Any) -> Any:
    report = submit(None, names={"own": estimator}, model="$own")
    assert report.run.wait(60)
    assert report.error is None
    return report


def test_a_module_that_was_edited_and_reloaded_is_the_new_one_in_the_child(own):
    module, edit = own
    first, again = run(module.Own()), run(module.Own())
    assert (first.model.answer_, again.model.answer_) == (0, 0)
    assert first.run.worker_pid == again.run.worker_pid, "what nobody touched keeps the child"
    edit(1)
    importlib.reload(sys.modules["own_package.parts"])
    edited = run(importlib.reload(module).Own())
    assert edited.model.answer_ == 1
    until(lambda: not psutil.pid_exists(first.run.worker_pid))
    assert run(module.Own()).run.worker_pid == edited.run.worker_pid


def test_a_module_of_the_same_name_from_elsewhere_is_another(own, here, monkeypatch):
    module, _ = own
    first = run(module.Own())
    elsewhere = here / "elsewhere" / "own_package"
    elsewhere.mkdir(parents=True)
    for name in ("__init__", "model"):
        shutil.copy2(here / "own_package" / f"{name}.py", elsewhere)
    (elsewhere / "parts.py").write_text("ANSWER = 5")
    monkeypatch.syspath_prepend(str(elsewhere.parent))
    for name in [name for name in sys.modules if name.partition(".")[0] == "own_package"]:
        monkeypatch.delitem(sys.modules, name)
    second = run(importlib.import_module("own_package.model").Own())
    assert (first.model.answer_, second.model.answer_) == (0, 5)


def test_a_module_that_is_gone_does_not_live_on_in_the_child(own):
    module, _ = own
    first = run(module.Own())
    Path(module.__file__).unlink()
    assert run(GaussianNB()).run.worker_pid != first.run.worker_pid


class Edits(GaussianNB):
    """Imports a module and writes it anew, as its author might while the run goes on."""

    def __init__(self, place: str = "") -> None:
        super().__init__()
        self.place = place

    def fit(self, X: Any, y: Any) -> Edits:
        path = os.path.join(self.place, "late.py")
        for number in (1, 2):
            with open(path, "w") as file:
                file.write(f"NUMBER = {number}  #{'#' * number}\n")
            import late

            self.number_ = late.NUMBER
        return super().fit(X, y)


def test_a_module_that_is_edited_while_it_is_in_use_is_not_kept(here, monkeypatch):
    monkeypatch.syspath_prepend(str(here))
    first, second = run(Edits(str(here))), run(Edits(str(here)))
    assert [report.model.number_ for report in (first, second)] == [1, 1]
    assert first.run.worker_pid != second.run.worker_pid


@pytest.fixture(params=["shared memory", "no shared memory"])
def exchange(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """What arrives of an object at the other end."""
    if request.param == "no shared memory":
        monkeypatch.setattr(_pickling, "SHARED", tmp_path / "not there")

    def through(value: Any) -> Any:
        parcel = _pickling.pack(value)
        arrived = _pickling.unpack(parcel)
        _pickling.discard(parcel)
        return arrived

    return through


FRAMES = {
    "numbers": pd.DataFrame(np.random.default_rng(0).normal(size=(300_000, 3))),
    "every dtype": pd.DataFrame(
        {
            "int8": np.arange(5, dtype=np.int8),
            "text": ["a", None, "größer", "", "b"],
            "category": pd.Categorical(["x", "y", None, "x", "y"]),
            "nullable": pd.array([1, None, 3, 4, 5], dtype="Int64"),
            "arrow": pd.array([1.5, None, 2, 3, 4], dtype="double[pyarrow]"),
            "time": pd.date_range("2020", periods=5, tz="Europe/Berlin"),
            "objects": [[1], {"a": 2}, None, "text", 5],
        }
    ),
    "rows of a view": flowers().iloc[::-3],
    "no rows": flowers().iloc[:0],
    "no columns": flowers()[[]],
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_table_arrives_as_it_was_and_can_be_written(exchange, frame):
    before = frame.copy(deep=True)
    arrived = exchange({"table": frame, "again": frame})
    assert arrived["table"] is arrived["again"]
    pd.testing.assert_frame_equal(arrived["table"], before)
    arrived["table"].iloc[:, :1] = arrived["table"].iloc[::-1, :1].to_numpy()
    pd.testing.assert_frame_equal(frame, before)


def test_arrays_arrive_aligned_and_as_writable_as_they_were(exchange):
    arrays = [np.arange(count).astype(dtype) for count in (0, 1, 3, 1_000_000) for dtype in (np.uint8, np.float64)]
    arrays[-1].flags.writeable = False
    for array, arrived in zip(arrays, exchange(arrays), strict=True):
        np.testing.assert_array_equal(arrived, array)
        assert arrived.ctypes.data % _pickling.ALIGNMENT == 0 or not len(arrived)
        assert arrived.flags.writeable == array.flags.writeable


SMALL = """
import glob, os, sys, tempfile
import numpy as np
from mlmagic import _pickling
parcel = _pickling.pack(np.ones(20_000))
print(os.path.dirname(parcel.path) == tempfile.gettempdir(), _pickling.unpack(parcel).sum())
tempfile.tempdir = "/dev/shm"
try:
    _pickling.pack(np.ones(20_000))
except OSError as error:
    print(error.errno, os.listdir("/dev/shm"))
"""


def test_a_small_shared_memory_is_not_filled():
    mount = 'mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "$@"'
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*namespace, "true"], capture_output=True).returncode != 0:
        pytest.skip("this system gives nobody a namespace of their own")
    done = subprocess.run([*namespace, sys.executable, "-c", SMALL], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True 20000.0", f"{errno.ENOSPC} []"]


LIBRARIES = """
import time
import pandas, pyarrow, scipy.stats, sklearn.ensemble, skops.io, torch
from mlmagic._own_modules import OwnModules
modules = OwnModules()
modules.look(time.time_ns())
print(list(modules.sources))
"""


def test_no_module_of_a_library_is_taken_for_the_users():
    done = subprocess.run([sys.executable, "-c", LIBRARIES], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
