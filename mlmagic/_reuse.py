"""``reuse: true``: a finished run whose config, data and code are equal is taken instead of training again."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic._inputs import bind
from mlmagic.run_directory import PREVIOUS, REPORT

if TYPE_CHECKING:
    from mlmagic.config import RunConfig

# These say where and how long, not what.
IRRELEVANT = {"output_dir": None, "reuse": False, "timeout": None, "trust": False}


class Incomparable(Exception):
    """An input of which nobody can say whether it is the same as another run's."""


def inputs_hash(config: RunConfig, held: Mapping[str, Any]) -> str:
    """Hash of a config, the user's code and every object but the data that it names.

    Raises
    ------
    Incomparable
        With the name of an input that has neither source code nor values to compare.
    """
    digest = blake2b(digest_size=16)
    digest.update(config.model_copy(update=IRRELEVANT).to_yaml().encode())
    script = getattr(config.config, "model_script", None)
    if script is not None:
        digest.update(Path(script).read_bytes())
    for name, value in held.items():
        if name != str(config.config.data):
            for part in _identity(name, value):
                digest.update(part)
    return digest.hexdigest()


def data_hash(config: RunConfig, held: Mapping[str, Any]) -> str:
    """Hash of the table that a run would train on, as its report's ``dataHash`` has it."""
    from mlmagic.data import data_hash as hash_of
    from mlmagic.data import read

    return hash_of(read(bind(config, held).config))


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


def _identity(name: str, value: Any) -> Iterator[bytes]:
    """What makes an object what it is: its values, or its source code and parameters."""
    yield name.encode()
    if hasattr(value, "iloc") or hasattr(value, "__array_interface__"):
        yield _table_hash(value).encode()
    elif isinstance(value, (str, int, float, bool, type(None))):
        yield repr(value).encode()
    else:
        yield _source(name, value).encode()
        if hasattr(value, "get_params"):
            yield repr(sorted(value.get_params().items())).encode()
        if hasattr(value, "state_dict") and not isinstance(value, type):
            for key, tensor in value.state_dict().items():
                yield key.encode()
                yield tensor.detach().cpu().contiguous().numpy().tobytes()


def _table_hash(value: Any) -> str:
    import pandas as pd

    from mlmagic.data import data_hash as hash_of

    frame = value if isinstance(value, pd.DataFrame) else pd.DataFrame(value)
    return hash_of(frame.rename(columns=str))


def _source(name: str, value: Any) -> str:
    kind = value if inspect.isroutine(value) or isinstance(value, type) else type(value)
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):
        raise Incomparable(f"{name} has no source code to compare") from None
