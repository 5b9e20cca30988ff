"""Rows that are kept to validate are measured once: on the way, or at the end where training had no use for them."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

import mlmagic

pytestmark = pytest.mark.usefixtures("here")
FRAME = load_breast_cancer(as_frame=True).frame.iloc[:, [0, 1, 2, -1]]


def trained(**keys: Any) -> Any:
    head = {"action": "train", "framework": "sklearn", "data": "$df", "validationSplit": 0.25, "seed": 0}
    return mlmagic.run({**head, **keys}, df=FRAME)


def test_without_a_curve_they_are_measured_at_the_end() -> None:
    report = trained(algorithm="GaussianNB")
    rest, _ = train_test_split(FRAME, test_size=114, random_state=0, stratify=FRAME["target"])
    train, held = train_test_split(rest, test_size=143, random_state=0, stratify=rest["target"])
    model = GaussianNB().fit(train.drop(columns="target"), train["target"])
    expected = model.score(held.drop(columns="target"), held["target"])
    final = report.metrics["finalModel"]
    assert final["validationAccuracy"] == pytest.approx(expected)
    assert next(iter(final)) == "trainAccuracy"


def test_with_a_curve_they_are_in_it() -> None:
    report = trained(algorithm="RandomForestClassifier", hyperparameters={"n_estimators": 5})
    assert "val_accuracy" in report.history
    assert "validationAccuracy" not in report.metrics["finalModel"]


def test_with_folds_too_they_are_measured() -> None:
    report = trained(algorithm="GaussianNB", crossValidation={"folds": 2})
    assert "validationAccuracy" in report.metrics["finalModel"]
    assert "validationAccuracy" not in trained(algorithm="GaussianNB", validationSplit=0).metrics["finalModel"]
