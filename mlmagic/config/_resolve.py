"""A document or a mapping -> :class:`RunConfig`, with every fault of it at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic._suggest import closest
from mlmagic.config._action import ActionConfig
from mlmagic.config._arrange import (
    Checked,
    Entry,
    arrange,
    entries,
    misplaced,
    named,
    one_level_up,
    unknown_inside,
    unknown_key,
)
from mlmagic.config._auto import AUTO, detect, owner
from mlmagic.config._check import validate
from mlmagic.config._complaint import Complaint, raise_all
from mlmagic.config._document import Document
from mlmagic.config._model import Model, spellings
from mlmagic.config._names import action_name, framework_name
from mlmagic.config._rules import field_schema, rule, schema_of
from mlmagic.config._run import RunConfig
from mlmagic.config._sections import beside_arguments, is_sectioned, unfold
from mlmagic.config._train import TrainConfig
from mlmagic.config._unknown import unknown
from mlmagic.config._values import clean, show
from mlmagic.executors import EXECUTORS
from mlmagic.executors import resolve as load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlmagic.config._auto import Origins

# What a run's config.yaml tells beside its config.
PROVENANCE = "provenance"


def resolve(
    source: Document | Mapping[str, Any], *, action: str | None = None, origins: Origins | None = None
) -> RunConfig:
    """Check a config, flat or nested, in either spelling.

    Parameters
    ----------
    source
        What :func:`parse` gave, or the same as a mapping. Texts like ``$name`` are references.
    action
        The action if the source names none.
    origins
        Tells for ``framework: auto`` which packages the type of a variable comes from.

    Raises
    ------
    InvalidConfiguration
        With every fault, in the order of the text.
    """
    document = source if isinstance(source, Document) else None
    complaints: list[Complaint] = []
    plain = clean(source.value if isinstance(source, Document) else source, complaints)
    checked = Checked(complaints=complaints)
    found = _resolved(plain, checked, action, origins or (lambda reference: ()))
    raise_all(checked.complaints, document)
    assert found is not None
    return found


def _resolved(plain: dict[str, Any], checked: Checked, action: str | None, origins: Origins) -> RunConfig | None:
    # A run's own config.yaml can be run as it is.
    found = [entry for entry in unfold(_levels(plain, checked), checked.complaints) if entry.path != (PROVENANCE,)]
    run_wide = set(spellings(RunConfig)) - {"config"}
    rest = [entry for entry in found if entry.key not in run_wide]
    values = arrange(RunConfig, [entry for entry in found if entry.key in run_wide], checked)
    # A magic's own action gives way to the body's.
    chosen = values.pop("action", None)
    name = _named(checked, action_name(action if chosen is None else chosen, checked.place(("action",))))
    own = _own_model(name)
    # An action on a model that is there already need not be told what it is.
    given = values.pop("framework", None) or (AUTO if own or is_sectioned(plain) else None)
    framework = _named(checked, framework_name(given, checked.place(("framework",))))
    framework = _settled(framework, rest, own, checked, origins)
    # The keys of an action that is not there yet are not known either.
    config = _config(own or _training(framework), framework, rest, checked) if name else None
    word = given if framework and given != AUTO else framework
    values |= {"action": name or "", "framework": word or "", "config": config or ActionConfig.model_construct()}
    run: RunConfig | None = validate(RunConfig, checked, values)
    return run


def _own_model(action: str | None) -> type[ActionConfig] | None:
    """The model of an action's keys; None where the framework's training has them."""
    # The table names modules that import this package.
    from mlmagic.actions import ACTIONS

    reference = ACTIONS[action].config if action else None
    model: type[ActionConfig] | None = load(reference) if reference else None
    return model


def _training(framework: str | None) -> type[ActionConfig]:
    model: type[ActionConfig] = load(EXECUTORS[framework].train) if framework else TrainConfig
    return model


def _settled(
    framework: str | None, rest: list[Entry], own: type[ActionConfig] | None, checked: Checked, origins: Origins
) -> str | None:
    """The framework that does it: found out where the config says ``auto``, the algorithm's own where it has one."""
    models = [own] if own else [load(entry.train) for entry in EXECUTORS.values()]
    names = {spelling: name for model in models for spelling, name in spellings(model).items()}
    given = {names[entry.key]: entry.value for entry in rest if entry.key in names and entry.value is not None}
    if framework == AUTO:
        return _named(checked, detect(given, origins))
    # Only between those that have algorithms: what is no key of the named framework is a fault of its own.
    if framework and "algorithm" not in spellings(_training(framework)):
        return framework
    return owner(given.get("algorithm")) or framework


def _levels(plain: dict[str, Any], checked: Checked) -> list[Entry]:
    top = [entry for entry in entries(plain) if entry.key != "config"]
    config = plain.get("config")
    if config is None or isinstance(config, dict):
        return top + entries(config or {}, ("config",))
    message = f"config must be a mapping, got {show(config)}"
    checked.complaints.append(Complaint(("config",), message, config))
    return top


def _named(checked: Checked, found: str | Complaint) -> str | None:
    if isinstance(found, str):
        return found
    checked.complaints.append(found)
    return None


def _config(
    model: type[ActionConfig], framework: str | None, found: list[Entry], checked: Checked
) -> ActionConfig | None:
    names = spellings(model)
    known = {names[entry.key]: entry.value for entry in found if entry.key in names}
    values = arrange(model, found, checked, lambda entry: unknown(entry, model, framework, known))
    checked.places[()] = next((entry.path[:1] for entry in found if entry.path[:1] == ("config",)), ())
    given = {name: value for name, value in values.items() if value is not None}
    for name, part in model.parts(given).items():
        values[name] = _part(part, given.get(name, {}), checked, name, names)
    config: ActionConfig | None = validate(model, checked, values)
    # A framework that is not known may have other rules of training.
    for complaint in model.rules(given) if framework or not issubclass(model, TrainConfig) else ():
        checked.complaints.append(_placed(complaint, checked))
    return config


def _part(model: type[Model], value: Any, checked: Checked, name: str, known: Iterable[str]) -> Any:
    path = checked.places.get((name,), (name,))
    if not isinstance(value, dict):
        message = f"{named(path)} must be {rule(schema_of(model))}, got {show(value)}"
        checked.complaints.append(Complaint(path, message, value))
        return value
    beside = beside_arguments(path, known)
    values = arrange(
        model, entries(value, path), checked, lambda entry: _unlike(entry, model, beside, known), at=(name,)
    )
    made = validate(model, checked, values, (name,))
    return made.model_dump() if made else value


def _unlike(entry: Entry, model: type[Model], beside: list[str], outside: Iterable[str]) -> Complaint:
    """A parameter that there is none of, with what the one that was meant takes, or that it belongs one level up."""
    known = spellings(model)
    if entry.key in outside and entry.key not in beside:
        return misplaced(entry)
    complaint = unknown_key(entry, [*known, *beside])
    if complaint.suggestion is None and (near := closest(entry.key, outside)):
        text = f"{complaint.message}; {one_level_up(near, named(entry.path[:-1]))}"
        return replace(complaint, message=text, suggestion=near)
    if complaint.suggestion not in known:
        return unknown_inside(entry, model, beside)
    takes = rule(field_schema(model, known[complaint.suggestion]))
    return replace(complaint, message=f"{complaint.message}; {complaint.suggestion} takes {takes}")


def _placed(complaint: Complaint, checked: Checked) -> Complaint:
    return replace(complaint, path=checked.place(complaint.path))
