"""The files that let a run be understood and repeated: ``config.yaml`` at its start, ``report.json`` at its end."""

from __future__ import annotations

import json
import platform
import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mlmagic._execution_report import to_dict
from mlmagic._run import Run
from mlmagic.events import plain
from mlmagic.run_directory import CONFIG, REPORT, write_whole

if TYPE_CHECKING:
    from mlmagic.config import RunConfig

DISTRIBUTION = "jupyter-mlmagic"


def write_config(run: Run, commit: str | None) -> None:
    """Write the config as resolved, with what else is needed to repeat the run as far as it is known yet.

    Parameters
    ----------
    commit
        The :func:`git_commit` of the user's code, as it was when the run began.
    """
    import yaml

    known = run.state.metadata
    provenance = {
        "id": run.id,
        "name": run.name,
        "versions": {"python": platform.python_version(), DISTRIBUTION: version(DISTRIBUTION)}
        | known.get("versions", {}),
        "gitCommit": commit,
        "data": {**known["data"], "hash": known.get("dataHash")} if "data" in known else None,
    }
    text = run.config.to_yaml() + "\n" + yaml.safe_dump({"provenance": plain(provenance)}, sort_keys=False)
    write_whole(run.path / CONFIG, text.encode())


def read_config(text: str) -> tuple[RunConfig, dict[str, Any]]:
    """The config and the provenance of a ``config.yaml``, which has no say about its own trust."""
    from mlmagic.config import parse, resolve

    body = dict(parse(text).value)
    provenance = body.pop("provenance", None) or {}
    return resolve(body).model_copy(update={"trust": False}), provenance


def write_report(run: Run) -> None:
    """Write the report as JSON."""
    text = json.dumps(to_dict(run), indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(run.path / REPORT, text.encode())


def git_commit() -> str | None:
    """The commit that is checked out in the working directory; None outside a repository, and without git."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
