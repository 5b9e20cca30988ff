"""The saved report and the dashboard write the same number alike: the cases of ``widgets/test/format.test.ts``."""

from __future__ import annotations

import math

import pytest

from mlmagic import _format


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.92741, "0.9274"),
        (1.0, "1.0000"),
        (1.5, "1.500"),
        (123.456, "123.5"),
        (1234.5, "1234"),
        (0, "0"),
        (0.00275, "0.00275"),
        (2.917e-5, "2.92e-5"),
        (0.0005, "5e-4"),
        (-0.5, "\u22120.5000"),
        (2.5e6, "2.5e6"),
        (math.nan, "NaN"),
        (-math.inf, "\u2212∞"),
        (None, "\u2013"),
    ],
)
def test_metric(value: float | None, text: str) -> None:
    assert _format.metric(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(271e6, "0.27 GB"), (24_000, "24 kB"), (7.8e6, "7.8 MB"), (98.2e6, "98 MB"), (1.23e10, "12.3 GB"), (512, "512 B")],
)
def test_size(count: float, text: str) -> None:
    assert _format.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.42 s"), (4.21, "4.2 s"), (12, "12 s"), (72, "1 m 12 s"), (7500, "2 h 05 m"), (200_000, "2 d 7 h")],
)
def test_duration(seconds: float, text: str) -> None:
    assert _format.duration(seconds) == text


def test_grouped() -> None:
    assert [_format.grouped(344), _format.grouped(100_000), _format.rate(41_234)] == [
        "344",
        "100\u202f000",
        "41\u202f200",
    ]
