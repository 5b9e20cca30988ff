"""How the learning rate goes on, by torch's own schedulers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import lr_scheduler

if TYPE_CHECKING:
    from mlmagic.executors.pytorch.config import Scheduler


class Schedule:
    """A scheduler, asked after every step of the optimizer and after every epoch.

    Parameters
    ----------
    wanted
        The config's ``scheduler``.
    optimiser
        Its learning rate is what changes.
    epochs
        How many there will be.
    steps
        Steps of the optimizer in each.
    """

    def __init__(self, wanted: Scheduler, optimiser: Any, epochs: int, steps: int) -> None:
        self._optimiser = optimiser
        self._plateau = wanted.kind == "plateau"
        warm = round(wanted.warmup_epochs * steps)
        self._main = _MADE[wanted.kind](wanted, optimiser, max(1, epochs * steps - warm), steps)
        self._warm = _warm(optimiser, warm) if warm else None
        self._left = warm

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return float(self._optimiser.param_groups[0]["lr"])

    def step(self) -> None:
        """Go on after a step of the optimizer."""
        if self._left:
            assert self._warm is not None
            self._left -= 1
            self._warm.step()
        elif not self._plateau:
            self._main.step()

    def epoch_ended(self, loss: float) -> None:
        """Go on after an epoch: a plateau is one of the validation loss, or of the training loss without it."""
        if self._plateau and not self._left:
            self._main.step(loss)

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on from here, as plain data."""
        return {"main": self._main.state_dict(), "left": self._left}


def _warm(optimiser: Any, steps: int) -> Any:
    # From a small share of the rate, since a step of rate 0 moves nothing.
    return lr_scheduler.LinearLR(optimiser, start_factor=1 / (steps + 1), total_iters=steps)


def _cosine(wanted: Scheduler, optimiser: Any, total: int, steps: int) -> Any:
    return lr_scheduler.CosineAnnealingLR(optimiser, T_max=total, eta_min=wanted.min_learning_rate)


def _step(wanted: Scheduler, optimiser: Any, total: int, steps: int) -> Any:
    every = wanted.step_size * steps if wanted.step_size else max(1, -(-total // 3))
    return lr_scheduler.StepLR(optimiser, step_size=every, gamma=wanted.gamma)


def _plateau(wanted: Scheduler, optimiser: Any, total: int, steps: int) -> Any:
    return lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=wanted.gamma, patience=wanted.patience, min_lr=wanted.min_learning_rate
    )


def _one_cycle(wanted: Scheduler, optimiser: Any, total: int, steps: int) -> Any:
    highest = float(optimiser.param_groups[0]["lr"])
    # Momentum stays what the config says.
    return lr_scheduler.OneCycleLR(optimiser, max_lr=highest, total_steps=total + 1, cycle_momentum=False)


_MADE = {"cosine": _cosine, "step": _step, "plateau": _plateau, "one_cycle": _one_cycle}
