"""``debug: true`` names the operation that made a number none, and the line that called it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import mlmagic
from mlmagic.errors import InvalidConfiguration, TrainingDiverged
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


class Logged(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.log(self.layer(x) - 100)


SCRIPT = """
import torch
from torch import nn


class Inner(nn.Module):
    def forward(self, x):
        return x.log()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.inner = Inner()

    def forward(self, x):
        return self.inner(self.layer(x) - 100)
"""


def test_the_operation_of_the_forward_pass_is_named(here):
    with pytest.raises(TrainingDiverged, match="log gave NaN in Logged at epoch 1") as raised:
        mlmagic.run({**RUN, "model": "$net"}, df=flowers(), net=Logged)
    assert raised.value.metadata == {"epoch": 1, "operation": "log"}
    assert "return torch.log(self.layer(x) - 100)" in raised.value.stderr
    assert "test_pytorch_debug.py" in raised.value.stderr
    assert "learningRate" not in raised.value.solution  # no step was taken yet
    assert "_origins" not in raised.value.stderr


def test_the_line_of_a_script_is_named(here):
    (here / "net.py").write_text(SCRIPT)
    with pytest.raises(TrainingDiverged, match="log gave NaN in Inner at epoch 1") as raised:
        mlmagic.run({**RUN, "modelScript": "net.py", "modelClass": "Net"}, df=flowers())
    assert 'net.py", line 8, in forward' in raised.value.stderr
    assert "return x.log()" in raised.value.stderr


def test_a_loss_of_the_notebook_is_looked_at(here):
    def gone(outputs: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (outputs * 0 - 1).sqrt().mean()

    with pytest.raises(TrainingDiverged, match="sqrt gave NaN at epoch 1") as raised:
        mlmagic.run({**RUN, "architecture": "mlp", "lossFunction": "$gone"}, df=flowers(), gone=gone)
    assert "return (outputs * 0 - 1).sqrt().mean()" in raised.value.stderr


class Masked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.layer(x)
        with_gaps = torch.log(scores.detach())
        return torch.where(with_gaps.isnan(), scores, scores + 0 * with_gaps)


def test_what_is_masked_is_no_fault(here):
    assert len(mlmagic.run({**RUN, "model": "$net"}, df=flowers(), net=Masked).history) == 2


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


class Slip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) + {}["nope"]


def test_a_slip_in_the_network_is_no_wrong_shape(here):
    with pytest.raises(InvalidConfiguration, match=r"KeyError: 'nope'") as raised:
        mlmagic.run({**RUN, "model": "$net"}, df=flowers(), net=Slip)
    assert 'self.layer(x) + {}["nope"]' in raised.value.stderr
    assert raised.value.solution.startswith("Mend the line shown above")
    with pytest.raises(InvalidConfiguration) as raised:
        mlmagic.run({**RUN, "model": "$net"}, df=flowers(), net=lambda: nn.Linear(5, 3))
    assert raised.value.solution.startswith("Make the network's first and last layer fit")
