"""Names in a list of the notebook are checked with the cell, by the rule and in the words of those in the cell."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.metrics import make_scorer

import mlmagic
from mlmagic._inputs import hold
from mlmagic.config import parse, resolve
from mlmagic.errors import Fault, InvalidConfiguration
from tests.config.faults import fault

KERAS = "action: train\nframework: keras\narchitecture: mlp\ndata: $df\n"
CASES = pytest.mark.parametrize(
    ("key", "wrong", "meant"),
    [("callbacks", "EarlyStoping", "early_stopping"), ("metrics", "acuracy", "accuracy"), ("metrics", "xyz", None)],
)


def held(text: str, **names: object) -> list[Fault]:
    document = parse(text)
    with pytest.raises(InvalidConfiguration) as caught:
        hold(resolve(document), {"df": None, **names}, document)
    return caught.value.faults


@CASES
def test_a_list_in_a_variable_and_one_in_the_cell_are_told_alike(key, wrong, meant):
    written = fault(f"{KERAS}{key}: [{wrong}]")
    known = {"callbacks": "csv_logger", "metrics": len}[key]
    (found,) = held(f"{KERAS}{key}: $mine", mine=[known, wrong])
    assert found.message == f"$mine[1]: {written.message}"
    assert found.suggestion == written.suggestion == meant
    assert found.value == written.value == wrong
    assert (found.line, found.column) == (5, len(key) + 3)


@CASES
def test_a_list_among_names_of_the_cell(key, wrong, meant):
    known = {"callbacks": "csv_logger", "metrics": "f1"}[key]
    (found,) = held(f"{KERAS}{key}: [{known}, $mine]", mine=(known, wrong))
    assert (found.path, found.line, found.column) == ("$mine", 5, len(f"{key}: [{known}, ") + 1)


def test_all_of_them_are_told_at_once_and_with_names_that_are_not_there():
    text = KERAS + "callbacks: $beside\nmetrics: [$scores]\ntarget: $nothing"
    found = held(text, beside=["csv_loger"], scores=["accuracy", "f2", "preccision"])
    assert [one.path for one in found] == ["$nothing", "$scores", "$scores", "$beside"]


def test_evaluate_has_the_same_rule():
    text = "action: evaluate\nframework: keras\nmodel: $net\ndata: $df\nmetrics: $scores"
    (found,) = held(text, net=object(), scores=["acuracy"])
    assert (found.suggestion, found.line, found.column) == ("accuracy", 5, 10)


def test_it_is_found_before_a_run_is_made(here):
    text = "action: train\nframework: sklearn\nalgorithm: GaussianNB\ndata: $df\nmetrics: $scores"
    with pytest.raises(InvalidConfiguration, match=r"line 5, column 10: \$scores\[0\]: no metric is called 'acuracy'"):
        mlmagic.submit(text, df=None, scores=["acuracy"])
    assert not (here / "runs").exists()


def test_what_is_added_to_the_list_later_does_not_reach_the_run():
    scores = ["f1"]
    config = resolve(parse(KERAS + "metrics: $scores"))
    values = hold(config, {"df": None, "scores": scores})
    scores.append("acuracy")
    assert values["$scores"] == ["f1"]


class Mine:
    """Neither text nor callable."""


OTHERS = pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("metrics", "a metric is its name or a function, f(y_true, y_pred) or a scorer"),
        ("callbacks", "a callback is its name or a keras.callbacks.Callback"),
    ],
)


@OTHERS
@pytest.mark.parametrize(
    ("wrong", "shown"), [(3, "3"), (None, "null"), (["f1"], "a list"), (Mine(), "a Mine"), ({}, "an empty mapping")]
)
def test_what_is_neither_a_name_nor_an_object_of_the_kind(key, rule, wrong, shown):
    (found,) = held(f"{KERAS}{key}: $mine", mine=[wrong])
    assert found.message == f"$mine[0]: {rule}, got {shown}"
    assert (found.path, found.value, found.line, found.column) == ("$mine", "$mine[0]", 5, len(key) + 3)


@OTHERS
@pytest.mark.parametrize(("wrong", "shown"), [(3, "3"), (None, "null")])
def test_a_variable_that_holds_no_list_either(key, rule, wrong, shown):
    (found,) = held(f"{KERAS}{key}: [$mine]", mine=wrong)
    assert found.message == f"$mine: {rule}, got {shown}"


def test_every_item_is_told_names_and_others_alike():
    found = held(KERAS + "metrics: $mine", mine=["acuracy", 3, len, "f1", None])
    assert [one.message.partition(":")[0] for one in found] == ["$mine[0]", "$mine[1]", "$mine[4]"]
    (found,) = held(KERAS + "callbacks: $mine", mine=["csv_logger", len])  # a function is no callback
    assert found.message.startswith("$mine[1]: a callback is")


def test_a_list_without_metrics_is_refused_as_in_the_cell():
    written = fault(f"{KERAS}metrics: []")
    (found,) = held(KERAS + "metrics: $mine", mine=[])
    assert written.message.endswith("got an empty list")
    assert found.message.endswith("got an empty list")
    assert (found.line, found.column) == (written.line, written.column) == (5, 10)
    for text in ("metrics: [f1, $mine]", "callbacks: $mine", "callbacks: []"):
        config = resolve(parse(KERAS + text))
        hold(config, {"df": None, "mine": []})


def test_a_name_in_a_variable_is_a_name():
    (found,) = held(KERAS + "metrics: $mine\ncallbacks: $other", mine="acuracy", other="csv_logger")
    assert (found.message.partition(":")[0], found.suggestion) == ("$mine", "accuracy")
    config = resolve(parse(KERAS + "metrics: [$mine, r2]\ncallbacks: $other"))
    bound = config.bind(lambda name: {"$mine": "f1", "$other": "csv_logger"}.get(str(name)))
    assert bound.config.asked == ["f1", "r2"]
    assert bound.config.beside == ["csv_logger"]


def test_a_name_that_is_not_there_is_told_once():
    found = held(KERAS + "metrics: $mine\ncallbacks: $other")
    assert [one.message.partition(" ")[0] for one in found] == ["$mine", "$other"]


def test_a_function_that_fails_is_called_by_its_place_in_the_list(here):
    text = "action: train\nframework: sklearn\nalgorithm: GaussianNB\ndata: $df\ntarget: y\nmetrics: $scores"
    df = pd.DataFrame({"a": range(20), "y": ["a", "b"] * 10})
    broken = make_scorer(lambda y, values: 1 / 0)  # which has no name of its own
    with pytest.raises(InvalidConfiguration) as caught:
        mlmagic.run(text, df=df, scores=["f1", broken, lambda y, values: "many"])
    first, second = [one.message for one in caught.value.faults]
    assert first == "$scores[1] gives no number for a few rows of the target: ZeroDivisionError: division by zero"
    assert second.startswith("$scores[2] gives no number")
