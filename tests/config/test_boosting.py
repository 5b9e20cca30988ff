import pytest
from jsonschema import Draft202012Validator

from mlmagic.config import Reference, json_schema, parse, resolve
from mlmagic.config._early_stopping import EarlyStopping
from mlmagic.executors import EXECUTORS
from mlmagic.executors import resolve as load
from tests.config.faults import fault, places

ALL = pytest.mark.parametrize("framework", ["xgboost", "lightgbm", "catboost"])


def head(framework):
    return f"action: train\nframework: {framework}\ndata: $df\n"


def config(text):
    return resolve(parse(text)).config


@ALL
def test_defaults(framework):
    made = config(head(framework))
    assert (made.algorithm, made.model, made.hyperparameters, made.early_stopping, made.device) == (
        None, None, {}, None, None,
    )  # fmt: skip
    assert made.default_validation_split == 0.0


@ALL
def test_every_key(framework):
    made = config(
        head(framework)
        + "hyperparameters: {n_estimators: 500, eval_metric: [auc, $f]}\n"
        + "earlyStopping: {patience: 50, metric: val_auc}\nvalidationData: $val\ndevice: cuda\n"
    )
    assert made.hyperparameters == {"n_estimators": 500, "eval_metric": ["auc", Reference("f")]}
    assert made.early_stopping == EarlyStopping(patience=50, metric="val_auc")
    assert (made.validation_data, made.device) == (Reference("val"), "cuda")


@ALL
@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("earlyStopping: true", 0.2),
        ("earlyStopping: {metric: val_auc}", 0.2),
        ("earlyStopping: {metric: train_loss}", 0.0),
        ("earlyStopping: false", 0.0),
    ],
)
def test_early_stopping_takes_rows_to_validate(framework, text, share):
    assert config(head(framework) + text).default_validation_split == share


@ALL
def test_early_stopping_without_rows_to_look_at(framework):
    found = fault(head(framework) + "earlyStopping: true\nvalidationSplit: 0")
    assert "earlyStopping looks at val_loss, but validationSplit: 0 leaves no validation rows" in found.message
    assert (found.line, found.column) == (5, 1)
    found = fault(head(framework) + "earlyStopping: true\ntestSplit: 0.85")
    assert "earlyStopping takes 0.2 of the rows to validate" in found.message
    assert found.line == 5
    assert config(head(framework) + "earlyStopping: true\nvalidationSplit: 0\nvalidationData: $val")


@pytest.mark.parametrize(
    ("framework", "wrong", "meant"),
    [
        ("xgboost", "XGBClasifier", "XGBClassifier"),
        ("xgboost", "xgbregressor", "XGBRegressor"),
        ("lightgbm", "LGBMRegresor", "LGBMRegressor"),
        ("catboost", "CatBoostClasifier", "CatBoostClassifier"),
        ("catboost", "catboostranker", "CatBoostRanker"),
    ],
)
def test_an_unknown_algorithm(framework, wrong, meant):
    found = fault(head(framework) + f"algorithm: {wrong}")
    assert found.suggestion == meant
    assert "algorithm must be " in found.message


@ALL
def test_algorithm_and_model_exclude_each_other(framework):
    name = EXECUTORS[framework].algorithms[0]
    found = fault(head(framework) + f"algorithm: {name}\nmodel: $mine")
    assert "algorithm and model exclude each other" in found.message


@ALL
def test_a_name_is_no_variable_and_a_variable_no_name(framework):
    name = EXECUTORS[framework].algorithms[0]
    assert fault(head(framework) + f"model: {name}").suggestion == f"algorithm: {name}"
    assert fault(head(framework) + "algorithm: $mine").suggestion == "model: $mine"


@ALL
def test_wrong_values(framework):
    assert fault(head(framework) + "device: gpu").message == "device must be cpu or cuda, got 'gpu'"
    found = places(head(framework) + "earlyStopping: {patience: 0}\nepochs: 3")
    assert [place[:1] for place in found] == [(4,), (5,)]


@ALL
def test_the_table_names_what_the_config_knows(framework):
    entry = EXECUTORS[framework]
    assert tuple(load(entry.train).estimators) == entry.algorithms


@pytest.mark.parametrize(
    ("alias", "framework"), [("xgb", "xgboost"), ("lgb", "lightgbm"), ("lgbm", "lightgbm"), ("cb", "catboost")]
)
def test_other_spellings_of_the_framework(alias, framework):
    made = resolve(parse(head(alias)))
    assert (made.framework, made.executor) == (alias, framework)


@pytest.mark.parametrize(
    ("wrong", "framework"), [("xgbost", "xgboost"), ("lightgmb", "lightgbm"), ("catbost", "catboost")]
)
def test_a_misspelt_framework(wrong, framework):
    found = fault(head(wrong))
    assert found.suggestion == framework
    assert (found.line, found.column) == (2, 12)


@ALL
def test_a_misspelt_key(framework):
    found = fault(head(framework) + "hyperparameter: {max_depth: 3}")
    assert (found.line, found.column, found.suggestion) == (4, 1, "hyperparameters")


@ALL
def test_the_schema_agrees(framework):
    validator = Draft202012Validator(json_schema())
    good = "hyperparameters: {eval_metric: [auc]}\nearlyStopping: {patience: 5}\nvalidationData: $val\ndevice: cuda"
    validator.validate(parse(head(framework) + good).value)
    for wrong in ("device: gpu", "earlyStopping: {patience: 0}", "hyperparameters: [3]", "epochs: 3"):
        assert fault(head(framework) + wrong)
        assert not validator.is_valid(parse(head(framework) + wrong).value)
