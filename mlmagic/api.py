"""Runs from plain Python: the same as the magics, without a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import DataLoadingError
from mlmagic.report import Report

if TYPE_CHECKING:
    from mlmagic.config import Document

SUFFIXES = (".yaml", ".yml", ".json")


def run(config: Mapping[str, Any] | str | Path, **names: Any) -> Report:
    """Run a config and wait for its end.

    Parameters
    ----------
    config
        A mapping, YAML or JSON text, or the path of a file of it.
    **names
        The objects that the config's ``$names`` stand for.

    Returns
    -------
    Report
        What the run gave. An interrupt meanwhile means stop and keep.

    Raises
    ------
    MLError
        What is wrong with the config, or why the run failed.
    """
    return submit(config, **names).wait()


def submit(config: Mapping[str, Any] | str | Path, **names: Any) -> Report:
    """Queue a run and return at once; see :func:`run`."""
    return queued(config, names)


def queued(config: Mapping[str, Any] | str | Path, names: Mapping[str, Any], remarks: Iterable[str] = ()) -> Report:
    """Queue a run whose log begins with these remarks; see :func:`submit`."""
    from mlmagic import jobs
    from mlmagic._inputs import resolve_with
    from mlmagic.events import Log

    source = read(config)
    job = jobs.create(resolve_with(source, names), names, source=source)
    for remark in remarks:
        job.emit(Log(remark, "warning"))
    jobs.QUEUE.add(job)
    return Report(job)


def attach(directory: str | Path, *, trust: bool = False, **names: Any) -> Report:
    """The report of a run from its directory, also while another process runs it.

    Parameters
    ----------
    directory
        The run's directory.
    trust
        Whether code found there may run to load the model: types in its file that are not known to be safe, and a
        model script that no run of yours ran. Say so only if you know who made the run.
    **names
        Objects that the run's ``$names`` stand for, where its model cannot be loaded without them: a network's class
        that was written in a notebook.

    Raises
    ------
    DataLoadingError
        If the directory holds no run.
    InvalidConfiguration
        If its config names no such variable.
    """
    from mlmagic import jobs
    from mlmagic._attached import Attached

    path = Path(directory).absolute()
    for job in reversed(jobs.QUEUE.jobs):
        kept = job.kept  # by this, until the report holds it
        # A run of this process has its model in memory, unless it took an older run's place.
        if job.path == path and kept is not None and not (trust and job.state.metadata.get("reused")):
            return Report(job)
    return Report(Attached(path, trust=trust, names=names))


def read(config: Mapping[str, Any] | str | Path) -> Document | Mapping[str, Any]:
    """A config as :func:`mlmagic.config.resolve` takes it.

    Raises
    ------
    DataLoadingError
        If a path is given that cannot be read.
    """
    from mlmagic.config import parse

    if isinstance(config, Mapping):
        return config
    if isinstance(config, Path) or ("\n" not in config and config.endswith(SUFFIXES)):
        try:
            config = Path(config).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataLoadingError(
                f"Cannot read the config {str(config)!r}",
                stderr=f"{type(error).__name__}: {error}",
                solution="Check its path; it starts at the working directory"
                if isinstance(error, OSError)
                else "Save it as UTF-8",
            ) from None
    return parse(config)
