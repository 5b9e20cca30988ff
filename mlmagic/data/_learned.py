"""Which labels a model learns: those of its training rows, whatever other rows have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic.data._shown import shown
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from mlmagic.data._types import Rows, TrainingData


def learned(data: TrainingData) -> TrainingData:
    """The same data, its classes the labels of the training rows.

    No loss says how wrong a model is about a label that it has no answer for, so validation rows of such labels are
    left out; ``validation`` is None where no others are. Test rows keep theirs, and count as wrong. Both is said in
    the metadata.

    Raises
    ------
    DataLoadingError
        If all training rows have one label.
    """
    if data.task != "classification":
        return data
    assert data.train.y is not None
    classes = np.unique(np.asarray(data.train.y.unique()))
    strange = {name: _strange(rows, classes) for name, rows in (("validation", data.validation), ("test", data.test))}
    if len(classes) < 2:
        raise one_label(len(data.train), classes[0], strange.values(), _another_split(data))
    validation = known_rows(data.validation, classes)
    facts = {**data.metadata, "classes": len(classes)}
    if any(strange.values()):
        facts["validationSamples"] = len(validation or ())
        facts["unlearnedLabels"] = _counts(strange)
        facts["warnings"] = [*facts.get("warnings", []), _told(strange, validation)]
    found = replace(data, validation=validation, classes=classes, metadata=facts)
    return replace(found, class_weight=_of_classes(data.class_weight, strange))


def known_rows(rows: Rows | None, classes: np.ndarray) -> Rows | None:
    """Those rows whose label is among ``classes``, the very same where all are; None where none is."""
    if rows is None or rows.y is None:
        return rows
    if not _strange(rows, classes):
        return rows
    found = rows.at(np.flatnonzero(rows.y.isin(classes).to_numpy()))
    # Labels that were of two kinds may be of one now.
    return replace(found, y=found.y.astype(classes.dtype)) if found.y is not None and len(found) else None


def one_label(
    count: int, label: object, others: Iterable[Mapping[Any, int]], way: str, where: str = ""
) -> DataLoadingError:
    """The error of ``count`` training rows that all have one label.

    Parameters
    ----------
    others
        How many rows have each other label, in one or several parts of the rows.
    way
        The way out.
    where
        Which training rows, if they are not those of the run.
    """
    counts: Counter[Any] = sum(map(Counter, others), Counter())
    rows = ", ".join(f"{number} {shown(name)}" for name, number in counts.most_common(5))
    elsewhere = f": the split put the others ({rows}) elsewhere" if rows else ""
    return DataLoadingError(f"All {count} training rows{where} are {shown(label)}{elsewhere}", solution=way)


def _another_split(data: TrainingData) -> str:
    grouped = data.train.group is not None
    way = "Try another seed, make more and smaller groups" if grouped else "Give more rows of each label"
    return f"{way}, or lower testSplit and validationSplit"


def _strange(rows: Rows | None, classes: np.ndarray) -> dict[Any, int]:
    """How many rows have each label that is not among ``classes``, the commonest first."""
    if rows is None or rows.y is None:
        return {}
    # The few labels first: telling text from text takes long where rows are many.
    distinct = pd.Series(rows.y.unique())
    new = distinct[~distinct.isin(classes)]
    return {} if new.empty else rows.y[rows.y.isin(new)].value_counts().to_dict()


def _counts(strange: Mapping[str, Mapping[Any, int]]) -> dict[str, dict[str, int]]:
    """By label, how many rows of each part."""
    labels = dict.fromkeys(label for counts in strange.values() for label in counts)
    return {str(label): {part: counts.get(label, 0) for part, counts in strange.items()} for label in labels}


def _told(strange: Mapping[str, Mapping[Any, int]], validation: Rows | None) -> str:
    labels = list(dict.fromkeys(label for counts in strange.values() for label in counts))
    more = f", ... ({len(labels)} in all)" if len(labels) > 5 else ""
    which, they = ("label", "it") if len(labels) == 1 else ("labels", "they")
    text = f"No training row has the {which} {', '.join(map(shown, labels[:5]))}{more}: {they} cannot be learned"
    left_out, wrong = (sum(counts.values()) for counts in strange.values())
    if left_out:
        text += f"; {_rows(left_out, 'validation', len(labels))} left out" + (
            "" if validation else ", and no other is there"
        )
    return f"{text}; {_rows(wrong, 'test', len(labels))} counted as wrong" if wrong else text


def _rows(count: int, part: str, labels: int) -> str:
    of = "of it" if labels == 1 else "of them"
    return f"{count} {part} row {of} is" if count == 1 else f"{count} {part} rows {of} are"


def _of_classes(asked: Any, strange: Mapping[str, Mapping[Any, int]]) -> Any:
    """The weights of labels without those of labels that are not learned."""
    if not isinstance(asked, Mapping):
        return asked
    gone = {str(label) for counts in strange.values() for label in counts}
    return {label: weight for label, weight in asked.items() if str(label) not in gone}
