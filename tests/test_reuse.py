"""``reuse: true`` takes a finished run only when config, data and code are equal."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
import types
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

import mlmagic
from mlmagic._code import Incomparable
from mlmagic._reuse import inputs_hash
from mlmagic.config import parse, resolve

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


def identity(value: object, script: str | None = None) -> str:
    """The hash of the inputs of a run that names this object as its model, or a script."""
    source = "action: train\nframework: pytorch\nepochs: 1\ndata: $frame\n"
    config = resolve(parse(source + (f"modelScript: {script}" if script else "model: $it")))
    return inputs_hash(config, {"$frame": None} if script else {"$frame": None, "$it": value})


def cell(text: str, name: str = "it", **names: object) -> str:
    """The hash of what a cell defines."""
    namespace = {"__name__": "__main__", **names}
    exec(compile(textwrap.dedent(text), f"<cell {time.monotonic_ns()}>", "exec"), namespace)
    return identity(namespace[name])


HELPER = """
scale = {scale}

def helper(x):
    return x * scale + {shift}

def it(x):
    return [helper(item) for item in x if item in {{1, 2, 3}}]
"""


def test_a_function_is_what_it_does_not_where_it_stands():
    first = cell(HELPER.format(scale=2, shift=1))
    assert cell("\n\n# a comment\n" + HELPER.format(scale=2, shift=1)) == first
    assert cell(HELPER.format(scale=3, shift=1)) != first
    assert cell(HELPER.format(scale=2, shift=2)) != first


def test_running_a_function_does_not_change_it():
    def it(x: int) -> int:
        return x + 1 if x < 5 else sorted([x, 2])[0]

    first = identity(it)
    assert sum(map(it, range(5000)))
    assert identity(it) == first


NET = """
import dataclasses, functools
import numpy as np

class Base:
    def scale(self, x):
        return x * 2

@dataclasses.dataclass
class it(Base):
    size: int = 3

    class Inner:
        depth = 1

    def forward(self, x):
        return np.maximum(super().scale(x), self.Inner.depth)

    @property
    def wide(self):
        return self.size * 2

    @staticmethod
    def make():
        return it(5)

    @functools.cached_property
    def kept(self):
        return {1, 2}
"""


@pytest.mark.parametrize(
    "change",
    [
        ("x * 2", "x * 3"),
        ("size: int = 3", "size: int = 4"),
        ("depth = 1", "depth = 2"),
        ("np.maximum", "np.minimum"),
        ("self.size * 2", "self.size * 3"),
        ("it(5)", "it(6)"),
        ("{1, 2}", "{1, 3}"),
        ("class it(Base)", "class it(Base, dict)"),
        ("@staticmethod", "@classmethod"),
    ],
)
def test_a_class_is_all_that_it_holds(change):
    assert cell(NET) == cell("# moved\n" + NET) == cell(NET + "\nit()")
    assert cell(NET) != cell(NET.replace(*change))


def test_what_decorators_and_closures_hold_counts():
    text = """
    import functools

    def outer(by):
        @functools.lru_cache
        def inner(x):
            return x + by
        return inner

    it = functools.partial(outer(1), x=2)
    """
    assert cell(text) == cell(text)
    assert cell(text) != cell(text.replace("outer(1)", "outer(2)"))
    assert cell(text) != cell(text.replace("x + by", "x - by"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("import threading\nlock = threading.Lock()\ndef it(x): lock", "lock"),
        ("import importlib\ndef it(x): return importlib.import_module(x)", "importlib"),
        ("def it(x): exec(x)", "exec"),
        ("def it(x):\n    import no_such_library", "no_such_library"),
        ("it = (x for x in range(3))", "it"),
    ],
)
def test_what_cannot_be_compared_is_named(text, named):
    with pytest.raises(Incomparable, match=named):
        cell(text)


def test_whatever_an_object_raises_it_is_incomparable():
    class Bad:
        def __getattr__(self, name: str) -> None:
            raise RuntimeError("no")

    with pytest.raises(Incomparable, match=r"\$it"):
        identity(Bad())


def test_parameters_are_compared_by_what_they_are():
    def made(seed: int, by: int) -> object:
        steps = FunctionTransformer(lambda x: x * by), SVC(random_state=np.random.RandomState(seed))
        return make_pipeline(*steps)

    assert identity(made(0, 1)) == identity(made(0, 1))
    assert len({identity(made(0, 1)), identity(made(1, 1)), identity(made(0, 2))}) == 3


def test_tensors_of_every_kind_have_bytes():
    torch = pytest.importorskip("torch")
    kinds = [torch.bfloat16, torch.float16, torch.complex64, torch.bool, torch.int64]
    tensors = [torch.ones(shape, dtype=kind) for kind in kinds for shape in [(), (0,), (2, 3)]]
    assert len({identity(tensor) for tensor in tensors}) == len(tensors)
    assert identity(tensors[2]) == identity(tensors[2].T.clone().T)
    net = torch.nn.Linear(3, 2, dtype=torch.bfloat16)
    first = identity(net)
    with torch.no_grad():
        net.weight[0, 0] += 1
    assert identity(net) != first
    assert identity(torch.nn.Dropout(0.1)) != identity(torch.nn.Dropout(0.2))
    with pytest.raises(Incomparable):
        identity(torch.ones(2, device="meta"))


def test_every_process_gives_the_same():
    code = """
        import sys
        from mlmagic._reuse import inputs_hash
        from mlmagic.config import parse, resolve
        import torch.nn.functional as F
        from torch import nn, no_grad, set_default_device

        class Net(nn.Module):
            kinds = {"a", "b", "c"}
            def __init__(self, size: int = 3):
                super().__init__()
                self.layer = nn.Linear(4, size)
            @no_grad()
            def measure(self, x):
                return self(x)
            def forward(self, x):
                return F.max_pool1d(F.relu(self.layer(x)), BODY) if x in {"u", "v", "w"} else nn.ReLU()(x)

        config = resolve(parse("action: train\\nframework: pytorch\\nepochs: 1\\ndata: $frame\\nmodel: $Net"))
        print(inputs_hash(config, {"$Net": Net}))
    """

    def started(body: str, seed: str) -> subprocess.Popen[str]:
        text, environment = textwrap.dedent(code).replace("BODY", body), os.environ | {"PYTHONHASHSEED": seed}
        return subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, env=environment)

    pytest.importorskip("torch")
    first, again, other = (run.communicate()[0] for run in [started("2", "1"), started("2", "2"), started("3", "1")])
    assert len(first) == 33
    assert first == again != other


@pytest.mark.parametrize("edited", ["net.py", "beside.py", "pack/__init__.py", "pack/deep.py", "pack/near.py"])
def test_a_script_is_compared_with_all_that_it_imports(tmp_path, edited):
    (tmp_path / "pack").mkdir()
    (tmp_path / "net.py").write_text("import torch, beside\nfrom pack.deep import x\n")
    (tmp_path / "beside.py").write_text("def f():\n    import net\n")
    (tmp_path / "pack/__init__.py").write_text("")
    (tmp_path / "pack/deep.py").write_text("from . import near\nx = 1\n")
    (tmp_path / "pack/near.py").write_text("y = 1\n")
    (tmp_path / "aside.py").write_text("")
    first = identity(None, "net.py")
    (tmp_path / "aside.py").write_text("z = 1")
    assert identity(None, "net.py") == first
    (tmp_path / edited).write_text((tmp_path / edited).read_text() + "z = 1\n")
    assert identity(None, "net.py") != first


@pytest.mark.parametrize(
    "text", ["import importlib", "exec('x = 1')", "import sys\nsys.path.append('x')", "__import__('x')", "def broken("]
)
def test_a_script_that_may_import_anything_is_incomparable(tmp_path, text):
    (tmp_path / "net.py").write_text("import beside")
    (tmp_path / "beside.py").write_text(text)
    with pytest.raises(Incomparable):
        identity(None, "net.py")


def test_a_module_of_the_users_own_is_what_is_used_of_it():
    found = set()
    for body in ("x + 1", "x + 2", "x + 2"):
        own = types.ModuleType("own_helpers")
        exec(f"import threading\nlock = threading.Lock()\ndef f(x): return {body}", vars(own))
        found.add(cell("def it(x): return own_helpers.f(x)", own_helpers=own))
    assert len(found) == 2


def test_a_network_of_the_notebook_is_there_again(iris):
    from torch import nn

    class Net(nn.Module):
        def __init__(self, in_features: int, num_classes: int) -> None:
            super().__init__()
            self.layer = nn.Linear(in_features, num_classes)

        def forward(self, x):
            return self.layer(x)

    config = "action: train\nframework: pytorch\nmodel: $Net\ndata: $frame\nepochs: 2\nreuse: true\n"
    first, second = (train(config, frame=iris, Net=Net) for _ in range(2))
    assert second.metadata["reused"]
    for mine, theirs in zip(second.model.parameters(), first.model.parameters(), strict=True):
        assert mine.equal(theirs)
