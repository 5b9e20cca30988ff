"""Predictions for many rows: block by block, so that memory stays bounded, progress is told and a stop is heard."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from mlmagic._failure import user_frames
from mlmagic.actions._gathered import Answers, Gathered
from mlmagic.data import Rows
from mlmagic.errors import DataLoadingError, MLError, ModelLoadingError
from mlmagic.events import Emit, Plan, Progress
from mlmagic.executors._base import Predictions, batch_rows

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.executors._base import Stop
    from mlmagic.executors._fitted import Fitted

# A block is a batch first, to see how long it takes, then what is answered within so many seconds: at most so many
# batches, and so many cells (64 MB as float64). A call has its price, and of a part of a table most libraries make a
# copy, so the fewer the better.
SECONDS, MOST_BATCHES, MOST = 2.0, 1024, 8_000_000
# A table that fits one block is asked for whole, its first batch again, unless that was more than so much of it:
# answers in one piece stay where they are, and to put a fast model's together takes longer than to compute them.
REPEATED = 0.02
TELL_EVERY = 0.1


def predict(
    fitted: Fitted,
    frame: pd.DataFrame,
    columns: list[str],
    batch: int | None,
    emit: Emit,
    stop: Stop,
    *,
    asked: bool | None = None,
) -> Answers:
    """Predict a table, whose columns were checked.

    Parameters
    ----------
    frame
        Shape (n, columns); never copied as a whole.
    columns
        The model's, in its order.
    batch
        Rows at a time, as the user wants it; None for a size that depends on the width and, of a slow model, on time.
    asked
        Whether a metric that was asked for looks at decision values, as :meth:`Fitted.predict` takes it.

    Raises
    ------
    DataLoadingError
        If the model cannot take the rows.
    """
    from mlmagic.data import as_known, is_large, row_cells

    emit(Plan("predicting", "row", len(frame)))
    # A label known of a column becomes a column of its own in most models.
    cells = row_cells(frame, columns) + sum(map(len, fitted.encoded.values()))
    gathered, sizes = Gathered(fitted, len(frame)), Sizes(cells, batch)
    told, large = perf_counter(), is_large(frame)
    while gathered.rows < len(frame) and not stop.is_set():
        block = frame.iloc[gathered.rows : gathered.rows + sizes.now]
        # Columns are chosen here: of a whole table that would be a copy of it.
        chosen = block if columns == list(frame.columns) else block[columns]
        if large:  # columns that lie apart are put together: a thousand, one by one, take longer than the model
            chosen = chosen.copy()
        rows = Rows(as_known(chosen, fitted.features or {}))
        began = perf_counter()
        given = _asked(fitted, rows, frame, asked=asked)
        now = perf_counter()
        sizes.took(len(rows), now - began)
        if not (gathered.rows or stop.is_set()) and sizes.now >= len(frame) and len(rows) <= REPEATED * len(frame):
            continue
        gathered.add(rows, given, now - began)
        if now - told > TELL_EVERY:
            emit(Progress(gathered.rows))
            told = now
    emit(Progress(gathered.rows))
    return gathered.answers(sizes.most)


class Sizes:
    """How many rows the next block has.

    Parameters
    ----------
    cells
        Of a row, as numbers of a table.
    batch
        Rows at a time, as the user wants it; None for what takes neither much memory nor long.
    """

    def __init__(self, cells: int, batch: int | None = None) -> None:
        self.now = self._batch = batch or batch_rows(cells)
        self._batches = 1 if batch else max(1, min(MOST_BATCHES, MOST // (self.now * max(1, cells))))
        self.most = 0

    def took(self, rows: int, seconds: float) -> None:
        """Know how long the last block took."""
        self.most = max(self.most, rows)
        answered = SECONDS * rows / max(seconds, 1e-9)
        self.now = self._batch * max(1, min(self._batches, int(answered // self._batch)))


def _asked(fitted: Fitted, rows: Rows, frame: pd.DataFrame, *, asked: bool | None) -> Predictions:
    try:
        given = fitted.predict(rows, asked=asked)
    except MLError as error:
        told = _not_finite(fitted, rows, frame)
        if told is None:
            raise
        raise told from error
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
        if user_frames(error):  # the user's own code failed
            raise
        raise _not_finite(fitted, rows, frame) or _unfit(fitted, rows, error) from error
    if given.values.shape != (len(rows),):
        raise ModelLoadingError(
            f"{fitted.name} gives values of shape {given.values.shape} for {len(rows)} rows, which need one each",
            solution="Give a model with one target",
        )
    return given


def _not_finite(fitted: Fitted, rows: Rows, frame: pd.DataFrame) -> DataLoadingError | None:
    """The error of rows that the model takes once their gaps and infinite values are filled; None for others."""
    from mlmagic.data import filled, not_finite

    found = not_finite(rows.X, rows.X.columns).columns
    if not found or not _takes(fitted, filled(rows.X, found)):  # or something else is wrong with them
        return None
    # Gaps that training had are no fault: a preparation fills them.
    holes = not_finite(frame, [name for name in found if not _takes(fitted, _holed_alone(rows.X, name, found))])
    if not holes.columns:
        return None
    which = "this column" if len(holes.columns) == 1 else "these columns"
    return DataLoadingError(
        f"{fitted.name} takes finite numbers, but {holes}",
        solution=f"{holes.way_out}; training had none in {which}",
        metadata={"columns": holes.columns},
    )


def _holed_alone(X: pd.DataFrame, name: str, found: list[str]) -> pd.DataFrame:
    """The first row without a finite number in this column, which is filled in the others."""
    import numpy as np

    from mlmagic.data import as_numbers, filled

    row = X[~np.isfinite(as_numbers(X[[name]])[:, 0])].iloc[:1]
    return filled(row, [other for other in found if other != name])


def _takes(fitted: Fitted, X: pd.DataFrame) -> bool:
    try:
        fitted.predict(Rows(X))
    except Exception:
        return False
    return True


def _unfit(fitted: Fitted, rows: Rows, error: Exception) -> DataLoadingError:
    first, *_ = str(error).splitlines() or [""]
    holed = [str(name) for name in rows.X.columns if rows.X[name].isna().any()]
    gaps = f"; {', '.join(map(repr, holed[:5]))} have gaps" if holed else ""
    return DataLoadingError(
        f"{fitted.name} cannot predict these rows: {first}{gaps}",
        stderr=f"{type(error).__name__}: {error}",
        solution="Give the columns that it was trained on, as they were then, or name them: featureColumns",
    )
