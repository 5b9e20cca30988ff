"""Losses of Keras beside a network that ends in logits: they are told so, whatever they take by default."""

from __future__ import annotations

from typing import Any

import pytest

keras = pytest.importorskip("keras")

from sklearn.datasets import load_iris  # noqa: E402

from mlmagic.errors import InvalidConfiguration  # noqa: E402
from tests.executors.keras_run import prepare  # noqa: E402

IRIS = load_iris(as_frame=True).frame
LOSSES = {
    "class": keras.losses.SparseCategoricalCrossentropy,
    "object": keras.losses.SparseCategoricalCrossentropy(),
    "logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "function": keras.losses.sparse_categorical_crossentropy,
    "columns": keras.losses.CategoricalCrossentropy(),
    "focal": keras.losses.CategoricalFocalCrossentropy(gamma=0.0, alpha=1.0),
}


def losses(loss: Any = None, frame: Any = IRIS) -> list[float]:
    keys = {} if loss is None else {"lossFunction": "$loss", "names": {"loss": loss}}
    return prepare(frame, target="target", architecture="mlp", epochs=3, seed=3, **keys).train().losses


@pytest.mark.parametrize("name", LOSSES)
def test_it_is_the_cross_entropy_of_logits(name: str) -> None:
    """Focal cross-entropy without a focus is the cross-entropy."""
    assert losses(LOSSES[name]) == pytest.approx(losses(), rel=1e-5)


def test_two_classes() -> None:
    two = IRIS[IRIS.target < 2]
    # One logit or two: cross-entropy starts near log 2 and falls, which probabilities of logits would not.
    assert losses(keras.losses.SparseCategoricalCrossentropy(), two) == pytest.approx(losses(frame=two), rel=1e-5)


def test_a_loss_without_a_gradient() -> None:
    def wrong(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(
            keras.ops.cast(
                keras.ops.cast(keras.ops.argmax(y_pred, -1), "int32") != keras.ops.cast(y_true, "int32"), "float32"
            )
        )

    with pytest.raises(InvalidConfiguration, match=r"The loss \$loss has no gradient: it must depend on the outputs"):
        prepare(IRIS, target="target", architecture="mlp", lossFunction="$loss", names={"loss": wrong}).check()
