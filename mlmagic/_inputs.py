"""The notebook's objects that a config names: found and held at submission, bound when the run starts."""

from __future__ import annotations

import contextlib
import copy
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic import _bare
from mlmagic._models import of_report, with_runs_model
from mlmagic._run import Run
from mlmagic._suggest import closest
from mlmagic.config import UNBOUND, Reference, resolve
from mlmagic.config._auto import AUTO
from mlmagic.config._reference import read
from mlmagic.errors import Fault, InvalidConfiguration, MLError, from_dict
from mlmagic.executors import EXECUTORS
from mlmagic.executors import resolve as load
from mlmagic.model import Model
from mlmagic.report import Report

if TYPE_CHECKING:
    from mlmagic.config import Document, RunConfig


# Keys that name what is loaded, as errors have them in their metadata.
_NAMING = ("modelScript", "modelClass", "modelPath", "compiledModel", "dataPath", "data", "validationData")


def resolve_with(
    source: Document | Mapping[str, Any], values: Mapping[str, Any], action: str | None = None
) -> RunConfig:
    """Resolve a config; where that fails, tell the names that are not there as well, all faults at once.

    Parameters
    ----------
    source
        A parsed document, or a mapping.
    values
        The variables that references may name.
    action
        The action if the source names none.

    Raises
    ------
    InvalidConfiguration
        With every fault of text, keys, values and names, in the order of the text.
    """
    asked: set[str] = set()

    def origins(reference: Reference) -> list[str]:
        asked.add(str(reference))
        return _origins(reference, values)

    try:
        return resolve(source, action=action, origins=origins)
    except InvalidConfiguration as error:
        unknown = _unknown_names(source, values)
        # A variable that is not there tells no framework either: one fault, not two.
        lost = any(fault.path in asked for fault in unknown)
        faults = [*(fault for fault in error.faults if not (lost and fault.value == AUTO)), *unknown]
        raise InvalidConfiguration(sorted(faults, key=lambda fault: (fault.line, fault.column))) from None


def _origins(reference: Reference, values: Mapping[str, Any]) -> list[str]:
    """The packages that the type of a variable comes from, its own first; of a report or loaded model its framework."""
    value = values.get(reference.name)
    if isinstance(value, Report):
        return [value.run.config.executor]
    if isinstance(value, Model):
        return [value.fitted.framework]
    with contextlib.suppress(LookupError):  # told with the other names that are not there
        value = _follow(value, reference.attributes)
    return _packages(value)


def _packages(value: Any) -> list[str]:
    """Where the type of an object comes from, its own package first."""
    kind = value if isinstance(value, type) else type(value)
    return list(dict.fromkeys(base.__module__.split(".")[0] for base in kind.__mro__))


def _unknown_names(source: Document | Mapping[str, Any], values: Mapping[str, Any]) -> list[Fault]:
    """Faults of the references in a config that cannot be resolved; its values are only text."""
    faults = []
    for _, text in _leaves(getattr(source, "value", source)):
        with contextlib.suppress(ValueError):  # a fault that resolving has told
            reference = read(text) if isinstance(text, str) else None
            if isinstance(reference, Reference):
                try:
                    _hold(reference, values)
                except LookupError as error:
                    faults.append(_missing(reference, error, values, source))
    return faults


def hold(config: RunConfig, values: Mapping[str, Any], source: Any = None) -> dict[str, Any]:
    """What each reference of a config names now, by the reference's text, safe from later changes.

    A reference into another run's report is held as that report: its results may not be there yet.

    Raises
    ------
    InvalidConfiguration
        With every name and attribute that is not there, and every name in a list that is not known.
    """
    held: dict[str, Any] = {}
    faults: list[Fault] = []
    for reference in config.references():
        try:
            held[str(reference)] = _hold(reference, values, fitted=reference == config.config.fitted)
        except LookupError as error:
            faults.append(_missing(reference, error, values, source))
    bound = config.bind(lambda reference: _known(reference, held))
    for fault in bound.config.unknown_names():
        line, column = _position_of(fault.path, source)
        faults.append(replace(fault, line=line, column=column))
    if faults:
        raise InvalidConfiguration(faults)
    return held


def _known(reference: Reference, held: Mapping[str, Any]) -> Any:
    """What a reference names, as far as it can be known before the runs that it leads into have ended."""
    value = held.get(str(reference), UNBOUND)
    return UNBOUND if isinstance(value, Report) and reference.attributes else value


def needs_of(held: Mapping[str, Any]) -> list[Run]:
    """The runs whose results are among what is held."""
    return list({id(value.run): value.run for value in held.values() if isinstance(value, Report)}.values())


def bind(config: RunConfig, held: Mapping[str, Any]) -> RunConfig:
    """The config with every reference bound; reports are asked for what the reference names.

    Where a model is used as it is, a report stands for its model and what is known of it.
    """

    def lookup(reference: Reference) -> Any:
        value = held[str(reference)]
        if isinstance(value, Model):
            return value.fitted
        if not isinstance(value, Report):
            return value
        if reference == config.config.fitted and reference.attributes in ((), ("model",)):
            return of_report(value)  # a network alone would miss what prepares its rows
        return _follow(value, reference.attributes)

    return with_runs_model(config.bind(lookup))


def _hold(reference: Reference, values: Mapping[str, Any], *, fitted: bool = False) -> Any:
    if reference.name not in values:
        raise LookupError(reference.name)
    value = values[reference.name]
    if isinstance(value, Report):
        # What it will give is not there yet; whether it gives such a thing at all is known.
        if reference.attributes and not hasattr(Report, reference.attributes[0]):
            raise LookupError(reference.attributes[0])
        return value
    found = _follow(value, reference.attributes)
    if fitted and (text := _bare.remark(found, str(reference))):
        warnings.warn(text, stacklevel=2)
    return _snapshot(found, fitted=fitted)


def _follow(value: Any, attributes: Iterable[str]) -> Any:
    for attribute in attributes:
        try:
            # A column of a frame and a key of a dict are named like an attribute.
            value = value[attribute] if isinstance(value, Mapping) else getattr(value, attribute)
        except (AttributeError, KeyError):
            raise LookupError(attribute) from None
    return value


def _snapshot(value: Any, *, fitted: bool) -> Any:
    """A copy where the user could change the object under the run; a class or a type that never changes as it is.

    A model that is used as it is keeps what it has learned.
    """
    if isinstance(value, type):
        return value
    if _is(value, "pandas", "DataFrame", "Series"):
        # From pandas 3 on a shallow copy is a snapshot: writing to either side copies first.
        return value.copy(deep=not _copies_on_write())
    packages = _packages(value)
    for entry in EXECUTORS.values():
        if entry.snapshot and entry.module in packages:
            copied = load(entry.snapshot)(value, fitted=fitted)
            if copied is not value:  # a loss, a scorer, an estimator that only borrows from the library
                return copied
    if all(hasattr(value, name) for name in ("fit", "predict", "get_params")):
        return copy.deepcopy(value)  # an estimator that only looks like one of scikit-learn's
    return list(value) if isinstance(value, list) else value


def _is(value: Any, module: str, *names: str) -> bool:
    # An object of a library can only exist when the library is imported; nothing is imported to find out.
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, tuple(getattr(loaded, name) for name in names))


def _copies_on_write() -> bool:
    pandas = sys.modules["pandas"]
    return int(pandas.__version__.split(".")[0]) >= 3 or pandas.options.mode.copy_on_write is True


def _missing(reference: Reference, error: LookupError, values: Mapping[str, Any], source: Any) -> Fault:
    line, column = _position_of(str(reference), source)
    name = str(error.args[0])
    if name != reference.name or name in values:
        message = f"{reference} leads nowhere: {reference.name} has no {name!r}."
        return Fault(str(reference), message, line, column, str(reference))
    known = [key for key in values if not key.startswith("_")]
    near = closest(name, known)
    message = f"{reference} names no variable: nothing is called {name!r} here."
    return Fault(str(reference), message, line, column, str(reference), f"${near}" if near else None)


def locate(error: MLError, source: Any) -> MLError:
    """The error with the place in the cell of each fault that was found only in the run, or of the file it is about."""
    if not isinstance(error, InvalidConfiguration):
        return _at_its_key(error, source)
    if all(fault.line for fault in error.faults):
        return error
    faults = [fault if fault.line else _placed(fault, source) for fault in error.faults]
    faults.sort(key=lambda fault: (fault.line, fault.column))
    return InvalidConfiguration(faults, solution=error.solution, stderr=error.stderr)


def _at_its_key(error: MLError, source: Any) -> MLError:
    named = next((key for key in _NAMING if key in error.metadata), None)
    fault = _placed(Fault(named or "", error.message), source)
    return from_dict({**error.to_dict(), "message": str(fault)}) if fault.line else error


def _placed(fault: Fault, source: Any) -> Fault:
    name, _, index = fault.path.rpartition(".")[2].partition("[")
    item = (int(index[:-1]),) if index else ()
    paths = list(_paths(getattr(source, "value", None)))
    for path in paths:
        if name and path[-1] == name:
            inside = (*path, *item) in paths
            line, column = source.position((*path, *item) if inside else path, key=not (item and inside))
            return replace(fault, line=line, column=column)
    return fault


def _position_of(text: str, source: Any) -> tuple[int, int]:
    for path, value in _leaves(getattr(source, "value", None)):
        if str(value) == text:
            line, column = source.position(path)
            return line, column
    return 0, 0


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    if not isinstance(value, (Mapping, list)):
        yield path, value
    for key, item in items:
        yield from _leaves(item, (*path, key))


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _paths(item, (*path, key))
