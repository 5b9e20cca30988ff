"""``reuse: true``: a finished run whose config, data and code are equal is taken instead of training again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic._code import Incomparable
from mlmagic._identity import Identity
from mlmagic._inputs import bind
from mlmagic._sources import sources
from mlmagic.run_directory import EVENTS, PREVIOUS, REPORT

if TYPE_CHECKING:
    from mlmagic.actions import Context
    from mlmagic.config import RunConfig

# These say where and how long, not what.
IRRELEVANT = {"output_dir": None, "reuse": False, "timeout": None, "trust": False}
# Keys that name files which a run is made of, besides its data.
FILES = ("model_path", "compiled_model", "validation_data")


def inputs_hash(config: RunConfig, held: Mapping[str, Any]) -> str:
    """Hash of a config, the user's code as it is now and every object but the data that it names.

    Equal in every process under one version of Python and of the libraries.

    Raises
    ------
    Incomparable
        With the name of an input that cannot be compared; nothing else is raised.
    """
    name = "config"
    identity = Identity()
    try:
        identity.add(name, config.model_copy(update={**IRRELEVANT, "framework": config.executor}).to_yaml())
        script = getattr(config.config, "model_script", None)
        if script is not None:
            name = "modelScript"
            identity.add(name, list(sources(Path(script).expanduser())))
        for name in FILES:
            path = getattr(config.config, name, None)
            if isinstance(path, str):
                identity.add(name, _of_model(Path(path).expanduser()))
        for name, value in held.items():
            if name != str(config.config.data):
                identity.add(name, name)
                identity.add(name, value)
    except Incomparable:
        raise
    except Exception as error:  # an object may do anything while it is looked at
        raise Incomparable(f"{name} cannot be compared: {type(error).__name__}: {error}") from None
    return identity.hexdigest()


def _of_model(path: Path) -> str:
    """Hash of a model's file, or of the stream of the run whose directory it is."""
    from mlmagic.data import file_hash

    return file_hash(path / EVENTS if path.is_dir() else path)


def data_hash(config: RunConfig, held: Mapping[str, Any], context: Context) -> str:
    """Hash of the table that a run would train on, as its report's ``dataHash`` has it.

    Raises
    ------
    Cancelled
        If somebody asked to stop while a large file was read.
    """
    from mlmagic.actions._reading import table
    from mlmagic.data import data_hash as hash_of

    return hash_of(table(bind(config, held).config, context))


def find(directory: Path, hashes: Mapping[str, str]) -> Path | None:
    """The newest finished run with these hashes beside ``directory``, or among what was set aside in it."""
    reports = [*directory.parent.glob(f"*/{REPORT}"), *(directory / PREVIOUS).glob(f"*/{REPORT}")]
    for report in sorted(reports, key=lambda path: path.stat().st_mtime, reverse=True):
        if _hashes(report) == dict(hashes):
            return report.parent
    return None


def _hashes(report: Path) -> dict[str, str] | None:
    try:
        body = json.loads(report.read_bytes())["executionReport"]
    except (OSError, ValueError, KeyError):
        return None
    hashes: dict[str, str] | None = body["metadata"].get("hashes") if body["status"] == "success" else None
    return hashes
