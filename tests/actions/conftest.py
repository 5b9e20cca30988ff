"""Trained runs of every framework, one for a module's tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import mlmagic
from tests.executors.contract.cases import CASES, SMALL, frame

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.report import Report


@dataclass(frozen=True)
class Trained:
    """A finished training run, and its table."""

    framework: str
    task: str
    report: Report
    frame: pd.DataFrame

    @property
    def rows(self) -> pd.DataFrame:
        """The table without its target."""
        return self.frame.drop(columns="target")

    def run(self, action: str, **keys: Any) -> Report:
        names = {"df": self.frame, "rows": self.rows, "report": self.report}
        names |= {key: keys.pop(key) for key in list(keys) if key in ("net", "given", "own")}
        return mlmagic.run({"action": action, **({"data": "$rows"} | keys)}, **names)


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Equal to the last bit, columns and index too."""
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(autouse=True)
def _place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run of these tests lies below one temporary directory."""
    monkeypatch.chdir(home)


_KNOWN: dict[tuple[str, str], Trained] = {}


def train(framework: str, task: str, home: Path) -> Trained:
    """A run of the least config of a framework, trained once."""
    if (framework, task) not in _KNOWN:
        keys = {"framework": framework, "data": "$df", "target": "target", "seed": 3, **SMALL[framework, task]}
        directory = str(home / f"{framework}-{task}")
        report = mlmagic.run({"action": "train", "outputDir": directory, **keys}, df=frame(task))
        _KNOWN[framework, task] = Trained(framework, task, report, frame(task))
    return _KNOWN[framework, task]


@pytest.fixture(params=CASES, ids="-".join)
def trained(request: pytest.FixtureRequest, home: Path) -> Trained:
    return train(*request.param, home)


@pytest.fixture
def classifier(home: Path) -> Trained:
    """A forest of irises."""
    return train("sklearn", "classification", home)


@pytest.fixture
def network(home: Path) -> Trained:
    """A network of irises."""
    return train("pytorch", "classification", home)
