"""The saved report's HTML: whole, escaped, and good without style sheets."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from mlmagic import _html
from mlmagic._html import MOST_CLASSES, Confusion, Summary
from tests.browser.summaries import broken, everywhere, finished, many_classes, running

EVILS = [
    '<img src=x onerror="alert(1)">',
    "</script><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    '" style="position:fixed',
    "</style><b>`code`",
]
EVERY = [finished(), running(), broken(), many_classes(), everywhere("x"), Summary("r", "", "", "", "success")]
VOID = {"img", "br"}
# What JupyterLab's sanitizer lets through; `style` goes in an untrusted notebook, with nothing lost but the hiding.
ALLOWED = {"div", "p", "b", "span", "pre", "code", "table", "thead", "tbody", "tr", "th", "td", "br", "img"}
ALLOWED |= {"details", "summary", "style"}


class Page(HTMLParser):
    """Checks that every element is closed in order, and keeps elements and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("summary", EVERY, ids=lambda s: f"{s.status}-{len(s.files)}")
def test_it_is_well_formed_and_carries_nothing_active(summary: Summary) -> None:
    page = Page(_html.html(summary))
    assert {tag for tag, _ in page.elements} <= ALLOWED
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("src") or "data:image/svg+xml").startswith("data:image/svg+xml")
    assert page.elements[0] == ("div", {"class": "mlm-report", "style": page.elements[0][1]["style"]})


def test_it_fetches_nothing() -> None:
    assert not re.search(r"https?://|url\(|@import|<script|<link", _html.html(finished()))


@pytest.mark.parametrize("evil", EVILS)
def test_text_from_data_stays_text(evil: str) -> None:
    plain, attacked = Page(_html.html(everywhere("x"))), Page(_html.html(everywhere(evil)))
    shape = [(tag, sorted(attributes)) for tag, attributes in plain.elements]
    found = [(tag, sorted(attributes)) for tag, attributes in attacked.elements if tag != "code"]
    assert found == [element for element in shape if element[0] != "code"]
    assert evil.replace("`", "") in attacked.text.replace("`", "") or " ".join(evil.split()) in attacked.text


def test_it_says_all_of_the_summary() -> None:
    summary = finished()
    text = Page(_html.html(summary)).text
    for words in (summary.name, summary.status, summary.subject, summary.duration, summary.directory):
        assert words in text
    for label, value in (*summary.numbers, *summary.facts, *summary.files):
        assert label in text
        assert value in text


def test_an_error_says_type_cause_and_way_out() -> None:
    text = Page(_html.html(broken())).text
    assert "training-failure : PenguinNet.forward raised" in text
    assert "RuntimeError: mat1" in text
    assert "→ Give head 7 inputs" in text


def test_a_run_that_goes_on_says_how_to_see_it() -> None:
    text = Page(_html.html(running())).text
    assert "Running when this was saved" in text
    assert "%mlattach runs/report-1" in text
    assert "when this was saved" not in Page(_html.html(finished())).text


@pytest.mark.parametrize("status", ["success", "stopped", "error", "queued", "interrupted", "made-up"])
def test_every_status_has_a_chip(status: str) -> None:
    assert status in Page(_html.html(replace(finished(), status=status))).text


def test_a_large_confusion_tells_the_commonest_mistakes() -> None:
    n = MOST_CLASSES + 1
    counts = [[9 if i == j else 0 for j in range(n)] for i in range(n)]
    counts[3][7], counts[1][2] = 5, 8
    confusion = Confusion(tuple(f"c{i}" for i in range(n)), tuple(map(tuple, counts)))
    text = Page(_html.html(replace(finished(), confusion=confusion))).text
    assert f"the commonest mistakes among {n} classes" in text
    assert "c1 c2 8 c3 c7 5" in text


def test_a_confusion_of_a_class_without_rows() -> None:
    confusion = Confusion(("a", "b"), ((0, 0), (1, 2)))
    assert "33 %" in Page(_html.html(replace(finished(), confusion=confusion))).text


def test_long_class_names_are_cut() -> None:
    confusion = Confusion(("a" * 500, "b"), ((1, 0), (0, 1)))
    text = _html.html(replace(finished(), confusion=confusion))
    assert "a" * 59 + "…" in text
    assert "a" * 60 not in text


def test_it_is_small() -> None:
    assert len(_html.html(finished())) < 20_000


def test_text_has_the_same_parts() -> None:
    lines = _html.text(finished()).splitlines()
    assert lines[0] == "report: success · train · PyTorch · PenguinNet · 12 s"
    assert "  test accuracy  0.967" in lines
    assert _html.text(broken()).splitlines()[-1] == "→ Give `head` 7 inputs, as many as the data has columns"


def test_the_rules_nest_no_has() -> None:
    """`:has()` inside `:has()` makes a browser drop the whole rule."""
    depth, inside = 0, []
    for part in re.findall(r":has\(|\(|\)", _html.RULES):
        if part == ")":
            inside = inside[:-1] if inside and inside[-1] == depth else inside
            depth -= 1
        else:
            depth += 1
            if part == ":has(":
                assert not inside
                inside.append(depth)


@pytest.mark.parametrize("ground", ["#ffffff", "#111111", "#0d1117", "#1e1e1e"])
@pytest.mark.parametrize("tint", list(_html._TINT.values()))
def test_the_strongest_tint_keeps_text_readable(ground: str, tint: str) -> None:
    back = rgb(ground)
    ink = (33.0,) * 3 if sum(back) > 380 else (224.0,) * 3
    front = tuple(float(part) for part in tint.split(","))
    mixed = tuple(0.5 * f + 0.5 * b for f, b in zip(front, back, strict=True))
    assert contrast(ink, mixed) >= 4.5


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(float(int(colour[i : i + 2], 16)) for i in (1, 3, 5))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """WCAG 2.1, success criterion 1.4.3."""
    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: tuple[float, ...]) -> float:
    parts = (c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def test_contrast_of_black_and_white() -> None:
    assert contrast((0.0,) * 3, (255.0,) * 3) == pytest.approx(21)
    assert all(a < b for a, b in pairwise([luminance((float(c),) * 3) for c in range(0, 256, 15)]))
