"""Where training runs, and how a GPU fails."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from mlmagic._units import size
from mlmagic.errors import CudaError, CudaOutOfMemory
from mlmagic.events import Emit, Log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.config import RunConfig


def choose(config: RunConfig, emit: Emit) -> torch.device:
    """Choose the GPU if there is one and nobody forbids it."""
    if config.gpu_enabled is not False and torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return torch.device("cuda")
    if config.gpu_enabled:
        emit(Log("gpuEnabled: true, but PyTorch finds no GPU here: training on the CPU", "warning"))
    return torch.device("cpu")


def facts(device: torch.device) -> dict[str, Any]:
    """Describe the device, under the report's keys."""
    body: dict[str, Any] = {"device": device.type, "gpuUsed": device.type == "cuda"}
    if device.type == "cuda":
        body["gpuModel"] = torch.cuda.get_device_name(device)
        body["peakGPUMemory"] = size(torch.cuda.max_memory_allocated(device))
    return body


@contextmanager
def own_random_state(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch inside the block; the user's own random state is as before afterwards."""
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def repeatable(wanted: bool) -> Iterator[None]:
    """Only algorithms inside the block that give the same bits every time."""
    if not wanted:
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    # cuBLAS reads it when it starts; torch refuses to run without it.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


@contextmanager
def gpu_errors(batch_size: int, parameters: int) -> Iterator[None]:
    """Say what to do about a GPU that ran out of memory or failed.

    Raises
    ------
    CudaOutOfMemory, CudaError
        In place of torch's own errors.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise _out_of_memory(str(error), batch_size, parameters) from None
    except RuntimeError as error:
        if not str(error).startswith(("CUDA error", "CUDNN", "cuDNN")):
            raise
        raise CudaError(str(error).splitlines()[0], stderr=f"{type(error).__name__}: {error}") from None


def _out_of_memory(text: str, batch_size: int, parameters: int) -> CudaOutOfMemory:
    found = re.search(r"Tried to allocate [\d.]+ \w+", text)
    metadata: dict[str, Any] = {"batchSize": batch_size, "modelParameters": parameters}
    if torch.cuda.is_available():
        metadata |= {
            "gpuModel": torch.cuda.get_device_name(),
            "gpuMemoryTotal": size(torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory),
            "gpuMemoryAllocated": size(torch.cuda.memory_allocated()),
        }
    smaller = f" Try batchSize: {batch_size // 2}" if batch_size > 1 else ""
    return CudaOutOfMemory(
        "CUDA out of memory" + (f". {found[0]}" if found else ""),
        stderr=f"RuntimeError: {text}",
        metadata=metadata,
        solution=f"Reduce batch size (currently {batch_size}) or model size.{smaller}",
    )
