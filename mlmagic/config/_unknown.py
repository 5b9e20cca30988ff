"""A key that an action or a framework does not have: whose it is, what it is called here, or what was meant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic._suggest import listed
from mlmagic.config import _planned
from mlmagic.config._arrange import Entry, named, unknown_key
from mlmagic.config._complaint import Complaint
from mlmagic.config._model import spellings
from mlmagic.config._reference import Reference
from mlmagic.config._run import RunConfig
from mlmagic.config._sections import SECTIONS
from mlmagic.config._train import TrainConfig
from mlmagic.config._values import show
from mlmagic.config._write import flow
from mlmagic.executors import EXECUTORS
from mlmagic.executors import resolve as load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.config._action import ActionConfig


def unknown(
    entry: Entry, model: type[ActionConfig], framework: str | None, given: Mapping[str, Any]
) -> Complaint | None:
    """Return the complaint about a key; None where an unknown framework may have it.

    Parameters
    ----------
    model
        The keys that there are.
    framework
        Its name in EXECUTORS; None where it is not known.
    given
        The values of known keys, by field name.
    """
    if entry.key in _planned.KEYS:
        return _at_key(entry, "is not available yet in this version: leave it out")
    owners = {other.title: load(other.train) for other in EXECUTORS.values()}
    owners = {title: other for title, other in owners.items() if entry.key in spellings(other)}
    if owners and not issubclass(model, TrainConfig):
        return _at_key(entry, "is a key of training, not of this action")
    if owners and not framework:
        return None
    if owners:
        name = next(spellings(other)[entry.key] for other in owners.values())
        return _of_others(entry, name, EXECUTORS[str(framework)].title, listed(owners), model, given)
    if entry.key in SECTIONS:
        message = f"{named(entry.path)} must be a mapping, got {show(entry.value)}"
        return Complaint(entry.path, message, entry.value)
    if elsewhere := _actions_with(entry.key):
        return _at_key(entry, f"is a key of {elsewhere[0]}, not of this action")
    return _misspelt(entry, model, framework)


def _at_key(entry: Entry, what: str, suggestion: str | None = None) -> Complaint:
    return Complaint(entry.path, f"{named(entry.path)} {what}", entry.value, suggestion, on_key=True)


def _of_others(
    entry: Entry, name: str, title: str, owners: str, model: type[ActionConfig], given: Mapping[str, Any]
) -> Complaint:
    """A key of other frameworks, and what the estimator calls it."""
    assert issubclass(model, TrainConfig)
    names, estimator = model.called(given), given.get("algorithm", title)
    called = names.get(name)
    if called:
        meant = f"hyperparameters: {{{called}: {_kept(entry.value)}}}"
        return _at_key(entry, f"is not a key of {title}; {estimator} calls it {called}", meant)
    if name in names:
        return _at_key(entry, f"is not a key of {title}; {estimator} sees all rows at once: leave it out")
    return _at_key(entry, f"is not a key of {title}; it belongs to {owners}")


def _kept(value: Any) -> str:
    """A number or a variable as it is written; words are each library's own."""
    if isinstance(value, Reference):
        return str(value)
    return flow(value) if isinstance(value, (int, float)) else "..."


def _actions_with(key: Any) -> list[str]:
    """The actions of their own keys that have this one."""
    # The table names modules that import this package.
    from mlmagic.actions import ACTIONS

    models = {name: load(action.config) for name, action in ACTIONS.items() if action.config}
    return [name for name, model in models.items() if key in spellings(model)]


def _misspelt(entry: Entry, model: type[ActionConfig], framework: str | None) -> Complaint:
    known = {**spellings(model), **spellings(RunConfig)}
    if not framework:  # it may be meant for any
        known |= {key: name for other in EXECUTORS.values() for key, name in spellings(load(other.train)).items()}
    # There is no `config:` inside `config:`.
    known.pop("config", None)
    complaint = unknown_key(entry, known)
    if complaint.suggestion or "hyperparameters" not in model.model_fields:
        return complaint
    return replace(complaint, message=f"{complaint.message}; the model's own parameters go under hyperparameters")
