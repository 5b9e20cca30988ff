"""From rows to arrays that a network takes.

Each kind of data is one :class:`Inputs`: what it is fitted on, how its rows are opened, what is kept with the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from mlmagic._memory import limit
from mlmagic.data import (
    Rows,
    code_counts,
    describe_preparation,
    fit_preparation,
    is_image,
    is_text,
    kind,
    paths_as_text,
)
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._base import MOST_CELLS, batch_rows
from mlmagic.executors._networks._architectures import KINDS
from mlmagic.executors._networks._images import ImageInputs, fit_images
from mlmagic.executors._networks._matrix import first_rows
from mlmagic.executors._networks._matrix import matrix as matrix
from mlmagic.executors._networks._need import ROWS
from mlmagic.executors._networks._sample import remark, sample
from mlmagic.executors._networks._streamed import Streamed, Table
from mlmagic.executors._networks._text import LENGTHS, VOCABULARIES, TextInputs, fit_text
from mlmagic.executors._networks._windows import WindowInputs, fit_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from mlmagic.data._preparation import Scaling
    from mlmagic.executors._networks._pixels import Pixels
    from mlmagic.executors._networks.config import NetworkTrain


class Inputs(Protocol):
    """What a network is given of rows, fitted on training rows."""

    @property
    def preparation(self) -> Any:
        """A fitted transformer that is stored beside the model; None where there is none."""
        ...

    @property
    def scale(self) -> Pixels | None:
        """What is done to a batch on the device; None where nothing is left to do."""
        ...

    def open(self, rows: Rows, going_on: Callable[[int], bool] = ...) -> np.ndarray | Streamed:
        """Inputs to train on, shape (n, ...), in memory or read batch by batch; not finished where there is a scale.

        Parameters
        ----------
        going_on
            Told now and then how many rows are read; says whether to go on. If not, ``Cancelled`` is raised.

        Raises
        ------
        DataLoadingError
            If rows are not what the network takes.
        """
        ...

    def first(self, rows: Rows) -> np.ndarray:
        """Inputs of the first rows, finished: what a network is tried on."""
        ...

    def batches(self, rows: Rows, size: int) -> Iterator[np.ndarray]:
        """Inputs of all rows in order, so many at a time, in bounded memory where rows are large; not finished."""
        ...

    def together(self, rows: Rows) -> int:
        """How many rows are predicted at a time; the same in every process."""
        ...

    def finished(self, batch: np.ndarray) -> np.ndarray:
        """Do to a batch what :attr:`scale` says."""
        ...

    def facts(self) -> dict[str, Any]:
        """What is done to the rows, under the report's keys."""
        ...

    @property
    def remark(self) -> str | None:
        """What the user should read of it in the log."""
        ...

    @property
    def work(self) -> tuple[str, str] | None:
        """What opening rows is called where it takes a while, and what it counts."""
        ...

    @property
    def sizes(self) -> Mapping[str, Any]:
        """What the network's class may be told of the rows besides their shape, under the names that people use."""
        ...

    def to_plain(self) -> dict[str, Any] | None:
        """What a file without code holds of it; None where the preparation has everything."""
        ...


@dataclass(frozen=True)
class TableInputs:
    """Columns, prepared: numbers.

    Parameters
    ----------
    codes
        How many codes each prepared column has, 0 for numbers; None where no column is one of codes.
    """

    preparation: Any = None
    scale: None = None
    remark: str | None = None
    work: None = None
    codes: tuple[int, ...] | None = None

    def open(self, rows: Rows, going_on: Callable[[int], bool] = lambda done: True) -> np.ndarray | Table:
        """See :class:`Inputs`."""
        table = Table(rows, partial(matrix, self.preparation), self._few(rows, 1))
        return table if table.nbytes > limit() else matrix(self.preparation, rows)

    def first(self, rows: Rows) -> np.ndarray:
        """See :class:`Inputs`; all rows that memory holds, so that what is wrong with one of them is found."""
        opened = self.open(rows)
        return self._few(rows, 16 * ROWS) if isinstance(opened, Table) else opened

    def batches(self, rows: Rows, size: int) -> Iterator[np.ndarray]:
        """See :class:`Inputs`."""
        several = size * max(1, MOST_CELLS // (size * max(1, self._few(rows, 1).shape[1])))
        for start in range(0, len(rows), several):
            values = matrix(self.preparation, Rows(rows.X.iloc[start : start + several]))
            yield from (values[first : first + size] for first in range(0, len(values), size))

    def _few(self, rows: Rows, number: int) -> np.ndarray:
        return first_rows(self.preparation, rows, number)

    def together(self, rows: Rows) -> int:
        """See :class:`Inputs`."""
        return batch_rows(rows.X.shape[1])

    def finished(self, batch: np.ndarray) -> np.ndarray:
        """See :class:`Inputs`."""
        return batch

    def facts(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        return describe_preparation(self.preparation)

    @property
    def sizes(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        return {} if self.codes is None else {"codes": self.codes}

    def to_plain(self) -> None:
        """See :class:`Inputs`."""
        return


def fit_inputs(
    train: NetworkTrain,
    rows: Rows,
    *,
    scaling: Scaling = "standard",
    expected: tuple[int | None, ...] | None = None,
    tokens: tuple[int | None, int | None] = (None, None),
    last: bool = False,
) -> Inputs:
    """Fit what makes inputs of these rows: of images or text if they hold some, else of a table.

    Parameters
    ----------
    scaling
        How numbers are scaled where the config does not say it.
    expected
        Height, width and channels that the network takes, where it says so.
    tokens
        Of a text that the network takes, and how many it knows, where it says so.
    last
        Whether it takes channels last.

    Raises
    ------
    InvalidConfiguration
        If the config speaks of another kind of data.
    """
    scaling = "none" if train.prepare == "none" else scaling
    scaling = train.feature_scaling or scaling
    if train.window is not None:
        return fit_windows(train, rows, scaling)
    found = "images" if are_images(rows) else "text" if are_texts(rows, train) else "a table"
    _require_kind(train, found, rows)
    if found == "images":
        return fit_images(rows, train.size, scaling, expected=expected, last=last)
    if found == "text":
        few = sample(rows)
        text = fit_text(few, _asked(train, VOCABULARIES), _asked(train, LENGTHS), tokens)
        return replace(text, sampled=remark(rows, few, "Tokens"))
    few = sample(rows)
    said = remark(rows, few)
    if train.architecture == "tabular_transformer" and train.prepare != "none":
        prepared = fit_preparation(few, scaling, "codes", always=True)
        return TableInputs(prepared, remark=said, codes=tuple(code_counts(prepared)))
    prepared = fit_preparation(few, scaling, train.prepare)
    return TableInputs(prepared, remark=None if prepared is None else said)


def _require_kind(train: NetworkTrain, found: str, rows: Rows) -> None:
    asked = {"imageSize": train.image_size, "augmentation": train.augmentation and train.augmentation.asked}
    faults = [
        Fault(f"config.{key}", f"{key} is for images, but the data is {found}", value=value)
        for key, value in asked.items()
        if value and found != "images"
    ]
    made_for = KINDS.get(train.architecture or "", "images and tables") if train.architecture else found
    if found.removeprefix("a ") not in made_for:
        instead = {"images": "cnn", "text": "text_transformer"}.get(found, "mlp")
        words = _of_words(rows) if made_for == "text" else []
        message = f"{train.architecture} is for {made_for}, but the data is {found}: take {instead}"
        if words:
            message += f", or name a column of words, which is text where it is alone: featureColumns: [{words[0]}]"
        suggestion = None if words else instead
        faults.append(Fault("config.architecture", message, value=train.architecture, suggestion=suggestion))
    if faults:
        raise InvalidConfiguration(faults, solution=paths_as_text(rows.X) or None)


def _asked(train: NetworkTrain, names: Collection[str]) -> int | None:
    """What the hyperparameters say under one of these names."""
    given = (value for name, value in train.hyperparameters.items() if name in names)
    return next((value for value in given if isinstance(value, int)), None)


def restored(
    preparation: Any,
    plain: Mapping[str, Any] | None,
    rows: Rows,
    *,
    expected: tuple[int | None, ...] | None = None,
    last: bool = False,
    scaling: str = "minmax",
) -> Inputs:
    """The inputs of a model that is there: as it was trained, else as its rows look, pixels scaled in this way."""
    if plain is not None and plain["kind"] == "windows":
        return WindowInputs({key: value for key, value in plain.items() if key != "kind"}, preparation)
    if plain is not None and plain["kind"] == "text":
        return TextInputs.from_plain(plain)
    if plain is not None:
        return ImageInputs.from_plain(plain, last=last)
    if are_images(rows):
        return fit_images(rows, None, scaling, expected=expected, last=last, alike=True)
    return TableInputs(preparation)


def are_images(rows: Rows) -> bool:
    """Whether rows are images."""
    return rows.X.shape[1] == 1 and is_image(rows.X.iloc[:, 0])


def are_texts(rows: Rows, train: NetworkTrain) -> bool:
    """Whether rows are texts: free text, or any words where the network is one for text."""
    if train.window is not None or rows.X.shape[1] != 1:
        return False
    if train.architecture == "text_transformer":
        return bool(_of_words(rows))
    return train.prepare != "none" and is_text(rows.X.iloc[:, 0])


def _of_words(rows: Rows) -> list[str]:
    """The columns that a network for text could read."""
    return [name for name in rows.X.columns if kind(rows.X[name]) in ("text", "category", "mixed")]


def labels(y: pd.Series | None, classes: np.ndarray) -> np.ndarray:
    """Give the positions of labels in ``classes``, shape (n,), int64."""
    assert y is not None
    found: np.ndarray = pd.Index(classes).get_indexer(pd.Index(y.to_numpy())).astype(np.int64)
    return found


def numbers(y: pd.Series | None) -> np.ndarray:
    """Give a regression's target, shape (n,), float64."""
    assert y is not None
    values: np.ndarray = y.to_numpy(dtype=np.float64)
    return values
