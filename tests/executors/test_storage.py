"""Nothing in a model's file runs unless a person trusts it."""

from __future__ import annotations

import json
import zipfile
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import TweedieRegressor
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from mlmagic.errors import ModelLoadingError
from mlmagic.executors.sklearn import _storage
from mlmagic.executors.sklearn._trusted import CLASSES, FUNCTIONS, trusted

if TYPE_CHECKING:
    from collections.abc import Callable

KERNELS = "sklearn.gaussian_process.kernels"
_ids = count(1)


def node(loader: str, module: str, name: str, **parts: Any) -> dict[str, Any]:
    """One object of a schema, as skops writes them."""
    return {"__class__": name, "__module__": module, "__loader__": loader, "__id__": next(_ids), **parts}


def text(value: Any) -> dict[str, Any]:
    return node("JsonNode", "builtins", "str", content=json.dumps(value), is_json=True)


def items(*values: Any) -> dict[str, Any]:
    return node("TupleNode", "builtins", "tuple", content=list(values))


def mapping(**values: Any) -> dict[str, Any]:
    keys = [node("TypeNode", "builtins", "str") for _ in values]
    kinds = node("ListNode", "builtins", "list", content=keys)
    return node("DictNode", "builtins", "dict", key_types=kinds, content=values)


def called(module: str, name: str, *arguments: Any) -> dict[str, Any]:
    """An object that loading makes by a call."""
    return node("LossNode", module, name, __reduce__={"args": items(*arguments)}, content=mapping())


def exec_by_path(code: str) -> dict[str, Any]:
    """``exec`` as an attribute of what a trusted module imports, called by a copy of an estimator."""
    step = node("FunctionNode", KERNELS, "inspect", content={"module_path": KERNELS, "function": "inspect"})
    for name in ("builtins", "exec"):
        step = node("MethodNode", KERNELS, "inspect", content={"obj": step, "func": name})
    ready = called("sklearn.metrics._scorer", "partial", step, text(code))
    state = mapping(__deepcopy__=ready)
    estimator = node("ObjectNode", "sklearn.linear_model._logistic", "LogisticRegression", content=state)
    return called("sklearn.utils._metadata_requests", "deepcopy", estimator)


def method_of_a_class(code: str) -> dict[str, Any]:
    """A path that begins at a class which is trusted."""
    place = {"module_path": KERNELS, "function": "RBF"}
    step = node("FunctionNode", KERNELS, "RBF", content=place)
    step = node("MethodNode", KERNELS, "RBF", content={"obj": step, "func": "__init__"})
    return called("functools", "partial", step, text(code))


def exec_in_a_partial(code: str) -> dict[str, Any]:
    parts = {
        "func": node("FunctionNode", "builtins", "exec", content={"module_path": "builtins", "function": "exec"}),
        "args": items(text(code)),
        "kwds": mapping(),
        "namespace": text(None),
    }
    return node("PartialNode", "functools", "partial", content=parts)


def system(code: str) -> dict[str, Any]:
    return called("os", "system", text(f"python3 -c {code!r}"))


def write(path: Path, schema: dict[str, Any], protocol: int) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema | {"protocol": protocol, "_skops_version": "0.16"}))
    return path


# The oldest form of a function names it apart from what the others name.
@pytest.mark.parametrize("protocol", [0, 2])
@pytest.mark.parametrize("attack", [exec_by_path, method_of_a_class, exec_in_a_partial, system])
def test_a_file_written_to_run_code_is_refused(
    tmp_path: Path, attack: Callable[[str], dict[str, Any]], protocol: int
) -> None:
    mark = tmp_path / "ran"
    path = write(tmp_path / "model.skops", attack(f"open({str(mark)!r}, 'w')"), protocol)
    with pytest.raises(ModelLoadingError, match="not known to be safe") as caught:
        _storage.load(path, trust=False)
    assert "--trust" in caught.value.solution
    assert not mark.exists()


@pytest.mark.filterwarnings("ignore")  # its estimator has no version
def test_the_file_that_is_refused_would_run_its_code(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path = write(tmp_path / "model.skops", exec_by_path(f"open({str(mark)!r}, 'w')"), 0)
    _storage.load(path, trust=True)
    assert mark.exists()


def test_os_system_runs_only_if_a_person_trusts_it(tmp_path: Path) -> None:
    schema = called("os", "system", text(f"touch {tmp_path / 'ran'}"))
    path = write(tmp_path / "model.skops", schema, 2)
    with pytest.raises(ModelLoadingError, match=r"holds types that are not known to be safe: .*system"):
        _storage.load(path, trust=False)
    assert not (tmp_path / "ran").exists()
    _storage.load(path, trust=True)
    assert (tmp_path / "ran").exists()


def test_only_exact_names_of_what_is_at_home_there_are_trusted() -> None:
    names = [
        f"{KERNELS}.inspect",
        f"{KERNELS}.clone",
        f"{KERNELS}.RBF.__init__",
        "sklearn.metrics._scorer.partial",
        "sklearn.tree.Tree",
        "builtins.exec",
    ]
    assert trusted(names) == []
    assert trusted([*names, f"{KERNELS}.RBF"]) == [f"{KERNELS}.RBF"]


def test_a_listed_name_that_leads_elsewhere_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module(KERNELS), "RBF", exec)
    assert trusted([f"{KERNELS}.RBF"]) == []


def test_every_listed_name_is_there() -> None:
    missing = (CLASSES | FUNCTIONS) - set(trusted(CLASSES | FUNCTIONS))
    # Of scikit-learn before 1.7.
    assert missing <= {"sklearn.compose._column_transformer._RemainderColsList"}
    names = CLASSES | FUNCTIONS
    assert not [name for name in names if name.rpartition(".")[0] in names], "a method's name would be trusted"


@pytest.mark.parametrize(
    "estimator",
    [
        TweedieRegressor(power=1.5),
        TweedieRegressor(power=1.5, link="log"),
        KNeighborsClassifier(algorithm="kd_tree", metric="manhattan"),
        KNeighborsClassifier(algorithm="ball_tree", metric="canberra"),
        TunedThresholdClassifierCV(DecisionTreeClassifier(max_depth=1), scoring="f1"),
    ],
    ids=repr,
)
def test_what_other_hyperparameters_bring_is_trusted(tmp_path: Path, estimator: Any) -> None:
    X = np.random.default_rng(0).random((60, 2))
    estimator.fit(X, (X[:, 0] > 0.5).astype(int))
    skops.io.dump(estimator, tmp_path / "model.skops")
    again = _storage.load(tmp_path / "model.skops", trust=False)
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


def contents(path: Path) -> Any:
    """What a file says, with arrays for their files and running numbers for addresses in memory."""
    with zipfile.ZipFile(path) as archive:
        numbers: dict[int, int] = {}
        taken = {"schema.json"}

        def said(value: Any) -> Any:
            if isinstance(value, dict):
                found = {key: said(item) for key, item in value.items() if key not in ("__id__", "file")}
                if "__id__" in value:
                    found["__id__"] = numbers.setdefault(value["__id__"], len(numbers))
                if "file" in value:
                    taken.add(value["file"])
                    found["file"] = archive.read(value["file"])
                return found
            return [said(item) for item in value] if isinstance(value, list) else value

        found = said(json.loads(archive.read("schema.json")))
        assert taken == set(archive.namelist())
        assert len(taken) == len(archive.namelist()), "each array once"
        return found


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(20, random_state=0),
        HistGradientBoostingClassifier(max_iter=5),
        KNeighborsClassifier(),
        make_pipeline(ColumnTransformer([("scaled", StandardScaler(), [0])], remainder="passthrough"), SVC()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_a_file_is_the_one_that_skops_writes(tmp_path: Path, estimator: Any) -> None:
    X = np.random.default_rng(0).random((60, 2))
    estimator.fit(X, (X[:, 0] > 0.5).astype(int))
    ours, theirs = _storage.save(estimator, tmp_path / "ours.skops"), tmp_path / "theirs.skops"
    skops.io.dump(estimator, theirs)
    assert contents(ours) == contents(theirs)
    again = skops.io.load(ours, trusted=skops.io.get_untrusted_types(file=ours))
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


def test_a_skops_that_keeps_its_parts_elsewhere_writes_the_file_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("skops.io._utils.get_state")
    model = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    path = _storage.save(model, tmp_path / "model.skops")
    assert _storage.load(path, trust=False).predict([[1.0]]).tolist() == [1]
