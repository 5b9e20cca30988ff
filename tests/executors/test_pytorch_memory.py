"""Mixed precision, gradient checkpointing and compiling, beside torch called by hand."""

from __future__ import annotations

import copy
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

import mlmagic
from mlmagic.executors.pytorch._precision import Precision, half
from mlmagic.executors.pytorch._recompute import recomputing
from tests.runs import flowers

CPU = torch.device("cpu")
RUN = {"action": "train", "framework": "pytorch", "data": "$df", "target": "target", "gpuEnabled": False, "epochs": 4}


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Linear(width, 4 * width),
            nn.BatchNorm1d(4 * width),
            nn.GELU(),
            nn.Dropout(0.2),
            nn.Linear(4 * width, width),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


class Deep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 32)
        self.blocks = nn.ModuleList(Block(32) for _ in range(6))
        self.last = nn.Linear(32, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.last(x)


def flat() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 64), *_layers(), nn.Linear(64, 3))


def _layers() -> list[nn.Module]:
    return [layer for _ in range(8) for layer in (nn.Linear(64, 64), nn.BatchNorm1d(64), nn.Tanh(), nn.Dropout(0.1))]


def gradients(module: nn.Module, wanted: bool) -> tuple[int, list[torch.Tensor]]:
    """Bytes kept for the way back, and gradients and buffers after a step."""
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if not isinstance(tensor, nn.Parameter):
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    torch.manual_seed(3)
    inputs = torch.randn(256, 4)
    with recomputing(module.train(), wanted):
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            loss = module(inputs).square().mean()
        loss.backward()
    return sum(kept.values()), [parameter.grad for parameter in module.parameters()] + list(module.buffers())


@pytest.mark.parametrize("make", [Deep, flat])
def test_computing_again_gives_the_same_gradients_from_less_memory(make):
    torch.manual_seed(0)
    one = make()
    other = copy.deepcopy(one)
    plain, expected = gradients(one, wanted=False)
    spared, found = gradients(other, wanted=True)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
    assert spared < plain / 2
    assert not any("forward" in part.__dict__ for part in other.modules())


def test_a_run_that_computes_again_gives_the_same_model():
    keys = {"model": "$net", "batchSize": 16}
    plain, spared = (
        mlmagic.run({**RUN, **keys, "gradientCheckpointing": wanted}, df=flowers(), net=Deep)
        for wanted in (False, True)
    )
    assert spared.history.equals(plain.history)


def test_on_a_processor_mixed_precision_is_autocast_to_bfloat16():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3))
    inputs = torch.randn(8, 4)
    precision = Precision(CPU, half(CPU))
    outputs = precision.forward(module)(inputs)
    with torch.autocast("cpu", torch.bfloat16):
        expected = module(inputs)
    assert (precision.name, outputs.dtype, expected.dtype) == ("mixed_bfloat16", torch.float32, torch.bfloat16)
    torch.testing.assert_close(outputs, expected.float(), rtol=0, atol=0)
    assert not torch.equal(outputs, module(inputs))


@pytest.mark.parametrize("clip", [None, 0.05])
def test_steps_in_float16_are_those_of_torchs_scaler(clip):
    """What a GPU without bfloat16 does; a processor can do it too, slowly."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3))
    theirs = copy.deepcopy(module)
    batches = [(torch.randn(16, 4), torch.randint(3, (16,))) for _ in range(5)]
    precision, optimizer = Precision(CPU, torch.float16), torch.optim.SGD(module.parameters(), lr=0.1)
    forward = precision.forward(module)
    for inputs, target in batches:
        optimizer.zero_grad()
        precision.backward(nn.functional.cross_entropy(forward(inputs), target))
        precision.step(optimizer, clip, list(module.parameters()))
    scaler, optimizer = torch.amp.GradScaler("cpu"), torch.optim.SGD(theirs.parameters(), lr=0.1)
    for inputs, target in batches:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.float16):
            outputs = theirs(inputs)
        scaler.scale(nn.functional.cross_entropy(outputs.float(), target)).backward()
        if clip:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(theirs.parameters(), clip)
        scaler.step(optimizer)
        scaler.update()
    for mine, other in zip(module.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=0)
    assert precision.state_dict() == scaler.state_dict()


def test_a_run_in_mixed_precision_says_so_and_learns_as_well():
    body = {**RUN, "architecture": "mlp", "learningRate": 0.01}
    plain, mixed = (mlmagic.run({**body, "mixedPrecision": wanted}, df=flowers()) for wanted in (False, True))
    assert (mixed.metadata["precision"], plain.metadata.get("precision")) == ("mixed_bfloat16", None)
    assert mixed.history["val_loss"].iloc[-1] == pytest.approx(plain.history["val_loss"].iloc[-1], rel=0.05)
    assert not mixed.history.equals(plain.history)
    assert {parameter.dtype for parameter in mixed.model.parameters()} == {torch.float32}


def test_a_compiled_network_trains_as_the_plain_one_does():
    plain, fast = (
        mlmagic.run({**RUN, "architecture": "mlp", "compile": wanted, "epochs": 2}, df=flowers())
        for wanted in (False, True)
    )
    assert "Compiling the network" in fast.log
    columns = ["train_loss", "val_loss"]
    torch.testing.assert_close(
        torch.tensor(fast.history[columns].to_numpy()),
        torch.tensor(plain.history[columns].to_numpy()),
        rtol=1e-3,
        atol=1e-5,
    )
    assert type(fast.model) is type(plain.model)


def test_without_a_compiler_the_error_says_what_to_install(tmp_path):
    script = f"""
import mlmagic
from tests.runs import flowers
try:
    mlmagic.run({ {**RUN, "architecture": "mlp", "compile": True}!r}, df=flowers())
except mlmagic.errors.InvalidConfiguration as error:
    print(error)
"""
    caches = {"TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache"), "HOME": str(tmp_path), "PATH": "/nowhere"}
    command = [sys.executable, "-c", script]
    where = {**os.environ, **caches, "PYTHONPATH": os.getcwd()}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=where)
    assert "torch.compile cannot compile this network" in done.stdout
    assert "compiler" in done.stdout
    assert "Leave compile out" in done.stdout
