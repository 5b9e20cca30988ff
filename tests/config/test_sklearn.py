import importlib
import warnings

import pytest

from mlmagic.config import Reference, parse, resolve
from mlmagic.executors.sklearn._estimators import ESTIMATORS, REGRESSORS
from tests.config.faults import fault

HEAD = "framework: sklearn\ndata: $df\n"


def public_modules() -> dict[str, str]:
    """Where scikit-learn itself says its classifiers and regressors lie."""
    from sklearn.utils import all_estimators

    return {
        name: kind.__module__.split("._")[0]
        for type_filter in ("classifier", "regressor")
        for name, kind in all_estimators(type_filter)
    }


def test_the_table_of_estimators_has_not_drifted():
    sklearn = pytest.importorskip("sklearn")
    if not sklearn.__version__.startswith("1.9."):
        pytest.skip("the table is that of scikit-learn 1.9")
    expected = public_modules()
    lines = "\n".join(f'    "{name}": "{expected[name]}",' for name in sorted(expected))
    assert expected == ESTIMATORS, f"the table should be:\nESTIMATORS: dict[str, str] = {{\n{lines}\n}}"
    assert list(ESTIMATORS) == sorted(ESTIMATORS)


def test_the_table_of_regressors_has_not_drifted():
    sklearn = pytest.importorskip("sklearn")
    if not sklearn.__version__.startswith("1.9."):
        pytest.skip("the table is that of scikit-learn 1.9")
    from sklearn.utils import all_estimators

    names = {name for name, _ in all_estimators("regressor") if not name.endswith("Regressor")}
    assert names == REGRESSORS


def test_every_estimator_is_where_the_table_says():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, module in ESTIMATORS.items():
            assert getattr(importlib.import_module(module), name).__name__ == name


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("RandomForrest", "RandomForestClassifier"),
        ("RandomForest", "RandomForestClassifier"),
        ("randomforestregressor", "RandomForestRegressor"),
        ("RandomForestRegresor", "RandomForestRegressor"),
        ("random_forest", "RandomForestClassifier"),
        ("LogisticRegresion", "LogisticRegression"),
        ("GradientBoosting", "GradientBoostingClassifier"),
        ("LinearRegresson", "LinearRegression"),
        ("svc", "SVC"),
        ("KNeighbors", "KNeighborsClassifier"),
        ("XGBClasifier", "XGBClassifier"),  # which goes to its own library
        ("XQ", None),
    ],
)
def test_did_you_mean(typo, meant):
    found = fault(f"{HEAD}algorithm: {typo}")
    assert found.suggestion == meant
    assert found.message == f"algorithm must be the name of an estimator of scikit-learn, got '{typo}'"
    assert (found.line, found.column) == (3, 12)


def test_model_or_algorithm():
    assert resolve(parse(HEAD + "model: $pipe"), action="train").config.model == Reference("pipe")
    assert (
        fault(HEAD).message == "algorithm is missing: give `algorithm: RandomForestClassifier` or `model: $estimator`"
    )
    both = fault(HEAD + "model: $pipe\nalgorithm: SVC")
    assert both.message.startswith("model and algorithm exclude each other")
    assert (both.line, both.column) == (4, 1)


def test_model_and_algorithm_mixed_up():
    assert fault(HEAD + "algorithm: $pipe").suggestion == "model: $pipe"
    assert fault(HEAD + "model: SVC").suggestion == "algorithm: SVC"
    assert fault(HEAD + "model: some.pkl").message == "model must be a variable of the notebook ($name), got 'some.pkl'"


def test_seed_example():
    text = """{
      "action": "train",
      "framework": "sklearn",
      "config": {
        "algorithm": "RandomForestClassifier",
        "dataPath": "data/train.csv",
        "targetColumn": "label",
        "featureColumns": ["feature1", "feature2", "feature3"],
        "hyperparameters": {"n_estimators": 100, "max_depth": 10, "min_samples_split": 2},
        "crossValidation": {"folds": 5, "stratified": true},
        "featureScaling": "standard"
      },
      "outputDir": "models/rf_run1"
    }"""
    config = resolve(parse(text)).config
    assert config.target == "label"
    assert config.hyperparameters == {"n_estimators": 100, "max_depth": 10, "min_samples_split": 2}
    assert config.cross_validation.folds == 5
