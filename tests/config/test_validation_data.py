"""Rows that validate come from a table of their own or from a share of the others, in every framework alike."""

import pytest

from mlmagic.config import parse, resolve
from mlmagic.executors import EXECUTORS
from mlmagic.executors import resolve as load
from tests.config.faults import fault

OWN = [name for name, entry in EXECUTORS.items() if "validation_data" in load(entry.train).model_fields]
ALL = pytest.mark.parametrize("framework", OWN)


def head(framework: str) -> str:
    model = "architecture: mlp\n" if "architecture" in load(EXECUTORS[framework].train).model_fields else ""
    return f"action: train\nframework: {framework}\ndata: $df\nvalidationData: $val\n{model}"


def test_all_networks_and_boosting_libraries_take_one():
    assert set(OWN) == set(EXECUTORS) - {"sklearn"}


@ALL
def test_a_share_of_the_rows_beside_it_is_refused(framework):
    found = fault(head(framework) + "validationSplit: 0.3\n")
    assert found.message.startswith("validationSplit and validationData exclude each other")
    assert (found.line, found.column) == (4, 1)


@ALL
def test_no_share_leaves_all_other_rows_to_train_and_test(framework):
    assert resolve(parse(head(framework) + "validationSplit: 0\n")).train.validation_split == 0
    assert resolve(parse(head(framework) + "testSplit: 0.9\n")).train.test_split == 0.9
