"""The form of ``training-config.yaml``: keys in sections called model, training and logging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mlmagic._suggest import closest
from mlmagic.config._arrange import Entry, entries, unknown_key

if TYPE_CHECKING:
    from mlmagic.config._complaint import Complaint
    from mlmagic.config._document import Path

_ARCHITECTURE = "architecture"
# Of `model`, what says more than how its class is called; all else is an argument of the class.
_OF_MODEL = (_ARCHITECTURE, "pretrained", "numClasses")
_SPELLINGS = {*_OF_MODEL, "num_classes"}
# Keys outside `model` that name a class too, which may have arguments of any name.
_NAME_A_CLASS = {
    _ARCHITECTURE, "algorithm", "modelScript", "model_script", "modelClass", "model_class", "modelPath", "model_path",
    "compiledModel", "compiled_model",
}  # fmt: skip
_CHECKPOINT = {"checkpoint_every": "checkpoint_interval", "checkpointEvery": "checkpointInterval"}


def unfold(found: Iterable[Entry], complaints: list[Complaint]) -> Iterator[Entry]:
    """Give the keys of sections as keys of the run, where they stand in the source; others as they are.

    Of a ``model`` without an architecture where nothing else names one, the key that is much like it is complained
    about, and taken for it.
    """
    found = list(found)
    named = any(entry.key in _NAME_A_CLASS for entry in found)
    for entry in found:
        section = SECTIONS.get(entry.key)
        if section is None or not isinstance(entry.value, Mapping):
            yield entry
            continue
        inner = dict(entry.value)
        if entry.key == "model" and not named and (key := _meant_as_architecture(inner)):
            meant = Entry(key, (*entry.path, key), inner.pop(key))
            complaints.append(unknown_key(meant, _OF_MODEL))
            yield meant._replace(key=_ARCHITECTURE)
        yield from section(entry.path, inner)


def beside_arguments(path: Path, known: Iterable[str]) -> list[str]:
    """Of the keys that a framework has, those that stand beside the arguments of the class in a section."""
    return [key for key in _OF_MODEL if key in known] if path[-1:] == ("model",) else []


def is_sectioned(mapping: Mapping[str, object]) -> bool:
    """Whether a config comes in sections, and so need not name a framework."""
    return any(isinstance(mapping.get(name), Mapping) for name in ("model", "training"))


def _model(path: Path, section: Mapping[str, object]) -> Iterator[Entry]:
    inner = entries(section, path)
    yield from (entry for entry in inner if entry.key in _SPELLINGS)
    arguments = {entry.key: entry.value for entry in inner if entry.key not in _SPELLINGS}
    if arguments:
        yield Entry("hyperparameters", path, arguments)


def _meant_as_architecture(section: Mapping[str, object]) -> str | None:
    if _ARCHITECTURE in section:
        return None
    return next((key for key in section if closest(str(key), [_ARCHITECTURE])), None)


def _training(path: Path, section: Mapping[str, object]) -> Iterator[Entry]:
    yield from entries(section, path)


def _logging(path: Path, section: Mapping[str, object]) -> Iterator[Entry]:
    inner = entries(section, path)
    yield from (entry._replace(key=_CHECKPOINT[entry.key]) for entry in inner if entry.key in _CHECKPOINT)
    rest = {entry.key: entry.value for entry in inner if entry.key not in _CHECKPOINT}
    if rest:
        yield Entry("logging", path, rest)


SECTIONS = {"model": _model, "training": _training, "logging": _logging}
