"""How a report is compared with an example of the seed documents: by its fields and their kinds."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlmagic.report import Report

# Keys of an example that are only there on a GPU, or that the text writes in place of values.
GPU_ONLY = {"gpuModel", "metadata.peakGPUMemory"}


def body_of(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report.to_json())["executionReport"]
    return found


def leaves(body: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Every value of a nested mapping under its dotted path."""
    found: dict[str, Any] = {}
    for key, value in body.items():
        inner = leaves(value, f"{before}{key}.") if isinstance(value, dict) else {before + key: value}
        found |= inner
    return found


def lacks(report: Report, example: str, but: Collection[str] = ()) -> set[str]:
    """The fields of an example that the report does not have, or has of another kind."""
    shown, body = leaves(json.loads(example)["executionReport"]), leaves(body_of(report))
    return {path for path, value in shown.items() if not _alike(value, body.get(path))} - GPU_ONLY - set(but)


def _alike(shown: Any, given: Any) -> bool:
    if isinstance(shown, (int, float)) and not isinstance(shown, bool):
        return isinstance(given, (int, float)) and not isinstance(given, bool)
    if isinstance(shown, list) and shown:
        return isinstance(given, list) and bool(given) and _alike(shown[0], given[0])
    return type(shown) is type(given)
