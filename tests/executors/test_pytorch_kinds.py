"""Mixed precision, gradient checkpointing and compiling on text, windows and images, not on tables alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import mlmagic  # noqa: E402
from tests.executors.image_data import digits  # noqa: E402
from tests.executors.test_windows import brain  # noqa: E402
from tests.executors.text_data import docstrings  # noqa: E402

RUN = {"action": "train", "framework": "pytorch", "gpuEnabled": False, "epochs": 2, "seed": 1}


@pytest.fixture(params=["text", "windows", "images"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    sizes = {"width": 16, "layers": 2, "heads": 2, "maxLength": 16}
    return {
        "text": {"architecture": "text_transformer", "hyperparameters": sizes, "data": "$texts", "target": "library"},
        "windows": {"architecture": "mlp", "data": "$series", "target": "b", "window": 12},
        "images": {"architecture": "cnn", "hyperparameters": {"channels": [8, 8]}, "dataPath": str(tmp_path / "in")},
    }[request.param]


def run(keys: dict[str, Any], tmp_path: Path, **more: Any) -> Any:
    if "dataPath" in keys:
        digits(tmp_path / "in", count=100)
    body = {**RUN, **keys, **more, "outputDir": str(tmp_path / "-".join(more or {"plain": 0}))}
    return mlmagic.run(body, texts=docstrings().iloc[:150], series=brain())


def test_what_is_computed_again_is_the_same(keys: dict[str, Any], tmp_path: Path) -> None:
    plain, again = run(keys, tmp_path), run(keys, tmp_path, gradientCheckpointing=True)
    # Sums of squares are added up in blocks of time: their last bits differ.
    assert again.history.to_numpy() == pytest.approx(plain.history.to_numpy(), rel=1e-9)


def test_mixed_precision_learns_as_well(keys: dict[str, Any], tmp_path: Path) -> None:
    plain, mixed = run(keys, tmp_path), run(keys, tmp_path, mixedPrecision=True)
    assert mixed.metadata["precision"] == "mixed_bfloat16"
    assert mixed.history["train_loss"].iloc[-1] == pytest.approx(plain.history["train_loss"].iloc[-1], rel=0.1)
    assert not mixed.history.equals(plain.history)
