"""What evaluate and predict share: the model, its rows, its answers, and what the report says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic._units import brief
from mlmagic.actions import Context
from mlmagic.actions._blocks import predict
from mlmagic.actions._gathered import Answers
from mlmagic.actions._reading import table, telling
from mlmagic.errors import InvalidConfiguration
from mlmagic.events import Log, Metadata, Plan
from mlmagic.executors import load
from mlmagic.executors._fitted import Fitted, find

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from mlmagic.config import RunConfig
    from mlmagic.config._inference import InferenceConfig

# What an error calls rows that are not for training.
ROWS = "the rows"


def opened(config: RunConfig, context: Context) -> tuple[Fitted, pd.DataFrame]:
    """The model and the table that a config names.

    Raises
    ------
    MLError
        If either cannot be had, or the table lacks columns of the model's.
    """
    context.emit(Plan("loading the model"))
    fitted = find(config)
    context.emit(Metadata({"versions": load(fitted.framework).versions(), "model": fitted.describe()}))
    context.emit(Plan("loading data"))
    return fitted, table(config.config, context, ROWS)


def tell(config: RunConfig, frame: pd.DataFrame, doing: str, context: Context, **facts: Any) -> None:
    """Tell which rows it is about, and what is known of them."""
    from mlmagic.data import schema

    data = config.config.data
    name = str(data) if data is not None else str(config.config.data_path)
    context.emit(Metadata({"samples": len(frame), **facts, "data": {"name": name, "schema": schema(frame)}}))
    context.emit(Log(f"{name}: {len(frame)} rows to {doing}"))


def named_as(frame: pd.DataFrame, config: RunConfig, fitted: Fitted) -> pd.DataFrame:
    """The table of a config, its columns named as :func:`renamed` does.

    Raises
    ------
    InvalidConfiguration
        If ``featureColumns`` names what is no column of it.
    """
    data = config.config.data
    named = renamed(frame, data.value if data is not None else None, fitted)
    wanted: InferenceConfig = config.config  # type: ignore[assignment]
    _require_named(named, wanted.feature_columns or ())
    return named


def _require_named(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse featureColumns that the table does not have; the model may never have seen them."""
    from mlmagic.data._given import no_column

    missing = [(place, name) for place, name in enumerate(names) if name not in frame.columns]
    if missing:
        raise InvalidConfiguration([no_column(frame, f"featureColumns[{place}]", name) for place, name in missing])


def renamed(frame: pd.DataFrame, source: Any, fitted: Fitted) -> pd.DataFrame:
    """The table that was made of ``source``, its columns called as the model calls them.

    An array of as many columns as the model has gets the model's names; a name with spaces becomes the same with
    underscores where the model has that, since LightGBM writes them so. A model that was trained on a file's nameless
    index column gets it.
    """
    if fitted.features is None:
        return frame
    from mlmagic.data import with_index

    frame = with_index(frame, fitted.features)
    shape: tuple[int, ...] = getattr(source, "shape", ())
    is_array = len(shape) == 2 and not hasattr(source, "columns")
    if is_array and shape[1] == len(fitted.features):
        return frame.set_axis(list(fitted.features), axis=1)
    spaced = {name: name.replace(" ", "_") for name in frame.columns if " " in name and name not in fitted.features}
    meant = {name: other for name, other in spaced.items() if other in fitted.features and other not in frame.columns}
    return frame.rename(columns=meant) if meant else frame


def columns_for(fitted: Fitted, frame: pd.DataFrame, target: str | None) -> list[str]:
    """The columns to predict from, which are all there.

    Raises
    ------
    DataLoadingError
        With every column that is missing, or holds words where the model had numbers, or the other way round.
    """
    from mlmagic.data import check_columns, image_columns

    if fitted.features is None:
        names = [str(name) for name in frame.columns if name != target]
        return [name for name in image_columns(frame) if name in names] or names
    check_columns(frame, fitted.features, fitted.name, fitted.encoded)
    return list(fitted.features)


def sampled(
    fitted: Fitted, frame: pd.DataFrame, columns: list[str], context: Context, actual: pd.Series | None = None
) -> tuple[pd.DataFrame, list[str], pd.Series | None]:
    """What the model predicts: the rows, or the windows that end in them where it takes several rows at a time.

    Parameters
    ----------
    actual
        The truth beside the rows, shape (n,).

    Returns
    -------
    tuple
        The table, its columns, and the truth beside it: of a window the value that it foretells, where it is known.
    """
    how = fitted.outcome.windows
    if how is None:
        return frame, columns, actual
    from mlmagic.data import later_row, samples

    windows, later = samples(frame, columns, how, telling(context, ""))
    made = f"{len(frame)} rows make {len(windows)} windows of {how['window']}, so the rows before have no prediction"
    context.emit(Log(f"{made}; each stands at its window's last row and is the value of {later_row(how['horizon'])}"))
    if actual is not None:
        ahead = actual.iloc[later].where(later >= 0)
        actual = ahead.set_axis(windows.index)
    return windows, list(windows.columns), actual


def answered(
    fitted: Fitted,
    frame: pd.DataFrame,
    columns: list[str],
    config: RunConfig,
    context: Context,
    counted: str,
    *,
    asked: bool | None = None,
) -> Answers:
    """Predict the table; tell how long it took and what was odd.

    Parameters
    ----------
    counted
        The report's key for the number of rows.
    asked
        Whether a metric that was asked for looks at decision values, as :meth:`Fitted.predict` takes it.
    """
    from mlmagic.data import wordless

    wanted: InferenceConfig = config.config  # type: ignore[assignment]
    placed, batch = fitted.placed(config), wanted.batch_size
    answers = predict(placed, frame, columns, batch, context.emit, context.stop, asked=asked)
    context.emit(Metadata(_facts(answers, counted, batch)))
    if answers.predictions is not None:
        context.emit(Metadata(answers.predictions.metadata))
    if answers.rows < len(frame):
        context.emit(Log(f"Stopped after {answers.rows} of {len(frame)} rows; they are kept", "warning"))
    if fitted.outcome.reads_text and (said := wordless(frame[columns[0]].iloc[: answers.rows])):
        context.emit(Log(said, "warning"))
    for name, counts in answers.unseen.items():
        for text in _unseen(name, counts, fitted.name):
            context.emit(Log(text, "warning"))
    return answers


def _unseen(name: str, counts: Counter[str | None], who: str) -> Iterator[str]:
    """What to say of labels and gaps of a column that had none of them in training."""
    if gaps := counts.get(None, 0):
        rows_have = "1 row has a gap" if gaps == 1 else f"{gaps} rows have gaps"
        yield f"Column {name!r}: {rows_have}, and none had one when {who} was trained: it tells nothing"
    labels = [(label, count) for label, count in counts.most_common() if label is not None]
    if labels:
        rows = sum(count for _, count in labels)
        shown = ", ".join(f"{label!r} ({count})" for label, count in labels[:5])
        more = f" and {len(labels) - 5} more" if len(labels) > 5 else ""
        text = f"Column {name!r}: {rows} rows have labels that {who} never saw, which tell it nothing"
        yield f"{text}: {shown}{more}"


def _facts(answers: Answers, counted: str, batch: int | None) -> dict[str, Any]:
    """``batch`` is what the config says; a table may have fewer rows."""
    facts: dict[str, Any] = {counted: answers.rows, "batchSize": batch or answers.batch}
    facts["inferenceTime"] = brief(answers.seconds)
    if answers.rows:
        facts["avgInferenceTimePerSample"] = brief(answers.seconds / answers.rows)
    return facts
