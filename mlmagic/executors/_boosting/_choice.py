"""Which metrics a training measures: by the library, or here where it does not measure them as scikit-learn does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic._suggest import closest, listed
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.evaluation import METRICS, SPELLINGS, TABLES, Asked
from mlmagic.executors._boosting._computed import listed as listed_as
from mlmagic.executors._boosting._custom import CustomMetric
from mlmagic.executors._boosting._metrics import Metrics
from mlmagic.executors._direction import direction
from mlmagic.executors._watch import unvalidated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.config._early_stopping import EarlyStopping
    from mlmagic.data import TrainingData
    from mlmagic.executors._boosting._library import Library, Measure
    from mlmagic.executors._boosting._wanted import Wanted
    from mlmagic.executors._boosting.config import Kind

# What tells the rounds of most rankings apart; of the first places of a group: "ndcg@5".
NDCG = "ndcg"
_PLACED = re.compile(f"{NDCG}(@[1-9][0-9]*)?")
# Accuracy beside the loss costs a pass over the rows each round: a few per cent of training where they are many.
ACCURACY_ROWS = 50_000


def choose(
    library: Library,
    kind: Kind,
    data: TrainingData,
    own: Sequence[Measure],
    wanted: Wanted,
    early: EarlyStopping | None,
) -> Metrics:
    """Choose what is measured.

    Parameters
    ----------
    own
        What the objective measures by itself.

    Raises
    ------
    InvalidConfiguration
        If a metric is not known, or ``early`` watches one that is not there.
    """
    choice = _Choice(library, kind, 0 if data.classes is None else len(data.classes), wanted.here)
    choice.take_own(own, custom=wanted.custom)
    choice.take_spelt(wanted.spelt)
    accuracy = ["accuracy"] if kind == "classifier" and len(data.train) <= ACCURACY_ROWS else []
    for item in [*(accuracy if wanted.here else ()), *wanted.named]:
        choice.take(item)
    watched = choice.watched(early, None if data.validation is not None else unvalidated(data))
    for name in accuracy:
        if name not in choice:
            choice.let_library(name, choice.spelt(name))
    return choice.metrics([item.metric for item in own], watched, early)


@dataclass
class _Choice:
    """What is chosen so far.

    Attributes
    ----------
    curves
        See :class:`Metrics`.
    extra
        What the library measures beside the objective's own metrics, by its name.
    computed
        What is measured here, by name.
    hidden
        What the objective measures without having a curve: a library's NDCG is no number of scikit-learn's.
    """

    library: Library
    kind: Kind
    classes: int
    here: bool
    curves: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str | CustomMetric] = field(default_factory=dict)
    computed: dict[str, Asked] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return name in self.curves or name in self.computed

    def take_own(self, own: Sequence[Measure], *, custom: bool) -> None:
        """The objective's own metric is the loss; a ranking has none, and a function of the user's does not tell it."""
        if self.kind == "ranker":
            self.take(NDCG)
            own = [item for item in own if not self._is_ndcg(item.metric)]
        for item in own:
            is_loss = not (item.higher or custom or "loss" in self.curves)
            self.curves["loss" if is_loss else self._house_name(item.metric)] = item.metric

    def take_spelt(self, asked: Any) -> None:
        """What the user asks the library for."""
        for item in asked if isinstance(asked, (list, tuple)) else [] if asked is None else [asked]:
            if callable(item):
                function = CustomMetric(item, self.curves.values())
                self.curves.setdefault(function.__name__, function.__name__)
                self.extra.setdefault(function.__name__, function)
            else:
                self.let_library(item, self.spelt(item))

    def take(self, item: Asked) -> None:
        """Let the library measure a metric where it does so as scikit-learn does, else compute it."""
        name = item if isinstance(item, str) else item[0]
        if name in self:
            return
        native = self._of_two(self.library.equal[self.kind].get(name, ""))
        if native and not self.here:
            self.let_library(name, native)
        else:
            self.computed[name] = item

    def let_library(self, name: str, spelt: str) -> None:
        """Have the library measure something that the history calls ``name``; what it does not have is computed."""
        if not spelt:
            self.take(name)
            return
        self.curves.setdefault(name, spelt)
        self.extra.setdefault(spelt, spelt)

    def spelt(self, name: Any) -> str:
        """The library's name of a metric that the user asks it for."""
        known = self.library.metrics[self.kind]
        base, at, place = str(name).partition(self.library.setting)
        if _PLACED.fullmatch(str(name)) and self.kind == "ranker":
            return ""
        if base in known and (known[base] or not place):
            return self._of_two(known[base]) + at + place
        message = f"eval_metric must be {listed(known)} or a function of the notebook, got {name!r}."
        path, meant = "config.hyperparameters.eval_metric", closest(str(name), known)
        raise InvalidConfiguration([Fault(path, message, value=name, suggestion=meant)])

    def watched(self, early: EarlyStopping | None, unvalidated: str | None) -> str | None:
        """The series that tells the rounds apart; what early stopping looks at is measured.

        Parameters
        ----------
        unvalidated
            Why there are no validation rows; None where there are some.
        """
        if early is None:
            return None if unvalidated else f"val_{self._loss}"
        part, _, metric = early.metric.partition("_")
        metric = self._loss if metric == "loss" else metric
        if metric not in self:
            metric = self._let_watch(metric)
        parts = ["train"] if unvalidated else ["val", "train"]
        if part in parts and metric in self:
            return f"{part}_{metric}"
        raise self._not_there(early, parts, unvalidated)

    def metrics(self, own: Sequence[str], watched: str | None, early: EarlyStopping | None) -> Metrics:
        """What was chosen."""
        asked = [metric for spelt, metric in self.extra.items() if spelt not in own]
        return Metrics(
            curves=self.curves | {name: listed_as(name) for name in self.computed},
            own=own,
            asked=asked,
            roots=self.library.roots,
            hidden=[metric for metric in self.hidden if metric not in self.extra],
            watched=watched,
            computed=list(self.computed.values()),
            higher=None if early is None else direction(early, self.computed.get(early.metric.partition("_")[2])),
        )

    @property
    def _loss(self) -> str:
        """What is called the loss, else the last that the objective measures; of a ranking that may be its NDCG."""
        usual = NDCG if self.kind == "ranker" else "loss"
        return "loss" if "loss" in self.curves else list(self.curves or [usual])[-1]

    def _let_watch(self, metric: str) -> str:
        if self.kind == "ranker" and _PLACED.fullmatch(metric):
            self.take(metric)
            return metric
        usual = self.kind != "ranker" and SPELLINGS.get(metric) not in (None, *TABLES)
        native = metric.partition(self.library.setting)[0] in self.library.metrics[self.kind]
        if native and not (usual and self.here):
            self.let_library(metric, self.spelt(metric))
        elif usual:
            metric = SPELLINGS[metric]
            if METRICS[metric].task == ("classification" if self.kind == "classifier" else "regression"):
                self.take(metric)
        return metric

    def _not_there(self, early: EarlyStopping, parts: Sequence[str], unvalidated: str | None) -> InvalidConfiguration:
        names = dict.fromkeys([*self.curves, *self.computed, *self.library.metrics[self.kind]])
        known = [f"{part}_{name}" for part in parts for name in names]
        why = f"; {unvalidated}" if unvalidated else ""
        message = f"earlyStopping.metric must be {listed(known)}, got {early.metric!r}{why}."
        path, meant = "config.earlyStopping.metric", closest(early.metric, known)
        return InvalidConfiguration([Fault(path, message, value=early.metric, suggestion=meant)])

    def _is_ndcg(self, metric: str) -> bool:
        """Whether it is NDCG, which is then computed for the same places, and the library's hidden."""
        base, _, place = metric.partition(self.library.setting)
        if base.lower() != NDCG or (place and not place.isdigit()):
            return False
        self.take(f"{NDCG}@{place}" if place else NDCG)
        self.hidden.append(metric)
        return True

    def _of_two(self, spelt: str | tuple[str, str]) -> str:
        return spelt if isinstance(spelt, str) else spelt[self.classes > 2]

    def _house_name(self, metric: str) -> str:
        known = self.library.metrics[self.kind].items()
        return next((name for name, own in known if metric in (own if isinstance(own, tuple) else (own,))), metric)
