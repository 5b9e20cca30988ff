"""Prints the table of all figures when the last benchmark has run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks import _measure

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _measure.FIGURES:
        terminalreporter.section("benchmarks: medians; goals are for an idle machine")
        for line in _measure.table():
            terminalreporter.write_line(line)
