"""Tables that a run reads; how far it is, is told where it takes a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.events import Log, Plan, Progress

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.actions import Context
    from mlmagic.data._config import SourceConfig
    from mlmagic.data._types import GoingOn


def table(config: SourceConfig, context: Context, what: str = "training data") -> pd.DataFrame:
    """Read the table that a config names, as :func:`mlmagic.data.read` does.

    Raises
    ------
    DataLoadingError
        If it cannot be read.
    Cancelled
        If somebody asked to stop meanwhile.
    """
    from mlmagic.data import held_columns, is_large, read

    frame = read(config, what, telling(context, str(config.data_path)))
    held = held_columns(frame)
    if config.data_path is not None and held and is_large(frame[held]):
        which = ", ".join(map(repr, held[:5])) + (", ..." if len(held) > 5 else "")
        remark = "only plain numbers, dates without a zone, text and bytes can lie on disk"
        context.emit(Log(f"{which} of {config.data_path} stay in memory, of which they take much: {remark}", "warning"))
    return frame


def telling(context: Context, name: str) -> GoingOn:
    """What is told how far it is with the table of this name, should it be a large one, and says whether to go on."""
    begun: Plan | None = None

    def going_on(doing: str, done: int, total: int | None) -> bool:
        nonlocal begun
        plan = Plan(doing, "column" if doing == "checking" else "row", total)
        if doing == "scanning" and begun is None:
            context.emit(Log(f"{name} may take more than a quarter of the memory: it is kept on disk"))
        if plan != begun:
            context.emit(plan)
            begun = plan
        context.emit(Progress(done))
        return not context.stop.is_set()

    return going_on
