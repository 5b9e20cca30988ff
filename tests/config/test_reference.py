import copy
import pickle

import pytest

from mlmagic.config import UNBOUND, Reference, parse, resolve
from tests.config.faults import fault

HEAD = "framework: sklearn\nalgorithm: SVC\ndata: $df\n"


def read(text):
    return resolve(parse(f"{HEAD}hyperparameters: {{x: {text}}}"), action="train").config.hyperparameters["x"]


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("$df", Reference("df")),
        ("'$df'", Reference("df")),
        ('"$report.model"', Reference("report", ("model",))),
        ("$_a1.b.c_d", Reference("_a1", ("b", "c_d"))),
    ],
)
def test_references(text, reference):
    assert read(text) == reference
    assert str(read(text)) == text.strip("'\"")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$$x", "$x"),
        ("'$$$x'", "$$x"),
        ("$5", "$5"),
        ("$", "$"),
        ("$a-b", "$a-b"),
        ("'$a '", "$a "),
        (r'"$a\n"', "$a\n"),
    ],
)
def test_texts(text, value):
    assert read(text) == value


@pytest.mark.parametrize("name", ["$df._mgr", "$x.__class__", "$a.b.__globals__"])
def test_private_attributes_are_refused(name):
    found = fault(f"{HEAD}hyperparameters: {{x: {name}}}")
    assert "private" in found.message
    assert (found.line, found.column, found.path) == (4, 22, "hyperparameters.x")


def test_binding():
    reference = Reference("df")
    bound = reference.bind([1])
    assert not reference.bound
    assert bound.bound
    assert bound.value == [1]
    assert bound == reference
    assert hash(bound) == hash(reference)
    assert "[1]" not in repr(bound)


def test_bound_to_none_is_bound():
    assert Reference("x").bind(None).bound


@pytest.mark.parametrize("again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_unbound_survives_a_copy(again):
    assert again(Reference("x")).value is UNBOUND
    assert not again(Reference("x")).bound


def test_references_of_a_run_in_order():
    text = f"{HEAD}target: $y\nhyperparameters: {{a: [$b, {{c: $d.e}}], f: $df}}"
    run = resolve(parse(text), action="train")
    assert [str(reference) for reference in run.references()] == ["$df", "$y", "$b", "$d.e", "$df"]


def test_bind_gives_a_bound_copy():
    run = resolve(parse(f"{HEAD}hyperparameters: {{a: [$b]}}"), action="train")
    bound = run.bind(lambda reference: f"<{reference}>")
    assert bound.config.data.value == "<$df>"
    assert bound.config.hyperparameters["a"][0].value == "<$b>"
    assert not any(reference.bound for reference in run.references())
    assert bound == run
    assert bound.to_plain() == run.to_plain()


def test_what_lookup_raises_is_raised():
    with pytest.raises(KeyError):
        resolve(parse(HEAD), action="train").bind({}.__getitem__)
