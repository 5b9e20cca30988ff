"""Events survive their way through a file."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.events import EVENTS, Log, Metadata, Metrics, Row, Steps, decode, encode, plain

words = st.text(max_size=8)
numbers = st.floats()
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(words, anything, max_size=3)
counts = st.integers(0, 2**40)
finite = st.floats(allow_nan=False, allow_infinity=False)
STRATEGIES = {
    "bool": st.booleans(),
    "str": words,
    "str | None": st.none() | words,
    "int": counts,
    "int | None": st.none() | counts,
    "float": finite,
    "Mapping[str, Any]": mappings,
    "Mapping[str, Any] | None": st.none() | mappings,
    "Mapping[str, float]": st.dictionaries(words, numbers, max_size=3),
    "Mapping[str, Sequence[float]]": st.dictionaries(words, st.lists(numbers, max_size=5), max_size=3),
}
events = st.one_of(
    *(st.builds(kind, **{item.name: STRATEGIES[item.type] for item in fields(kind)}) for kind in EVENTS.values())
)


def nulled(value):
    """What is not finite as None, at any depth; written apart from the code under test."""
    if isinstance(value, dict):
        return {key: nulled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [nulled(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def short(value):
    """Six significant digits, as the series of steps keep."""
    return value if value is None else float(f"{value:.6g}")


@given(events)
def test_an_event_reads_back_as_it_was(event):
    line = encode(event)
    assert "\n" not in line
    body = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    back = decode(body)
    assert type(back) is type(event)
    for item in fields(event):
        told, expected = nulled(getattr(back, item.name)), nulled(getattr(event, item.name))
        if isinstance(event, Steps) and item.name == "values":
            expected = {name: [short(value) for value in series] for name, series in expected.items()}
        assert told == expected


def test_numbers_that_are_not_finite_come_back_as_gaps():
    row = decode(json.loads(encode(Row(1, {"loss": math.inf, "accuracy": 0.5}))))
    assert math.isnan(row.values["loss"])
    assert row.values["accuracy"] == 0.5
    steps = decode(json.loads(encode(Steps(3, {"loss": [1.0, math.nan, -math.inf]}))))
    assert math.isnan(steps.values["loss"][1])
    assert math.isnan(steps.values["loss"][2])


def test_an_event_of_a_later_version_is_skipped():
    assert decode({"event": "hologram", "depth": 3}) is None


def test_numpy_is_plain_data_and_everything_else_is_refused():
    event = Metrics({"a": np.float32(0.5), "b": np.array([1.0, np.nan]), "c": np.int64(3), "d": np.bool_(True)})
    assert decode(json.loads(encode(event))).values == {"a": 0.5, "b": [1.0, None], "c": 3, "d": True}
    with pytest.raises(TypeError):
        encode(Metadata({"model": object()}))


def test_text_of_any_script_stays_readable():
    line = encode(Log("größer → 汉字 \u2028 \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")))
    assert "größer → 汉字" in line
    assert line.encode().decode() == line


def test_plain_makes_a_subclass_of_text_text():
    kind = type("Version", (str,), {})
    assert type(plain({"v": kind("2.13")})["v"]) is str


def test_events_are_frozen():
    event = Row(1, {"loss": 1.0})
    with pytest.raises(AttributeError):
        event.index = 2
    assert replace(event, index=2).index == 2
