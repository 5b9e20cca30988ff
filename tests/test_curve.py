"""A curve stays small, and shows its extremes, however long it gets."""

from __future__ import annotations

import math
import sys
import threading
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from mlmagic import _curve
from mlmagic._curve import LIMIT, Change, Cursor, Curve

# Few buckets, so that short examples merge many times.
SMALL = 8
values = st.floats(allow_nan=True, allow_infinity=True, width=32)
blocks = st.lists(st.lists(values, max_size=2 * SMALL), max_size=20)


def feed(curve: Curve, y: list[float]) -> None:
    curve.extend([float(curve.count + i) for i in range(len(y))], y)


def grown(parts: list[list[float]]) -> Curve:
    curve = Curve()
    for part in parts:
        feed(curve, part)
    return curve


class Reader:
    """Keeps points as the page does."""

    def __init__(self) -> None:
        self.cursor = Cursor()
        self.x: list[float] = []
        self.y: list[float] = []

    def read(self, curve: Curve) -> Change:
        change = curve.since(self.cursor)
        self.x[change.keep :], self.y[change.keep :] = change.x, change.y
        self.cursor = change.cursor
        return change


def points(reader: Reader) -> list[tuple[float, float | None]]:
    return [(x, None if math.isnan(y) else y) for x, y in zip(reader.x, reader.y, strict=True)]


@given(blocks)
@settings(deadline=None)
def test_points_are_bounded_ordered_and_hold_the_extremes(parts):
    _curve.LIMIT, limit = SMALL, _curve.LIMIT
    try:
        whole = Reader()
        whole.read(grown(parts))
    finally:
        _curve.LIMIT = limit
    given_values = [value for part in parts for value in part]
    finite = [value for value in given_values if math.isfinite(value)]
    shown = [value for value in whole.y if not math.isnan(value)]
    assert len(whole.x) <= 2 * SMALL
    assert whole.x == sorted(whole.x)
    assert not any(map(math.isinf, whole.y))
    if finite:
        assert (min(shown), max(shown)) == (min(finite), max(finite))
    else:
        assert shown == []
    # Every point that is shown is one that was given.
    assert all(given_values[int(x)] == y for x, y in zip(whole.x, whole.y, strict=True) if not math.isnan(y))


@given(blocks, st.sets(st.integers(0, 20)))
@settings(deadline=None)
def test_reading_changes_gives_what_reading_it_whole_gives(parts, read_after):
    _curve.LIMIT, limit = SMALL, _curve.LIMIT
    try:
        curve, reader = Curve(), Reader()
        for number, part in enumerate(parts):
            feed(curve, part)
            if number in read_after:
                reader.read(curve)
        reader.read(curve)
        fresh = Reader()
        fresh.read(curve)
        again = reader.read(curve)
    finally:
        _curve.LIMIT = limit
    assert points(reader) == points(fresh)
    assert len(again.x) <= 2, "nothing new but the bucket that is not full"


def test_a_million_steps_stay_small_for_a_page_that_reads_ten_times():
    steps, size, sent = 1_000_000, 800, 0
    curve, reader, spike = Curve(), Reader(), 654_321
    y = [math.sin(step / 5_000) for step in range(steps)]
    y[spike] = 9.0
    began = time.perf_counter()
    for start in range(0, steps, size):
        feed(curve, y[start : start + size])
        if (start // size + 1) % (steps // size // 10) == 0:
            change = reader.read(curve)
            sent += 8 * (len(change.x) + len(change.y))
    spent = time.perf_counter() - began
    print(f"1,000,000 steps: {spent:.2f} s, {sent / 1000:.0f} kB sent, {len(reader.x)} points")
    assert sent < 1_000_000
    assert len(reader.x) <= 2 * LIMIT
    assert (float(spike), 9.0) in zip(reader.x, reader.y, strict=True)
    assert spent < 60


def test_a_long_curve_costs_a_step_about_what_a_short_one_does():
    def cost(steps: int) -> float:
        curve, y = Curve(), [float(step % 97) for step in range(steps)]
        began = time.perf_counter()
        for start in range(0, steps, 800):
            feed(curve, y[start : start + 800])
        return (time.perf_counter() - began) / steps

    short, long = (min(cost(steps) for _ in range(3)) for steps in (20_000, 400_000))
    assert long < 5 * short


def test_a_page_reads_while_the_run_appends():
    # The dashboard reads in a thread of its own; switching often shows a half-appended bucket at once.
    curve, stop, failures = Curve(), threading.Event(), []

    def read() -> None:
        reader = Reader()
        while not stop.is_set():
            try:
                reader.read(curve)
                assert reader.x == sorted(reader.x)
            except Exception as error:
                failures.append(error)
                return

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    reading = threading.Thread(target=read)
    try:
        reading.start()
        for _ in range(20_000):
            feed(curve, [1.0, 2.0, 0.5])
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        reading.join()
    assert failures == []
