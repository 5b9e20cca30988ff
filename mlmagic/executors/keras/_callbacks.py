"""Keras callbacks: by name or the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from mlmagic.config._reference import Reference
from mlmagic.errors import Fault, FrameworkNotFound, InvalidConfiguration

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.executors._watch import Watch
    from mlmagic.executors.keras.config import KerasTrain

TENSORBOARD, CSV = "tensorboard", "csv_log.csv"
_BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")


def callbacks(train: KerasTrain, watch: Watch | None, directory: Path | None) -> list[Any]:
    """The callbacks of one training.

    early_stopping, model_checkpoint and terminate_on_nan are what every training here does or can do by itself.

    Parameters
    ----------
    watch
        What the epochs are judged by; None for the training rows' loss.
    directory
        The run's; None writes nothing.

    Raises
    ------
    InvalidConfiguration
        If a variable is no callback.
    """
    found = [_own(name) if isinstance(name, Reference) else _named(name, watch, directory) for name in train.beside]
    return [callback for callback in found if callback is not None]


def listens_to_batches(given: list[Any]) -> bool:
    """Whether a callback of the user's own wants to hear of every batch; Keras' own take many at a time."""
    return any(_hears(callback, hook) for callback in given for hook in _BATCH_HOOKS)


def _hears(callback: Any, hook: str) -> bool:
    # A LambdaCallback has its functions in itself.
    return hook in vars(callback) or not getattr(type(callback), hook).__module__.startswith("keras.")


def artifacts(directory: Path | None) -> dict[str, Path]:
    """What the callbacks wrote, by the report's key."""
    if directory is None:
        return {}
    places = {"tensorboard": directory / TENSORBOARD, "csvLog": directory / CSV}
    return {key: path for key, path in places.items() if path.exists()}


def _own(reference: Reference) -> Any:
    value: Any = reference.value
    if isinstance(value, type) and issubclass(value, keras.callbacks.Callback):
        return value()
    if not isinstance(value, keras.callbacks.Callback):
        message = f"callbacks takes a keras.callbacks.Callback; {reference} is of type {type(value).__name__}"
        raise InvalidConfiguration([Fault("config.callbacks", message, value=str(reference))])
    return value


def _named(name: str, watch: Watch | None, directory: Path | None) -> Any:
    if name == "reduce_lr_on_plateau":
        monitor, higher = (_monitored(watch.metric), watch.higher) if watch is not None else ("loss", False)
        return keras.callbacks.ReduceLROnPlateau(monitor=monitor, mode="max" if higher else "min")
    if directory is None:
        return None
    if name == "csv_logger":
        return keras.callbacks.CSVLogger(str(directory / CSV))
    return _tensorboard(directory / TENSORBOARD) if name == "tensorboard" else None


def _monitored(metric: str) -> str:
    """A metric's name as Keras writes it: the training rows' without a prefix."""
    return metric.removeprefix("train_")


def _tensorboard(directory: Path) -> Any:
    try:
        import tensorboard  # noqa: F401 - TensorFlow says that it is missing only in the first epoch
    except ModuleNotFoundError as error:
        raise FrameworkNotFound(
            "TensorBoard not found in Python environment",
            stderr=f"ModuleNotFoundError: {error}",
            solution="Install TensorBoard: pip install tensorboard; the curves here show the same without it",
        ) from None
    return keras.callbacks.TensorBoard(log_dir=str(directory), write_graph=False, profile_batch=0)
