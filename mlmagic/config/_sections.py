"""The form of ``training-config.yaml``: keys in sections called model, training and logging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mlmagic.config._arrange import Entry, entries

if TYPE_CHECKING:
    from mlmagic.config._document import Path

# Of `model`, what says more than how its class is called; all else is an argument of the class.
_OF_MODEL = ("architecture", "pretrained", "num_classes", "numClasses")
_CHECKPOINT = {"checkpoint_every": "checkpoint_interval", "checkpointEvery": "checkpointInterval"}


def unfold(found: Iterable[Entry]) -> Iterator[Entry]:
    """Give the keys of sections as keys of the run, where they stand in the source; others as they are."""
    for entry in found:
        section = SECTIONS.get(entry.key)
        if section is None or not isinstance(entry.value, Mapping):
            yield entry
        else:
            yield from section(entry.path, entry.value)


def is_sectioned(mapping: Mapping[str, object]) -> bool:
    """Whether a config comes in sections, and so need not name a framework."""
    return any(isinstance(mapping.get(name), Mapping) for name in ("model", "training"))


def _model(path: Path, section: Mapping[str, object]) -> Iterator[Entry]:
    inner = entries(section, path)
    yield from (entry for entry in inner if entry.key in _OF_MODEL)
    arguments = {entry.key: entry.value for entry in inner if entry.key not in _OF_MODEL}
    if arguments:
        yield Entry("hyperparameters", path, arguments)


def _training(path: Path, section: Mapping[str, object]) -> Iterator[Entry]:
    yield from entries(section, path)


def _logging(path: Path, section: Mapping[str, object]) -> Iterator[Entry]:
    inner = entries(section, path)
    yield from (entry._replace(key=_CHECKPOINT[entry.key]) for entry in inner if entry.key in _CHECKPOINT)
    rest = {entry.key: entry.value for entry in inner if entry.key not in _CHECKPOINT}
    if rest:
        yield Entry("logging", path, rest)


SECTIONS = {"model": _model, "training": _training, "logging": _logging}
