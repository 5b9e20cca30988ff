"""What a user holds of a run: a fold of its events, and a handle to wait, stop and get the model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic import _bare
from mlmagic._execution_report import headline, to_dict
from mlmagic._waiting import touch, wait_and_keep
from mlmagic.errors import DataLoadingError, MLError, NotReady, from_dict
from mlmagic.events import plain
from mlmagic.run_directory import shown, write_whole

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic._run import Run
    from mlmagic.executors._base import Outcome


class Report:
    """A run: how it goes, and what it gave.

    ``status``, ``history``, ``log``, ``id``, ``output_dir``, ``config`` and ``error`` tell what there is now.
    ``metrics``, ``metadata``, ``model``, ``predictions``, ``artifacts`` and ``figures`` wait until they are there.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._kept = run.kept  # the model lives as long as a report that can give it

    @property
    def status(self) -> str:
        """One of "queued", "running", "success", "stopped", "interrupted", "error"."""
        return self.run.state.status

    @property
    def id(self) -> str:
        """The run's own name, unique in its directory: "report-3"."""
        return self.run.id

    @property
    def output_dir(self) -> Path:
        """The run's directory."""
        return self.run.path

    @property
    def config(self) -> dict[str, Any]:
        """The config as resolved, every default written out."""
        return self.run.config.to_plain()

    @property
    def error(self) -> MLError | None:
        """Why the run failed; None while it has not."""
        error = self.run.state.error
        return from_dict(dict(error)) if error else None

    @property
    def log(self) -> str:
        """The run's log so far: our lines, and what user code printed or warned."""
        return "\n".join(line.text for line in self.run.state.log)

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch, tree count or fold so far, in the order they came."""
        import pandas as pd

        state = self.run.state
        table = pd.DataFrame(list(state.rows))
        # Folds and trees are counted in columns of their own, each empty in the other's rows.
        counts = [name for name in table.columns if name in state.units]
        return table.astype(dict.fromkeys(counts, "Int64"))

    @property
    def metrics(self) -> dict[str, Any]:
        """The final metrics, nested as in :meth:`to_dict`. Waits for them."""
        self._touch()
        if self.run.state.metrics is None:
            raise self._absent("metrics")
        metrics: dict[str, Any] = plain(self.run.state.metrics)
        return metrics

    @property
    def metadata(self) -> dict[str, Any]:
        """Facts about data, model and training. Waits for the results."""
        self._touch()
        metadata: dict[str, Any] = plain(self.run.state.metadata)
        return metadata

    @property
    def artifacts(self) -> dict[str, str]:
        """Paths of the files that the run wrote, by the report's key. Waits for the end of the run."""
        self._touch(results=False)
        return {key: shown(self.run.path / item.path) for key, item in self.run.state.artifacts.items()}

    @property
    def model(self) -> Any:
        """The fitted object: the best one, else the last. Waits for it; a failed run gives its best one so far.

        Raises
        ------
        MLError
            If the run ended before there was a model.
        """
        outcome = self._outcome()
        if outcome.preparation is not None:
            _bare.taken(outcome.model, self.run.name)
        return outcome.model

    @property
    def preparation(self) -> Any:
        """The fitted transformer from raw columns to the model's inputs; None where the model takes raw columns."""
        return self._outcome().preparation

    @property
    def predictions(self) -> pd.DataFrame:
        """Predictions with the input's index: of a training run for its test rows. Waits for them.

        Columns: actual (where the truth is known), predicted, and of a classification confidence and one a class.
        """
        import pandas as pd

        if "predictions" not in self.run.state.tables:
            self._touch(results=False)
        path = self.run.state.tables.get("predictions")
        if path is None:
            raise self._absent("predictions")
        try:
            return pd.read_parquet(self.run.path / path)
        except (OSError, ValueError) as error:
            raise DataLoadingError(
                f"The predictions of {self.id} cannot be read",
                stderr=f"{type(error).__name__}: {error}",
                solution="Its directory was changed; run the cell again",
            ) from None

    @property
    def figures(self) -> dict[str, Any]:
        """Plotly figures by name. Waits for the end of the run."""
        from mlmagic.figures import figures

        self._touch(results=False)
        found: dict[str, Any] = figures(self)
        return found

    def wait(self, timeout: float | None = None) -> Report:
        """Wait for the end of the run; an interrupt meanwhile means stop and keep, a second one is raised.

        Parameters
        ----------
        timeout
            Seconds to wait at most; the run goes on after that.

        Raises
        ------
        MLError
            The run's own error, if it failed.
        TimeoutError
            If the run has not ended in time.
        """
        if not wait_and_keep(self.run, timeout):
            raise TimeoutError(f"{self.id} is still {self.status} after {timeout:g} s")
        if (error := self.error) is not None:
            raise error
        return self

    def stop(self) -> None:
        """Stop and keep the best model so far. Returns at once; stopping twice is fine."""
        self.run.stop("report.stop()")

    def __await__(self) -> Generator[Any, None, Report]:
        return self._ended().__await__()

    async def _ended(self) -> Report:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def look() -> None:
            if self.run.wait(0):
                loop.call_soon_threadsafe(ended.set)

        undo = self.run.watch(look)
        try:
            if not self.run.wait(0):
                await ended.wait()
        finally:
            undo()
        if (error := self.error) is not None:
            raise error
        return self

    def to_dict(self) -> dict[str, Any]:
        """``{"executionReport": {...}}``, or ``{"error": {...}}`` for a failed run. Tells what there is now."""
        return to_dict(self.run)

    def to_json(self, path: str | Path | None = None) -> str:
        """:meth:`to_dict` as JSON text, also written to ``path`` if one is given."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        if path is not None:
            write_whole(Path(path), text.encode())
        return text

    def __repr__(self) -> str:
        config = self.run.config
        shown = headline(self.run.state)
        number = f", {shown[0]} {shown[1]:.2g}" if shown else ""
        return f"<Report {self.run.name}: {config.action} {config.framework}, {self.status}{number}>"

    def _repr_html_(self) -> str:
        from mlmagic._html import html
        from mlmagic._summary import summary

        return html(summary(self.run))

    def _touch(self, *, results: bool = True) -> None:
        touch(self.run, results=results)

    def _absent(self, part: str) -> MLError:
        """Why an ended run has no such part."""
        if (error := self.error) is not None:
            return error
        if self.status == "stopped":
            message = f"{self.id} was stopped before there was a model to keep"
            return NotReady(message if part == "model" else f"{self.id} was stopped before it had {part}")
        if self.run.config.config.fitted is not None or self.run.state.metadata.get("model"):
            way_out = "Take it from the run that trained it"
            return NotReady(f"{self.id} has no {part}: it used the model of another run", solution=way_out)
        return NotReady(f"{self.id} has no {part}: it kept no rows to test on", solution="Give it a testSplit above 0")

    def _outcome(self) -> Outcome:
        self._touch()
        outcome = self._kept.outcome() if self._kept else None
        if outcome is None or outcome.model is None:
            raise self._absent("model")
        return outcome
