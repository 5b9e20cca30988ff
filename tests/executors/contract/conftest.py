"""A run of each framework that is asked for everything at once, trained once for all the tests that look at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sklearn.metrics import brier_score_loss, make_scorer

import mlmagic
from tests.executors.contract.cases import CURVED, FRAMEWORKS, SEED, TWO, early, own_metric, split, tumours

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mlmagic.report import Report


@dataclass(frozen=True)
class Asked:
    """A finished run of ``mlmagic.run``, and its table cut by hand."""

    framework: str
    report: Report
    train: pd.DataFrame
    val: pd.DataFrame
    test: pd.DataFrame

    @property
    def body(self) -> dict[str, Any]:
        """What is inside ``executionReport``."""
        found: dict[str, Any] = self.report.to_dict()["executionReport"]
        return found

    def run(self, action: str, **keys: Any) -> Report:
        """Use its model on the test rows."""
        return mlmagic.run({"action": action, "data": "$df", **keys}, df=self.test, report=self.report)


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


_KNOWN: dict[str, Asked] = {}


@pytest.fixture(params=FRAMEWORKS)
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """The run of a framework."""
    framework = request.param
    if framework not in _KNOWN:
        keys = {
            "action": "train",
            "framework": framework,
            "data": "$df",
            "target": "kind",
            "seed": SEED,
            "gpuEnabled": True,
            "metrics": [*TWO, "neg_brier_score", "$own", "$scorer"],
            "crossValidation": {"folds": 2},
            "outputDir": str(tmp_path_factory.mktemp(framework) / "run"),
            **CURVED[framework, "classification"],
            **early(framework, "val_loss"),
        }
        scorer = make_scorer(brier_score_loss, response_method="predict_proba", pos_label="malignant")
        names = {"df": tumours(), "own": own_metric("classification"), "scorer": scorer}
        _KNOWN[framework] = Asked(framework, mlmagic.run(keys, **names), *split(tumours(), "kind", classify=True))
    return _KNOWN[framework]


def seconds(text: str) -> float:
    """A duration of a report, as "1h 2m 3s" or "0.4s"."""
    assert re.fullmatch(r"(\d+h )?(\d+m )?\d+(\.\d)?s", text)
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(part[:-1]) * units[part[-1]] for part in text.split())


def bytes_of(text: str) -> float:
    """A size of a report, as "98.2MB"."""
    number, unit = re.fullmatch(r"([\d.]+)([kMGT]?B)", text).groups()  # type: ignore[union-attr]
    return float(number) * 1000 ** ("B", "kB", "MB", "GB", "TB").index(unit)
