"""Networks that no run of ours trained: an object of the notebook, or a file."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from mlmagic.config._reference import Reference
from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import missing, refused
from mlmagic.executors._networks import _source
from mlmagic.executors._networks._source import Arguments
from mlmagic.executors.pytorch import _storage
from mlmagic.executors.pytorch._load import outcome_of
from mlmagic.executors.pytorch._module import ARCHITECTURES
from mlmagic.executors.pytorch._outcome import TorchOutcome
from mlmagic.executors.pytorch._script import load_class

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.config._inference import InferenceConfig

# What people call the weights in a file that holds more.
WEIGHTS = ("state_dict", "model_state_dict", "model")
_INSTEAD = "Save torch.save(net.state_dict(), 'weights.pt') and name its class with modelScript"


def adopt(model: Any) -> TorchOutcome | None:
    """What predicts with a network of the notebook; None for anything else."""
    if not isinstance(model, nn.Module):
        return None
    return TorchOutcome(model, about={"threads": torch.get_num_threads()})


def read(path: Path, config: RunConfig) -> TorchOutcome:
    """A file of weights, ours or anybody's; one that holds code only with ``trust: true``.

    Raises
    ------
    ModelLoadingError
        If it is not there, is damaged, would run code, or its network's class is not to be had.
    """
    if not path.is_file():
        raise missing(path)
    found = _content(path, trust=config.trust)
    if (outcome := adopt(found)) is not None:
        return outcome
    wanted: InferenceConfig = config.config  # type: ignore[assignment]
    if isinstance(found, dict) and found.get("format") == _storage.FORMAT and "network" in found:
        return outcome_of(_rebuilt(path, found, wanted), found, path)
    module = _built(path, wanted, _arguments(wanted))
    _storage.fill(module, _weights(path, found), path, type(module).__name__)
    outcome = adopt(module)
    assert outcome is not None
    return outcome


def _content(path: Path, *, trust: bool) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return _opened(path, lambda: load_file(path))
    if _is_script(path):
        if not trust:
            raise refused(path, "it is TorchScript, which is a program", _INSTEAD)
        return _opened(path, lambda: torch.jit.load(path, map_location="cpu"))
    if not _opened(path, lambda: _may_be_of_torch(path)):
        solution = "Save the model again: torch.save(net.state_dict(), 'model.pt')"
        raise ModelLoadingError(f"{path.name} is damaged, or PyTorch has not written it", solution=solution)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not trust:
            why = "it holds more than tensors and plain data, and reading it would run code"
            raise refused(path, f"{why} ({_storage.beyond_tensors(error)})", _INSTEAD) from None
    except Exception as error:
        raise _damaged(path, error) from None
    return _opened(path, lambda: torch.load(path, map_location="cpu", weights_only=False))


def _opened(path: Path, load: Any) -> Any:
    try:
        return load()
    except Exception as error:  # a damaged file fails in any way
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> ModelLoadingError:
    return ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}")


def _may_be_of_torch(path: Path) -> bool:
    """Whether it is an archive, as torch writes today, or begins as a pickle, as torch wrote before 1.6."""
    with path.open("rb") as file:
        return zipfile.is_zipfile(path) or file.read(1) == b"\x80"


def _is_script(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _rebuilt(path: Path, body: Mapping[str, Any], wanted: InferenceConfig) -> nn.Module:
    """The network of one of our files that lies outside its run's directory."""
    if body["arguments"] is None:
        raise ModelLoadingError(
            f"{body['network']} was built with objects of the notebook",
            solution=f"Build it yourself, load torch.load({str(path)!r}, weights_only=True)['state_dict'] into it, and "
            "give it as model: $net",
        )
    arguments = Arguments(body["arguments"], {})
    if body.get("source") == "architecture":
        name = str(body["network"])
        if name not in ARCHITECTURES:
            raise ModelLoadingError(f"{path.name} holds a {name}, which this version of mlmagic does not have")
        return _made(ARCHITECTURES[name], name, arguments)
    return _built(path, wanted, arguments)


def _built(path: Path, wanted: InferenceConfig, arguments: Arguments) -> nn.Module:
    """A network of the class that the config names."""
    if wanted.model_script is None:
        raise ModelLoadingError(
            f"{path.name} holds weights alone: they need their network's class",
            solution="Name the script that has it: modelScript: net.py, modelClass: Net; or load them into a network "
            "of the notebook and give that: model: $net",
        )
    made = load_class(Path(wanted.model_script).expanduser(), wanted.model_class)
    return _made(made, made.__name__, arguments)


def _made(make: Any, name: str, arguments: Arguments) -> nn.Module:
    module: nn.Module = _source.build(make, name, arguments, nn.Module, "torch.nn.Module")
    return module


def _arguments(wanted: InferenceConfig) -> Arguments:
    given = wanted.hyperparameters.items()
    return Arguments({name: item.value if isinstance(item, Reference) else item for name, item in given}, {})


def _weights(path: Path, found: Any) -> dict[str, Any]:
    inner = [found[name] for name in WEIGHTS if isinstance(found, Mapping) and isinstance(found.get(name), Mapping)]
    weights = inner[0] if inner else found
    if not isinstance(weights, Mapping) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise ModelLoadingError(
            f"{path.name} holds no weights but a {type(found).__name__}",
            solution=f"Give a state_dict, or a mapping with one under {' or '.join(WEIGHTS)}",
        )
    weights = dict(weights)
    consume_prefix_in_state_dict_if_present(weights, "module.")  # what DataParallel writes before each name
    return weights
