"""Tables that a run reads; how far it is, is told where it takes a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.events import Log, Plan, Progress

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.actions import Context
    from mlmagic.data._config import SourceConfig
    from mlmagic.data._large import GoingOn


def table(config: SourceConfig, context: Context, what: str = "training data") -> pd.DataFrame:
    """Read the table that a config names, as :func:`mlmagic.data.read` does.

    Raises
    ------
    DataLoadingError
        If it cannot be read.
    Cancelled
        If somebody asked to stop meanwhile.
    """
    from mlmagic.data import read

    return read(config, what, telling(str(config.data_path), context))


def telling(name: str, context: Context) -> GoingOn:
    """What is told how far the reading of a large file is, and says whether to go on."""
    begun = ""

    def going_on(doing: str, done: int, total: int) -> bool:
        nonlocal begun
        if not begun:
            context.emit(Log(f"{name} may take more than a quarter of the memory: it is kept on disk"))
        if doing != begun:
            context.emit(Plan(doing, "row", total))
            begun = doing
        context.emit(Progress(done))
        return not context.stop.is_set()

    return going_on
