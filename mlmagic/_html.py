"""The finished report as HTML that outlives its kernel: no script, no style sheet needed, nothing fetched.

It is read in four places and each takes something away. JupyterLab with a trusted notebook shows all of it; with an
untrusted one it strips ``<style>``; GitHub strips every style too, so the order and the tables alone must read well;
nbconvert's page knows nothing of Lab's colours. Hence: text in the page's own colour, greys and tints by
transparency, real tables that inline styles turn into tiles, and one picture in an ``<img>``.

The two rules in :data:`RULES` let it live beside the live widget: while the dashboard is there the copy hides, and
once the dashboard is dead its "Loading widget..." line hides.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from mlmagic._picture import Curve, Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["RULES", "Confusion", "Curve", "Failure", "Preview", "Series", "Summary", "html", "text"]

_CHILD = ".jp-OutputArea-child"
# A widget that lives has an element inside its panel; a dead or waiting one has a line of bare text, so a slider of
# the user's own is never hidden. `:has()` may not be nested, hence the chain.
RULES = (
    f"{_CHILD}:has(.mlm-dashboard)~{_CHILD}:has(.mlm-report){{display:none}}"
    f"{_CHILD}:has(>.lm-Panel.jp-OutputArea-output):not(:has(>.jp-OutputArea-output>*)):has(~{_CHILD} .mlm-report)"
    "{display:none}"
)
# Beyond this a matrix is a wall of zeros, and the mistakes are told as a list.
MOST_CLASSES = 12
MOST_MISTAKES = 6
LONGEST = 60

_LINE = "1px solid rgba(128,128,128,.3)"
_FONT = "font:13px/1.45 system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;font-variant-numeric:tabular-nums"
_ROOT = f"{_FONT};max-width:960px;border:{_LINE};border-radius:8px;overflow:hidden;margin:2px 0"
_PART = f"margin:0;padding:9px 14px;border-top:{_LINE}"
_SOFT = "font-size:11.5px;opacity:.72"
_TINT = {"blue": "59,125,221", "orange": "212,88,28"}
_EMPTY = "background-color:rgba(128,128,128,.07);border-radius:3px;min-width:40px;opacity:.72"
# A state that asks for attention is orange, everything else blue.
_ORANGE = {"error", "interrupted", "stopped"}


@dataclass(frozen=True)
class Confusion:
    """``counts[i][j]`` rows of class ``labels[i]`` that were called ``labels[j]``."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Preview:
    """The first ``rows`` of ``count`` that were predicted, as text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    count: int


@dataclass(frozen=True)
class Failure:
    """An error as a person reads it; the fields are those of the report's ``error``."""

    type: str
    message: str
    solution: str = ""
    stderr: str = ""


@dataclass(frozen=True)
class Summary:
    """All that the saved report shows, as plain text.

    Parameters
    ----------
    name, action, framework, subject, status
        ``report``, ``train``, ``scikit-learn``, ``RandomForestClassifier``, ``success``; an empty one is left out.
    duration
        Such as ``12 s``.
    numbers
        The tiles, ``(label, text)`` with its unit, the one that matters first.
    facts
        What else is worth a line: rows, split, seed, how the data was prepared.
    files
        ``(artifact key, path)``.
    directory
        The run directory.
    confusion, curve, preview, error
        Parts that a run may have.
    """

    name: str
    action: str
    framework: str
    subject: str
    status: str
    duration: str = ""
    numbers: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    directory: str = ""
    confusion: Confusion | None = None
    curve: Curve | None = None
    preview: Preview | None = None
    error: Failure | None = None

    @property
    def what(self) -> str:
        """What ran, and for how long."""
        parts = (self.action, self.framework, self.subject, self.duration)
        return " · ".join(part for part in parts if part)


def html(summary: Summary) -> str:
    """Write the report as one ``<div class="mlm-report">``; everything that came from data is escaped."""
    parts = [_head(summary), _error(summary.error), _unfinished(summary), _tiles(summary.numbers)]
    parts += [_pictures(summary), _preview(summary.preview), _facts(summary.facts), _files(summary)]
    return f'<div class="mlm-report" style="{_ROOT}">{"".join(parts)}<style>{RULES}</style></div>'


def text(summary: Summary) -> str:
    """Write the report for a terminal or a log: the same parts, without the pictures."""
    lines = [f"{summary.name}: {summary.status} · {summary.what}"]
    if summary.error:
        lines += ["", f"{summary.error.type}: {summary.error.message}", *summary.error.stderr.rstrip().splitlines()]
        lines += [f"→ {summary.error.solution}"] if summary.error.solution else []
    for rows in (summary.numbers, summary.facts, summary.files):
        width = max((len(label) for label, _ in rows), default=0)
        lines += ["", *(f"  {label:<{width}}  {value}" for label, value in rows)] if rows else []
    return "\n".join(lines)


def _head(summary: Summary) -> str:
    tint = _TINT["orange" if summary.status in _ORANGE else "blue"]
    chip = f"background-color:rgba({tint},.2);border-radius:9px;padding:1px 8px;font-size:11px;font-weight:600"
    return (
        f'<p style="margin:0;padding:9px 14px"><b style="font-size:14px;font-weight:600">{escape(summary.name)}</b> '
        f'<span style="{chip}">{escape(summary.status)}</span> '
        f'<span style="opacity:.72">{escape(summary.what)}</span></p>'
    )


def _error(error: Failure | None) -> str:
    if error is None:
        return ""
    edge = f"border-left:3px solid rgb({_TINT['orange']})"
    frames = f'<pre style="margin:6px 0;overflow-x:auto;font-size:12px">{escape(error.stderr.rstrip())}</pre>'
    way = f'<p style="margin:4px 0 0"><b>→</b> {_code(error.solution)}</p>'
    return (
        f'<div style="{_PART};{edge}"><p style="margin:0;white-space:pre-wrap"><b>{escape(error.type)}</b>: '
        f"{escape(error.message)}</p>{frames if error.stderr.strip() else ''}{way if error.solution else ''}</div>"
    )


def _unfinished(summary: Summary) -> str:
    if summary.status not in {"queued", "running"}:
        return ""
    attach = f" <code>%mlattach {escape(summary.directory)}</code> shows how far it came." if summary.directory else ""
    return f'<p style="{_PART}">{summary.status.capitalize()} when this was saved.{attach}</p>'


def _tiles(numbers: Iterable[tuple[str, str]]) -> str:
    # Without styles this is a table of two columns; with them each row is a tile, and tiles wrap in a narrow cell.
    cell = "display:block;padding:0;border:0;text-align:left;white-space:nowrap"
    rows = "".join(
        f'<tr style="display:block;background:transparent;padding:0;min-width:88px">'
        f'<th scope="row" style="{cell};font-weight:400;{_SOFT}">{escape(label)}</th>'
        f'<td style="{cell};font-size:17px;font-weight:600">{escape(value)}</td></tr>'
        for label, value in numbers
    )
    flow = "display:flex;flex-wrap:wrap;gap:8px 28px"
    table = f'<table style="display:block;margin:0;border:0"><tbody style="{flow}">{rows}</tbody></table>'
    return f'<div style="{_PART}">{table}</div>' if rows else ""


def _pictures(summary: Summary) -> str:
    parts = [_curve(summary.curve), _confusion(summary.confusion)]
    parts = [f'<div style="max-width:100%;overflow-x:auto">{part}</div>' for part in parts if part]
    return f'<div style="{_PART};display:flex;flex-wrap:wrap;gap:10px 32px">{"".join(parts)}</div>' if parts else ""


def _caption(title: str, note: str = "") -> str:
    note = f' <span style="{_SOFT}">{note}</span>' if note else ""
    return f'<p style="margin:0 0 4px"><b style="font-weight:600">{title}</b>{note}</p>'


def _curve(curve: Curve | None) -> str:
    image = curve.image() if curve else ""
    return f"{_caption(escape(curve.title))}{image}" if curve and image else ""


def _preview(preview: Preview | None) -> str:
    if preview is None:
        return ""
    note = f"the first {len(preview.rows)} of {preview.count} rows"
    columns = [shorten(name) for name in preview.columns]
    table = _table(columns, [[shorten(cell) for cell in row] for row in preview.rows])
    return f'<div style="{_PART};overflow-x:auto">{_caption("predictions", note)}{table}</div>'


def _confusion(confusion: Confusion | None) -> str:
    if confusion is None or not confusion.labels:
        return ""
    if len(confusion.labels) > MOST_CLASSES:
        return _mistakes(confusion)
    labels = [escape(shorten(label)) for label in confusion.labels]
    head = "".join(f'<th scope="col" style="{_cell("center")};{_SOFT}">{label}</th>' for label in labels)
    rows = "".join(
        f'<tr style="background:transparent"><th scope="row" style="{_cell("right")};{_SOFT}">{label}</th>'
        f"{''.join(_count(n, i == j, sum(counts)) for j, n in enumerate(counts))}</tr>"
        for i, (label, counts) in enumerate(zip(labels, confusion.counts, strict=True))
    )
    corner = f'<tr style="background:transparent"><th style="{_cell("right")}"></th>{head}</tr>'
    style = "border-collapse:separate;border-spacing:2px;margin:0;border:0;table-layout:auto"
    table = f'<table style="{style}"><thead style="border:0">{corner}</thead><tbody>{rows}</tbody></table>'
    return _caption("confusion", "rows true, columns predicted") + table


def _count(n: int, right: bool, total: int) -> str:
    if not n:
        return f'<td style="{_cell("center")};{_EMPTY}">0</td>'
    # The tint stops at half: the number keeps the page's text colour, black or white, and stays readable on it.
    alpha = 0.06 + 0.44 * n / total
    tint = f"background-color:rgba({_TINT['blue' if right else 'orange']},{alpha:.2f});border-radius:3px;min-width:40px"
    share = f'<br><span style="font-size:10.5px;opacity:.8">{100 * n / total:.0f} %</span>'
    return f'<td style="{_cell("center")};{tint}"><b style="font-weight:600">{n}</b>{share}</td>'


def _mistakes(confusion: Confusion) -> str:
    """List the commonest mistakes, where the whole matrix would not fit."""
    pairs = [
        (n, actual, called)
        for i, (actual, counts) in enumerate(zip(confusion.labels, confusion.counts, strict=True))
        for j, (called, n) in enumerate(zip(confusion.labels, counts, strict=True))
        if n and i != j
    ]
    pairs.sort(key=lambda pair: -pair[0])
    top = [(shorten(actual), shorten(called), str(n)) for n, actual, called in pairs[:MOST_MISTAKES]]
    note = f"the commonest mistakes among {len(confusion.labels)} classes"
    return _caption("confusion", note) + _table(("class", "was called", "rows"), top)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    style = f"{_cell('left')};border-bottom:{_LINE}"
    top = "".join(f'<th scope="col" style="{style};{_SOFT}">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr style="background:transparent">{cells}</tr>'
        for cells in ("".join(f'<td style="{style}">{escape(value)}</td>' for value in row) for row in rows)
    )
    return (
        '<table style="border-collapse:collapse;margin:0;border:0;table-layout:auto">'
        f'<thead style="border:0"><tr style="background:transparent">{top}</tr></thead><tbody>{body}</tbody></table>'
    )


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    cell = "display:inline;padding:0;border:0;text-align:left"
    row = '<tr style="display:block;background:transparent;padding:0;text-align:left">'
    rows = "".join(
        f'{row}<th scope="row" style="{cell};font-weight:400;opacity:.72">{escape(label)}</th> '
        f'<td style="{cell}">{escape(value)}</td></tr>'
        for label, value in facts
    )
    flow = "display:flex;flex-wrap:wrap;gap:2px 18px"
    table = f'<table style="display:block;margin:0;border:0"><tbody style="{flow}">{rows}</tbody></table>'
    return f'<div style="{_PART};font-size:12px">{table}</div>' if rows else ""


def _files(summary: Summary) -> str:
    if not summary.files:
        return ""
    where = f" in <code>{escape(summary.directory)}</code>" if summary.directory else ""
    count = f"{len(summary.files)} file{'s' * (len(summary.files) != 1)}"
    table = _table(("artifact", "file"), summary.files)
    fold = f'<summary style="cursor:pointer"><span style="opacity:.72">{count}{where}</span></summary>'
    return f'<details style="{_PART};font-size:12px">{fold}<div style="overflow-x:auto">{table}</div></details>'


def _cell(align: str) -> str:
    return f"padding:3px 8px;border:0;font-weight:400;text-align:{align};vertical-align:middle"


def _code(sentence: str) -> str:
    """Escape a sentence; what stands between backticks becomes code."""
    parts = escape(sentence).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def shorten(label: str, longest: int = LONGEST) -> str:
    """Cut a label: one long class name must not push the matrix off the page."""
    return label if len(label) <= longest else f"{label[: longest - 1]}…"
