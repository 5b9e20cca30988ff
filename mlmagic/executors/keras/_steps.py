"""Steps of a model's own ``train_step`` and ``test_step``, many to a call."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import keras
import numpy as np

from mlmagic.executors.keras import _backend
from mlmagic.executors.keras._rows import steps_in

if TYPE_CHECKING:
    from mlmagic.executors.keras._rows import Arrays

Logs = dict[str, float]
# Bytes of rows that a GPU is asked to hold: TensorFlow does not tell how many it has left.
ON_GPU = 1 << 30


class Done(NamedTuple):
    """What some steps gave: the loss of each, and what the last one reported."""

    losses: list[float]
    logs: Logs


class Steps(Protocol):
    """Takes ``count`` steps from the ``first`` on, in the order of rows that was given last."""

    def order(self, places: np.ndarray | None) -> None:
        """Set the order of the rows, shape (n,); None for theirs."""
        ...

    def __call__(self, first: int, count: int) -> Done:
        """Take the steps."""
        ...


def train_steps(model: keras.Model, rows: Arrays, batch: int) -> Steps:
    """Steps that train, in a compiled loop where the backend has one."""
    step = _whole(model.train_on_batch) if keras.backend.backend() == _backend.JAX else model.train_step
    return _steps(model, step, rows, batch, alone=True)


def test_steps(model: keras.Model, rows: Arrays, batch: int) -> Steps:
    """Steps that measure; what the last one reports is of all rows since ``model.reset_metrics()``."""
    step = _whole(model.test_on_batch) if keras.backend.backend() == _backend.JAX else model.test_step
    return _steps(model, step, rows, batch, alone=False)


def _whole(on_batch: Callable[..., Any]) -> Callable[[Any], Any]:
    """A step over JAX, where a model's own takes and gives all its state."""
    return lambda data: on_batch(*data, return_dict=True)


def _steps(model: keras.Model, step: Callable[[Any], Any], rows: Arrays, batch: int, *, alone: bool) -> Steps:
    compiled = keras.backend.backend() == _backend.TENSORFLOW and not model.run_eagerly
    if rows.finish is not None:
        step = _finished(step, rows.finish)
    if not isinstance(rows.inputs, np.ndarray):
        return _Fed(model, _graph(model, step) if compiled else step, rows, batch, alone=alone)
    kind = _Compiled if compiled else _OneByOne
    return kind(model, step, rows, batch, alone=alone)


def _finished(step: Callable[[Any], Any], finish: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A step on pixels."""
    return lambda data: step((finish(data[0]), *data[1:]))


def _graph(model: keras.Model, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A step that TensorFlow compiles once, for batches of any size."""
    import tensorflow as tf

    compiled: Callable[[Any], Any] = tf.function(
        step, jit_compile=model.jit_compile, reduce_retracing=True, autograph=False
    )
    return compiled


class _OneByOne:
    """Steps in a loop of Python: over torch and JAX, and of models that run eagerly.

    Parameters
    ----------
    alone
        Whether the reported loss is that of each step alone, not of all since the epoch began.
    """

    def __init__(
        self, model: keras.Model, step: Callable[[Any], Any], rows: Arrays, batch: int, *, alone: bool
    ) -> None:
        self._model = model
        self._step = step
        self._parts = self._held(rows)
        self._rows = len(rows)
        self._batch = batch
        self._alone = alone
        self._order: np.ndarray | None = None

    def order(self, places: np.ndarray | None) -> None:
        """See :class:`Steps`."""
        self._order = np.arange(self._rows) if places is None else places

    def _held(self, rows: Arrays) -> list[Any]:
        return [keras.ops.convert_to_tensor(part) for part in rows.parts]

    def _batch_at(self, number: int) -> tuple[Any, ...]:
        places = self._places(number)
        return tuple(keras.ops.take(part, places, axis=0) for part in self._parts)

    def _places(self, number: int) -> np.ndarray:
        assert self._order is not None
        return self._order[number * self._batch : (number + 1) * self._batch]

    def __call__(self, first: int, count: int) -> Done:
        """See :class:`Steps`."""
        losses: list[float] = []
        logs: Logs = {}
        for number in range(first, first + count):
            if self._alone:
                _reset_loss(self._model)
            logs = {name: float(_mean(value)) for name, value in self._step(self._batch_at(number)).items()}
            losses.append(logs[_loss_name(logs)])
        return Done(losses, logs)


class _Fed(_OneByOne):
    """Steps on inputs that are made batch by batch: images that memory does not hold, windows of a series."""

    _ahead: Iterator[np.ndarray] | None = None

    def _held(self, rows: Arrays) -> list[Any]:
        assert not isinstance(rows.inputs, np.ndarray)
        self._images, self._beside = rows.inputs, rows.beside
        return []

    def order(self, places: np.ndarray | None) -> None:
        """See :class:`Steps`."""
        super().order(places)
        self._ahead = None

    def _batch_at(self, number: int) -> tuple[Any, ...]:
        if number == 0 or self._ahead is None:
            batches = steps_in(self._rows, self._batch)
            self._ahead = self._images.batches(self._places(later) for later in range(number, batches))
        places = self._places(number)
        parts = (next(self._ahead), *(part[places] for part in self._beside))
        return tuple(keras.ops.convert_to_tensor(part) for part in parts)


class _Compiled:
    """Steps in a loop of TensorFlow's: one call takes many, and Python waits outside the lock meanwhile."""

    def __init__(
        self, model: keras.Model, step: Callable[[Any], Any], rows: Arrays, batch: int, *, alone: bool
    ) -> None:
        import tensorflow as tf

        self._tf = tf
        self._model = model
        self._rows = len(rows)
        self._batch = batch
        self._names: list[str] = []
        self._order: Any = None
        self._parts = self._held(rows)
        self._step = tf.function(
            self._one(step, alone), jit_compile=model.jit_compile, reduce_retracing=True, autograph=False
        )
        scalar = tf.TensorSpec((), tf.int32)
        # Traced at once and for all sizes.
        self._call = tf.function(self._many, autograph=False).get_concrete_function(
            tf.TensorSpec((None,), tf.int32), scalar, scalar
        )

    def order(self, places: np.ndarray | None) -> None:
        """See :class:`Steps`."""
        given = np.arange(self._rows) if places is None else places
        self._order = self._tf.constant(given.astype(np.int32))

    def __call__(self, first: int, count: int) -> Done:
        """See :class:`Steps`."""
        tf = self._tf
        losses, last = self._call(self._order, tf.constant(first), tf.constant(count))
        return Done(losses.numpy().tolist(), dict(zip(self._names, last.numpy().tolist(), strict=True)))

    def _held(self, rows: Arrays) -> list[Any]:
        """The rows where they are cut into batches: on the GPU if there is one and they are few, else beside it."""
        tf = self._tf
        large = sum(part.nbytes for part in rows.parts) > ON_GPU
        with tf.device("CPU:0") if large else contextlib.nullcontext():
            return [tf.constant(part) for part in rows.parts]

    def _one(self, step: Callable[[Any], Any], alone: bool) -> Callable[..., Any]:
        tf = self._tf

        def one(*data: Any) -> Any:
            if alone:
                _reset_loss(self._model)
            logs = step(data)
            self._names = list(logs)  # known once this is traced
            return tf.stack([tf.cast(_mean(value), tf.float32) for value in logs.values()])

        return one

    def _many(self, order: Any, first: Any, count: Any) -> Any:
        tf = self._tf

        def body(number: Any, losses: Any, last: Any) -> Any:
            begin = (first + number) * self._batch
            places = order[begin : begin + self._batch]
            last = self._step(*(tf.gather(part, places) for part in self._parts))
            loss = last[self._names.index(_loss_name(self._names))]
            return number + 1, losses.write(number, loss), last

        losses = tf.TensorArray(tf.float32, size=count)
        _, losses, last = tf.while_loop(
            lambda number, *_: number < count,
            body,
            (tf.constant(0), losses, tf.zeros([0])),
            # How many numbers a step reports is known once it is traced.
            shape_invariants=(tf.TensorShape([]), tf.TensorShape(None), tf.TensorShape([None])),
        )
        return losses.stack(), last


def _reset_loss(model: keras.Model) -> None:
    """Let what a step reports as its loss be that step's own: Keras reports the mean since the epoch began."""
    for metric in model.metrics:
        if metric.name == "loss":
            metric.reset_state()


def _loss_name(names: Any) -> str:
    return "loss" if "loss" in names else next(iter(names))


def _mean(value: Any) -> Any:
    """One number of what may be one a class."""
    return keras.ops.mean(value)
