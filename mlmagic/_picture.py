"""The saved report's one picture: a curve as a static SVG that an ``<img>`` can carry.

An ``<img>`` shows where a notebook is not trusted and inline SVG is taken away. It cannot see the page's theme, so
every colour here is a mid-tone that stands 4 : 1 against white and against the usual dark grounds alike.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from html import escape
from itertools import pairwise

BLUE, ORANGE, GREY = "#3b7ddd", "#d4581c", "#777f89"
WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 40, 68, 14, 24
# Two points a pixel: no eye sees more, and a notebook keeps every byte.
MOST_POINTS = 2 * (WIDTH - LEFT - RIGHT)


@dataclass(frozen=True)
class Series:
    """One line of a curve: its label and equally long ``x`` and ``y``; what is not finite is left out."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    @property
    def points(self) -> list[tuple[float, float]]:
        """The points that can be drawn."""
        return [(x, y) for x, y in zip(self.x, self.y, strict=True) if _drawable(x) and _drawable(y)]


@dataclass(frozen=True)
class Curve:
    """A small picture of how a run went.

    Parameters
    ----------
    title
        What the lines measure, such as ``loss``.
    series
        The lines, the one that matters (validation) last: it is drawn in blue, the others in grey.
    unit
        What x counts, such as ``epoch``.
    best
        The best point, marked in orange.
    """

    title: str
    series: tuple[Series, ...]
    unit: str = "epoch"
    best: tuple[float, float] | None = None

    @property
    def words(self) -> str:
        """The picture told in one sentence, for who cannot see it."""
        lines = [_told(line) for line in self.series if line.points]
        if self.best:
            lines.append(f"best {number(self.best[1])} at {self.unit} {number(self.best[0])}")
        return f"{self.title} by {self.unit}: {', '.join(lines)}"

    def image(self) -> str:
        """Give the picture as an ``<img>``, an empty string where fewer than two points can be drawn."""
        if max((len(line.points) for line in self.series), default=0) < 2:
            return ""
        data = base64.b64encode(svg(self).encode()).decode()
        return (
            f'<img width="{WIDTH}" height="{HEIGHT}" alt="{escape(self.words)}" '
            f'style="max-width:100%;height:auto;margin:0" src="data:image/svg+xml;base64,{data}">'
        )


def number(value: float) -> str:
    """Write a number with the three digits that tell two runs apart."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def svg(curve: Curve) -> str:
    """Draw the curve; the text is escaped."""
    points = [point for line in curve.series for point in line.points]
    marks = [curve.best] if curve.best and all(map(_drawable, curve.best)) else []
    plane = _Plane.around(points + marks)
    font = "font-family='system-ui,sans-serif' font-size='10.5'"
    parts = [*plane.axes(curve.unit), *_lines(curve, plane), *(_best(mark, plane) for mark in marks)]
    size = f"width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} {font} fill='{GREY}'>{''.join(parts)}</svg>"


@dataclass(frozen=True)
class _Plane:
    """Maps data to pixels."""

    x0: float
    x1: float
    y0: float
    y1: float
    step: float

    @classmethod
    def around(cls, points: list[tuple[float, float]]) -> _Plane:
        x0, x1 = _widened([x for x, _ in points])
        y0, y1 = _widened([y for _, y in points])
        step = _step(y1 - y0, 4)
        return cls(x0, x1, math.floor(y0 / step) * step, math.ceil(y1 / step) * step, step)

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x0) / (self.x1 - self.x0)
        up = (y - self.y0) / (self.y1 - self.y0)
        return LEFT + (WIDTH - LEFT - RIGHT) * across, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * up

    def axes(self, unit: str) -> list[str]:
        parts = []
        for i in range(round((self.y1 - self.y0) / self.step) + 1):
            value = self.y0 + i * self.step
            _, y = self.at(self.x0, value)
            parts.append(f"<path d='M{LEFT} {y:.1f}H{WIDTH - RIGHT}' stroke='{GREY}' stroke-opacity='.3'/>")
            parts.append(f"<text x='{LEFT - 6}' y='{y + 3.5:.1f}' text-anchor='end'>{_tick(value, self.step)}</text>")
        edge = 0.0
        for value in _x_ticks(self.x0, self.x1):
            (x, _), words = self.at(value, self.y0), _x_tick(value)
            edge = x + 3.2 * len(words)
            parts.append(f"<text x='{x:.1f}' y='{HEIGHT - 7}' text-anchor='middle'>{words}</text>")
        # The unit stands right of the axis, clear of the last number.
        x = max(WIDTH - RIGHT, edge) + 6
        return [*parts, f"<text x='{x:.1f}' y='{HEIGHT - 7}'>{escape(_label(unit))}</text>"]


def _drawable(value: float) -> bool:
    # A range may not overflow either, so the outermost floats count as infinite.
    return abs(value) <= 1e300


def _lines(curve: Curve, plane: _Plane) -> list[str]:
    drawn = [line for line in curve.series if line.points]
    parts, taken = [], [HEIGHT - 7 - 3.5]  # where the unit stands
    for line in reversed(drawn):
        main = line is drawn[-1]
        colour, width = (BLUE, 2) if main else (GREY, 1.5)
        pixels = [plane.at(x, y) for x, y in thin(line.points)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in pixels)
        dash = " stroke-dasharray='5 4'" if line.label == "test" else ""  # as the dashboard has it
        stroke = f"stroke='{colour}' stroke-width='{width}' stroke-linejoin='round'{dash}"
        parts.append(f"<path d='M{path}' fill='none' {stroke}/>")
        x, y = pixels[-1]
        y = _free(y, taken)
        taken.append(y)
        weight = " font-weight='600'" if main else ""
        parts.append(
            f"<text x='{x + 6:.1f}' y='{y + 3.5:.1f}' fill='{colour}'{weight}>{escape(_label(line.label))}</text>"
        )
    return parts[::-1]


def _best(mark: tuple[float, float], plane: _Plane) -> str:
    x, y = plane.at(*mark)
    # The label goes where the line is not: above a low point, below a high one.
    low = y > (HEIGHT - BOTTOM + TOP) / 2
    words = f"best {number(mark[1])}"
    # Inside the plane: left of it stand the axis' numbers, right of it the lines' names.
    half = 3.2 * len(words)
    middle = min(max(x, LEFT + half), WIDTH - RIGHT - half)
    label = f"<text x='{middle:.1f}' y='{y - 9 if low else y + 17:.1f}' text-anchor='middle' fill='{ORANGE}'>"
    ring = f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.5' fill='none' stroke='{ORANGE}' stroke-width='2'/>"
    drop = f"<path d='M{x:.1f} {y + 5:.1f}V{HEIGHT - BOTTOM}' stroke='{ORANGE}' stroke-dasharray='2 2'/>"
    return f"{drop if y + 5 < HEIGHT - BOTTOM else ''}{ring}{label}{words}</text>"


def thin(points: list[tuple[float, float]], most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """At most ``most`` points that keep the first, the last and every bucket's lowest and highest."""
    if len(points) <= most:
        return points
    buckets = most // 2 - 1
    edges = [1 + (len(points) - 2) * i // buckets for i in range(buckets + 1)]
    kept = [points[0]]
    for start, end in pairwise(edges):
        chunk = points[start:end]
        kept += sorted({min(chunk, key=lambda p: p[1]), max(chunk, key=lambda p: p[1])})
    return [*kept, points[-1]]


def _told(line: Series) -> str:
    (_, first), (_, last) = line.points[0], line.points[-1]
    return f"{line.label} {number(first)} to {number(last)}"


def _widened(values: list[float]) -> tuple[float, float]:
    """Give the range of values, never so narrow that it vanishes beside their size."""
    low, high = min(values), max(values)
    least = max(abs(low), abs(high)) * (1e-9 if high > low else 0.1) or 1.0
    return low, max(high, low + least)


def _label(words: str) -> str:
    return words if len(words) <= 10 else f"{words[:9]}…"


def _step(span: float, count: int) -> float:
    """Find the round step (1, 2, 5 times a power of ten) that cuts ``span`` into about ``count`` parts."""
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)


def _tick(value: float, step: float) -> str:
    if abs(value) >= 1e5 or step < 1e-5:
        return f"{value:.1e}"
    return f"{value:.{max(0, -math.floor(math.log10(step)))}f}"


def _x_tick(value: float) -> str:
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if suffix == 'k' else size):.3g}{suffix}"
    return f"{value:.4g}"


def _x_ticks(low: float, high: float) -> list[float]:
    step = max(1.0, _step(high - low, 5))
    first = math.ceil(low / step) * step
    return [first + i * step for i in range(int((high - first) / step) + 1)]


def _free(y: float, taken: list[float]) -> float:
    """Find the nearest height for a label that is at least a line away from those already set."""
    heights = [y, *(other + line for other in taken for line in (-12, 12))]
    free = [height for height in heights if all(abs(height - other) >= 12 for other in taken)]
    return min(free, key=lambda height: abs(height - y))
