"""Where the network comes from."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from mlmagic import _known_scripts
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._networks import _source
from mlmagic.executors._networks._source import Arguments, describe
from mlmagic.executors._networks._source import Source as Source
from mlmagic.executors.pytorch._cnn import cnn
from mlmagic.executors.pytorch._mlp import mlp
from mlmagic.executors.pytorch._resnet import resnet18, resnet50
from mlmagic.executors.pytorch._script import load_class
from mlmagic.executors.pytorch._tabular_transformer import TabularTransformer
from mlmagic.executors.pytorch._text_transformer import TextTransformer

if TYPE_CHECKING:
    from mlmagic.executors._networks._script import Admit
    from mlmagic.executors.pytorch.config import TorchTrain

# What the key architecture names.
ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    "mlp": mlp,
    "cnn": cnn,
    "resnet18": resnet18,
    "resnet50": resnet50,
    "tabular_transformer": TabularTransformer,
    "text_transformer": TextTransformer,
}


def source(train: TorchTrain, admit: Admit = _known_scripts.note) -> Source:
    """Find the network. Runs the user's script, once ``admit`` lets it.

    Raises
    ------
    ModelLoadingError
        If the script gives none.
    InvalidConfiguration
        If the notebook's variable is no network.
    """
    if train.architecture is not None:
        return Source(ARCHITECTURES[train.architecture], None, train.architecture, "architecture")
    if train.model_script is not None:
        made = load_class(Path(train.model_script).expanduser(), train.model_class, admit)
        return Source(made, None, made.__name__, "modelScript")
    assert train.model is not None
    value = train.model.value
    if isinstance(value, nn.Module):
        return Source(None, value, type(value).__name__, "model")
    if (isinstance(value, type) and issubclass(value, nn.Module)) or inspect.isfunction(value):
        return Source(value, None, value.__name__, "model")
    message = f"model must be a torch.nn.Module, as a class or an instance; {train.model} is "
    message += describe(value, "torch.nn.Module")
    raise InvalidConfiguration([Fault("config.model", message, value=str(train.model))])


def tokens_known(module: nn.Module | None) -> int | None:
    """How many tokens a network knows that is there already; None where it does not say."""
    parts = module.modules() if module is not None else ()
    # A smaller one is of positions.
    return max((part.num_embeddings for part in parts if isinstance(part, nn.Embedding)), default=None)


def build(found: Source, given: Arguments) -> nn.Module:
    """A network to train: a new one, or a copy of the user's.

    Raises
    ------
    ModelLoadingError
        If its class raises, or makes something else.
    """
    if found.make is None:
        return copy.deepcopy(found.given)
    module: nn.Module = _source.build(found.make, found.name, given, nn.Module, "torch.nn.Module")
    return module
