"""Augmentation that is switched off asks for nothing, whatever the data is."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.datasets import load_iris

import mlmagic
from mlmagic.config import resolve
from mlmagic.errors import InvalidConfiguration

pytestmark = pytest.mark.usefixtures("here")
HEAD = {"action": "train", "architecture": "mlp", "data": "$df", "epochs": 1, "gpuEnabled": False}
ALL = pytest.mark.parametrize("framework", ["pytorch", "keras"])


def trained(framework: str, augmentation: Any) -> Any:
    pytest.importorskip({"pytorch": "torch"}.get(framework, framework))
    config = {**HEAD, "framework": framework, "augmentation": augmentation}
    return mlmagic.run(config, df=load_iris(as_frame=True).frame)


@ALL
@pytest.mark.parametrize("off", [{"enabled": False}, {"enabled": False, "transforms": ["random_flip"]}, False])
def test_a_table_is_trained_on(framework: str, off: Any) -> None:
    assert len(trained(framework, off).history) == 1


@ALL
def test_switched_on_it_is_for_images(framework: str) -> None:
    with pytest.raises(InvalidConfiguration, match="augmentation is for images, but the data is a table"):
        trained(framework, {"enabled": True})


@ALL
def test_a_series_may_have_it_switched_off(framework: str) -> None:
    config = {**HEAD, "framework": framework, "window": 4}
    assert resolve({**config, "augmentation": {"enabled": False}}).train.window == 4
    with pytest.raises(InvalidConfiguration, match="augmentation is for images"):
        resolve({**config, "augmentation": {"enabled": True}})
