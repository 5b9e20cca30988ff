"""Where the network comes from, and the arguments its class is given."""

from __future__ import annotations

import copy
import inspect
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from mlmagic import _known_scripts
from mlmagic._failure import user_frames
from mlmagic.config._reference import Reference
from mlmagic.config._suggest import closest
from mlmagic.errors import Fault, InvalidConfiguration, ModelLoadingError
from mlmagic.executors.pytorch._mlp import mlp
from mlmagic.executors.pytorch._script import Admit, load_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors.pytorch.config import TorchTrain

# What people call the number of columns in and of outputs out.
INPUTS = {"in_features", "input_dim", "input_size", "n_features", "num_features"}
OUTPUTS = {"out_features", "output_dim", "output_size", "n_classes", "num_classes"}
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Source:
    """A class or function that makes the network, or the network itself.

    Attributes
    ----------
    make
        Called once a run with the arguments; None where the network is given.
    given
        A network of the notebook; runs train a copy of it.
    name
        What the user calls it.
    key
        The config's key that named it.
    """

    make: Callable[..., Any] | None
    given: nn.Module | None
    name: str
    key: str


@dataclass(frozen=True)
class Arguments:
    """What the network's class is called with; ``filled`` were taken from the data."""

    values: dict[str, Any]
    filled: dict[str, int]


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
        return Source(mlp, None, train.architecture, "architecture")
    if train.model_script is not None:
        made = load_class(Path(train.model_script).expanduser(), train.model_class, admit)
        return Source(made, None, made.__name__, "modelScript")
    assert train.model is not None
    value = train.model.value
    if isinstance(value, nn.Module):
        return Source(None, value, type(value).__name__, "model")
    if (isinstance(value, type) and issubclass(value, nn.Module)) or inspect.isfunction(value):
        return Source(value, None, value.__name__, "model")
    message = f"model must be a torch.nn.Module, as a class or an instance; {train.model} is {_describe(value)}"
    raise InvalidConfiguration([Fault("config.model", message, value=str(train.model))])


def arguments(found: Source, train: TorchTrain, inputs: int, outputs: int) -> Arguments:
    """The user's hyperparameters, with what the data says where they say nothing.

    Raises
    ------
    InvalidConfiguration
        With every hyperparameter that the class does not take, and every one it needs.
    """
    given = {name: item.value if isinstance(item, Reference) else item for name, item in train.hyperparameters.items()}
    if found.make is None:
        if given:
            message = f"hyperparameters belong to a class, but {train.model} is a network that is already built"
            raise InvalidConfiguration([Fault("config.hyperparameters", message, value=given)])
        return Arguments({}, {})
    known = _signature(found.make)
    sizes = dict.fromkeys(INPUTS, inputs) | dict.fromkeys(OUTPUTS, outputs)
    filled = {name: sizes[name] for name in known if name in sizes and name not in given}
    faults = _faults(found, known, given, filled)
    if faults:
        raise InvalidConfiguration(faults)
    return Arguments(given | filled, filled)


def build(found: Source, given: Arguments) -> nn.Module:
    """A network to train: a new one, or a copy of the user's.

    Raises
    ------
    ModelLoadingError
        If its class raises, or makes something else.
    """
    if found.make is None:
        return copy.deepcopy(found.given)
    try:
        module = found.make(**given.values)
    except Exception as error:
        shown = ", ".join(f"{name}={value!r}" for name, value in given.values.items())
        raise ModelLoadingError(
            f"{found.name}({shown}) failed: {type(error).__name__}: {error}",
            stderr=user_frames(error) or "".join(traceback.format_exception_only(error)),
            solution="Correct the hyperparameters, or the line shown above",
        ) from None
    if not isinstance(module, nn.Module):
        raise ModelLoadingError(f"{found.name} must give a torch.nn.Module; it gave {_describe(module)}")
    return module


def _signature(make: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(make).parameters)


def _faults(
    found: Source, known: dict[str, inspect.Parameter], given: dict[str, Any], filled: dict[str, int]
) -> list[Fault]:
    names = [name for name, parameter in known.items() if parameter.kind in _NAMED]
    open_ended = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in known.values())
    listing = f"it has {', '.join(names)}" if names else "it takes none"
    unknown = [
        Fault(
            f"config.hyperparameters.{name}",
            f"{found.name} has no hyperparameter {name!r}; {listing}.",
            value=value,
            suggestion=closest(name, names),
        )
        for name, value in given.items()
        if name not in names and not open_ended
    ]
    missing = [
        Fault("config.hyperparameters", f"{found.name} needs the hyperparameter {name!r}, which is not given.")
        for name in names
        if known[name].default is inspect.Parameter.empty and name not in given and name not in filled
    ]
    return unknown + missing


def _describe(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"of type {type(value).__name__}"
