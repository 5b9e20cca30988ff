"""The form of the first document's ``training-config.yaml``."""

from __future__ import annotations

import pytest

from mlmagic.config import parse, resolve
from tests.config.faults import fault

HEAD = "action: train\ndata: $df\n"
WHOLE = """
model:
  architecture: mlp
  hidden: [32]

training:
  batch_size: 32
  epochs: 100
  learning_rate: 0.001
  optimizer: adam
  scheduler: cosine

logging:
  tensorboard: true
  wandb: true
  checkpoint_every: 10
"""


def test_sections_are_the_same_as_flat_keys():
    flat = """
framework: pytorch
architecture: mlp
hyperparameters: {hidden: [32]}
batchSize: 32
epochs: 100
learningRate: 0.001
optimizer: adam
scheduler: cosine
logging: {tensorboard: true, wandb: true}
checkpointInterval: 10
"""
    sectioned = resolve(parse(HEAD + WHOLE))
    assert sectioned == resolve(parse(HEAD + flat))
    assert sectioned.logging is not None
    assert sectioned.logging.wanted == ["tensorboard", "wandb"]
    assert resolve(parse(sectioned.to_yaml())) == sectioned


def test_a_framework_that_is_named_wins():
    assert resolve(parse(HEAD + "framework: keras\n" + WHOLE.replace("  scheduler: cosine\n", ""))).framework == "keras"


@pytest.mark.parametrize(
    ("old", "new", "message", "place", "suggestion"),
    [
        ("epochs: 100", "epoch: 100", "'epoch' is not a key of training", (10, 3), "epochs"),
        ("epochs: 100", "epochs: -1", "training.epochs must be a whole number of at least 1", (10, 11), None),
        ("hidden: [32]", "hiden: [32]", "'hiden' is not a key of model", (6, 3), "hidden"),
        ("tensorboard: true", "tensorbord: true", "'tensorbord' is not a key of logging", (16, 3), "tensorboard"),
        ("wandb: true", "wandb: maybe", "logging.wandb must be", (17, 10), None),
        ("model:", "epochs: 3\nmodel:", "training.epochs says the same as epochs", (11, 3), None),
    ],
)
def test_faults_have_the_place_in_the_section(old, new, message, place, suggestion):
    found = fault(HEAD + WHOLE.replace(old, new))
    assert (found.line, found.column) == place
    assert message in found.message
    assert found.suggestion == suggestion
