"""Names in a list of the notebook are checked with the cell, by the rule and in the words of those in the cell."""

from __future__ import annotations

import pytest

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
    (found,) = held(f"{KERAS}{key}: $mine", mine=[len, wrong])
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
