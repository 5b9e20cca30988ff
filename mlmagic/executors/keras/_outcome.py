"""What a training gave, with what is needed to store it and to send it to another process."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mlmagic.executors._base import Outcome
from mlmagic.executors._networks._text import text_in
from mlmagic.executors._networks._windows import windows_in
from mlmagic.executors.keras import _backend


@dataclass(frozen=True)
class KerasOutcome(Outcome):
    """An outcome whose model is a ``keras.Model``.

    Attributes
    ----------
    about
        What its file does not say, as plain data.
    make
        Makes the network anew, without its weights; None where it came as a model.
    device
        Where it predicts; None for where Keras likes.
    """

    about: Mapping[str, Any] = field(default_factory=dict)
    make: Callable[[], Any] | None = None
    device: str | None = None

    @property
    def windows(self) -> Mapping[str, Any] | None:
        """See :class:`Outcome`."""
        return windows_in(self.about)

    @property
    def reads_text(self) -> bool:
        """See :class:`Outcome`."""
        return text_in(self.about)

    @cached_property
    def functions(self) -> dict[tuple[tuple[int, ...], str], Callable[[np.ndarray], np.ndarray]]:
        """What predicts, by the shape and dtype of a row, once it is compiled."""
        return {}

    def __reduce__(self) -> tuple[Any, ...]:
        # Keras pickles a model by its config, in which a class of the user's own is a name, and its arguments are
        # lost: its maker goes along by value.
        rest = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "model"}
        if self.model is None:
            return _whole, (None, rest)
        if self.make is None:
            from mlmagic.executors.keras._copy import compiled_objects, own_objects

            objects = own_objects(self.model) | compiled_objects(self.model)
            return _from_file, (_Library(), _as_file(self.model), objects, rest)
        return _made, (_Library(), self.model.get_weights(), self.model.get_compile_config(), rest)


def one_row(about: Mapping[str, Any]) -> np.ndarray:
    """Zeros, which build a network that is only built when it is called."""
    return np.zeros((1, *about["inputs"]), dtype=about["inputsDtype"])


class _Library:
    """Imports Keras when it is unpickled: before what follows it, which would import it as it comes, with its noise."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _backend.load, ()


def _whole(model: Any, rest: dict[str, Any]) -> KerasOutcome:
    return KerasOutcome(model=model, **rest)


def _made(_: Any, weights: list[Any], compiled: dict[str, Any], rest: dict[str, Any]) -> KerasOutcome:
    from mlmagic.executors.keras._copy import give_weights

    model = rest["make"]()
    if not model.built:
        model(one_row(rest["about"]))
    give_weights(model, weights)
    with contextlib.suppress(Exception):  # a loss of the notebook has no name that Keras knows
        model.compile_from_config(compiled)
    return _whole(model, rest)


def _as_file(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.keras"
        model.save(path)
        return path.read_bytes()


def _from_file(keras: Any, content: bytes, objects: dict[str, Any], rest: dict[str, Any]) -> KerasOutcome:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.keras"
        path.write_bytes(content)
        # It comes from our own process, Lambda layers and all.
        model = keras.saving.load_model(path, custom_objects=objects, safe_mode=False)
    return _whole(model, rest)
