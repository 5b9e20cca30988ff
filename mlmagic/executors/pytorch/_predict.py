"""Predictions for raw rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mlmagic.executors._base import Outcome, Predictions
from mlmagic.executors.pytorch._batches import MANY
from mlmagic.executors.pytorch._inputs import dtype_of, matrix
from mlmagic.executors.pytorch._losses import probabilities
from mlmagic.executors.pytorch._threads import multiplications, threads, threads_for
from mlmagic.executors.pytorch._trial import ROWS

if TYPE_CHECKING:
    from mlmagic.data import Rows


@torch.no_grad()
def predict(outcome: Outcome, rows: Rows) -> Predictions:
    """Predict with the network as it is, wherever it is."""
    module: Any = outcome.model
    module.eval()
    inputs = matrix(outcome.preparation, rows).to(dtype_of(module))
    device = next(module.parameters()).device
    work = multiplications(module, inputs[:ROWS].to(device), min(MANY, len(inputs)))
    with threads(threads_for(work, torch.get_num_threads())):
        outputs = torch.cat([module(batch.to(device)) for batch in inputs.split(MANY)])
    if outcome.classes is None:
        return Predictions(outputs.reshape(-1).double().cpu().numpy())
    found = probabilities(outputs.double()).cpu().numpy()
    return Predictions(outcome.classes[found.argmax(axis=1)], found)
