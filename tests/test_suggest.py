"""What was probably meant."""

from __future__ import annotations

import pytest

from mlmagic._suggest import closest, closest_of, listed


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("bil_length_mm", "bill_length_mm"),
        ("Bill Length MM", "bill_length_mm"),
        ("BODYMASS", "bodyMass"),
        ("straße", "Strasse"),
        ("qqq", None),
        ("", None),
    ],
)
def test_the_name_that_was_meant_is_found_however_it_is_spelled(word, meant):
    assert closest(word, iter(["bill_length_mm", "bodyMass", "Strasse"])) == meant


def test_nothing_is_near_where_there_is_nothing():
    assert closest("a", []) is None


def test_what_a_spelling_stands_for_is_given():
    assert closest_of("skleran", {"sklearn": "scikit-learn", "torch": "PyTorch"}) == "scikit-learn"


def test_names_in_a_sentence():
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a or b", "a, b or c"]
