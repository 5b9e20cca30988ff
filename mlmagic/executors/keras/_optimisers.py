"""The optimizers by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from mlmagic.executors.keras.config import KerasTrain

OPTIMISERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}
# Any of them means that the config chose the optimizer.
_KEYS = {"optimizer", "momentum", "weight_decay"}


def optimiser(train: KerasTrain, own: Any = None) -> Any:
    """The optimizer that the config names; else a compiled model's ``own``, at the config's learning rate if given.

    ``own`` belongs to the copy that is trained.
    """
    if own is not None and not _KEYS & train.model_fields_set:
        own = _native(own)
        if "learning_rate" in train.model_fields_set:
            own.learning_rate = train.learning_rate
        return own
    options: dict[str, Any] = {"learning_rate": train.learning_rate}
    if train.weight_decay:
        options["weight_decay"] = train.weight_decay
    if train.momentum is not None:
        options["momentum"] = train.momentum
    return OPTIMISERS[train.optimizer](**options)


def _native(own: Any) -> Any:
    """The same optimizer for this backend: a file that was written over another one names that one's class."""
    home = type(own).__module__
    if ".backend." not in home or f".{keras.backend.backend()}." in home:
        return own
    return getattr(keras.optimizers, type(own).__name__).from_config(own.get_config())


def learning_rate(optimizer: Any) -> float:
    """The learning rate at this moment, of a schedule too."""
    # As the person wrote it: it is kept in 32 bits.
    return float(f"{float(keras.ops.convert_to_numpy(optimizer.learning_rate)):.7g}")
