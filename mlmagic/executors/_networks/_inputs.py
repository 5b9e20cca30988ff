"""From rows to arrays that a network takes.

Each kind of data is one :class:`Inputs`: what it is fitted on, how its rows are opened, what is kept with the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from mlmagic.data import describe_preparation, fit_preparation, is_image
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration
from mlmagic.executors._base import batch_rows
from mlmagic.executors._networks._images import ImageInputs, fit_images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlmagic.data import Rows
    from mlmagic.executors._networks._decoded import Images
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

    def open(self, rows: Rows, going_on: Callable[[int], bool] = ...) -> np.ndarray | Images:
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

    def to_plain(self) -> dict[str, Any] | None:
        """What a file without code holds of it; None where the preparation has everything."""
        ...


@dataclass(frozen=True)
class TableInputs:
    """Columns, prepared: numbers."""

    preparation: Any = None
    scale: None = None
    remark: None = None

    def open(self, rows: Rows, going_on: Callable[[int], bool] = lambda done: True) -> np.ndarray:
        """See :class:`Inputs`."""
        return matrix(self.preparation, rows)

    def first(self, rows: Rows) -> np.ndarray:
        """See :class:`Inputs`; all rows, so that what is wrong with one of them is found."""
        return matrix(self.preparation, rows)

    def batches(self, rows: Rows, size: int) -> Iterator[np.ndarray]:
        """See :class:`Inputs`."""
        values = matrix(self.preparation, rows)
        return (values[start : start + size] for start in range(0, len(values), size))

    def together(self, rows: Rows) -> int:
        """See :class:`Inputs`."""
        return batch_rows(rows.X.shape[1])

    def finished(self, batch: np.ndarray) -> np.ndarray:
        """See :class:`Inputs`."""
        return batch

    def facts(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        return describe_preparation(self.preparation)

    def to_plain(self) -> None:
        """See :class:`Inputs`."""
        return


def fit_inputs(
    train: NetworkTrain, rows: Rows, *, expected: tuple[int | None, ...] | None = None, last: bool = False
) -> Inputs:
    """Fit what makes inputs of these rows: of images if they hold some, else of a table.

    Parameters
    ----------
    expected
        Height, width and channels that the network takes, where it says so.
    last
        Whether it takes channels last.

    Raises
    ------
    InvalidConfiguration
        If the config speaks of images, and there are none.
    """
    scaling = train.feature_scaling or "standard"
    if are_images(rows):
        return fit_images(rows, train.size, scaling, expected=expected, last=last)
    asked = {"imageSize": train.image_size, "augmentation": train.augmentation and train.augmentation.transforms}
    faults = [
        Fault(f"config.{key}", f"{key} is for images, but the data is a table", value=value)
        for key, value in asked.items()
        if value
    ]
    if train.architecture not in (None, "mlp"):
        message = f"{train.architecture} is for images, but the data is a table: take mlp"
        faults.append(Fault("config.architecture", message, value=train.architecture, suggestion="mlp"))
    if faults:
        raise InvalidConfiguration(faults)
    return TableInputs(fit_preparation(rows, scaling, train.prepare))


def restored(
    preparation: Any,
    plain: Mapping[str, Any] | None,
    rows: Rows,
    *,
    expected: tuple[int | None, ...] | None = None,
    last: bool = False,
) -> Inputs:
    """The inputs of a model that is there: as it was trained, else as its rows look, pixels between 0 and 1."""
    if plain is not None:
        return ImageInputs.from_plain(plain, last=last)
    if are_images(rows):
        return fit_images(rows, None, "minmax", expected=expected, last=last, alike=True)
    return TableInputs(preparation)


def are_images(rows: Rows) -> bool:
    """Whether rows are images."""
    return rows.X.shape[1] == 1 and is_image(rows.X.iloc[:, 0])


def matrix(preparation: Any, rows: Rows) -> np.ndarray:
    """Give the inputs, shape (n, columns), float32.

    Raises
    ------
    DataLoadingError
        If a value is no finite number; names the columns.
    """
    raw = rows.X if preparation is None else preparation.transform(rows.X)
    try:
        # A copy always: a view of the user's frame is read-only, which torch warns of.
        values = np.array(raw, dtype=np.float32, order="C")
    except (TypeError, ValueError) as error:
        raise DataLoadingError(
            f"A network takes numbers, but prepare: none leaves something else: {error}",
            stderr=f"{type(error).__name__}: {error}",
            solution="Leave prepare out, or name columns of numbers in featureColumns",
        ) from None
    if not np.isfinite(values).all():
        columns = [str(name) for name in rows.X.columns if rows.X[name].isna().any()]
        what = f"gaps in {', '.join(map(repr, columns))}" if columns else "numbers that are not finite as 32-bit floats"
        raise DataLoadingError(
            f"A network takes finite numbers, but the features have {what}",
            solution="Leave prepare: none out, or fill them",
            metadata={"columns": columns},
        )
    return values


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
