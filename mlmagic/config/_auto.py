"""``framework: auto``: the framework that the model, its file, its script or its algorithm belongs to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

from mlmagic._suggest import closest, closest_file
from mlmagic.config._complaint import Complaint
from mlmagic.config._model import spellings
from mlmagic.config._reference import Reference
from mlmagic.config._values import show
from mlmagic.executors import EXECUTORS, Entry
from mlmagic.executors import resolve as load

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTO = "auto"
# The packages that the type of a variable comes from, its own first.
Origins = Callable[[Reference], Collection[str]]
_RULE = (
    "framework: auto goes by algorithm, architecture, model, modelScript, compiledModel or modelPath, and {}: "
    "name the framework"
)


def detect(given: Mapping[str, Any], origins: Origins) -> str | Complaint:
    """Return the framework that a config's other keys name, or the complaint that none does.

    Parameters
    ----------
    given
        Values by field name.
    origins
        Tells where a variable comes from.
    """
    evidence = [(name, found) for name, find in _EVIDENCE.items() if name in given for found in [find(given, origins)]]
    for _, frameworks in evidence:
        if frameworks:
            return frameworks[0]
    for name in ("model_path", "compiled_model"):
        if name in given and (why := _no_model(Path(str(given[name])).expanduser())):
            return Complaint((name,), f"{to_camel(name)} {show(given[name])} {why[0]}", given[name], suggestion=why[1])
    if isinstance(algorithm := given.get("algorithm"), str):
        known = [name for entry in EXECUTORS.values() for name in entry.algorithms]
        message = f"no framework has an algorithm called {show(algorithm)}"
        return Complaint(("algorithm",), message, algorithm, suggestion=closest(algorithm, known))
    reason = f"{to_camel(evidence[0][0])} tells none" if evidence else "none of them is given"
    return Complaint(("framework",), _RULE.format(reason), AUTO)


def _no_model(path: Path) -> tuple[str, str | None] | None:
    """What is wrong with a path that holds no model, and what was meant; None where it may be one."""
    if path.is_dir():
        return "is a directory that no run has written: name a run's directory or a model file, or the framework", None
    if path.exists():
        return None
    near = closest_file(path)
    return "is not there", str(near) if near else None


def library(framework: str, algorithm: Any = None) -> str | None:
    """Return the name in EXECUTORS behind a framework's name as people spell it, or behind an estimator's class."""
    named = (name for name, entry in EXECUTORS.items() if framework in (name, *entry.aliases))
    return owner(algorithm) or next(named, None)


def owner(algorithm: Any) -> str | None:
    """Return the framework that an estimator belongs to, by its class name."""
    return next((name for name, entry in EXECUTORS.items() if algorithm in entry.algorithms), None)


def _by_algorithm(given: Mapping[str, Any], origins: Origins) -> list[str]:
    found = owner(given["algorithm"])
    return [found] if found else []


def _by_variable(given: Mapping[str, Any], origins: Origins) -> list[str]:
    reference = given["model"]
    if not isinstance(reference, Reference):
        return []
    return [name for package in origins(reference) for name in _of_package(package)]


def _by_script(given: Mapping[str, Any], origins: Origins) -> list[str]:
    return [
        name for package in _imports(Path(str(given["model_script"])).expanduser()) for name in _of_package(package)
    ]


def _by_file(name: str) -> Callable[[Mapping[str, Any], Origins], list[str]]:
    def find(given: Mapping[str, Any], origins: Origins) -> list[str]:
        path = Path(str(given[name])).expanduser()
        return _of_run(path) or [key for key, entry in EXECUTORS.items() if path.suffix in entry.suffixes]

    return find


def _by_key(name: str) -> Callable[[Mapping[str, Any], Origins], list[str]]:
    def find(given: Mapping[str, Any], origins: Origins) -> list[str]:
        return [key for key, entry in EXECUTORS.items() if name in spellings(load(entry.train))]

    return find


# The first that tells something decides.
_EVIDENCE: dict[str, Callable[[Mapping[str, Any], Origins], list[str]]] = {
    "algorithm": _by_algorithm,
    "model": _by_variable,
    "model_path": _by_file("model_path"),
    "compiled_model": _by_file("compiled_model"),
    "model_script": _by_script,
    "architecture": _by_key("architecture"),
}


def _of_package(package: str) -> list[str]:
    return [name for name, entry in EXECUTORS.items() if package in _packages(name, entry)]


def _packages(name: str, entry: Entry) -> set[str]:
    return {name, entry.module, *entry.aliases}


def _imports(path: Path) -> Iterator[str]:
    """Top-level packages that a script imports, in order; nothing of one that cannot be read, which the run tells."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _of_run(path: Path) -> list[str]:
    """The framework of the run whose directory this is, or that this is in: a model of its own, or a checkpoint."""
    from mlmagic.config._syntax import parse

    for directory in (path, path.parent, path.parent.parent):
        try:
            body = parse((directory / "config.yaml").read_text(encoding="utf-8")).value
        except Exception:  # no run's directory: the suffix decides
            continue
        if isinstance(body, dict) and isinstance(body.get("framework"), str):
            train = body.get("config")
            found = library(body["framework"], train.get("algorithm") if isinstance(train, dict) else None)
            if found:
                return [found]
    return []
