"""Keras over whichever backend it runs on, its random state, and the device."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic._tensorflow import tensorflow
from mlmagic._units import size
from mlmagic.errors import CudaError, CudaOutOfMemory, FrameworkNotFound, OutOfMemory, TrainingFailure
from mlmagic.events import Emit, Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmagic.config import RunConfig

TENSORFLOW, TORCH, JAX = "tensorflow", "torch", "jax"


def load() -> Any:
    """Import Keras on first use, over the backend that it is set to: TensorFlow unless somebody chose another.

    Raises
    ------
    FrameworkNotFound
        If Keras or its backend is not installed.
    """
    if "keras" not in sys.modules and _chosen() == TENSORFLOW:
        tensorflow()
    try:
        import keras
    except ModuleNotFoundError as error:
        raise FrameworkNotFound(
            f"Keras cannot be imported: {error.name} not found in Python environment",
            stderr=f"ModuleNotFoundError: {error}",
            solution="Install Keras and TensorFlow: pip install keras tensorflow",
        ) from None
    return keras


def versions() -> dict[str, str]:
    """Versions of Keras and of its backend, by distribution."""
    keras = load()
    backend = keras.backend.backend()
    module = sys.modules.get(backend)
    return {"keras": keras.__version__, backend: str(getattr(module, "__version__", "unknown"))}


def has_gradient(function: Callable[[Any], Any], values: Any) -> bool:
    """Whether what a function gives depends on these values by operations that can be differentiated.

    JAX, which gives zeros where there is nothing to differentiate, is believed.
    """
    import keras

    backend = keras.backend.backend()
    if backend == TENSORFLOW:
        tf = sys.modules[TENSORFLOW]
        with tf.GradientTape() as tape:
            tape.watch(values)
            given = function(values)
        return tape.gradient(given, values) is not None
    if backend == TORCH:
        return bool(function(values.detach().requires_grad_()).requires_grad)
    return True


def _chosen() -> str:
    """The backend that Keras would take: the environment's word, its own file's, else TensorFlow."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    named = os.environ.get("KERAS_BACKEND")
    if named is None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            named = json.loads((home / "keras.json").read_text()).get("backend")
    return named or TENSORFLOW


@contextlib.contextmanager
def own_random_state(seed: int) -> Iterator[None]:
    """Seed Keras inside the block, where networks are built; Python's and NumPy's state is as before afterwards.

    Layers draw their seeds when they are made and keep them, so training needs no more than this. The seeds that
    TensorFlow and Keras keep for themselves stay those of the run.
    """
    import keras

    before = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def repeat_exactly() -> None:
    """Take only operations that give the same bits every time, from now on in this process."""
    import keras

    if keras.backend.backend() == TENSORFLOW:
        tensorflow().config.experimental.enable_op_determinism()


def choose(config: RunConfig, emit: Emit) -> str:
    """Choose the GPU if there is one and nobody forbids it; the device's name for :func:`on`."""
    if config.gpu_enabled is not False and has_gpu():
        return "gpu:0"
    if config.gpu_enabled:
        emit(Log("gpuEnabled: true, but Keras finds no GPU here: training on the CPU", "warning"))
    return "cpu:0"


def on(device: str) -> Any:
    """Run what is in the block on a device; torch and JAX know themselves, unless it is not the one they would take."""
    import keras

    if keras.backend.backend() == TENSORFLOW:
        return keras.device(device)
    return keras.device("cpu") if device.startswith("cpu") and has_gpu() else contextlib.nullcontext()


def has_gpu() -> bool:
    """Whether the backend finds a GPU."""
    import keras

    backend = keras.backend.backend()
    if backend == TENSORFLOW:
        return bool(tensorflow().config.list_physical_devices("GPU"))
    if backend == TORCH:
        return bool(sys.modules[TORCH].cuda.is_available())
    return any(not str(device).startswith("cpu") for device in keras.distribution.list_devices())


def facts(device: str) -> dict[str, Any]:
    """Describe backend and device, under the report's keys."""
    import keras

    used = device.startswith("gpu")
    body: dict[str, Any] = {"backend": keras.backend.backend(), "device": device.partition(":")[0], "gpuUsed": used}
    if used and keras.backend.backend() == TENSORFLOW:
        config = tensorflow().config
        details = config.experimental.get_device_details(config.list_physical_devices("GPU")[0])
        body["gpuModel"] = details.get("device_name", "unknown")
        body["peakGPUMemory"] = size(config.experimental.get_memory_info("GPU:0")["peak"])
    return body


@contextlib.contextmanager
def device_errors(device: str, batch_size: int, parameters: int) -> Iterator[None]:
    """Say what to do about a device that ran out of memory or failed.

    Raises
    ------
    CudaOutOfMemory, CudaError, OutOfMemory, TrainingFailure
        In place of TensorFlow's own errors.
    """
    try:
        yield
    except Exception as error:
        kind, text = type(error).__name__, str(error).strip() or type(error).__name__
        if kind == "ResourceExhaustedError":
            raise _exhausted(device, text, batch_size, parameters) from None
        if kind == "InternalError" and "CUDA" in text.upper():
            raise CudaError(text.splitlines()[0], stderr=f"{kind}: {text}") from None
        if type(error).__module__.startswith("tensorflow."):
            # "Graph execution error", then where each node was made, and last of all what is wrong.
            cause = text.split("\n\t [[")[0].strip().splitlines()[-1]
            raise TrainingFailure(f"{kind}: {cause}", stderr=text) from None
        raise


def _exhausted(device: str, text: str, batch_size: int, parameters: int) -> OutOfMemory | CudaOutOfMemory:
    smaller = f" Try batchSize: {batch_size // 2}" if batch_size > 1 else ""
    kind, what = (CudaOutOfMemory, "CUDA") if device.startswith("gpu") else (OutOfMemory, "The CPU")
    return kind(
        f"{what} out of memory" if kind is CudaOutOfMemory else f"{what} ran out of memory",
        stderr=f"ResourceExhaustedError: {text.splitlines()[0]}",
        metadata={"batchSize": batch_size, "modelParameters": parameters},
        solution=f"Reduce batch size (currently {batch_size}) or model size.{smaller}",
    )
