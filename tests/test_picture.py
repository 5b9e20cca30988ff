"""The saved report's picture: what is drawn, by value."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmagic._picture import BLUE, GREY, MOST_POINTS, ORANGE, Curve, Series, number, svg, thin
from tests.test_html import contrast, rgb


@pytest.mark.parametrize("ground", ["#ffffff", "#111111", "#0d1117", "#1e1e1e"])
@pytest.mark.parametrize("colour", [BLUE, ORANGE, GREY])
def test_colours_stand_out_on_light_and_dark(colour: str, ground: str) -> None:
    """3 : 1 is what WCAG asks of graphics; no colour reaches 4.5 : 1 on both white and #111."""
    assert contrast(rgb(colour), rgb(ground)) >= 4.0


def test_thinning_keeps_ends_and_extremes() -> None:
    points = [(float(i), 0.0) for i in range(100_000)]
    points[777], points[54_321] = (777.0, 9.0), (54_321.0, -9.0)
    kept = thin(points)
    assert len(kept) <= MOST_POINTS
    assert kept == sorted(kept)
    assert {points[0], points[777], points[54_321], points[-1]} <= set(kept)


def test_few_points_stay_as_they_are() -> None:
    points = [(1.0, 2.0), (2.0, 1.0)]
    assert thin(points) == points


def test_the_picture_is_told_in_words() -> None:
    curve = Curve("loss", (Series("train", (1.0, 2.0), (0.5, 0.25)),), best=(2.0, 0.25))
    assert curve.words == "loss by epoch: train 0.5 to 0.25, best 0.25 at epoch 2"
    assert curve.words in curve.image()


@pytest.mark.parametrize("series", [(), (Series("a", (), ()),), (Series("a", (1.0,), (2.0,)),)])
def test_nothing_to_draw_gives_no_picture(series: tuple[Series, ...]) -> None:
    assert Curve("loss", series).image() == ""


def test_what_is_not_finite_is_left_out() -> None:
    line = Series("a", (1.0, 2.0, 3.0), (1.0, math.nan, math.inf))
    assert line.points == [(1.0, 1.0)]


def test_text_is_escaped_and_cut() -> None:
    drawn = svg(Curve("loss", (Series("<b>&a", (1.0, 2.0), (1.0, 2.0)), Series("v" * 50, (1.0, 2.0), (1.0, 2.0)))))
    assert "&lt;b&gt;&amp;a" in drawn
    assert "v" * 9 + "…<" in drawn


@pytest.mark.parametrize(("value", "written"), [(0.12345, "0.123"), (41200.0, "41200"), (2.0, "2"), (1e-7, "1e-07")])
def test_numbers_have_three_digits(value: float, written: str) -> None:
    assert number(value) == written


floats = st.floats(-1e12, 1e12) | st.sampled_from([0.0, -0.0, 1e-300, 1e300, -1e300, math.nan, math.inf])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(floats, floats), min_size=0, max_size=30), st.none() | st.tuples(floats, floats))
def test_any_curve_gives_valid_xml_of_finite_numbers(
    points: list[tuple[float, float]], best: tuple[float, float] | None
) -> None:
    line = Series("a", tuple(x for x, _ in points), tuple(y for _, y in points))
    curve = Curve("loss", (line,), best=best)
    if not curve.image():
        return
    drawn = svg(curve)
    ET.fromstring(drawn)
    assert "nan" not in drawn
    assert "inf" not in drawn
    assert len(drawn) < 60_000


ends = st.lists(st.floats(0, 1), min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(ends)
def test_what_stands_right_of_the_curves_never_overlaps(values: list[float]) -> None:
    """The lines' names and the axis' unit; above all where every line ends on the axis."""
    lines = tuple(Series(f"line {place}", (1.0, 2.0), (1.0, value)) for place, value in enumerate(values))
    drawn = ET.fromstring(svg(Curve("loss", lines, "round")))
    texts = [item for item in drawn.iter() if item.text and (item.text.startswith("line ") or item.text == "round")]
    heights = sorted(float(item.attrib["y"]) for item in texts)
    assert len(heights) == len(values) + 1
    assert all(after - before > 11.8 for before, after in pairwise(heights))
