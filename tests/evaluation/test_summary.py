import numpy as np
import pytest

from mlmagic.evaluation import cross_validation_summary

ACCURACY = [0.9234, 0.9345, 0.9289, 0.9312, 0.9267]
F1 = [0.9123, 0.9234, 0.9178, 0.9201, 0.9156]


def test_the_shape_of_the_seed():
    folds = [{"accuracy": accuracy, "f1": f1} for accuracy, f1 in zip(ACCURACY, F1, strict=True)]
    found = cross_validation_summary("classification", folds)
    assert list(found) == ["accuracy", "meanAccuracy", "stdAccuracy", "f1Score", "meanF1", "stdF1"]
    assert found["accuracy"] == ACCURACY
    assert found["f1Score"] == F1
    assert found["meanAccuracy"] == pytest.approx(0.9289, abs=1e-4)
    assert found["stdAccuracy"] == pytest.approx(np.std(ACCURACY))
    assert found["meanF1"] == pytest.approx(0.9178, abs=1e-4)


def test_a_regression():
    found = cross_validation_summary(
        "regression", [{"r2": 0.5, "rmse": 2.0, "mae": 1.0}, {"r2": 0.7, "rmse": 4.0, "mae": 3.0}]
    )
    assert found == {
        "r2": [0.5, 0.7], "meanR2": pytest.approx(0.6), "stdR2": pytest.approx(0.1),
        "rmse": [2.0, 4.0], "meanRmse": 3.0, "stdRmse": 1.0, "mae": [1.0, 3.0], "meanMae": 2.0, "stdMae": 1.0,
    }  # fmt: skip


def test_what_is_undefined_in_a_fold_has_no_mean():
    found = cross_validation_summary("regression", [{"r2": np.nan, "rmse": 2.0, "mae": 1.0}] * 2)
    assert (found["r2"], found["meanR2"], found["stdR2"], found["meanRmse"]) == ([None, None], None, None, 2.0)
    with pytest.raises(ValueError, match="at least one fold"):
        cross_validation_summary("regression", [])
