"""``debug: true`` names the operation that made a number none, and the line that called it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import mlmagic
from mlmagic.errors import TrainingDiverged
from tests.runs import flowers

RUN = {"action": "train", "framework": "pytorch", "data": "$df", "target": "target", "epochs": 2, "debug": True}


class Rooted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) + torch.sqrt(self.layer(x) * 0)  # the root's slope at 0 is infinite, times 0 none


def test_the_operation_and_the_line_are_named(here):
    with pytest.raises(TrainingDiverged, match="The gradient of Mul became NaN at epoch 1") as raised:
        mlmagic.run({**RUN, "model": "$net"}, df=flowers(), net=Rooted)
    assert raised.value.metadata == {"epoch": 1, "operation": "Mul"}
    (directory,) = here.glob("runs/*")
    log = mlmagic.attach(directory).log
    assert "return self.layer(x) + torch.sqrt(self.layer(x) * 0)" in log
    assert "layer  Linear(in_features=4, out_features=3, bias=True)  15" in log


def test_training_is_the_same_with_it(here):
    plain, looked = (
        mlmagic.run({**RUN, "architecture": "mlp", "debug": wanted}, df=flowers()) for wanted in (False, True)
    )
    assert looked.history.equals(plain.history)
    assert not torch.is_anomaly_enabled()


def test_the_program_ends_cleanly_after_it(here):
    """Python may not end while one of our threads frees the network's parts."""
    script = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})
import mlmagic
from tests.executors.test_pytorch_debug import RUN, Rooted
from tests.runs import flowers
try:
    mlmagic.run({{**RUN, "model": "$net"}}, df=flowers(), net=Rooted)
except mlmagic.MLError as error:
    print(error.type)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "training-diverged"), done.stderr
