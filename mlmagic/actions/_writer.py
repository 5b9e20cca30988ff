"""Files of a run: written whole, then told of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.events import Artifact, Table
from mlmagic.run_directory import TABLES, write_whole

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.actions import Context


class Writer:
    """Writes files below the run's directory and tells of them.

    Parameters
    ----------
    directory
        The run's; a run always has one by the time it writes.
    """

    def __init__(self, directory: Path | None, context: Context) -> None:
        assert directory is not None
        self._directory = directory
        self._emit = context.emit

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """A table for panels and figures; what no file of columns can hold (words among numbers) becomes text."""
        place = f"{TABLES}/{name}.parquet"
        try:
            write_whole(self._directory / place, frame.to_parquet)
        except (TypeError, ValueError):  # Arrow's errors are of these kinds
            write_whole(self._directory / place, as_text(frame).to_parquet)
        self._emit(Table(name, place))

    def csv(self, key: str, name: str, table: pd.DataFrame | list[dict[str, Any]]) -> None:
        """A table for people."""
        import pandas as pd

        frame = pd.DataFrame(table)
        self.file(key, name, lambda path: frame.to_csv(path, index=False))

    def picture(self, key: str, name: str, figure: Any) -> None:
        """A figure of matplotlib's, as PNG."""
        self.file(key, name, lambda path: figure.savefig(path, dpi=144))

    def file(self, key: str, name: str, write: Callable[[Path], object]) -> None:
        """A file that ``write`` writes to the path it is given."""
        path = write_whole(self._directory / name, write)
        self._emit(Artifact(key, name, path.stat().st_size))


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with its columns and index levels of Python objects as text."""
    flat = frame.reset_index(names=[f"__level_{number}__" for number in range(frame.index.nlevels)])
    objects = [name for name in flat.columns if flat[name].dtype == object]
    text = flat.assign(**{name: flat[name].map(str) for name in objects})
    indexed = text.set_index(list(flat.columns[: frame.index.nlevels]))
    indexed.index.names = frame.index.names
    return indexed
