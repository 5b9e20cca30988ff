"""What this room reads of a config; the models of ``mlmagic.config`` have these attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.data._types import Task


class Reference(Protocol):
    """A ``$name`` of the notebook; ``str()`` of it is what the user wrote."""

    @property
    def value(self) -> Any:
        """The object it stands for."""
        ...


class SourceConfig(Protocol):
    """Where the data is."""

    @property
    def data(self) -> Reference | None:
        """An object of the notebook."""
        ...

    @property
    def data_path(self) -> str | None:
        """A file."""
        ...


class SplitConfig(Protocol):
    """What to learn from which rows."""

    @property
    def target(self) -> str | Reference | None:
        """A column's name, or the values themselves."""
        ...

    @property
    def feature_columns(self) -> list[str] | None:
        """The columns to learn from; None for all others."""
        ...

    @property
    def task(self) -> Task | None:
        """The user's word on it."""
        ...

    @property
    def test_split(self) -> float:
        """Fraction of all rows."""
        ...

    @property
    def validation_split(self) -> float | None:
        """Fraction of all rows."""
        ...

    @property
    def class_weight(self) -> str | Mapping[Any, float] | None:
        """How much each label counts, or "balanced"."""
        ...

    @property
    def sample_weight(self) -> str | Reference | None:
        """How much each row counts: a column's name, or the values themselves."""
        ...

    @property
    def groups(self) -> str | Reference | None:
        """What each row belongs to: a column's name, or the values themselves."""
        ...

    @property
    def prepare(self) -> Literal["auto", "none"]:
        """Whether text is encoded and gaps are filled."""
        ...

    @property
    def prepares_itself(self) -> bool:
        """Whether the model prepares the columns itself, and so takes them as they are."""
        ...

    @property
    def reads_text(self) -> bool:
        """Whether a column of free text, alone, is something to learn from."""
        ...


class SeriesConfig(SplitConfig, Protocol):
    """How a series is cut into windows."""

    @property
    def window(self) -> int:
        """Rows of a window."""
        ...

    @property
    def horizon(self) -> int:
        """How many rows after its window a sample's target is."""
        ...

    @property
    def stride(self) -> int:
        """Rows from one window that trains to the next."""
        ...
