"""Where a network comes from, and the arguments its class is given."""

from __future__ import annotations

import inspect
import traceback
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from mlmagic._failure import user_frames
from mlmagic._suggest import closest
from mlmagic.config._arrange import one_level_up
from mlmagic.config._model import spellings
from mlmagic.config._reference import Reference
from mlmagic.errors import Fault, InvalidConfiguration, ModelLoadingError
from mlmagic.executors import EXECUTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlmagic.executors._networks.config import NetworkTrain

# What people call the number of numbers in, the shape of a row, the number of outputs, and what an image has.
INPUTS = {"in_features", "input_dim", "input_size", "n_features", "num_features"}
SHAPES = {"input_shape"}
OUTPUTS = {"out_features", "output_dim", "output_size", "n_classes", "num_classes"}
CHANNELS = {"channels", "in_channels", "in_chans", "input_channels", "n_channels", "num_channels"}
SIZES = {"image_size", "img_size"}
_HOW = "write hyperparameters: {{{}: ...}}, or call it in_features or num_classes, which the data fills in"
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Source:
    """A class or function that makes the network, or the network itself.

    Attributes
    ----------
    make
        Called once a run with the arguments; None where the network is given.
    given
        A network that is there already; runs train a copy of it.
    name
        What the user calls it.
    key
        The config's key that named it.
    """

    make: Callable[..., Any] | None
    given: Any
    name: str
    key: str


@dataclass(frozen=True)
class Arguments:
    """What the network's class is called with; ``filled`` were taken from the data."""

    values: dict[str, Any]
    filled: dict[str, Any]


def arguments(
    found: Source,
    train: NetworkTrain,
    inputs: tuple[int, ...],
    outputs: int,
    *,
    last: bool = False,
    known: Mapping[str, Any] | None = None,
) -> Arguments:
    """The user's hyperparameters, with what the data says where they say nothing.

    Parameters
    ----------
    inputs
        The shape of one row.
    last
        Whether channels come last in it.
    known
        What else is known of the rows, under the names that people use.

    Raises
    ------
    InvalidConfiguration
        With every hyperparameter that the class does not take, and every one it needs.
    """
    given = {name: item.value if isinstance(item, Reference) else item for name, item in train.hyperparameters.items()}
    asked = {name: value for name, value in given.items() if name in (known or {})}
    if found.make is None:
        if given.keys() - asked:
            what = train.model or found.name
            message = f"hyperparameters belong to a class, but {what} is a network that is already built"
            raise InvalidConfiguration([Fault("config.hyperparameters", message, value=given)])
        return Arguments({}, {})
    takes = dict(inspect.signature(found.make).parameters)
    sizes = _sizes(inputs, outputs, last=last) | dict(known or {})
    if found.key == "architecture":
        sizes |= {"flatten": True} if len(inputs) > 1 else {}
        # What was asked of the rows is in them: the network is told what they became.
        given = {name: value for name, value in given.items() if name not in asked}
    filled = {name: sizes[name] for name in takes if name in sizes and name not in given}
    faults = [*_count_faults(train, outputs), *_faults(train, found, takes, given, filled)]
    if faults:
        raise InvalidConfiguration(faults)
    return Arguments(given | filled, filled)


def _sizes(inputs: tuple[int, ...], outputs: int, *, last: bool) -> dict[str, Any]:
    """What the data says of everything that people call so."""
    found: dict[str, Any] = dict.fromkeys(INPUTS, prod(inputs))
    found |= dict.fromkeys(OUTPUTS, outputs) | dict.fromkeys(SHAPES, inputs)
    if len(inputs) != 3:
        return found
    height, width, channels = inputs if last else (*inputs[1:], inputs[0])
    size = height if height == width else (height, width)
    return found | dict.fromkeys(CHANNELS, channels) | dict.fromkeys(SIZES, size)


def build(make: Callable[..., Any], name: str, given: Arguments, kind: type, what: str) -> Any:
    """A new network.

    Parameters
    ----------
    kind, what
        The type it must be of, and how a person writes that type.

    Raises
    ------
    ModelLoadingError
        If its class raises, or makes something else.
    """
    try:
        made = make(**given.values)
    except Exception as error:
        shown = ", ".join(f"{key}={value!r}" for key, value in given.values.items())
        raise ModelLoadingError(
            f"{name}({shown}) failed: {type(error).__name__}: {error}",
            stderr=user_frames(error) or "".join(traceback.format_exception_only(error)),
            solution="Correct the hyperparameters, or the line shown above",
        ) from None
    if not isinstance(made, kind):
        raise ModelLoadingError(f"{name} must give a {what}; what it gave is {describe(made, what)}")
    return made


def describe(value: Any, what: str) -> str:
    """Say what a value is that should have been a network, and which framework has it if it is another's.

    Parameters
    ----------
    what
        The type that it should have been, as a person writes it: "torch.nn.Module".
    """
    kind = value if isinstance(value, type) else type(value)
    said = f"the class {kind.__name__}" if kind is value else f"of type {kind.__name__}"
    homes = {entry.module: name for name, entry in EXECUTORS.items()}
    for base in kind.__mro__:  # its own home before that of what it is derived from
        home = base.__module__.partition(".")[0]
        if home == what.partition(".")[0]:
            break
        if home in homes:
            return f"{said}, which comes from {home}: write framework: {homes[home]}"
    return said


def _count_faults(train: NetworkTrain, outputs: int) -> list[Fault]:
    if train.num_classes in (None, outputs):
        return []
    message = f"numClasses is {train.num_classes}, but the target has {outputs} labels"
    return [Fault("config.numClasses", message, value=train.num_classes)]


def _faults(
    train: NetworkTrain,
    found: Source,
    known: dict[str, inspect.Parameter],
    given: dict[str, Any],
    filled: dict[str, Any],
) -> list[Fault]:
    names = [name for name, parameter in known.items() if parameter.kind in _NAMED]
    open_ended = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in known.values())
    listing = f"it has {', '.join(names)}" if names else "it takes none"
    beside = spellings(type(train))
    unknown = [
        _unknown(name, value, f"{found.name} has no hyperparameter {name!r}; {listing}.", names, beside)
        for name, value in given.items()
        if name not in names and not open_ended
    ]
    missing = [
        Fault(f"config.{found.key}", f"{found.name} needs {name!r}, which is not given: {_HOW.format(name)}")
        for name in names
        if known[name].default is inspect.Parameter.empty and name not in given and name not in filled
    ]
    return unknown + missing


def _unknown(name: str, value: Any, message: str, names: Iterable[str], beside: Iterable[str]) -> Fault:
    """A hyperparameter that there is none of, which may be one that is misspelt or a key that belongs beside them."""
    suggestion, section = closest(name, names), "hyperparameters"
    if name in beside:
        suggestion, message = None, one_level_up(name, section)
    elif suggestion is None and (near := closest(name, beside)):
        suggestion, message = near, f"{message[:-1]}; {one_level_up(near, section)}"
    return Fault(f"config.{section}.{name}", message, value=value, suggestion=suggestion)
