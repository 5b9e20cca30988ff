"""Every way a run can fail: one class a kind, each with its type, exit code and way out.

The ``type`` strings and the fields of :meth:`MLError.to_dict` are the wire format of the report's ``error``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar


class MLError(Exception):
    """A failure that a person can act on.

    Parameters
    ----------
    message
        What happened, with the rule that was broken and the value received.
    solution
        The way out, in the imperative.
    stderr
        The underlying cause as the library worded it, or the last frames of the user's own code.
    metadata
        Plain data that locates the failure (epoch, column, file, ...).
    """

    type: ClassVar[str] = "training-failure"
    exit_code: ClassVar[int] = 1
    default_solution: ClassVar[str] = "Change what the message names and run it again; its log has the full traceback"

    def __init__(
        self,
        message: str,
        *,
        solution: str | None = None,
        stderr: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.solution = solution or self.default_solution
        self.stderr = stderr
        self.metadata = dict(metadata or {})

    def __str__(self) -> str:
        parts = [f"{self.type}: {self.message}"]
        if self.stderr:
            parts.append(self.stderr.rstrip())
        parts.append(f"→ {self.solution}")
        return "\n".join(parts)

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross from the child process; the keyword-only signature needs help to be rebuilt.
        return from_dict, (self.to_dict(),)

    def to_dict(self) -> dict[str, Any]:
        """The error as the seed documents shape it; empty parts are left out."""
        body: dict[str, Any] = {"type": self.type, "message": self.message, "exitCode": self.exit_code}
        if self.stderr:
            body["stderr"] = self.stderr
        if self.metadata:
            body["metadata"] = self.metadata
        body["solution"] = self.solution
        return body

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback: our own frames tell a user nothing.
        return str(self).splitlines()


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a config, and where.

    ``line`` and ``column`` count from 1; both are 0 where the config did not come as text.
    """

    path: str
    message: str
    line: int = 0
    column: int = 0
    value: Any = None
    suggestion: str | None = None

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}: " if self.line else ""
        hint = f". Did you mean `{self.suggestion}`?" if self.suggestion else ""
        return f"{where}{self.message.rstrip('.')}{hint}"


class InvalidConfiguration(MLError):
    """The config breaks one or more rules; all faults of the stage are in ``faults``."""

    type = "invalid-configuration"
    exit_code = 2
    default_solution = "Correct the lines named above; `%mlhelp KEY` explains a key"

    def __init__(self, faults: list[Fault] | str, **kwargs: Any) -> None:
        self.faults = [Fault("", faults)] if isinstance(faults, str) else list(faults)
        message = str(self.faults[0]) if len(self.faults) == 1 else _enumerate(self.faults)
        metadata = {"faults": [_plain(fault) for fault in self.faults], **(kwargs.pop("metadata", None) or {})}
        super().__init__(message, metadata=metadata, **kwargs)


class DataLoadingError(MLError):
    """The data cannot be read, or is not what training needs."""

    type = "data-loading-error"
    default_solution = "Verify data path exists and is accessible"


class ModelLoadingError(MLError):
    """A model, script or class cannot be loaded."""

    type = "model-loading-error"
    default_solution = "Check the path, the class name and the library versions that wrote the file"


class FrameworkNotFound(MLError):
    """The framework that the config names is not installed here."""

    type = "framework-not-found"
    exit_code = 127


class TrainingFailure(MLError):
    """Training raised; for the user's own code ``stderr`` holds its last frames."""

    type = "training-failure"


class TrainingDiverged(MLError):
    """The loss stopped being a finite number."""

    type = "training-diverged"
    default_solution = "Reduce learningRate to a tenth"

    @classmethod
    def at(cls, epoch: int, loss: float, before: float | None, learning_rate: float) -> TrainingDiverged:
        """The error of an epoch whose loss was ``before`` and then ``loss``; None where it was the first of all."""
        solution = f"Reduce learningRate from {learning_rate:g} to {learning_rate / 10:g}"
        if before is None:
            # No step was taken yet: the steps cannot have been too long.
            solution = "Look for a logarithm or a division in the network or its loss: it fails before any step"
        return cls(
            f"Training loss became {'NaN' if math.isnan(loss) else 'infinite'} at epoch {epoch}",
            metadata={"epoch": epoch, "lastValidLoss": before, "learningRate": learning_rate},
            solution=solution,
        )


class CudaError(MLError):
    """The GPU failed."""

    type = "cuda-error"
    default_solution = "Set gpuEnabled: false, or check the driver with %mldoctor"


class CudaOutOfMemory(CudaError):
    """The GPU has too little memory left."""

    type = "cuda-out-of-memory"
    default_solution = "Reduce batch size or model size"


class OutOfMemory(MLError):
    """The machine has too little memory left."""

    type = "out-of-memory"
    default_solution = "Train on fewer rows or columns, or reduce batch size or model size"


class TimeoutExceeded(MLError):
    """The run took longer than ``timeout`` allows."""

    type = "timeout-exceeded"
    exit_code = 124
    default_solution = "Raise timeout, or train less; the best model so far is kept"


class DependencyFailed(MLError):
    """A run whose result this run needs has failed."""

    type = "dependency-failed"
    default_solution = "Mend the run it names and run that cell again, then this one"


class OutputError(MLError):
    """The run directory cannot be written: permissions, a full disk, another run that holds it."""

    type = "output-error"
    default_solution = "Choose another outputDir, or make room"


class RunInterrupted(MLError):
    """The process that ran it is gone."""

    type = "interrupted"
    exit_code = 130
    default_solution = "Run the cell again"


class NotReady(MLError):
    """A result that is not there yet was touched where waiting would freeze the editor."""

    type = "not-ready"
    default_solution = "Look at its status; its wait() waits for the run, and a new run goes further"


KINDS: dict[str, type[MLError]] = {
    kind.type: kind
    for kind in (
        InvalidConfiguration,
        DataLoadingError,
        ModelLoadingError,
        FrameworkNotFound,
        TrainingFailure,
        TrainingDiverged,
        CudaError,
        CudaOutOfMemory,
        OutOfMemory,
        TimeoutExceeded,
        DependencyFailed,
        OutputError,
        RunInterrupted,
        NotReady,
    )
}


def from_dict(body: dict[str, Any]) -> MLError:
    """Rebuild an error from :meth:`MLError.to_dict`; an unknown type becomes a :class:`TrainingFailure`."""
    kind = KINDS.get(body["type"], TrainingFailure)
    error = kind.__new__(kind)
    MLError.__init__(
        error, body["message"], solution=body.get("solution"), stderr=body.get("stderr"), metadata=body.get("metadata")
    )
    if isinstance(error, InvalidConfiguration):
        error.faults = [Fault(**fault) for fault in error.metadata.get("faults", [])]
    return error


def _enumerate(faults: list[Fault]) -> str:
    return f"{len(faults)} faults\n" + "\n".join(f"  {fault}" for fault in faults)


def _plain(fault: Fault) -> dict[str, Any]:
    value = fault.value if isinstance(fault.value, (str, int, float, bool, type(None))) else repr(fault.value)[:200]
    return {
        "path": fault.path,
        "message": fault.message,
        "line": fault.line,
        "column": fault.column,
        "value": value,
        "suggestion": fault.suggestion,
    }
